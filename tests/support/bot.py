"""The bot as a process, and an API for it that speaks its protocol."""

import asyncio
import base64
import contextlib
import hashlib
import json
import os
import secrets
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import uvicorn
from parley_protocol import (
    Assignment,
    EventAck,
    EventBatch,
    FinishRequest,
    InterviewerPlan,
    InterviewPlan,
    InterviewRef,
    LimitsPlan,
    ModelPlan,
    NumberedEvent,
    Problem,
    QuestionPlan,
    RecordingPart,
    ToolAnswer,
    ToolOutcome,
    ToolRequest,
    Turn,
    TurnSpoken,
    WebsocketRoom,
)
from parley_protocol.assignment import AttemptEvents, DailyRoom
from parley_protocol.tickets import mint_ticket
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from support.processes import free_ports
from support.wait import eventually

UID = "11111111-2222-3333-4444-555555555555"
KEY = secrets.token_bytes(32)


def interview_plan(**limits: int) -> InterviewPlan:
    """An interview of two questions, one of them with a follow-up."""
    return InterviewPlan(
        title="Platform engineer",
        candidate_name="Kim Park",
        interviewer=InterviewerPlan(
            name="Ada", greeting="Hello Kim, thank you for coming.", closing="Thank you for your time. Goodbye."
        ),
        questions=[
            QuestionPlan(id="outage", text="Tell me about an outage that you have solved.", follow_ups=1),
            QuestionPlan(id="team", text="What do you look for in a team?"),
        ],
        facts=["The office is in Lisbon."],
        limits=LimitsPlan(**limits),
        model=ModelPlan(turn_sensitivity="HIGH"),
    )


def probing_plan(**limits: int) -> InterviewPlan:
    """The same, with something expected of each answer: the model is told of it, since it may ask further."""
    plan = interview_plan(**limits)
    expected = {"outage": "a root cause", "team": "honesty"}
    questions = [one.model_copy(update={"follow_ups": 1, "expectation": expected[one.id]}) for one in plan.questions]
    return plan.model_copy(update={"questions": questions})


@dataclass
class ApiPeer:
    """The API's internal endpoints for one interview: durable in memory, strict about numbers and attempts.

    `asked` counts the requests; `down` answers 503; `garbled` answers what is no acknowledgement, and `extra` is put
    into the assignment; `lose_acks` stores but answers 500, that many times; `attempt` is the one that is accepted.
    A tool is answered with `tool_answer` after `tool_seconds`. `recorded` holds each attempt's parts of the recording
    by number, with what was said of them; `refuse_recording` takes none.
    """

    plan: InterviewPlan
    url: str = ""
    attempt: int = 1
    room: WebsocketRoom | DailyRoom = field(
        default_factory=lambda: WebsocketRoom(ticket_key=base64.b64encode(KEY).decode())
    )
    stored: dict[int, list[NumberedEvent]] = field(default_factory=dict)
    finished: FinishRequest | None = None
    down: bool = False
    asked: int = 0
    lose_acks: int = 0
    garbled: int = 0
    extra: dict[str, Any] = field(default_factory=dict)
    tool_calls: list[tuple[str, ToolRequest]] = field(default_factory=list)
    tool_answer: ToolAnswer = field(default_factory=lambda: ToolAnswer(outcome=ToolOutcome.OK, result={"found": 7}))
    tool_seconds: float = 0.0
    batches: list[tuple[int, int]] = field(default_factory=list)
    recorded: dict[int, dict[int, tuple[RecordingPart, bytes]]] = field(default_factory=dict)
    refuse_recording: bool = False

    @property
    def turns(self) -> list[Turn]:
        """All turns, in the order of their storing."""
        return [e.event.turn for events in self.stored.values() for e in events if isinstance(e.event, TurnSpoken)]

    def kinds(self, attempt: int = 1) -> list[str]:
        """The kinds of an attempt's events, tool calls left out."""
        return [e.event.kind for e in self.stored.get(attempt, []) if e.event.kind != "tool"]

    def app(self) -> Starlette:
        """The endpoints."""
        return Starlette(
            routes=[
                Route("/bot/v1/assignment", self._guarded(self._assignment)),
                Route("/bot/v1/events", self._guarded(self._events), methods=["POST"]),
                Route("/bot/v1/tools/{name}", self._guarded(self._tool), methods=["POST"]),
                Route("/bot/v1/recording/{part:int}", self._guarded(self._recording), methods=["PUT"]),
                Route("/bot/v1/finish", self._guarded(self._finish), methods=["POST"]),
            ]
        )

    def _guarded(self, serve: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def guard(request: Request) -> Response:
            self.asked += 1
            if self.down:
                return Response(status_code=503)
            if request.headers.get("authorization") != "Bearer pod-token":
                return _problem(401, "unauthenticated", "no token")
            return await serve(request)

        return guard

    async def _assignment(self, _request: Request) -> Response:
        assignment = Assignment(
            interview=InterviewRef(namespace="hiring", name="kim", uid=UID),
            attempt=self.attempt,
            plan=self.plan,
            room=self.room,
            history=[AttemptEvents(attempt=a, events=events) for a, events in self.stored.items()],
        )
        return JSONResponse(json.loads(assignment.to_json()) | self.extra)

    async def _events(self, request: Request) -> Response:
        batch = EventBatch.model_validate_json(await request.body())
        if batch.attempt != self.attempt:
            return _problem(409, "stale-attempt", "another attempt is current")
        known = self.stored.setdefault(batch.attempt, [])
        if batch.events[0].n > len(known) + 1:
            return _problem(409, "event-gap", f"expected {len(known) + 1}")
        if any(known[event.n - 1] != event for event in batch.events if event.n <= len(known)):
            return _problem(409, "event-conflict", "another event has this number")
        known.extend(event for event in batch.events if event.n > len(known))
        self.batches.append((batch.events[0].n, batch.events[-1].n))
        if self.lose_acks > 0:
            self.lose_acks -= 1
            return Response(status_code=500)
        if self.garbled > 0:
            self.garbled -= 1
            return JSONResponse({"fine": True})
        return Response(EventAck(acknowledged=len(known)).to_json(), media_type="application/json")

    async def _tool(self, request: Request) -> Response:
        call = ToolRequest.model_validate_json(await request.body())
        if call.attempt != self.attempt:
            return _problem(409, "stale-attempt", "another attempt is current")
        self.tool_calls.append((request.path_params["name"], call))
        await asyncio.sleep(self.tool_seconds)
        return Response(self.tool_answer.to_json(), media_type="application/json")

    async def _recording(self, request: Request) -> Response:
        part, body = RecordingPart.model_validate(dict(request.query_params)), await request.body()
        if self.refuse_recording or part.attempt != self.attempt or self.finished is not None:
            return _problem(409, "not-recorded", "no recording is taken")
        if hashlib.sha256(body).hexdigest() != part.sha256:
            return _problem(422, "invalid", "another body")
        parts = self.recorded.setdefault(part.attempt, {})
        if parts.setdefault(request.path_params["part"], (part, body)) != (part, body):
            return _problem(409, "part-conflict", "another part has this number")
        return Response(status_code=204)

    async def _finish(self, request: Request) -> Response:
        finish = FinishRequest.model_validate_json(await request.body())
        if finish.attempt != self.attempt:
            return _problem(409, "stale-attempt", "another attempt is current")
        if finish.last_event != len(self.stored.get(finish.attempt, [])):
            return _problem(409, "events-missing", "not everything is stored")
        self.finished = finish
        return Response(status_code=204)


def _problem(status: int, slug: str, detail: str) -> Response:
    problem = Problem(type=f"https://parley.dev/problems/{slug}", title=slug, status=status, detail=detail)
    return JSONResponse(problem.model_dump(), status_code=status, media_type="application/problem+json")


class Served(Protocol):
    """What a bot can take for the API: where it is."""

    url: str


class Endpoints(Served, Protocol):
    """What can stand for the API before a bot: endpoints, and where they are served."""

    def app(self) -> Starlette:
        """The endpoints."""


class _Server(uvicorn.Server):
    """uvicorn without signal handlers: the test runner has its own."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def serving[E: Endpoints](peer: E, port: int = 0, tls: tuple[Path, Path] | None = None) -> AsyncIterator[E]:
    """Serve the peer while the block runs; its `url` is set."""
    port = port or free_ports(1)[0]
    cert, key = tls or (None, None)
    server = _Server(
        uvicorn.Config(
            peer.app(),
            host="127.0.0.1",
            port=port,
            log_level="warning",
            lifespan="off",
            ssl_certfile=cert,
            ssl_keyfile=key,
        )
    )
    task = asyncio.create_task(server.serve())
    await eventually("the peer serves", lambda: server.started, 10)
    peer.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
    try:
        yield peer
    finally:
        server.should_exit = True
        await task


class BotProcess:
    """`python -m parley_bot` as a pod would run it."""

    def __init__(self, peer: Served, folder: Path, ca: Path, model_url: str, **env: str) -> None:
        self.port = free_ports(1)[0]
        self.log = folder / f"bot-{self.port}.log"
        token = folder / "token"
        token.write_text("pod-token\n")
        self._env = {
            **os.environ,
            "PARLEY_API_URL": peer.url,
            "PARLEY_CA_FILE": str(ca),
            "PARLEY_TOKEN_FILE": str(token),
            "PARLEY_MODEL_ENDPOINT": model_url,
            "PARLEY_HOST": "127.0.0.1",
            "PARLEY_PORT": str(self.port),
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "AKIAPARLEYTESTS",
            "AWS_SECRET_ACCESS_KEY": "parley-tests",
            "AWS_EC2_METADATA_DISABLED": "true",
            "TMPDIR": str(folder),
            **env,
        }
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> "BotProcess":
        """Start it."""
        output = self.log.open("ab")
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "parley_bot", env=self._env, stdout=output, stderr=output
        )
        return self

    async def ready(self, seconds: float = 30) -> None:
        """Wait until it is in the room."""
        await eventually("the bot is in the room", lambda: self.ended or self.logged("in the room"), seconds)
        assert not self.ended, self.log.read_text()[-3000:]

    @property
    def ended(self) -> bool:
        """Whether the process is gone."""
        return self.process is not None and self.process.returncode is not None

    def logged(self, message: str) -> list[dict[str, Any]]:
        """Its log lines with this message."""
        return [line for line in self.lines if line.get("message") == message]

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Its log, parsed; what is not JSON is an error of the bot's."""
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.endswith("}")]

    async def exit_code(self, seconds: float) -> int:
        """Wait for its end."""
        assert self.process is not None
        return await asyncio.wait_for(self.process.wait(), seconds)

    async def kill(self) -> None:
        """As a node that is lost."""
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    def url(self, attempt: int = 1, ticket: str | None = None, *, record: bool = False) -> str:
        """The room's address with a ticket, a fresh one when left out; `record`: of a candidate who has agreed."""
        ticket = ticket if ticket is not None else mint_ticket(KEY, UID, attempt, now=time.time(), record=record)
        return f"ws://127.0.0.1:{self.port}/ws?token={ticket}"

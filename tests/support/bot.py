"""What a bot meets: an API that speaks its protocol, and a guest in its WebSocket room."""

import asyncio
import base64
import contextlib
import json
import os
import secrets
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
import websockets
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
    ToolAnswer,
    ToolOutcome,
    ToolRequest,
    Turn,
    TurnSpoken,
    WebsocketRoom,
)
from parley_protocol.assignment import AttemptEvents, DailyRoom
from parley_protocol.tickets import mint_ticket
from pipecat.frames.protobufs import frames_pb2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from support.processes import free_ports
from support.wait import eventually

frames: Any = frames_pb2  # generated without types
UID = "11111111-2222-3333-4444-555555555555"
KEY = secrets.token_bytes(32)
CHUNK = 640  # 20 ms of 16 kHz, 16 bit, mono


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
            QuestionPlan(id="team", text="What do you look for in a team?", expectation="honesty"),
        ],
        facts=["The office is in Lisbon."],
        limits=LimitsPlan(**limits),
        model=ModelPlan(turn_sensitivity="HIGH"),
    )


@dataclass
class ApiPeer:
    """The API's internal endpoints for one interview: durable in memory, strict about numbers and attempts.

    `asked` counts the requests; `down` answers 503; `garbled` answers what is no acknowledgement, and `extra` is put
    into the assignment; `lose_acks` stores but answers 500, that many times; `attempt` is the one that is accepted.
    A tool is answered with `tool_answer` after `tool_seconds`.
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


class _Server(uvicorn.Server):
    """uvicorn without signal handlers: the test runner has its own."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def serving(peer: ApiPeer, port: int = 0, tls: tuple[Path, Path] | None = None) -> AsyncIterator[ApiPeer]:
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

    def __init__(self, peer: ApiPeer, folder: Path, ca: Path, model_url: str, **env: str) -> None:
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

    def url(self, attempt: int = 1, ticket: str | None = None) -> str:
        """The room's address with a ticket, a fresh one when left out."""
        ticket = ticket if ticket is not None else mint_ticket(KEY, UID, attempt, now=time.time())
        return f"ws://127.0.0.1:{self.port}/ws?token={ticket}"


class Guest:
    """A candidate's client: speaks its answers when the interviewer has come to an end, and keeps what it is sent.

    `barge_in` is spoken over the interviewer's first words.
    """

    def __init__(self, answers: list[bytes], *, barge_in: bytes = b"") -> None:
        self.answers = list(answers)
        self._barge_in = barge_in
        self.messages: list[dict[str, Any]] = []
        self.heard = bytearray()
        self.close_code: int | None = None
        self.close_reason = ""
        self.socket: websockets.ClientConnection | None = None
        self._speech = b""
        self._tasks: list[asyncio.Task[None]] = []

    async def join(self, url: str) -> "Guest":
        """Connect and say that the client is ready."""
        self.socket = await websockets.connect(url, max_size=None)
        ready = {"label": "rtvi-ai", "type": "client-ready", "id": "1", "data": {"version": "2.2.0"}}
        with contextlib.suppress(websockets.ConnectionClosed):  # refused already: `close_code` tells
            await self.send_message(ready)
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._talk())]
        return self

    async def leave(self) -> None:
        """Close the connection."""
        if self.socket is not None:
            await self.socket.close()
        await asyncio.gather(*self._tasks)

    async def over(self, seconds: float) -> None:
        """Wait until the bot has closed the connection."""
        await asyncio.wait_for(asyncio.gather(*self._tasks), seconds)

    def told(self, kind: str) -> list[dict[str, Any]]:
        """The server messages of this kind."""
        data = [m.get("data") or {} for m in self.messages if m.get("type") == "server-message"]
        return [d for d in data if d.get("kind") == kind]

    async def send_message(self, message: dict[str, Any]) -> None:
        """Send an RTVI message."""
        frame = frames.Frame()
        frame.message.data = json.dumps(message)
        await self.send(frame)

    async def send(self, frame: Any) -> None:
        """Send any frame."""
        assert self.socket is not None
        await self.socket.send(frame.SerializeToString())

    async def _listen(self) -> None:
        assert self.socket is not None
        try:
            async for raw in self.socket:
                frame = frames.Frame.FromString(raw)
                if frame.WhichOneof("frame") == "audio":
                    self.heard += frame.audio.audio
                elif frame.WhichOneof("frame") == "message":
                    self._take(json.loads(frame.message.data))
        except websockets.ConnectionClosedError:
            pass
        self.close_code, self.close_reason = self.socket.close_code, self.socket.close_reason or ""

    def _take(self, message: dict[str, Any]) -> None:
        self.messages.append(message)
        if message.get("type") == "bot-stopped-speaking" and self.answers:
            self._speech += bytes(32000 // 2) + self.answers.pop(0)
        if message.get("type") == "bot-started-speaking" and self._barge_in:
            self._speech, self._barge_in = self._barge_in, b""

    async def _talk(self) -> None:
        """A microphone: a frame each 20 ms, of speech or of silence."""
        due = time.monotonic()
        while self.close_code is None:
            chunk, self._speech = self._speech[:CHUNK].ljust(CHUNK, b"\0"), self._speech[CHUNK:]
            frame = frames.Frame()
            frame.audio.audio, frame.audio.sample_rate, frame.audio.num_channels = chunk, 16000, 1
            try:
                await self.send(frame)
            except websockets.ConnectionClosed:
                return
            due += 0.02
            await asyncio.sleep(max(0.0, due - time.monotonic()))

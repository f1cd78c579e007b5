"""Runs in the bot's image: the bot in a Daily room whose call is driven from here.

All of it is the image's own: the bot's program, its pipeline, pipecat's DailyTransport and daily-python's client. Two
things are not, because they are Daily's servers' to answer: `join` and `leave` of the call. Events enter where
daily-python's native thread delivers them, on the methods of its event handler. The model is the installation's.

Usage: `daily_events.py SCENARIO`; prints one line of JSON with what the bot reported and how it ended.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from parley_bot.bot import Bot
from parley_bot.logs import configure_logs
from parley_bot.settings import Settings
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
    QuestionPlan,
)
from parley_protocol.assignment import DailyRoom
from pipecat.transports.daily.transport import DailyTransportClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

API_PORT = 8099
GRANT = DailyRoom(room_url="https://parley-emulator.daily.co/driven", token="the-token")
CANDIDATE = {
    "id": "6f6d2a3e-0000-4000-8000-000000000001",
    "info": {"isLocal": False, "userId": "candidate", "userName": "Kim"},
}
CANDIDATE_AGAIN = CANDIDATE | {"id": "6f6d2a3e-0000-4000-8000-000000000002"}
BOT = "6f6d2a3e-0000-4000-8000-00000000000b"
STREAM = "6f6d2a3e-0000-4000-8000-00000000000a"
PLAN = InterviewPlan(
    title="Platform engineer",
    candidate_name="Kim",
    interviewer=InterviewerPlan(name="Ada", greeting="Hello Kim.", closing="Thank you. Goodbye."),
    questions=[QuestionPlan(id="outage", text="Which outage have you solved?")],
    limits=LimitsPlan(reconnect_grace_seconds=5),
    model=ModelPlan(),
)


@dataclass
class Api:
    """The API's endpoints for this one bot."""

    events: list[NumberedEvent] = field(default_factory=list)
    finished: str | None = None

    def seen(self) -> list[str]:
        """What the bot has reported, in short: `candidate joined`, `turn interviewer: …`, `question outage`, …."""
        return [_short(entry) for entry in self.events]

    def app(self) -> Starlette:
        """The endpoints as a program."""
        return Starlette(
            routes=[
                Route("/bot/v1/assignment", self._assignment),
                Route("/bot/v1/events", self._events, methods=["POST"]),
                Route("/bot/v1/finish", self._finish, methods=["POST"]),
            ]
        )

    async def _assignment(self, _request: Request) -> Response:
        ref = InterviewRef(namespace="hiring", name="kim", uid="11111111-2222-3333-4444-555555555555")
        assignment = Assignment(interview=ref, attempt=1, plan=PLAN, room=GRANT)
        return Response(assignment.to_json(), media_type="application/json")

    async def _events(self, request: Request) -> Response:
        batch = EventBatch.model_validate_json(await request.body())
        fresh = [entry for entry in batch.events if entry.n > len(self.events)]
        known = [entry for entry in batch.events if entry.n <= len(self.events)]
        gap = bool(fresh) and fresh[0].n != len(self.events) + 1
        if batch.attempt != 1 or gap or any(self.events[entry.n - 1] != entry for entry in known):
            return Response(status_code=409)
        self.events += fresh
        return Response(EventAck(acknowledged=len(self.events)).to_json(), media_type="application/json")

    async def _finish(self, request: Request) -> Response:
        finish = FinishRequest.model_validate_json(await request.body())
        if (finish.attempt, finish.last_event) != (1, len(self.events)):
            return Response(status_code=409)
        self.finished = finish.reason.value
        return Response(status_code=204)


def _short(entry: NumberedEvent) -> str:
    event = entry.event
    match event.kind:
        case "connection":
            return f"{event.who} {event.what}"
        case "turn":
            return f"turn {event.turn.speaker.value}: {event.turn.text}"
        case "question":
            return f"question {event.question_id}"
    return event.kind


class Call:
    """Daily's side of the bot's call: lets it in, or not, and tells of what happens in the room."""

    def __init__(self, api: Api, refusal: str | None = None) -> None:
        self.api = api
        self.asked: list[tuple[str, str | None]] = []
        self.client: DailyTransportClient | None = None
        call = self

        async def join(client: DailyTransportClient) -> tuple[Any, Any]:
            call.client = client
            call.asked.append((client._room_url, client._token))
            if refusal is not None:
                return None, refusal
            return {"participants": {"local": {"id": BOT}}, "meetingSession": {"id": "m1"}}, None

        async def leave(_client: DailyTransportClient) -> None:
            call.asked.append(("leave", None))

        DailyTransportClient._join = join
        DailyTransportClient._leave = leave

    async def tell(self, event: str, *arguments: Any) -> None:
        """Deliver an event as daily-python's native thread does: from a thread, waiting until it is queued."""
        assert self.client is not None, "the bot has not joined"
        await asyncio.to_thread(getattr(self.client, event), *arguments)

    async def until(self, what: str, count: int = 1) -> None:
        """Wait until the bot has reported something that begins so."""
        await eventually(what, lambda: sum(line.startswith(what) for line in self.api.seen()) >= count)


async def eventually(what: str, condition: Callable[[], object], seconds: float = 30) -> None:
    """Wait for a condition; TimeoutError when it does not hold in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds:g} s: {what}")
        await asyncio.sleep(0.05)


async def comings_and_goings(call: Call) -> None:
    """Joined, the first participant joins, a recording begins, fails and stops, the participant leaves and returns."""
    await call.until("bot joined")
    await call.tell("on_participant_joined", CANDIDATE)
    await call.until("turn interviewer: Hello Kim.")
    await call.tell("on_recording_started", {"streamId": STREAM, "startedBy": BOT})
    await call.tell("on_recording_error", STREAM, "no space")
    await call.tell("on_recording_stopped", STREAM)
    await call.tell("on_participant_left", CANDIDATE, "leftCall")
    await call.until("candidate left")
    await call.tell("on_participant_joined", CANDIDATE_AGAIN)
    await call.until("turn interviewer: ", count=2)
    await call.tell("on_call_state_updated", "left")


async def left_for_good(call: Call) -> None:
    """The candidate comes, leaves, and does not come back within the grace."""
    await call.until("bot joined")
    await call.tell("on_participant_joined", CANDIDATE)
    await call.until("turn interviewer")
    await call.tell("on_participant_left", CANDIDATE, "leftCall")


async def put_out(call: Call) -> None:
    """The call ends underneath the bot before anybody came."""
    await call.until("bot joined")
    await call.tell("on_call_state_updated", "left")


async def failed(call: Call) -> None:
    """Daily's client reports an error in the middle of the call, to the transport's own handler of it."""
    await call.until("bot joined")
    await call.tell("on_participant_joined", CANDIDATE)
    await call.until("turn interviewer")
    assert call.client is not None
    await call.client._callbacks.on_error("the call broke down")


async def refused(_call: Call) -> None:
    """Daily does not let the bot in."""


SCENARIOS: dict[str, tuple[Callable[[Call], Awaitable[None]], str | None]] = {
    "comings_and_goings": (comings_and_goings, None),
    "left_for_good": (left_for_good, None),
    "put_out": (put_out, None),
    "failed": (failed, None),
    "refused": (refused, "exp-token"),
}


async def run(name: str) -> dict[str, object]:
    """Run the bot through a scenario; what came of it."""
    play, refusal = SCENARIOS[name]
    api = Api()
    call = Call(api, refusal)
    server = uvicorn.Server(uvicorn.Config(api.app(), host="127.0.0.1", port=API_PORT, log_level="warning"))
    serving = asyncio.create_task(server.serve())
    await eventually("the API serves", lambda: server.started)
    began = time.monotonic()
    bot = asyncio.create_task(Bot(Settings(), began).run())
    playing = asyncio.create_task(play(call))
    await asyncio.wait({bot, playing}, return_when=asyncio.FIRST_EXCEPTION)
    if playing.done():
        playing.result()
    code = await bot
    server.should_exit = True
    await serving
    return {
        "exit_code": int(code),
        "seconds": round(time.monotonic() - began, 1),
        "asked": call.asked,
        "events": api.seen(),
        "finished": api.finished,
    }


def main() -> None:
    """Print the outcome as the last line; native threads of daily-python must not keep the process."""
    token = Path("/tmp/token")
    token.write_text("the driver's API asks for none")
    os.environ |= {"PARLEY_API_URL": f"http://127.0.0.1:{API_PORT}", "PARLEY_TOKEN_FILE": str(token)}
    configure_logs("INFO")
    outcome = asyncio.run(run(sys.argv[1]))
    print(json.dumps({"outcome": outcome}), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()

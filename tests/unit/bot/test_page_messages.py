"""What a room's page is told where the interviewer falls silent: pipecat's own messages, by the assembled pipeline."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from parley_bot.interview import Interview, prepare
from parley_bot.pipeline.access import ModelAccess
from parley_bot.pipeline.assembly import RoomPipeline
from parley_bot.pipeline.gate import CandidateSerializer
from parley_bot.reporter import ApiClient
from parley_bot.server.daily_room import HushedDailyTransport
from parley_bot.server.transport import RoomTransport
from parley_protocol import Assignment, InterviewRef
from pipecat.frames.frames import InterruptionFrame, OutputTransportMessageUrgentFrame
from pipecat.frames.protobufs import frames_pb2
from pipecat.transports.daily.transport import DailyParams, DailyTransportClient
from pipecat.transports.websocket.fastapi import FastAPIWebsocketParams
from starlette.websockets import WebSocketState
from support.bot import ApiPeer, eventually, interview_plan, serving

ACCESS = ModelAccess("us-east-1", "https://127.0.0.1:1")
TOLD = "bot-interrupted"


class Socket:
    """A candidate's connection that says nothing; what it is sent is told to `note`."""

    client_state = application_state = WebSocketState.CONNECTED

    def __init__(self, note: Callable[[str], None]) -> None:
        self._note = note

    async def iter_bytes(self) -> AsyncIterator[bytes]:
        await asyncio.Event().wait()
        yield b""

    async def send_bytes(self, data: bytes) -> None:
        frame: Any = frames_pb2.Frame.FromString(data)
        kind = str(frame.WhichOneof("frame"))
        self._note(json.loads(frame.message.data)["type"] if kind == "message" else kind)

    async def close(self, *_: object) -> None:
        self.client_state = self.application_state = WebSocketState.DISCONNECTED


def websocket(told: list[str], _monkeypatch: pytest.MonkeyPatch) -> RoomTransport:
    params = FastAPIWebsocketParams(audio_out_enabled=True, serializer=CandidateSerializer(lambda: None))
    socket: Any = Socket(told.append)
    return RoomTransport(socket, params)


def daily(told: list[str], monkeypatch: pytest.MonkeyPatch) -> HushedDailyTransport:
    """Daily's servers are not here: what its client asks them is answered."""

    async def join(_client: object) -> tuple[dict[str, object], None]:
        return {}, None

    async def leave(_client: object) -> None:
        return None

    async def send(_client: object, frame: OutputTransportMessageUrgentFrame) -> None:
        told.append(frame.message["type"])

    monkeypatch.setattr(DailyTransportClient, "_join", join)
    monkeypatch.setattr(DailyTransportClient, "_leave", leave)
    monkeypatch.setattr(DailyTransportClient, "send_message", send)
    return HushedDailyTransport("https://parley.invalid/room", "token", "Ada", DailyParams(audio_out_enabled=True))


@pytest.fixture
async def interview(tmp_path: Path) -> AsyncIterator[Interview]:
    (tmp_path / "token").write_text("pod-token")
    async with serving(ApiPeer(interview_plan())) as peer:
        client = ApiClient(peer.url, tmp_path / "token")
        ref = InterviewRef(namespace="n", name="i", uid="u")
        yield prepare(Assignment(interview=ref, attempt=1, plan=peer.plan, room=peer.room), client)
        await client.close()


@asynccontextmanager
async def running(interview: Interview, transport: RoomTransport | HushedDailyTransport) -> AsyncIterator[RoomPipeline]:
    plan = interview.assignment.plan
    pipeline = RoomPipeline(transport, interview.conversation, plan, ACCESS, connect_at_once=False, hush=transport.hush)
    started = asyncio.Event()

    async def note(*_: object) -> None:
        started.set()

    pipeline.worker.add_event_handler("on_pipeline_started", note)
    pipeline.start()
    try:
        await asyncio.wait_for(started.wait(), 10)
        yield pipeline
    finally:
        await pipeline.stop("the test is over")


@pytest.mark.parametrize("room", [websocket, daily])
async def test_the_page_is_told_of_an_interruption_and_not_of_a_nod(
    interview: Interview, room: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    async with running(interview, room(told, monkeypatch)) as pipeline:
        pipeline._hush(True)
        pipeline._hush(False)
        await pipeline.tell_page({"kind": "progress"})
        await eventually("what came after the nod", lambda: "server-message" in told, 5)
        dropped, after_the_nod = told.count("interruption"), told.count(TOLD)
        await pipeline.worker.queue_frame(InterruptionFrame())
        await eventually("the interruption is told of", lambda: TOLD in told, 5)
    assert after_the_nod == 0, "no caption is closed by a nod"
    assert told.count(TOLD) == 1
    assert dropped == (1 if room is websocket else 0), "what it has not played, the page drops at once"

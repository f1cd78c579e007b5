"""How far ahead of its playing sound is sent."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parley_bot.pipeline.gate import CandidateSerializer
from parley_bot.server.transport import HEAD_START_SECONDS, Pace, RoomTransport
from pipecat.frames.frames import InterruptionFrame, TTSAudioRawFrame
from pipecat.frames.protobufs import frames_pb2
from pipecat.processors.frame_processor import FrameDirection
from pipecat.tests.utils import run_test
from pipecat.transports.websocket.fastapi import FastAPIWebsocketParams
from starlette.websockets import WebSocketState

CHUNK = 0.04


def test_the_first_sound_is_followed_at_once_and_the_rest_as_it_is_played() -> None:
    pace, now, sent = Pace(0.12), 100.0, []
    for _ in range(8):
        sent.append(round(now - 100.0, 3))
        now += pace.pause(CHUNK, now)
    assert sent == [0, 0, 0, 0, 0.04, 0.08, 0.12, 0.16]


def test_after_a_pause_or_an_interruption_there_is_a_head_start_again() -> None:
    pace = Pace(0.121)
    assert [pace.pause(CHUNK, 100.0) for _ in range(3)] == [0, 0, 0]
    assert pace.pause(CHUNK, 100.0) > 0
    pace.forget()
    assert pace.pause(CHUNK, 100.0) == 0
    assert pace.pause(0.1, 105.0) == 0


@given(st.lists(st.floats(0, 0.2), max_size=50))
def test_a_listener_never_has_more_than_the_head_start_when_a_pause_is_over(late: list[float]) -> None:
    pace, now, played_until = Pace(0.12), 0.0, 0.0
    for more in late:
        now += more
        played_until = max(played_until, now) + CHUNK
        now += pace.pause(CHUNK, now)
        assert played_until - now <= 0.12 + 1e-9


class Socket:
    """As much of a candidate's connection as the transport asks for."""

    client_state = application_state = WebSocketState.CONNECTED

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.on_sound: Callable[[int], None] = lambda _: None

    async def send_bytes(self, data: bytes) -> None:
        self.sent.append(str(frames_pb2.Frame.FromString(data).WhichOneof("frame")))
        if self.sent[-1] == "audio":
            self.on_sound(self.sent.count("audio"))

    async def close(self) -> None:
        self.client_state = self.application_state = WebSocketState.DISCONNECTED


def room(socket: Any) -> RoomTransport:
    serializer = CandidateSerializer(lambda: None)
    params = FastAPIWebsocketParams(audio_out_enabled=True, audio_out_end_silence_secs=0, serializer=serializer)
    return RoomTransport(socket, params)


async def test_who_is_hushed_goes_on_where_the_listener_was() -> None:
    socket = Socket()
    transport = room(socket)

    def hush(count: int) -> None:
        if count == 3:
            transport.hush(True)
            asyncio.get_running_loop().call_later(0.1, transport.hush, False)

    socket.on_sound = hush
    sound = TTSAudioRawFrame(bytes(round(0.4 * 24_000) * 2), 24_000, 1)
    await run_test(transport.output(), frames_to_send=[sound])
    before, after = socket.sent[: socket.sent.index("interruption")], socket.sent[socket.sent.index("interruption") :]
    assert before.count("audio") == 3
    again = after.count("audio") - 7
    assert 1 <= again <= 3, "what the page dropped of its head start is sent once more"


async def test_who_is_hushed_and_cut_short_does_not_go_on() -> None:
    socket = Socket()
    transport = room(socket)

    def hush(count: int) -> None:
        if count == 3:
            transport.hush(True)
            cut = transport.output().process_frame(InterruptionFrame(), FrameDirection.DOWNSTREAM)
            asyncio.get_running_loop().call_later(0.1, lambda: cutting.append(asyncio.ensure_future(cut)))

    cutting: list[asyncio.Future[None]] = []
    socket.on_sound = hush
    sound = TTSAudioRawFrame(bytes(round(0.4 * 24_000) * 2), 24_000, 1)
    await run_test(transport.output(), frames_to_send=[sound])
    assert len(cutting) == 1
    assert socket.sent.count("audio") == 3


async def test_a_rooms_sound_goes_by_that_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[float, float]] = []
    forgotten: list[Pace] = []
    monkeypatch.setattr(Pace, "pause", lambda self, seconds, _: asked.append((self.head_start, seconds)) or 0.0)
    monkeypatch.setattr(Pace, "forget", lambda self: forgotten.append(self))
    transport = room(Socket())
    sound = TTSAudioRawFrame(bytes(round(0.4 * 24_000) * 2), 24_000, 1)
    await run_test(transport.output(), frames_to_send=[InterruptionFrame(), sound])
    assert asked == [(HEAD_START_SECONDS, CHUNK)] * 10
    assert len(forgotten) == 1

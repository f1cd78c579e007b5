"""How far ahead of its playing sound is sent."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parley_bot.pipeline.gate import CandidateSerializer
from parley_bot.server.transport import HEAD_START_SECONDS, Pace, RoomTransport
from pipecat.frames.frames import InterruptionFrame, TTSAudioRawFrame
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

    async def send_bytes(self, data: bytes) -> None: ...

    async def close(self) -> None:
        self.client_state = self.application_state = WebSocketState.DISCONNECTED


async def test_a_rooms_sound_goes_by_that_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[float, float]] = []
    forgotten: list[Pace] = []
    monkeypatch.setattr(Pace, "pause", lambda self, seconds, _: asked.append((self.head_start, seconds)) or 0.0)
    monkeypatch.setattr(Pace, "forget", lambda self: forgotten.append(self))
    socket: Any = Socket()
    serializer = CandidateSerializer(lambda: None)
    params = FastAPIWebsocketParams(audio_out_enabled=True, audio_out_end_silence_secs=0, serializer=serializer)
    transport = RoomTransport(socket, params)
    sound = TTSAudioRawFrame(bytes(round(0.4 * 24_000) * 2), 24_000, 1)
    await run_test(transport.output(), frames_to_send=[InterruptionFrame(), sound])
    assert asked == [(HEAD_START_SECONDS, CHUNK)] * 10
    assert len(forgotten) == 1

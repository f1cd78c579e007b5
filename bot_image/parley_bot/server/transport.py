"""pipecat's WebSocket transport, with a head start for the sound."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any, override

from pipecat.frames.frames import Frame, InterruptionFrame
from pipecat.processors.frame_processor import FrameDirection
from pipecat.transports.websocket.fastapi import (
    FastAPIWebsocketOutputTransport,
    FastAPIWebsocketParams,
    FastAPIWebsocketTransport,
)
from starlette.websockets import WebSocket

HEAD_START_SECONDS = 0.12
"""How much of its sound the page has before it is to be played: then it need not wait itself for what may come late."""


@dataclass
class Pace:
    """Sends sound as fast as it comes until the listener has a head start, then as fast as it is played."""

    head_start: float
    _played_until: float = 0.0

    def pause(self, seconds: float, now: float) -> float:
        """How long to wait after so many seconds of sound were sent at this moment."""
        self._played_until = max(self._played_until, now) + seconds
        return max(0.0, self._played_until - now - self.head_start)

    def forget(self) -> None:
        """The listener has dropped what it was sent."""
        self._played_until = 0.0


class RoomOutput(FastAPIWebsocketOutputTransport):
    """Sends the interviewer's sound ahead of its playing.

    pipecat's own sends a chunk of 40 ms ahead, too little for a network: a player has to hold the first sound back.
    """

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._pace = Pace(HEAD_START_SECONDS)

    @override
    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, InterruptionFrame):
            self._pace.forget()

    @override
    async def _write_audio_sleep(self) -> None:
        chunk = self.audio_chunk_size / (2 * self.sample_rate * self._params.audio_out_channels)
        await asyncio.sleep(self._pace.pause(chunk, time.monotonic()))


class RoomTransport(FastAPIWebsocketTransport):
    """The transport of a room that the bot serves itself."""

    def __init__(self, socket: WebSocket, params: FastAPIWebsocketParams) -> None:
        super().__init__(socket, params)
        self._output = RoomOutput(self, self._client, params, name=self._output_name)

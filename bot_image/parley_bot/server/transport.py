"""pipecat's WebSocket transport, with a head start for the sound, and a way to hush it."""

import asyncio
import math
import time
from collections import deque
from dataclasses import dataclass
from typing import Any, override

from pipecat.frames.frames import Frame, InterruptionFrame, OutputAudioRawFrame
from pipecat.processors.frame_processor import FrameDirection
from pipecat.transports.websocket.fastapi import (
    FastAPIWebsocketOutputTransport,
    FastAPIWebsocketParams,
    FastAPIWebsocketTransport,
)
from starlette.websockets import WebSocket

from parley_bot.server.hush import HushedOutput

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

    def ahead(self, now: float) -> float:
        """Seconds of sound that the listener has and has not played yet."""
        return max(0.0, self._played_until - now)

    def forget(self) -> None:
        """The listener has dropped what it was sent."""
        self._played_until = 0.0


class RoomOutput(HushedOutput, FastAPIWebsocketOutputTransport):
    """Sends the interviewer's sound ahead of its playing.

    pipecat's own sends a chunk of 40 ms ahead, too little for a network: a player has to hold the first sound back.
    """

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._pace = Pace(HEAD_START_SECONDS)
        self._sent: deque[OutputAudioRawFrame] = deque(maxlen=math.ceil(HEAD_START_SECONDS / 0.04) + 1)
        self._again: deque[OutputAudioRawFrame] = deque()
        self._flushing: asyncio.Task[None] | None = None

    @override
    def hush(self, silent: bool) -> None:
        """Fall silent at once, or go on where the listener was when it did."""
        super().hush(silent)
        if not silent:
            return
        unplayed = self._pace.ahead(time.monotonic())
        self._again.extend(list(self._sent)[-math.ceil(unplayed / self._chunk_seconds) :] if unplayed else [])
        self._pace.forget()
        self._flushing = asyncio.create_task(self._flush())

    async def _flush(self) -> None:
        """Have the page drop what it has not played, as it does when the interviewer is cut short."""
        await self._write_frame(InterruptionFrame())

    @override
    async def write_audio_frame(self, frame: OutputAudioRawFrame) -> bool:
        begun = self._interruptions
        await self._free.wait()
        while self._again and begun == self._interruptions:
            await super().write_audio_frame(self._again.popleft())
        if begun != self._interruptions:
            return False
        self._sent.append(frame)
        return await super().write_audio_frame(frame)

    @override
    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, InterruptionFrame):
            self._pace.forget()
            self._sent.clear()
            self._again.clear()

    @override
    async def _write_audio_sleep(self) -> None:
        await asyncio.sleep(self._pace.pause(self._chunk_seconds, time.monotonic()))

    @property
    def _chunk_seconds(self) -> float:
        return self.audio_chunk_size / (2 * self.sample_rate * self._params.audio_out_channels)


class RoomTransport(FastAPIWebsocketTransport):
    """The transport of a room that the bot serves itself."""

    def __init__(self, socket: WebSocket, params: FastAPIWebsocketParams) -> None:
        super().__init__(socket, params)
        self._output: RoomOutput = RoomOutput(self, self._client, params, name=self._output_name)

    def hush(self, silent: bool) -> None:
        """Have the interviewer fall silent at once, or go on where the candidate stopped hearing it."""
        self._output.hush(silent)

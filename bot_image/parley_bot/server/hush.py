"""An output of pipecat's that can be hushed: what a room's transport adds to it is its own."""

import asyncio
from typing import Any, override

from pipecat.frames.frames import Frame, InterruptionFrame, OutputAudioRawFrame
from pipecat.processors.frame_processor import FrameDirection
from pipecat.transports.base_output import BaseOutputTransport


class HushedOutput(BaseOutputTransport):
    """Sends no sound while it is hushed, and goes on where it was; an interruption drops what waited."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._free = asyncio.Event()
        self._free.set()
        self._interruptions = 0

    def hush(self, silent: bool) -> None:
        """Fall silent at once, or be heard again."""
        if silent:
            self._free.clear()
        else:
            self._free.set()

    @override
    async def write_audio_frame(self, frame: OutputAudioRawFrame) -> bool:
        begun = self._interruptions
        await self._free.wait()
        return begun == self._interruptions and await super().write_audio_frame(frame)

    @override
    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, InterruptionFrame):
            self._interruptions += 1
            self._free.set()

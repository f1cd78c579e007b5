"""Imports pipecat in the background while the assignment is fetched: it is most of the start."""

import asyncio
import importlib
import time

_MODULES = ("parley_bot.pipeline.assembly", "parley_bot.server.websocket_room")  # and with it the recorder
_DAILY = "parley_bot.server.daily_room"


class Warmup:
    """Begins to import when it is made. `seconds` is how long it took, once done."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._work = asyncio.create_task(asyncio.to_thread(self._import), name="warmup")

    async def done(self) -> None:
        """Wait for the imports.

        Raises:
            ImportError: the image is broken.
        """
        await self._work

    async def daily(self) -> None:
        """Import what only a Daily room needs, which the assignment tells; call it once the rest is done.

        Raises:
            ImportError: the image is broken.
        """
        await asyncio.to_thread(importlib.import_module, _DAILY)

    def _import(self) -> None:
        began = time.monotonic()
        for name in _MODULES:
            importlib.import_module(name)
        # The first analyzer loads the ONNX runtime and the model: better now than when the candidate comes.
        importlib.import_module("pipecat.audio.vad.silero").SileroVADAnalyzer(sample_rate=16000)
        self.seconds = time.monotonic() - began

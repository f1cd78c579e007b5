"""Turns in a stream of sound: voice activity and turn detection together, off the event loop."""

import asyncio
from collections.abc import AsyncIterator
from itertools import chain

import numpy as np
import soxr  # type: ignore[import-untyped]  # the package has no types

from parley_emulators.speech.audio import Samples, to_samples
from parley_emulators.speech.turns import TurnDetector, TurnEvent
from parley_emulators.speech.vad import RATE, WINDOW, SileroVad


class TurnListener:
    """Listens to one speaker. `hear` takes PCM in pieces of any size; `events` yields what it means."""

    def __init__(self, rate: int, pause_seconds: float) -> None:
        self._resampler = soxr.ResampleStream(rate, RATE, 1, dtype="float32") if rate != RATE else None
        self._vad: SileroVad | None = None
        self._turns = TurnDetector(pause_seconds=pause_seconds)
        self._arrived: asyncio.Queue[bytes] = asyncio.Queue()
        self._rest: Samples = np.zeros(0, dtype=np.float32)

    def hear(self, pcm: bytes) -> None:
        """Take the next sound of the stream."""
        self._arrived.put_nowait(pcm)

    async def events(self) -> AsyncIterator[TurnEvent]:
        """Yield what happens as it happens, until cancelled."""
        while True:
            pcm = bytearray(await self._arrived.get())
            while not self._arrived.empty():
                pcm += self._arrived.get_nowait()
            for event in await asyncio.to_thread(self._detect, bytes(pcm)):
                yield event

    def _detect(self, pcm: bytes) -> list[TurnEvent]:
        vad = self._vad = self._vad or SileroVad()
        new = to_samples(pcm)
        if self._resampler is not None:
            new = self._resampler.resample_chunk(new)
        sound = np.concatenate((self._rest, new))
        whole = len(sound) - len(sound) % WINDOW
        self._rest = sound[whole:]
        windows = (sound[at : at + WINDOW] for at in range(0, whole, WINDOW))
        return list(chain.from_iterable(self._turns.feed(window, vad.probability(window)) for window in windows))

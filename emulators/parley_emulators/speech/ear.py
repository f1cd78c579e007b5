"""An ear: takes sound as it arrives and tells of turns, with the words ready when the turn ends."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import chain

import numpy as np

from parley_emulators.speech.audio import Samples, resample, to_samples
from parley_emulators.speech.recogniser import Recogniser
from parley_emulators.speech.turns import SegmentEnded, SpeechStarted, TurnDetector, TurnEnded, TurnEvent
from parley_emulators.speech.vad import RATE, WINDOW, SileroVad


@dataclass(frozen=True)
class TurnHeard:
    """A turn is over, and these are its words ("" where there were none)."""

    text: str


type Heard = SpeechStarted | TurnHeard


class Ear:
    """Hears one speaker. `hear` takes PCM in any pieces; `listen` yields what it means; neither blocks the event loop."""

    def __init__(self, recogniser: Recogniser, rate: int, pause_seconds: float) -> None:
        self._recogniser = recogniser
        self._rate = rate
        self._vad: SileroVad | None = None
        self._turns = TurnDetector(pause_seconds=pause_seconds)
        self._arrived: asyncio.Queue[bytes] = asyncio.Queue()
        self._rest: Samples = np.zeros(0, dtype=np.float32)
        self._segments: list[asyncio.Task[str]] = []

    @property
    def in_turn(self) -> bool:
        """Whether the speaker has the turn right now."""
        return self._turns.in_turn

    def hear(self, pcm: bytes) -> None:
        """Take the next sound of the stream."""
        self._arrived.put_nowait(pcm)

    async def listen(self) -> AsyncIterator[Heard]:
        """Yield starts and ends of turns as they happen, until cancelled."""
        try:
            while True:
                pcm = bytearray(await self._arrived.get())
                while not self._arrived.empty():
                    pcm += self._arrived.get_nowait()
                for event in await asyncio.to_thread(self._detect, bytes(pcm)):
                    match event:
                        case SpeechStarted():
                            yield event
                        case SegmentEnded(samples):
                            self._segments.append(asyncio.create_task(self._recogniser.recognise(samples)))
                        case TurnEnded():
                            yield TurnHeard(await self._words())
        finally:
            for task in self._segments:
                task.cancel()

    async def _words(self) -> str:
        segments, self._segments = self._segments, []
        texts = await asyncio.gather(*segments)
        return " ".join(text for text in texts if text)

    def _detect(self, pcm: bytes) -> list[TurnEvent]:
        if self._vad is None:
            self._vad = SileroVad()
        sound = np.concatenate((self._rest, to_samples(resample(pcm, self._rate, RATE))))
        whole = len(sound) - len(sound) % WINDOW
        self._rest = sound[whole:]
        windows = (sound[at : at + WINDOW] for at in range(0, whole, WINDOW))
        vad = self._vad
        return list(chain.from_iterable(self._turns.feed(window, vad.probability(window)) for window in windows))

"""An ear: takes sound as it arrives and tells of turns, with the words ready when the turn ends."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from parley_emulators.speech.listener import TurnListener
from parley_emulators.speech.recogniser import Recogniser
from parley_emulators.speech.turns import SegmentEnded, SpeechStarted, TurnEnded


@dataclass(frozen=True)
class TurnHeard:
    """A turn is over, and these are its words ("" where there were none)."""

    text: str


type Heard = SpeechStarted | TurnHeard


class Ear:
    """Hears one speaker. `hear` takes PCM in any pieces; `listen` yields what it means; neither blocks the loop."""

    def __init__(self, recogniser: Recogniser, rate: int, pause_seconds: float) -> None:
        self._recogniser = recogniser
        self._listener = TurnListener(rate, pause_seconds)
        self._segments: list[asyncio.Task[str]] = []

    def hear(self, pcm: bytes) -> None:
        """Take the next sound of the stream."""
        self._listener.hear(pcm)

    async def listen(self) -> AsyncIterator[Heard]:
        """Yield starts and ends of turns as they happen, until cancelled."""
        try:
            async for event in self._listener.events():
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

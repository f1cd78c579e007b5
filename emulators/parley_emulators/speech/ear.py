"""An ear: takes sound as it arrives and tells of turns, with the words ready when the turn ends."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from parley_emulators.speech.audio import Samples
from parley_emulators.speech.listener import TurnListener
from parley_emulators.speech.recogniser import Recogniser
from parley_emulators.speech.turns import SegmentEnded, SpeechStarted, TurnEnded


@dataclass(frozen=True)
class TurnHeard:
    """A turn is over, and these are its words ("" where there were none)."""

    text: str


type Heard = SpeechStarted | TurnHeard


class Ear:
    """Hears one speaker. `hear` takes PCM in any pieces; `listen` yields what it means; neither blocks the loop.

    `on_words` is told of each stretch between two pauses, in order, when it is understood: before the turn ends.
    """

    def __init__(
        self, recogniser: Recogniser, rate: int, pause_seconds: float, on_words: Callable[[str], Awaitable[None]]
    ) -> None:
        self._recogniser, self._on_words = recogniser, on_words
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
                        before = self._segments[-1] if self._segments else None
                        self._segments.append(asyncio.create_task(self._understand(samples, before)))
                    case TurnEnded():
                        yield TurnHeard(await self._words())
        finally:
            for task in self._segments:
                task.cancel()

    async def _understand(self, samples: Samples, before: asyncio.Task[str] | None) -> str:
        text = await self._recogniser.recognise(samples)
        if before is not None:
            await before
        if text:
            await self._on_words(text)
        return text

    async def _words(self) -> str:
        segments, self._segments = self._segments, []
        texts = await asyncio.gather(*segments)
        return " ".join(text for text in texts if text)

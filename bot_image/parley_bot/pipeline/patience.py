"""Waits for a candidate who has stopped to think: the silence within a sentence is kept from the model.

Nova Sonic ends a turn by the pause alone (1.5, 1.75 or 2 s, by the template's sensitivity). Where that is LOW, whether
the sentence was finished is judged by how it sounded, too (smart-turn, which pipecat carries: some 60 ms a pause, no
words). While it was not, the model hears nothing at all, and so no pause, until the candidate goes on or patience is
over. A sentence that is misjudged has its answer late: who asks for MEDIUM or HIGH has not asked for that.
"""

import asyncio
import functools
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from loguru import logger
from pipecat.audio.turn.base_turn_analyzer import EndOfTurnState
from pipecat.audio.turn.smart_turn.local_smart_turn_v3 import LocalSmartTurnAnalyzerV3
from pipecat.frames.frames import (
    Frame,
    InputAudioRawFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor, FrameProcessorSetup

from parley_bot.pipeline.gate import SAMPLE_RATE

_BYTES_PER_SECOND = 2 * SAMPLE_RATE
# The voice activity is told of some 0.15 s after it began (assembly.py); with a little of what came before, no
# consonant is lost.
_ONSET_SECONDS = 0.4


@dataclass(slots=True)
class Patience:
    """What of the candidate's sound the model is to hear now. Pure; time is that of the sound.

    Args:
        seconds: How much silence is kept back at most.
    """

    seconds: float
    holding: bool = False
    _held: deque[bytes] = field(default_factory=deque)

    def hold(self) -> None:
        """The candidate has stopped within a sentence: keep what comes."""
        self.holding = True

    def take(self, sound: bytes) -> list[bytes]:
        """The next sound; the answer is what the model is to hear. When patience is over, all that was kept."""
        if not self.holding:
            return [sound]
        self._held.append(sound)
        return self._release(self.seconds) if self._kept >= _size(self.seconds) else []

    def go_on(self) -> list[bytes]:
        """The candidate goes on: the answer is how their voice began. The silence before it is never heard."""
        return self._release(_ONSET_SECONDS)

    @property
    def _kept(self) -> int:
        return sum(map(len, self._held))

    def _release(self, seconds: float) -> list[bytes]:
        while self._held and self._kept - len(self._held[0]) >= _size(seconds):
            self._held.popleft()
        released = list(self._held)
        self._held.clear()
        self.holding = False
        return released


def _size(seconds: float) -> int:
    return round(seconds * _BYTES_PER_SECOND)


@functools.cache
def judge() -> LocalSmartTurnAnalyzerV3:
    """The model that hears whether a sentence is finished: one for the process, which has one candidate at a time."""
    analyzer = LocalSmartTurnAnalyzerV3(sample_rate=SAMPLE_RATE)
    analyzer.set_sample_rate(SAMPLE_RATE)
    return analyzer


class UnfinishedTurns(FrameProcessor):
    """After the voice activity detection, before the model.

    Args:
        seconds: How long the rest of a sentence is waited for.
        on_kept: Called with each sound that is kept from the model.
    """

    def __init__(self, seconds: float, on_kept: Callable[[], None]) -> None:
        super().__init__()
        self._on_kept = on_kept
        self._patience = Patience(seconds)
        self._judge: LocalSmartTurnAnalyzerV3 | None = None
        self._speaking = False
        self._judging: asyncio.Task[None] | None = None

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Keep back the candidate's sound, or pass it on; every other frame passes."""
        await super().process_frame(frame, direction)
        if direction is FrameDirection.DOWNSTREAM:
            if isinstance(frame, InputAudioRawFrame):
                if self._judge is not None:
                    self._judge.append_audio(frame.audio, self._speaking)
                await self._hear(self._patience.take(frame.audio))
                if self._patience.holding:
                    self._on_kept()
                return
            if isinstance(frame, VADUserStartedSpeakingFrame):
                await self._begun()
            elif isinstance(frame, VADUserStoppedSpeakingFrame):
                self._speaking = False
                self._judging = self.create_task(self._judged(), "unfinished")
        await self.push_frame(frame, direction)

    async def setup(self, setup: FrameProcessorSetup) -> None:  # type: ignore[override]  # as pipecat's own do
        """As pipecat's; the judge is loaded the first time (some 70 ms)."""
        await super().setup(setup)
        self._judge = await asyncio.to_thread(judge)
        self._judge.clear()

    async def cleanup(self) -> None:
        """As pipecat's; nothing is judged any more."""
        await super().cleanup()  # type: ignore[no-untyped-call]  # pipecat's methods are not annotated
        await self._stop_judging()

    async def _begun(self) -> None:
        self._speaking = True
        await self._stop_judging()
        await self._hear(self._patience.go_on())

    async def _judged(self) -> None:
        if self._judge is None:
            return
        state, _ = await self._judge.analyze_end_of_turn()
        if state is EndOfTurnState.INCOMPLETE and not self._speaking:
            logger.info("waiting for the rest of a sentence")
            self._patience.hold()

    async def _stop_judging(self) -> None:
        judging, self._judging = self._judging, None
        if judging is not None and not judging.done():
            await self.cancel_task(judging)

    async def _hear(self, sounds: list[bytes]) -> None:
        for sound in sounds:
            await self.push_frame(InputAudioRawFrame(audio=sound, sample_rate=SAMPLE_RATE, num_channels=1))

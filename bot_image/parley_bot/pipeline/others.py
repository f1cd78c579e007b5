"""Keeps from the model what others say in the candidate's room: Nova would never hear the pause that ends a turn.

Where nobody else is known to talk, the candidate's turn passes as it is, whatever its level. Where others are, and
while the interviewer has the floor, the model hears silence until the candidate's voice begins: that is heard from its
first consonant.
"""

from collections import deque
from dataclasses import dataclass, field

from pipecat.frames.frames import (
    Frame,
    InputAudioRawFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from parley_bot.pipeline.gate import SAMPLE_RATE
from parley_bot.pipeline.level import Heard, OwnVoice

# Words end softly: the level is that of 0.2 s (level.py), so this is 0.4 s after a loud sound.
_ENDING_SECONDS = 0.25
# After so long a time without a voice the others have ceased.
_NOBODY_SECONDS = 2.0
# The begin of a voice as the model is to hear it: some 0.15 s until it is told of (assembly.py), and a little before.
_ONSET_SECONDS = 0.4
_BYTES_PER_SECOND = 2 * SAMPLE_RATE


@dataclass(slots=True)
class Others:
    """What of the candidate's sound the model is to hear where others talk. Pure; time is that of the sound.

    Args:
        own: Knows who is heard, whose floor it is, and whether others are known to talk.
    """

    own: OwnVoice
    withholding: bool = False
    _speaking: bool = False
    _aside: int = 0
    """How much of others was let pass since the candidate's voice, in bytes."""
    _nobody: int = 0
    _kept: deque[bytes] = field(default_factory=deque)

    def candidate(self, *, speaking: bool) -> list[bytes]:
        """The candidate's voice began or ceased; the answer is how it began, where that was not heard."""
        self._speaking = speaking
        return self._pass() if speaking else []

    def take(self, sound: bytes) -> list[bytes]:
        """The next sound; the answer is what the model is to hear."""
        if self.own.interviewer:
            self.withholding = self.withholding or not self._speaking
        elif self.own.company:
            self._count(len(sound))
        else:
            return [*self._pass(), sound]
        if not self.withholding:
            return [sound]
        self._kept.append(sound)
        while sum(map(len, self._kept)) > _size(_ONSET_SECONDS):
            self._kept.popleft()
        return [bytes(len(sound))]

    def _count(self, size: int) -> None:
        heard = self.own.heard
        self._nobody = self._nobody + size if heard is Heard.NOBODY else 0
        if heard is Heard.OTHERS:
            self._aside += size
        elif heard is Heard.CANDIDATE:
            self._aside = 0
        if self._nobody >= _size(_NOBODY_SECONDS):
            self._pass()
        elif self._aside > _size(_ENDING_SECONDS) and not self._speaking:
            self.withholding = True

    def _pass(self) -> list[bytes]:
        """Withhold nothing more; the answer is what came last of what was withheld, where it was not silence anyway."""
        kept = list(self._kept) if any(map(any, self._kept)) else []
        self.withholding, self._aside = False, 0
        self._kept.clear()
        return kept


def _size(seconds: float) -> int:
    return round(seconds * _BYTES_PER_SECOND)


class OthersWithheld(FrameProcessor):
    """After the floor, before who waits for the rest of a sentence: what was withheld is a pause to them.

    Args:
        own: Knows who is heard.
    """

    def __init__(self, own: OwnVoice) -> None:
        super().__init__()
        self._others = Others(own)

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Replace the sound of others; every other frame passes."""
        await super().process_frame(frame, direction)
        if direction is FrameDirection.DOWNSTREAM:
            if isinstance(frame, InputAudioRawFrame):
                await self._hear(self._others.take(frame.audio))
                return
            if isinstance(frame, VADUserStartedSpeakingFrame | VADUserStoppedSpeakingFrame):
                speaking = isinstance(frame, VADUserStartedSpeakingFrame)
                await self._hear(self._others.candidate(speaking=speaking))
        await self.push_frame(frame, direction)

    async def _hear(self, sounds: list[bytes]) -> None:
        for sound in sounds:
            await self.push_frame(InputAudioRawFrame(audio=sound, sample_rate=SAMPLE_RATE, num_channels=1))

"""Keeps from the model what others say in the candidate's room: Nova would never hear the pause that ends a turn.

In a room where nobody else talks the sound passes as it is, whatever its level. Where others are heard, the model hears
silence in their place, until the candidate's voice begins: that is heard from its first consonant.
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

# Words end softly: so much that is soft is let pass, unless others are known to talk: it may be the candidate, who has
# moved away from the microphone.
_SOFT_SECONDS = 2.0
# Of others a quarter of a second is enough: the level is that of 0.2 s (level.py), so it is 0.4 s after a loud sound.
_OTHERS_WEIGHT = 8
# After so long a time without a voice the others have ceased.
_NOBODY_SECONDS = 2.0
# The begin of a voice as the model is to hear it: some 0.15 s until it is told of (assembly.py), and a little before.
_ONSET_SECONDS = 0.4
_BYTES_PER_SECOND = 2 * SAMPLE_RATE


@dataclass(slots=True)
class Others:
    """What of the candidate's sound the model is to hear where others talk. Pure; time is that of the sound."""

    withholding: bool = False
    _speaking: bool = False
    _aside: int = 0
    """How much of soft voices was let pass since the candidate's, in bytes; of others each counts more."""
    _nobody: int = 0
    _kept: deque[bytes] = field(default_factory=deque)

    def candidate(self, *, speaking: bool) -> list[bytes]:
        """The candidate's voice began or ceased; the answer is how it began, where that was not heard."""
        self._speaking = speaking
        kept = list(self._kept) if speaking else []
        if speaking:
            self._pass()
        return kept

    def take(self, sound: bytes, heard: Heard, *, interviewer: bool = False) -> list[bytes]:
        """The next sound, and who is heard in it; the answer is what the model is to hear.

        `interviewer`: it has the floor, and so no soft voice is the end of the candidate's words.
        """
        self._nobody = self._nobody + len(sound) if heard is Heard.NOBODY else 0
        match heard:
            case Heard.OTHERS:
                self._aside += _OTHERS_WEIGHT * len(sound)
            case Heard.SOFT:
                self._aside += len(sound)
            case Heard.CANDIDATE if not self.withholding:
                self._aside = 0
            case Heard.NOBODY if self._nobody >= _size(_NOBODY_SECONDS):
                self._pass()
        at_once = interviewer and heard in (Heard.OTHERS, Heard.SOFT)
        if (at_once or self._aside > _size(_SOFT_SECONDS)) and not self._speaking:
            self.withholding = True
        if not self.withholding:
            return [sound]
        self._kept.append(sound)
        while sum(map(len, self._kept)) > _size(_ONSET_SECONDS):
            self._kept.popleft()
        return [bytes(len(sound))]

    def _pass(self) -> None:
        self.withholding, self._aside = False, 0
        self._kept.clear()


def _size(seconds: float) -> int:
    return round(seconds * _BYTES_PER_SECOND)


class OthersWithheld(FrameProcessor):
    """After the floor, before who waits for the rest of a sentence: what was withheld is a pause to them.

    Args:
        own: Knows who is heard.
    """

    def __init__(self, own: OwnVoice) -> None:
        super().__init__()
        self._others, self._own = Others(), own

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Replace the sound of others; every other frame passes."""
        await super().process_frame(frame, direction)
        if direction is FrameDirection.DOWNSTREAM:
            if isinstance(frame, InputAudioRawFrame):
                interviewer = self._own.interviewer
                await self._hear(self._others.take(frame.audio, self._own.heard, interviewer=interviewer))
                return
            if isinstance(frame, VADUserStartedSpeakingFrame | VADUserStoppedSpeakingFrame):
                speaking = isinstance(frame, VADUserStartedSpeakingFrame)
                await self._hear(self._others.candidate(speaking=speaking))
        await self.push_frame(frame, direction)

    async def _hear(self, sounds: list[bytes]) -> None:
        for sound in sounds:
            await self.push_frame(InputAudioRawFrame(audio=sound, sample_rate=SAMPLE_RATE, num_channels=1))

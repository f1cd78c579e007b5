"""From speech probabilities to turns: when a speaker starts, which stretches to recognise, when the turn is over.

Pure: it is told of each window once and answers with what happened. A turn is cut into segments at short pauses, so
that all but the last are recognised while the speaker still talks.
"""

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from parley_emulators.speech.audio import Samples
from parley_emulators.speech.vad import WINDOW_SECONDS


@dataclass(frozen=True)
class SpeechStarted:
    """The speaker has begun, or gone on within the same turn."""


@dataclass(frozen=True)
class SegmentEnded:
    """A stretch of speech between pauses, with a little silence round it, ready to be recognised."""

    samples: Samples


@dataclass(frozen=True)
class TurnEnded:
    """The pause has lasted long enough for the turn to be over."""


type TurnEvent = SpeechStarted | SegmentEnded | TurnEnded


def _windows(seconds: float) -> int:
    return max(1, round(seconds / WINDOW_SECONDS))


@dataclass
class TurnDetector:
    """Turns of one speaker.

    Args:
        pause_seconds: Silence that ends a turn.
        segment_pause_seconds: Silence that ends a segment; shorter than `pause_seconds`.
        start_seconds: Speech without a gap before a start is believed.
        longest_segment_seconds: A segment is cut here even without a pause: the recogniser hears at most 30 s at once.
    """

    pause_seconds: float = 0.8
    segment_pause_seconds: float = 0.32
    start_seconds: float = 0.13
    longest_segment_seconds: float = 20.0
    threshold: float = 0.5
    release_threshold: float = 0.35
    lead_in_seconds: float = 0.25
    _recent: deque[Samples] = field(default_factory=deque)
    _segment: list[Samples] = field(default_factory=list)
    _voiced: int = 0
    _silent: int = 0
    _speaking: bool = False
    _in_turn: bool = False

    def __post_init__(self) -> None:
        self._recent = deque(maxlen=_windows(self.lead_in_seconds + self.start_seconds))

    @property
    def in_turn(self) -> bool:
        """Whether the speaker has the turn: has begun and not yet paused long enough."""
        return self._in_turn

    def feed(self, window: Samples, probability: float) -> list[TurnEvent]:
        """Take the next window of 32 ms and its speech probability; return what has happened, in order."""
        if self._speaking:
            return self._while_speaking(window, probability)
        self._recent.append(window)
        self._voiced = self._voiced + 1 if probability >= self.threshold else 0
        self._silent += 1
        if self._voiced >= _windows(self.start_seconds):
            self._segment = list(self._recent)
            self._recent.clear()
            self._speaking = self._in_turn = True
            self._silent = 0
            return [SpeechStarted()]
        # Speech that is about to be believed holds the turn open: it is no pause.
        if self._in_turn and not self._voiced and self._silent >= _windows(self.pause_seconds):
            self._in_turn = False
            return [TurnEnded()]
        return []

    def _while_speaking(self, window: Samples, probability: float) -> list[TurnEvent]:
        self._segment.append(window)
        self._silent = 0 if probability >= self.release_threshold else self._silent + 1
        too_long = len(self._segment) >= _windows(self.longest_segment_seconds)
        if self._silent < _windows(self.segment_pause_seconds) and not too_long:
            return []
        samples = np.concatenate(self._segment)
        # What is kept of the pause leads into the next segment, whose first consonant may be too soft to be noticed.
        self._recent.extend(self._segment[-self._silent :] if self._silent else [])
        self._segment = []
        self._speaking = False
        self._voiced = 0
        return [SegmentEnded(samples)]

"""Which of the voices in the candidate's sound is the candidate's: the one about as loud as they have spoken so far.

The voice activity takes whoever talks in a café for the candidate, however soft, and the echo of the interviewer, too.
Those are told by their level, and by their being there while the interviewer speaks. Pure.
"""

from collections import deque
from dataclasses import dataclass, field
from enum import Enum

WINDOW_SECONDS = 0.032
"""The voice activity's own step."""
VOICED = 0.7
"""From this confidence on a window holds a voice: pipecat's own bound."""
# A model may take less for a voice already.
_PERHAPS_VOICED = 0.5
# Over so long a time that the gaps between sounds count for little: 97 of 100 of a voice's own 0.2 s lie within 15 dB
# of its level (five readers' recordings, four answers of the synthetic voice), and none of those of four people who
# talk 20 dB below it: the loudest is 3 dB too soft.
_LEVEL_WINDOWS = round(0.2 / WINDOW_SECONDS)
_SOFTER = 10 ** (-15 / 10)
# Before the candidate has spoken, what is softer than 34 dB below full scale is not theirs where the interviewer or
# others are heard: voices at a microphone have -15 to -25 dB.
_SOFTEST_UNKNOWN = 10 ** (-34 / 10)
# So much of a voice is needed to know how loud it is: more than what is left of an echo when the interviewer has ended.
_KNOWN_WINDOWS = round(0.5 / WINDOW_SECONDS)
# So much of the voice halves what an older sound counts.
_FORGETTING = 0.5 ** (WINDOW_SECONDS / 10.0)
# Who has moved away from the microphone is not to be unheard for ever: while there is but a soft voice, and the
# candidate has the floor, softer ones come to count, by so many dB a second …
_SINKING = 10 ** (-1.0 * WINDOW_SECONDS / 10)
# … and far slower where others are known to talk: in a café one may think before one answers.
_SINKING_IN_COMPANY = 10 ** (-0.2 * WINDOW_SECONDS / 10)
# Whoever is again as loud as this below their level has not moved away: in a steady voice a third of all sound is.
_AS_BEFORE = 10 ** (-3 / 10)
# Others may come so much nearer and still be others.
_NEARER = 10 ** (6 / 10)
# Others who are not heard any more while the interviewer speaks have gone: by so many dB a second.
_FADING = 10 ** (-1.0 * WINDOW_SECONDS / 10)


class Heard(Enum):
    """Who is heard in a window of the candidate's sound."""

    NOBODY = "nobody"
    OTHERS = "others"
    """A voice too soft to be the candidate's, like those that are there while the interviewer speaks."""
    SOFT = "soft"
    """A voice too soft to be the candidate's, but louder than any others were: perhaps they have moved away."""
    CANDIDATE = "candidate"


@dataclass(slots=True)
class OwnVoice:
    """How loud the candidate speaks. Powers are mean squares, as shares of full scale."""

    interviewer: bool = True
    """Whether the interviewer has the floor, as at the beginning: others are learned then, and not the candidate."""
    heard: Heard = Heard.NOBODY
    """Who was heard in the last window."""
    _recent: deque[float] = field(default_factory=lambda: deque([0.0] * _LEVEL_WINDOWS, _LEVEL_WINDOWS))
    # The level is the mean of the power weighted by itself, so that the gaps between words hardly lower it.
    _squares: float = 0.0
    _powers: float = 0.0
    _windows: int = 0
    _sunk: float = 1.0
    _others: float = 0.0

    def hear(self, power: float, confidence: float) -> Heard:
        """Take the next window, of this power, which holds a voice with this confidence; say whose."""
        self._recent.append(power)
        recent = sum(self._recent) / _LEVEL_WINDOWS
        self.heard = self._whose(recent, confidence)
        if self.interviewer:
            aside = recent if self.heard in (Heard.OTHERS, Heard.SOFT) else 0.0
            self._others = max(aside, self._others * _FADING)
        elif self.heard is Heard.CANDIDATE:
            self._learn(recent)
        elif self.heard is Heard.SOFT:
            self._sunk *= _SINKING
        elif self.heard is Heard.OTHERS:
            self._sunk *= _SINKING_IN_COMPANY
        return self.heard

    @property
    def softest(self) -> float:
        """The power from which on a voice is the candidate's."""
        if self._windows >= _KNOWN_WINDOWS:
            return self._level * _SOFTER * self._sunk
        # A quiet microphone is heard at once in a room where nobody else is.
        loudest = _SOFTEST_UNKNOWN if self.interviewer else min(_SOFTEST_UNKNOWN, self._others * _NEARER)
        return loudest * self._sunk

    @property
    def _level(self) -> float:
        return self._squares / self._powers if self._powers else 0.0

    def _whose(self, power: float, confidence: float) -> Heard:
        if confidence < _PERHAPS_VOICED:
            return Heard.NOBODY
        if power >= self.softest:
            return Heard.CANDIDATE if confidence >= VOICED else Heard.NOBODY
        return Heard.OTHERS if power < self._others * _NEARER else Heard.SOFT

    def _learn(self, power: float) -> None:
        self._windows += 1
        self._squares = self._squares * _FORGETTING + power**2
        self._powers = self._powers * _FORGETTING + power
        if power >= self._level * _AS_BEFORE:
            self._sunk = 1.0

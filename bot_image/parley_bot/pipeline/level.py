"""Which of the voices in the candidate's sound is the candidate's, where others talk in the same room. Pure.

The voice activity takes whoever talks in a café for the candidate, however soft, and the echo of the interviewer, too.
Both are told by their level, and others by their being there while the interviewer speaks. A candidate who is taken for
another is not heard at all: where nobody else is known to talk, every voice in the candidate's turn is theirs.
"""

import math
from collections import deque
from collections.abc import Iterable
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
# talk 20 dB below it.
_LEVEL_WINDOWS = round(0.2 / WINDOW_SECONDS)
_SOFTER = 15.0
# Before the candidate has spoken, what is softer than this below full scale does not cut into the interviewer's words:
# voices at a microphone have -15 to -25 dB.
_SOFTEST_UNKNOWN = -34.0
# The level is what a tenth of the last ten seconds of the voice exceeds: neither a knock nor the gaps move it.
_OWN_WINDOWS = round(10.0 / WINDOW_SECONDS)
_KNOWN_WINDOWS = round(1.0 / WINDOW_SECONDS)
_QUANTILE = 0.9
# Others talk while the interviewer does, for seconds: 1.5 s without a pause, or a third of all the time. A nod is
# none of that, nor is one each 2.5 s, and what comes right before the interviewer has ended is a prompt answer. A
# greeting with a question takes 3 s. They are forgotten in 16 s.
_PROMPT_WINDOWS = round(0.6 / WINDOW_SECONDS)
_RISING = 1 - math.exp(-WINDOW_SECONDS / 2.2)
_FALLING = math.exp(-WINDOW_SECONDS / 5.0)
_COME, _GONE = 0.5, 0.04
# Who come later, or after a shorter greeting, are a voice in the candidate's turn that is as much softer than theirs
# for so long, with neither a word of theirs nor such a pause in it. Four people who talk at once make one such pause in
# 20 s, one who speaks freely makes more. A candidate who has moved away and talks on as if from a page is taken for
# others, and heard again in 30 s.
_ASIDE_WINDOWS = round(12.0 / WINDOW_SECONDS)
_PAUSE_WINDOWS = round(0.5 / WINDOW_SECONDS)
_OTHERS_WINDOWS = round(6.0 / WINDOW_SECONDS)
# Others may come so much nearer and still be others.
_NEARER = 6.0
# Who has moved away from the microphone is not to be unheard for ever: while there is but a soft voice, and the
# candidate has the floor, softer ones come to count, by so many dB a second: slowly, since one may think in a café …
_SINKING = 0.2
# … and faster where it is not known how loud they are.
_SINKING_UNKNOWN = 0.5
# Whoever is again as loud as this below their level has not moved away: in a steady voice a third of all sound is.
_AS_BEFORE = 3.0


class Heard(Enum):
    """Who is heard in a window of the candidate's sound."""

    NOBODY = "nobody"
    OTHERS = "others"
    """A voice too soft to be the candidate's: of people in the room, or the interviewer's echo."""
    CANDIDATE = "candidate"


@dataclass(slots=True)
class OwnVoice:
    """How loud the candidate speaks, and whether others talk. Levels are in dB of full scale."""

    interviewer: bool = True
    """Whether the interviewer has the floor, as at the beginning: others are learnt then, and not the candidate."""
    heard: Heard = Heard.NOBODY
    """Who was heard in the last window."""
    company: bool = False
    """Whether others are known to talk in the candidate's room."""
    _recent: deque[float] = field(default_factory=lambda: deque([0.0] * _LEVEL_WINDOWS, _LEVEL_WINDOWS))
    _own: deque[float] = field(default_factory=lambda: deque(maxlen=_OWN_WINDOWS))
    _others: deque[float] = field(default_factory=lambda: deque(maxlen=_OTHERS_WINDOWS))
    # Of the interviewer's floor, the latest: the level of others, or None.
    _latest: deque[float | None] = field(default_factory=deque)
    _share: float = 0.0
    _sunk: float = 0.0
    # In the candidate's turn, where nobody else is known: how loud the softer voice is that may be another's.
    _aside: list[float] = field(default_factory=list)
    _pause: int = 0

    def hear(self, power: float, confidence: float) -> Heard:
        """Take the next window, of this mean square (1 is full scale), a voice with this confidence; say whose."""
        self._recent.append(power)
        level = 10 * math.log10(sum(self._recent) / _LEVEL_WINDOWS + 1e-12)
        self.heard = self._whose(level, confidence)
        if self.interviewer:
            self._was_theirs()
            self._look_round(level if self.heard is Heard.OTHERS else None)
        else:
            self._latest.clear()
            self._listen(level)
        return self.heard

    def forget(self) -> None:
        """The candidate comes back, perhaps with another microphone."""
        self._own.clear()
        self._aside.clear()
        self._sunk = 0.0

    @property
    def softest(self) -> float:
        """The level from which on a voice is the candidate's."""
        if self.interviewer:
            return _level(self._own) - _SOFTER if self._known else _SOFTEST_UNKNOWN
        if not self.company:
            return -math.inf
        own = _level(self._own) - _SOFTER if self._known else _SOFTEST_UNKNOWN
        return min(own, _level(self._others) + _NEARER) - self._sunk

    @property
    def _known(self) -> bool:
        return len(self._own) >= _KNOWN_WINDOWS

    def _whose(self, level: float, confidence: float) -> Heard:
        if confidence < _PERHAPS_VOICED:
            return Heard.NOBODY
        if level < self.softest:
            return Heard.OTHERS
        return Heard.CANDIDATE if confidence >= VOICED else Heard.NOBODY

    def _look_round(self, others: float | None) -> None:
        self._latest.append(others)
        if len(self._latest) <= _PROMPT_WINDOWS:
            return
        if (sure := self._latest.popleft()) is None:
            self._share *= _FALLING
        else:
            self._share += (1 - self._share) * _RISING
            self._others.append(sure)
        self.company = self._share >= (_GONE if self.company else _COME)

    def _listen(self, level: float) -> None:
        self._pause = self._pause + 1 if self.heard is Heard.NOBODY else 0
        if self._pause >= _PAUSE_WINDOWS:
            self._was_theirs()
        elif self.heard is Heard.OTHERS:
            self._sunk += WINDOW_SECONDS * (_SINKING if self._known else _SINKING_UNKNOWN)
        elif self.heard is Heard.CANDIDATE:
            if not self.company and self._known and level < _level(self._own) - _SOFTER:
                self._listen_aside(level)
            else:
                self._aside.clear()
                self._learn(level)

    def _listen_aside(self, level: float) -> None:
        self._aside.append(level)
        if len(self._aside) >= _ASIDE_WINDOWS:
            self.company, self._share = True, _COME
            self._others.extend(self._aside)
            self._aside.clear()

    def _was_theirs(self) -> None:
        """The softer voice has ceased as a candidate's does."""
        self._own.extend(self._aside)
        self._aside.clear()

    def _learn(self, level: float) -> None:
        self._own.append(level)
        if self._known and level >= _level(self._own) - _AS_BEFORE:
            self._sunk = 0.0


def _level(windows: Iterable[float]) -> float:
    ordered = sorted(windows)
    return ordered[int(_QUANTILE * (len(ordered) - 1))]

"""Where in time sound is, by the sound itself: what is heard of the candidate, what is played of the interviewer.

What detects voices and what passes sound on tell of it late, each by its own delay; the samples do not.
"""

from collections import deque
from dataclasses import dataclass, field

import numpy as np

# What counts as heard: about -40 dB of full scale.
AUDIBLE = 300
# Of the loudest that was said just now, a voice begins and ends with about this share (-34 dB).
_SOFTEST_SHARE = 0.02
_STEP_SECONDS = 0.01
# How far back a voice's begin or end is looked for: soft onsets are noticed up to half a second late.
_REMEMBERED_SECONDS = 1.2
# Quiet of this length before a voice is not of it; within speech, the stops of consonants are shorter.
_BEFORE_SECONDS = 0.1
# Who is loud at this very moment though the voice has ceased is not the voice.
_JUST_NOW_SECONDS = 0.05
# Sound that comes so late is not held up on its way: there was none before it.
_GAP_SECONDS = 1.0
# Which share of each delay is believed to last: the clocks of two machines differ a little.
_LASTING_SHARE = 0.02


def audible_span(audio: bytes) -> tuple[int, int] | None:
    """The first audible sample of 16-bit PCM, and the one after the last; None where nothing in it can be heard."""
    loud = np.flatnonzero(np.abs(np.frombuffer(audio, "<i2").astype(np.int32)) >= AUDIBLE)
    return (int(loud[0]), int(loud[-1]) + 1) if len(loud) else None


@dataclass(slots=True)
class ArrivalClock:
    """Says when sound was spoken that comes in pieces: after the piece before, however late it arrives.

    Nothing arrives before it was spoken, so a piece that is early puts the clock back.
    """

    _until: float = float("-inf")

    def place(self, seconds: float, now: float) -> float:
        """When a piece ended that lasts so many seconds and arrives now."""
        expected = self._until + seconds
        late = now - expected
        self._until = expected + late * _LASTING_SHARE if 0 < late < _GAP_SECONDS else now
        return self._until


@dataclass(slots=True)
class VoiceEdges:
    """The candidate's sound of the last second, and where in it the voice that was detected begins or ends."""

    _clock: ArrivalClock = field(default_factory=ArrivalClock)
    _steps: deque[tuple[float, int]] = field(
        default_factory=lambda: deque(maxlen=round(_REMEMBERED_SECONDS / _STEP_SECONDS))
    )
    """For each 10 ms when they ended, and their loudest sample."""

    def hear(self, audio: bytes, rate: int, now: float) -> None:
        """Take the next piece of the candidate's sound: 16-bit PCM of one channel, `rate` in Hz."""
        samples = np.abs(np.frombuffer(audio, "<i2").astype(np.int32))
        ended = self._clock.place(len(samples) / rate, now)
        size = round(_STEP_SECONDS * rate)
        for at in range(0, len(samples), size):
            step = samples[at : at + size]
            self._steps.append((ended - (len(samples) - at - len(step)) / rate, int(step.max())))

    def began(self, detected: float, now: float) -> float:
        """When the voice began of which the last `detected` seconds were enough to be sure of it.

        In noise that does not tell it apart, it is taken to have begun with them.
        """
        end = self._steps[-1][0] if self._steps else now
        softest = self._softest(end - detected)
        began, quiet = end - detected, 0.0
        for ended, loudest in reversed(self._steps):
            if loudest >= softest:
                began, quiet = min(began, ended - _STEP_SECONDS), 0.0
                continue
            quiet += _STEP_SECONDS
            if quiet >= _BEFORE_SECONDS and ended < end - detected:
                return began
        return end - detected

    def ceased(self, detected: float, now: float) -> float:
        """When the voice ended whose lack in the last `detected` seconds was enough to be sure of it.

        In noise that goes on, it is taken to have ended before them.
        """
        end = self._steps[-1][0] if self._steps else now
        softest = self._softest(float("-inf"))
        last = next((ended for ended, loudest in reversed(self._steps) if loudest >= softest), None)
        return end - detected if last is None or last > end - _JUST_NOW_SECONDS else last

    def _softest(self, since: float) -> float:
        loudest = max((loudest for ended, loudest in self._steps if ended >= since), default=0)
        return max(float(AUDIBLE), loudest * _SOFTEST_SHARE)


@dataclass(slots=True)
class Playout:
    """When the listener hears what is sent: each piece after the one before, and none before it has been sent."""

    until: float = float("-inf")
    """When all that was sent will have been played."""
    _whole: tuple[float, float] | None = None
    _audible: tuple[float, float] | None = None
    _ahead: deque[tuple[float, float]] = field(default_factory=deque)
    """What can be heard of pieces that may not have been played yet."""
    _held: tuple[float, list[tuple[float, float]]] = (0.0, [])
    """Of what is held back its length, and what can be heard of it, from its begin."""

    def play(self, audio: bytes, rate: int, now: float) -> None:
        """A piece of one channel has been sent now; `rate` in Hz."""
        begins = max(self.until, now)
        self.until = begins + len(audio) / 2 / rate
        self._whole = _joined(self._whole, (begins, self.until))
        self._count(now)
        if (span := audible_span(audio)) is not None:
            self._ahead.append((begins + span[0] / rate, begins + span[1] / rate))

    def hold(self, now: float) -> float:
        """The listener falls silent, and has what is not played yet later; how many seconds of sound that are."""
        self._count(now)
        ahead = [(begins - now, ends - now) for begins, ends in self._ahead]
        held = self.cut(now)
        self._held = held, ahead
        return held

    def resume(self, now: float) -> float:
        """What was held back is played from now on; how many seconds of sound that are."""
        (held, ahead), self._held = self._held, (0.0, [])
        if held:
            begins = max(self.until, now)
            self.until = begins + held
            self._whole = _joined(self._whole, (begins, self.until))
            self._ahead.extend((begins + start, begins + end) for start, end in ahead)
        return held

    def cut(self, now: float) -> float:
        """The listener drops what is not played yet; how many seconds of sound that are."""
        self._held = 0.0, []
        dropped = max(0.0, self.until - now)
        self.until = min(self.until, now)
        self._count(now)
        self._ahead.clear()
        self._whole, self._audible = _cut(self._whole, now), _cut(self._audible, now)
        return dropped

    def take(self) -> tuple[float, float] | None:
        """From when to when there was something to hear since the last taking: quiet round it does not count.

        Sound that is quiet as a whole counts as it is.
        """
        self._count(float("inf"))
        heard = self._audible or self._whole
        self._whole = self._audible = None
        return heard

    def _count(self, now: float) -> None:
        """What has begun to be played by now was heard."""
        while self._ahead and self._ahead[0][0] <= now:
            self._audible = _joined(self._audible, self._ahead.popleft())


def _joined(span: tuple[float, float] | None, piece: tuple[float, float]) -> tuple[float, float]:
    return piece if span is None else (span[0], piece[1])


def _cut(span: tuple[float, float] | None, now: float) -> tuple[float, float] | None:
    return None if span is None else (min(span[0], now), min(span[1], now))

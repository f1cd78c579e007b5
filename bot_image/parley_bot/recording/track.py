"""One channel of a recording: sound is put where it was on the clock, and taken off in order. Positions are samples.

pipecat's AudioBufferProcessor places sound by how much came before it. Where a candidate's network stalls, or an
interviewer is interrupted, its channels run apart; here each has its place on the same clock.
"""

from collections import deque
from typing import Final

import numpy as np

type Samples = np.ndarray[tuple[int], np.dtype[np.int16]]

SNAP_SECONDS: Final = 0.04
"""Sound that comes this near to the end of the former goes on from there: it was cut by the wire, not by a pause."""


class Track:
    """A channel. What lies between the pieces that were put is silence.

    Args:
        rate: Samples a second, of all that is put.
    """

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._placed: deque[tuple[int, Samples]] = deque()
        self._taken = self._end = 0

    @property
    def held(self) -> int:
        """How many samples of sound are here."""
        return sum(len(sound) for _, sound in self._placed)

    def take(self, until: int) -> Samples:
        """The channel from where the last call ended up to a position; what is put before that later is lost."""
        out = np.zeros(max(0, until - self._taken), np.int16)
        while self._placed and self._placed[0][0] < until:
            start, sound = self._placed.popleft()
            part = sound[: until - start]
            out[start - self._taken : start - self._taken + len(part)] = part
            if len(part) < len(sound):
                self._placed.appendleft((until, sound[len(part) :]))
        self._taken = max(self._taken, until)
        self._end = max(self._end, self._taken)
        return out

    def _place(self, start: int, sound: Samples) -> None:
        """Put sound at a position that is not before the end of the former."""
        if len(sound):
            self._placed.append((start, sound))
            self._end = start + len(sound)


class Played(Track):
    """The interviewer's channel: sound comes at the latest when it is played, and what was cut off is not played."""

    def put(self, at: int, sound: Samples) -> None:
        """Sound that is sent now: it is played now, or after what is still to be played."""
        self._place(max(at, self._end), sound)

    def cut(self, at: int) -> None:
        """The listener has dropped what was to be played after this."""
        while self._placed and self._placed[-1][0] + len(self._placed[-1][1]) > at:
            start, sound = self._placed.pop()
            if start < at:
                self._placed.append((start, sound[: at - start]))
        self._end = max(self._taken, min(self._end, at))


class Heard(Track):
    """The candidate's channel: sound comes after it was spoken, later where the network stalls, and then all at once.

    So each piece is put as late as what comes after it lets it be: it was spoken before it came, and before the next.
    """

    def __init__(self, rate: int) -> None:
        super().__init__(rate)
        self._pending: deque[tuple[int, Samples]] = deque()
        self._snap = round(SNAP_SECONDS * rate)

    @property
    def held(self) -> int:
        """See Track."""
        return super().held + sum(len(sound) for _, sound in self._pending)

    def put(self, at: int, sound: Samples) -> None:
        """Sound that has come now."""
        self._pending.append((at, sound))

    def take(self, until: int) -> Samples:
        """See Track; what comes later than its stall may take is put after this position all the same."""
        starts = self._latest_starts()
        for start in starts:
            begin = self._end if abs(start - self._end) <= self._snap else start
            if begin >= until:
                break
            _, sound = self._pending.popleft()
            late = max(0, self._end - begin)  # a microphone's clock that is ahead of ours, by now by more than a snap
            self._place(begin + late, sound[late:])
        return super().take(until)

    def _latest_starts(self) -> list[int]:
        starts: list[int] = []
        following: float = float("inf")
        for at, sound in reversed(self._pending):
            following = min(at, following) - len(sound)
            starts.append(int(following))
        return starts[::-1]

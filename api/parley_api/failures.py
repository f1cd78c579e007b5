"""A limit on failures: one who guesses is slowed down, and so is the log of guesses."""

import time
from collections import OrderedDict
from collections.abc import Callable

FAILURES = 10
WINDOW_SECONDS = 60.0
REMEMBERED = 4096


class FailureLimit:
    """Counts failures by key within a minute.

    Only failures are counted and only failures are answered with 429, so nobody can lock a candidate out of a true
    link. The number of keys is bounded; the oldest is forgotten.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def failed(self, key: str) -> int | None:
        """Count a failure; the seconds to wait when there were too many, else None."""
        now = self._clock()
        since, count = self._failures.pop(key, (now, 0))
        if now - since >= WINDOW_SECONDS:
            since, count = now, 0
        self._failures[key] = (since, count + 1)
        while len(self._failures) > REMEMBERED:
            self._failures.popitem(last=False)
        return None if count < FAILURES else max(1, int(since + WINDOW_SECONDS - now))

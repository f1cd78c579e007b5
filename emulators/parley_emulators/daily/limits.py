"""Daily's rate limits: so many calls of a kind within a sliding window."""

import math
from collections import deque
from dataclasses import dataclass, field

from parley_emulators.daily.errors import DailyError


@dataclass
class Window:
    """At most `calls` within `seconds`."""

    calls: int
    seconds: float
    _times: deque[float] = field(default_factory=deque)

    def take(self, now: float) -> None:
        """Count a call.

        Raises:
            DailyError: 429 `rate-limit-error` with Retry-After; the call is not counted.
        """
        while self._times and self._times[0] <= now - self.seconds:
            self._times.popleft()
        if len(self._times) >= self.calls:
            wait = math.ceil(self._times[0] + self.seconds - now)
            headers = {"Retry-After": str(max(1, wait))}
            raise DailyError(429, "rate-limit-error", "too many requests; slow down", headers=headers)
        self._times.append(now)


@dataclass
class Limits:
    """One domain's windows. The figures are those of "Rate limits" in Daily's REST API reference."""

    most: Window = field(default_factory=lambda: Window(100, 5))
    deletions_and_listings: Window = field(default_factory=lambda: Window(50, 30))
    starts: Window = field(default_factory=lambda: Window(5, 5))

    def take(self, method: str, path: str, now: float) -> None:
        """Count a call to a path such as `/rooms/hello`.

        Raises:
            DailyError: 429.
        """
        first, *rest = path.strip("/").split("/")
        if rest[-1:] == ["start"]:
            self.starts.take(now)
        elif (method, first) == ("DELETE", "rooms") or (method, path.rstrip("/")) == ("GET", "/recordings"):
            self.deletions_and_listings.take(now)
        else:
            self.most.take(now)

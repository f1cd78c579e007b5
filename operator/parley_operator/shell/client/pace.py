"""The API server's own word on how fast it may be called: after a refusal nothing is sent until the time it names.

How much a client may ask for is the server's to decide (priority and fairness), so there is no rate of ours beside it.
"""

import asyncio
import random
import time
from collections.abc import Callable

LONGEST_SECONDS = 10.0
"""No answer stops the operator for longer than that at once."""


class Pace:
    """Of one client of the API server."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until = 0.0

    async def keep(self) -> None:
        """Waits for as long as the server asked for, and a little longer, so that not all come back at once."""
        while (left := self._until - self._clock()) > 0:  # noqa: ASYNC110 - time passes, and nobody sets an event
            await asyncio.sleep(left + random.uniform(0, left / 2))  # noqa: S311 - jitter, not a secret

    def refused(self, retry_after: float) -> None:
        """The server asks to be left alone for so many seconds."""
        self._until = max(self._until, self._clock() + min(retry_after, LONGEST_SECONDS))

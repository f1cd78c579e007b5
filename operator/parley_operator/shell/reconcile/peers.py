"""Calls to what is outside Kubernetes: so many at once to each peer, and none for a moment to one that is away.

A call to a peer that does not answer takes up to a minute. Without a budget of their own a few of them would hold up
every interview, those that need nothing but the API server too; and without the pause each of a thousand deletions
would find out for itself, one after the other, that the peer is away.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime

import aiohttp
from parley_rooms.errors import RoomUnavailableError

from parley_operator.plan.draft import zulu
from parley_operator.shell.client.api import ApiError
from parley_operator.shell.turns.places import elsewhere

AT_ONCE = 12
BUSY_SECONDS = 5.0
"""How long a call waits for others to end before it is put off."""
FAILURES = 5
"""For how many interviews calls have to fail, with none that works between, before the peer counts as away: the trouble
of one, however often it is tried, is not the peer's."""
AWAY_SECONDS = 5.0
AWAY_ERRORS = (RoomUnavailableError, ApiError, aiohttp.ClientError, TimeoutError)


class PeerBusyError(Exception):
    """Too many calls to a peer are under way; it is no fault of the peer, and the step is to be tried again."""


class PeerAwayError(Exception):
    """A peer was not asked, since it did not do what others asked of it; `retry_after` (seconds) where it said so.

    It tells of no other call: whose step is put off reads these words in the status of an Interview of its own.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Peer:
    """One peer, by its name for people."""

    def __init__(
        self,
        name: str,
        at_once: int = AT_ONCE,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._name = name
        self._budget = asyncio.Semaphore(at_once)
        self._clock = clock
        self._now = now
        self._failed: set[str] = set()
        self._since: datetime | None = None
        self._retry_after: float | None = None
        self._away_until = 0.0

    @contextlib.asynccontextmanager
    async def call(self, uid: str) -> AsyncIterator[None]:
        """Around one call for an interview. It gives the reconcile's place to others meanwhile.

        Raises:
            PeerBusyError: too many others are under way.
            PeerAwayError: it is away, and is left alone for a moment.
        """
        self._refuse_while_away()
        async with elsewhere():
            await self._enter()
            try:
                self._refuse_while_away()
                with self._watching(uid):
                    yield
            finally:
                self._budget.release()

    async def _enter(self) -> None:
        try:
            async with asyncio.timeout(BUSY_SECONDS):
                await self._budget.acquire()
        except TimeoutError as error:
            raise PeerBusyError(f"too many calls to {self._name} are under way") from error

    def _refuse_while_away(self) -> None:
        if self._since is not None and self._clock() < self._away_until:
            message = f"{self._name} is away since {zulu(self._since)} and was not asked"
            raise PeerAwayError(message, self._retry_after)

    @contextlib.contextmanager
    def _watching(self, uid: str) -> Iterator[None]:
        try:
            yield
        except AWAY_ERRORS as error:
            if len(self._failed) < FAILURES:
                self._failed.add(uid)
            self._since = self._since or self._now()
            if len(self._failed) >= FAILURES:
                self._retry_after = error.retry_after if isinstance(error, RoomUnavailableError) else None
                self._away_until = self._clock() + AWAY_SECONDS
            raise
        self._failed.clear()
        self._since = None

"""Calls to what is outside Kubernetes: so many at once to each peer, and none for a moment to one that is away.

A call to a peer that does not answer takes up to a minute. Without a budget of their own a few of them would hold up
every interview, those that need nothing but the API server too; and without the pause each of a thousand deletions
would find out for itself, one after the other, that the peer is away.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterator

import aiohttp
from parley_rooms.errors import RoomUnavailableError

from parley_operator.shell.client.api import ApiError
from parley_operator.shell.turns.places import elsewhere

AT_ONCE = 12
BUSY_SECONDS = 5.0
"""How long a call waits for others to end before it is put off."""
FAILURES = 5
"""How many calls in a row have to fail before the peer counts as away: one interview's trouble is not the peer's."""
AWAY_SECONDS = 5.0
AWAY_ERRORS = (RoomUnavailableError, ApiError, aiohttp.ClientError, TimeoutError)


class PeerBusyError(Exception):
    """Too many calls to a peer are under way; it is no fault of the peer, and the step is to be tried again."""


class Peer:
    """One peer, by its name for people."""

    def __init__(self, name: str, at_once: int = AT_ONCE, clock: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._budget = asyncio.Semaphore(at_once)
        self._clock = clock
        self._failures = 0
        self._last: Exception | None = None
        self._away_until = 0.0

    @contextlib.asynccontextmanager
    async def call(self) -> AsyncIterator[None]:
        """Around one call. It gives the reconcile's place to others meanwhile.

        Raises:
            PeerBusyError: too many others are under way.
            RoomUnavailableError, ApiError, aiohttp.ClientError, TimeoutError: as the last call, while it is away.
        """
        self._refuse_while_away()
        async with elsewhere():
            await self._enter()
            try:
                self._refuse_while_away()
                with self._watching():
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
        if self._last is not None and self._clock() < self._away_until:
            raise self._last.with_traceback(None)

    @contextlib.contextmanager
    def _watching(self) -> Iterator[None]:
        try:
            yield
        except AWAY_ERRORS as error:
            self._failures += 1
            if self._failures >= FAILURES:
                self._last, self._away_until = error, self._clock() + AWAY_SECONDS
            raise
        self._failures, self._last = 0, None

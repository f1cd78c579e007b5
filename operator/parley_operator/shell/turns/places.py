"""How many reconciles run at once: bounded, with room for what can't wait, and no place held by who waits elsewhere."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextvars import ContextVar
from enum import Enum
from typing import Self


class Urgency(Enum):
    """What a reconcile is for."""

    RUNNING = "running"
    """A deletion, an end, an interview with a bot, or one whose candidate has come: somebody waits."""
    NEW = "new"
    """What has yet to begin."""


class Places:
    """So many reconciles at once, of which each urgency can take only a share.

    So a burst of new interviews never fills all places, and a flood of what is urgent leaves some to the new ones.
    Within these bounds whoever came first goes first.
    """

    def __init__(self, places: int = 24) -> None:
        self._all = asyncio.Semaphore(places)
        shares = {Urgency.RUNNING: places * 5 // 6, Urgency.NEW: places * 2 // 3}
        self._shares = {urgency: asyncio.Semaphore(max(1, share)) for urgency, share in shares.items()}

    def place(self, urgency: Callable[[], Urgency]) -> "Place":
        """A place to be taken; `urgency` is asked whenever it is queued for."""
        return Place(self._shares, self._all, urgency)


class Place:
    """One reconcile's place: held inside `async with`, where `elsewhere` gives it back for a while."""

    def __init__(
        self,
        shares: Mapping[Urgency, asyncio.Semaphore],
        places: asyncio.Semaphore,
        urgency: Callable[[], Urgency],
    ) -> None:
        self._shares = shares
        self._all = places
        self._urgency = urgency
        self._queued_as: Urgency | None = None
        self._patience: asyncio.Timeout | None = None
        self._held = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        self._token = _current.set(self)
        try:
            await self.enter()
        except BaseException:
            _current.reset(self._token)
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.leave()
        _current.reset(self._token)

    def reconsider(self) -> None:
        """Waits no longer among the new ones, where it has become urgent meanwhile."""
        if self._patience is None or self._queued_as is not Urgency.NEW or self._urgency() is Urgency.NEW:
            return
        self._patience.reschedule(0)
        self._patience = None

    async def enter(self) -> None:
        """Waits for the place."""
        async with contextlib.AsyncExitStack() as held:
            held.callback((await self._take_share()).release)
            await held.enter_async_context(self._all)
            self._held = held.pop_all()

    async def leave(self) -> None:
        """Gives the place to others."""
        await self._held.aclose()

    async def _take_share(self) -> asyncio.Semaphore:
        while True:
            self._queued_as = self._urgency()
            share = self._shares[self._queued_as]
            try:
                async with asyncio.timeout(None) as self._patience:
                    await share.acquire()
                    return share
            except TimeoutError:
                continue
            finally:
                self._patience = None


_current: ContextVar[Place | None] = ContextVar("place", default=None)


@contextlib.asynccontextmanager
async def elsewhere() -> AsyncIterator[None]:
    """Gives the reconcile's place to others for as long as it waits for somebody else than the API server."""
    place = _current.get()
    if place is None:
        yield
        return
    await place.leave()
    try:
        yield
    finally:
        task = asyncio.current_task()
        if task is None or not task.cancelling():  # what is cancelled ends, and needs no place for that
            await place.enter()

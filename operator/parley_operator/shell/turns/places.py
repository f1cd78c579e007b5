"""How many reconciles run at once: bounded, with room for what can't wait, and no place held by who waits elsewhere."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextvars import ContextVar
from enum import Enum


class Urgency(Enum):
    """What a reconcile is for."""

    RUNNING = "running"
    """A deletion, an end, or an interview with a bot: somebody waits."""
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

    @contextlib.asynccontextmanager
    async def take(self, urgency: Urgency) -> AsyncIterator[None]:
        """Holds a place, which `elsewhere` gives back for a while."""
        place = _Place(self._shares[urgency], self._all)
        token = _current.set(place)
        try:
            await place.enter()
            yield
        finally:
            await place.leave()
            _current.reset(token)


class _Place:
    def __init__(self, *bounds: asyncio.Semaphore) -> None:
        self._bounds = bounds
        self._held = contextlib.AsyncExitStack()

    async def enter(self) -> None:
        async with contextlib.AsyncExitStack() as held:
            for bound in self._bounds:
                await held.enter_async_context(bound)
            self._held = held.pop_all()

    async def leave(self) -> None:
        await self._held.aclose()


_current: ContextVar[_Place | None] = ContextVar("place", default=None)


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

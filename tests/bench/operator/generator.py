"""Offers a load, and takes it away again."""

import asyncio
import time
from collections.abc import Iterable

from bench.operator.api import Api
from bench.operator.arrivals import Arrivals
from bench.operator.loads import Load
from bench.operator.work import Work

AT_ONCE = 64
"""How many calls of a burst are under way: as many clients ask as quickly as they are answered."""
POLL_SECONDS = 0.25


async def offer(api: Api, work: Work, load: Load, arrivals: Arrivals, prefix: str) -> list[str]:
    """Asks for the load's work and gives the names. A steady load is offered at its pace, whatever the answers."""
    names = [f"{prefix}-{number}" for number in range(load.count)]
    places = asyncio.Semaphore(AT_ONCE if load.is_burst else load.count)
    start = asyncio.get_running_loop().time()

    async def ask(name: str) -> None:
        async with places:
            arrivals.asked(name)
            await api.create(work.collection, work.manifest(name))

    async with asyncio.TaskGroup() as group:
        for number, name in enumerate(names):
            ahead = start + load.due(number) - asyncio.get_running_loop().time()
            if ahead > 0:
                await asyncio.sleep(ahead)
            group.create_task(ask(name))
    return names


async def remove(api: Api, work: Work, names: Iterable[str], limit_seconds: float) -> float | None:
    """Deletes the work; seconds until nothing of it is left, None where that took too long."""
    places = asyncio.Semaphore(AT_ONCE)
    start = time.monotonic()

    async def drop(name: str) -> None:
        async with places:
            await api.delete(f"{work.collection}/{name}")

    async with asyncio.TaskGroup() as group:
        for name in names:
            group.create_task(drop(name))
    while time.monotonic() - start < limit_seconds:
        if all([await api.is_empty(collection, labels) for collection, labels in work.leaves]):
            return time.monotonic() - start
        await asyncio.sleep(POLL_SECONDS)
    return None

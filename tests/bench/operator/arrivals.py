"""When each piece of work was asked for, and when what was asked for was seen."""

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator
from dataclasses import dataclass

from bench.operator.api import Api, Json
from bench.operator.work import PODS, Work


@dataclass(slots=True)
class Times:
    """Of one piece of work, by the loop's clock; infinite for what was not seen."""

    asked: float
    pod: float = math.inf
    joinable: float = math.inf
    settled: float = math.inf


class Arrivals:
    """Fills in what two watches tell: one of the work's own objects, one of pods."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._loop = asyncio.get_running_loop()
        self._times: dict[str, Times] = {}
        self._left = 0
        self._settled = asyncio.Event()

    def expect(self, count: int) -> None:
        """Begins anew: so many pieces of work follow."""
        self._times.clear()
        self._left = count
        self._settled.clear()

    def asked(self, name: str) -> None:
        """Notes that the work of this name is asked for now."""
        self._times[name] = Times(self._loop.time())

    @property
    def times(self) -> list[Times]:
        """Of all that was asked for."""
        return list(self._times.values())

    async def all_settled(self, deadline: float) -> bool:
        """Waits until all that is expected has reached its end state; False where the deadline came first."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(deadline):
                await self._settled.wait()
        return self._settled.is_set()

    def saw_owner(self, owner: Json) -> None:
        """Takes a look at the work's own object."""
        times = self._times.get(owner["metadata"]["name"])
        if times is None or times.settled != math.inf:
            return
        if times.joinable == math.inf and self._work.joinable(owner):
            times.joinable = self._loop.time()
        if self._work.settled(owner):
            times.settled = self._loop.time()
            self._left -= 1
            if self._left == 0:
                self._settled.set()

    def saw_pod(self, pod: Json) -> None:
        """Takes a look at a pod's metadata."""
        times = self._times.get(self._work.owner_of_pod(pod) or "")
        if times is not None and times.pod == math.inf:
            times.pod = self._loop.time()


@contextlib.asynccontextmanager
async def watching(api: Api, work: Work) -> AsyncIterator[Arrivals]:
    """Watches while the block runs; a watch that ends takes the block with it, as an ExceptionGroup."""
    arrivals = Arrivals(work)
    async with asyncio.TaskGroup() as group:
        watches = [
            group.create_task(api.watch(work.collection, arrivals.saw_owner)),
            group.create_task(api.watch(PODS, arrivals.saw_pod, metadata_only=True)),
        ]
        yield arrivals
        for watch in watches:
            watch.cancel()

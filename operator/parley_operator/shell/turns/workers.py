"""One worker for each interview: it runs the reconciler, sleeps until the next wake-up, never runs twice at once."""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from parley_operator.shell.turns.places import Place, Places, Urgency

logger = logging.getLogger(__name__)

FIRST_BACKOFF_SECONDS = 0.5
LONGEST_BACKOFF_SECONDS = 60.0


class RetryLaterError(Exception):
    """A run that could not do something it will be able to do later: an ordinary thing, told in one line.

    `after` is how many seconds whoever refused asks to be left alone; more than a minute is asked for in vain.
    """

    def __init__(self, message: str, after: float = 0) -> None:
        super().__init__(message)
        self.after = after


@dataclass(frozen=True, slots=True)
class Settled:
    """What a reconcile ended with: run again after `again_in` seconds (None: only when woken).

    `done` means that nothing is expected to follow: the worker goes, and a wake makes a new one.
    """

    again_in: float | None = None
    done: bool = False


@dataclass(slots=True)
class _Worker:
    place: Place
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None


class Workers[Key]:
    """A level-triggered queue: waking a key twice before its worker looks is one run; during a run it is one more.

    `places` bounds how many keys are reconciled at once, so that a burst does not open thousands of connections, and
    keeps room for what can't wait: how urgent a key is, is asked when it is queued, and again at each wake. A run that
    raises is repeated with exponential backoff and jitter, and sooner when the key is woken.
    """

    def __init__(
        self,
        reconcile: Callable[[Key], Awaitable[Settled]],
        urgency: Callable[[Key], Urgency] = lambda _: Urgency.NEW,
        places: int = 24,
    ) -> None:
        self._reconcile = reconcile
        self._urgency = urgency
        self._places = Places(places)
        self._workers: dict[Key, _Worker] = {}
        self._queued: dict[Key, float] = {}

    def __len__(self) -> int:
        return len(self._workers)

    def backlog(self) -> tuple[int, float]:
        """How many keys wait for a place, and for how many seconds the oldest has."""
        now = time.monotonic()
        return len(self._queued), now - min(self._queued.values(), default=now)

    def wake(self, key: Key) -> None:
        """Has `key` reconciled soon. Call it on the loop that the workers run on."""
        worker = self._workers.get(key)
        if worker is None:
            worker = self._workers[key] = _Worker(self._places.place(lambda: self._urgency(key)))
            worker.task = asyncio.create_task(self._run(key, worker), name=f"reconcile {key}")
        worker.wake.set()
        worker.place.reconsider()

    def reconsider(self, key: Key) -> None:
        """Has `key` wait no longer among the new ones, where it waits for a place and has become urgent."""
        if (worker := self._workers.get(key)) is not None:
            worker.place.reconsider()

    async def stop(self) -> None:
        """Cancels every worker and waits for them. An action that was under way is repeated at the next start."""
        tasks = [worker.task for worker in self._workers.values() if worker.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._workers.clear()

    async def _run(self, key: Key, worker: _Worker) -> None:
        failures = 0
        while True:
            settled, failures = await self._once(key, worker, failures)
            if settled.done and not worker.wake.is_set():
                del self._workers[key]
                return
            try:
                async with asyncio.timeout(settled.again_in):
                    await worker.wake.wait()
            except TimeoutError:
                continue

    async def _once(self, key: Key, worker: _Worker, failures: int) -> tuple[Settled, int]:
        async with self._place_for(key, worker.place):
            worker.wake.clear()
            try:
                return await self._reconcile(key), 0
            except RetryLaterError as error:
                # Bounded, for what is to be given up has to be looked at; spread, for others were asked for the same.
                asked = min(error.after, LONGEST_BACKOFF_SECONDS)
                pause = max(_backoff(failures), asked * random.uniform(1, 1.25))  # noqa: S311 - jitter, not a secret
                logger.warning("%s; again in %.1f s", error, pause)
            except Exception:  # the worker outlives any error of one interview
                pause = _backoff(failures)
                logger.exception("reconcile %s failed; again in %.1f s", key, pause)
            return Settled(again_in=pause), min(failures + 1, 10)

    @contextlib.asynccontextmanager
    async def _place_for(self, key: Key, place: Place) -> AsyncIterator[None]:
        self._queued[key] = time.monotonic()
        async with contextlib.AsyncExitStack() as held:
            try:
                await held.enter_async_context(place)
            finally:
                del self._queued[key]
            yield


def _backoff(failures: int) -> float:
    """Exponential, with half of it left to chance, so that interviews that failed together do not return together."""
    longest = min(LONGEST_BACKOFF_SECONDS, FIRST_BACKOFF_SECONDS * 2**failures)
    return random.uniform(longest / 2, longest)  # noqa: S311 - jitter, not a secret

"""One worker for each key: never twice at once, woken during a run is one more run, an error is repeated."""

import asyncio
import re
from collections import Counter

import pytest
from parley_operator.shell.workers import RetryLaterError, Settled, Workers

DEADLINE = 5.0


class Runs:
    """A reconciler that can be held, and counts."""

    def __init__(self, *outcomes: Settled | Exception) -> None:
        self.count: Counter[str] = Counter()
        self.started = asyncio.Semaphore(0)
        self.gate = asyncio.Event()
        self.gate.set()
        self.at_once = 0
        self.most_at_once = 0
        self._outcomes = list(outcomes)

    async def __call__(self, key: str) -> Settled:
        self.count[key] += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.started.release()
        await self.gate.wait()
        self.at_once -= 1
        outcome = self._outcomes.pop(0) if self._outcomes else Settled()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def next(self) -> None:
        """Waits for the next run to begin."""
        await asyncio.wait_for(self.started.acquire(), DEADLINE)


async def settle() -> None:
    """Lets everything that is ready run."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_many_wakes_before_a_run_are_one_run() -> None:
    runs = Runs()
    workers = Workers(runs)
    for _ in range(5):
        workers.wake("a")
    await runs.next()
    await settle()
    assert runs.count == {"a": 1}
    await workers.stop()


async def test_a_wake_during_a_run_is_one_more_run() -> None:
    runs = Runs()
    runs.gate.clear()
    workers = Workers(runs)
    workers.wake("a")
    await runs.next()
    workers.wake("a")
    workers.wake("a")
    runs.gate.set()
    await runs.next()
    await settle()
    assert runs.count == {"a": 2}
    assert runs.most_at_once == 1
    await workers.stop()


async def test_slots_bound_what_runs_at_once() -> None:
    runs = Runs()
    runs.gate.clear()
    workers = Workers(runs, slots=2)
    for key in "abcd":
        workers.wake(key)
    await runs.next()
    await runs.next()
    await settle()
    assert runs.at_once == 2
    runs.gate.set()
    await runs.next()
    await runs.next()
    await settle()
    assert runs.most_at_once == 2
    await workers.stop()


async def test_a_worker_wakes_by_time() -> None:
    runs = Runs(Settled(again_in=0.01), Settled())
    workers = Workers(runs)
    workers.wake("a")
    await runs.next()
    await runs.next()
    await workers.stop()


async def test_an_error_is_repeated() -> None:
    runs = Runs(RetryLaterError("the API is away"), RuntimeError("a bug"), Settled())
    workers = Workers(runs)
    workers.wake("a")
    await runs.next()
    workers.wake("a")
    await runs.next()
    await runs.next()
    await settle()
    assert runs.count == {"a": 3}
    await workers.stop()


async def test_what_is_done_leaves_no_worker() -> None:
    runs = Runs(Settled(done=True))
    workers = Workers(runs)
    workers.wake("a")
    await runs.next()
    await settle()
    assert len(workers) == 0
    workers.wake("a")
    await runs.next()
    await workers.stop()


async def test_a_wake_as_it_goes_is_not_lost() -> None:
    runs = Runs(Settled(done=True), Settled(done=True))
    runs.gate.clear()
    workers = Workers(runs)
    workers.wake("a")
    await runs.next()
    workers.wake("a")
    runs.gate.set()
    await runs.next()
    await settle()
    assert runs.count == {"a": 2}
    assert len(workers) == 0


@pytest.mark.parametrize(("after", "pauses"), [(30, (30, 37.5)), (86_400, (60, 75))])
async def test_a_pause_that_was_asked_for_is_kept_and_bounded(
    caplog: pytest.LogCaptureFixture, after: float, pauses: tuple[float, float]
) -> None:
    runs = Runs(RetryLaterError("Daily wants less", after=after))
    workers = Workers(runs)
    workers.wake("a")
    await runs.next()
    await settle()
    told = re.search(r"Daily wants less; again in ([0-9.]+) s", caplog.text)
    assert told is not None
    assert pauses[0] <= float(told[1]) <= pauses[1]
    await workers.stop()

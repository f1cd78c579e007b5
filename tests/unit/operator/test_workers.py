"""One worker for each key: never twice at once, woken during a run is one more run, an error is repeated."""

import asyncio
import re
from collections import Counter

import pytest
from parley_operator.shell.turns.places import Urgency, elsewhere
from parley_operator.shell.turns.workers import RetryLaterError, Settled, Workers

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


async def test_places_bound_what_runs_at_once() -> None:
    runs = Runs()
    runs.gate.clear()
    workers = Workers(runs, places=3)  # of which the new ones take two
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


async def test_a_burst_of_new_ones_leaves_room_for_a_deletion() -> None:
    runs = Runs()
    runs.gate.clear()
    urgencies = {"deleted": Urgency.RUNNING}
    workers = Workers(runs, lambda key: urgencies.get(key, Urgency.NEW), places=6)
    for number in range(1000):
        workers.wake(f"new-{number}")
    await settle()
    workers.wake("deleted")
    await settle()
    assert runs.count["deleted"] == 1, "it runs though none of the others has ended"
    assert runs.at_once == 5
    await workers.stop()


async def test_what_becomes_urgent_while_it_is_queued_waits_no_longer_behind_the_new_ones() -> None:
    runs = Runs()
    runs.gate.clear()
    urgencies: dict[str, Urgency] = {}
    workers = Workers(runs, lambda key: urgencies.get(key, Urgency.NEW), places=6)
    for number in range(1000):
        workers.wake(f"new-{number}")
    await settle()
    urgencies["new-999"] = Urgency.RUNNING
    workers.wake("new-999")
    urgencies["new-998"] = Urgency.RUNNING  # told by what is no news otherwise
    workers.reconsider("new-998")
    await settle()
    assert [runs.count["new-999"], runs.count["new-998"]] == [1, 1], "they run though none of the others has ended"
    assert runs.at_once == 6
    assert workers.backlog()[0] == 994
    runs.gate.set()
    for _ in range(1000):
        await runs.next()
    await settle()
    assert set(runs.count.values()) == {1}
    assert len(runs.count) == 1000
    await workers.stop()


async def test_what_is_urgent_by_now_does_not_come_back_behind_the_new_ones() -> None:
    away, answered, never = asyncio.Event(), asyncio.Event(), asyncio.Event()
    urgencies: dict[str, Urgency] = {}
    ran: list[str] = []

    async def reconcile(key: str) -> Settled:
        if key == "begins":
            async with elsewhere():
                away.set()
                await answered.wait()
            ran.append(key)
        else:
            await never.wait()
        return Settled()

    workers = Workers(reconcile, lambda key: urgencies.get(key, Urgency.NEW), places=6)
    workers.wake("begins")
    async with asyncio.timeout(DEADLINE):
        await away.wait()
    for number in range(1000):
        workers.wake(f"new-{number}")
    await settle()
    answered.set()
    await settle()
    assert ran == []
    urgencies["begins"] = Urgency.RUNNING
    workers.reconsider("begins")
    await settle()
    assert ran == ["begins"]
    await workers.stop()


async def test_a_flood_of_what_is_urgent_leaves_room_for_new_ones() -> None:
    runs = Runs()
    runs.gate.clear()
    workers = Workers(runs, lambda key: Urgency.NEW if key == "new" else Urgency.RUNNING, places=6)
    for number in range(1000):
        workers.wake(f"ends-{number}")
    workers.wake("new")
    await settle()
    assert runs.count["new"] == 1
    assert runs.at_once == 6
    await workers.stop()


async def test_who_waits_elsewhere_holds_no_place() -> None:
    away, answered = asyncio.Semaphore(0), asyncio.Event()
    ran: list[str] = []

    async def reconcile(key: str) -> Settled:
        if key.startswith("stuck"):
            async with elsewhere():
                away.release()
                await answered.wait()
        ran.append(key)
        return Settled()

    workers = Workers(reconcile, places=3)
    for number in range(50):
        workers.wake(f"stuck-{number}")
    async with asyncio.timeout(DEADLINE):
        for _ in range(50):
            await away.acquire()
    workers.wake("free")
    await settle()
    assert ran == ["free"]
    answered.set()
    await settle()
    assert len(ran) == 51
    await workers.stop()


async def test_a_stop_ends_those_who_wait_elsewhere_too() -> None:
    away, never = asyncio.Event(), asyncio.Event()

    async def reconcile(key: str) -> Settled:
        async with elsewhere():
            away.set()
            await never.wait()
        return Settled()

    workers = Workers(reconcile, places=1)
    workers.wake("a")
    async with asyncio.timeout(DEADLINE):
        await away.wait()
        await workers.stop()
    assert len(workers) == 0


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

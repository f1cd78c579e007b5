"""The log of events: what is acknowledged is stored, once, in order."""

import asyncio
import random
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from parley_api.store import FolderStore, StoreUnavailableError, layout
from parley_api.transcripts.erasure import erase
from parley_api.transcripts.event_log import (
    MAX_EVENTS,
    EventConflictError,
    EventGapError,
    EventLog,
    LogClosedError,
    LogFullError,
    UnorderedBatchError,
)
from parley_protocol import EventBatch, NumberedEvent, Speaker, TurnSpoken

NS, UID = "hiring", "u-1"
MakeTurn = Callable[..., TurnSpoken]
MakeNumbered = Callable[..., list[NumberedEvent]]


@pytest.fixture
def events(make_turn: MakeTurn, make_numbered: MakeNumbered) -> list[NumberedEvent]:
    return make_numbered([make_turn(seq, Speaker.CANDIDATE, f"turn {seq}") for seq in range(1, 13)])


def batch(events: list[NumberedEvent], first: int, last: int, attempt: int = 1) -> EventBatch:
    return EventBatch(attempt=attempt, events=events[first - 1 : last])


async def stored(store: FolderStore) -> list[str]:
    return [key.rsplit("/", 1)[1] for key in await store.list(layout.events_prefix(NS, UID))]


async def test_each_batch_is_an_object_and_a_repeat_is_none(store: FolderStore, events: list[NumberedEvent]) -> None:
    log = EventLog(store)
    assert (await log.append(NS, UID, batch(events, 1, 3))).acknowledged == 3
    assert (await log.append(NS, UID, batch(events, 1, 3))).new == []
    appended = await log.append(NS, UID, batch(events, 2, 5))
    assert (appended.acknowledged, [event.n for event in appended.new]) == (5, [4, 5])
    assert (await log.append(NS, UID, batch(events, 1, 2))).acknowledged == 5
    assert await stored(store) == ["0001-00000001.json", "0001-00000004.json"]
    assert [event.n for event in (await log.read(NS, UID))[0].events] == [1, 2, 3, 4, 5]


async def test_a_gap_names_the_number_that_is_expected(store: FolderStore, events: list[NumberedEvent]) -> None:
    log = EventLog(store)
    with pytest.raises(EventGapError) as gap:
        await log.append(NS, UID, batch(events, 2, 3))
    assert gap.value.expected == 1
    await log.append(NS, UID, batch(events, 1, 3))
    with pytest.raises(EventGapError) as gap:
        await log.append(NS, UID, batch(events, 5, 6))
    assert gap.value.expected == 4


async def test_other_content_under_a_stored_number_is_a_conflict(
    store: FolderStore, events: list[NumberedEvent], make_turn: MakeTurn
) -> None:
    log = EventLog(store)
    await log.append(NS, UID, batch(events, 1, 3))
    other = events[1].model_copy(update={"event": make_turn(2, Speaker.CANDIDATE, "another")})
    for reader in (log, EventLog(store)):
        with pytest.raises(EventConflictError, match="event 2"):
            await reader.append(NS, UID, EventBatch(attempt=1, events=[other, *events[2:5]]))
    assert await log.highest(NS, UID, 1) == 3


async def test_a_batch_must_be_consecutive(store: FolderStore, events: list[NumberedEvent]) -> None:
    with pytest.raises(UnorderedBatchError):
        await EventLog(store).append(NS, UID, EventBatch(attempt=1, events=[events[0], events[2]]))


async def test_an_attempt_reports_no_more_than_the_store_is_to_hold(
    store: FolderStore, events: list[NumberedEvent]
) -> None:
    last = [events[0].model_copy(update={"n": MAX_EVENTS + n}) for n in range(2)]
    with pytest.raises(LogFullError):
        await EventLog(store).append(NS, UID, EventBatch(attempt=1, events=last))
    assert await stored(store) == []


async def test_attempts_count_each_for_itself(store: FolderStore, events: list[NumberedEvent]) -> None:
    log = EventLog(store)
    await log.append(NS, UID, batch(events, 1, 2))
    await log.append(NS, UID, batch(events, 1, 3, attempt=2))
    assert [(one.attempt, len(one.events)) for one in await log.read(NS, UID)] == [(1, 2), (2, 3)]
    assert await log.highest(NS, UID, 2) == 3
    assert await log.highest(NS, UID, 3) == 0


async def test_after_the_end_nothing_is_acknowledged(store: FolderStore, events: list[NumberedEvent]) -> None:
    """Not even a repeat: what is stored may have come behind the end's back, and be in no transcript."""
    await EventLog(store).append(NS, UID, batch(events, 1, 3))
    await store.put_once(layout.artifact(NS, UID, layout.TRANSCRIPT_JSON), b"{}", "application/json")
    log = EventLog(store)
    for first, last in ((1, 3), (3, 4)):
        with pytest.raises(LogClosedError, match="finished"):
            await log.append(NS, UID, batch(events, first, last))
    assert await log.highest(NS, UID, 1) == 3
    await store.put_once(layout.artifact(NS, UID, layout.ERASURE), b"{}", "application/json")
    with pytest.raises(LogClosedError, match="erased"):
        await EventLog(store).append(NS, UID, batch(events, 1, 3))


async def test_a_batch_that_an_erasure_overtakes_is_not_kept(store: FolderStore, events: list[NumberedEvent]) -> None:
    """Another replica erased, so this one's chain is still loaded and open."""
    log = EventLog(store)
    await log.append(NS, UID, batch(events, 1, 3))
    await erase(store, NS, UID, why="erased")
    for _ in range(2):
        with pytest.raises(LogClosedError, match="erased"):
            await log.append(NS, UID, batch(events, 4, 6))
        assert await store.list(layout.prefix(NS, UID)) == [layout.artifact(NS, UID, layout.ERASURE)]


async def test_a_failing_store_acknowledges_nothing_and_recovers(tmp_path: Path, events: list[NumberedEvent]) -> None:
    root = tmp_path / "store"
    root.write_text("a file where the folder belongs")
    log = EventLog(FolderStore(root))
    with pytest.raises(StoreUnavailableError):
        await log.append(NS, UID, batch(events, 1, 3))
    root.unlink()
    assert (await log.append(NS, UID, batch(events, 1, 3))).acknowledged == 3


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(), senders=st.integers(1, 4))
def test_replicas_that_race_lose_and_double_nothing(
    make_turn: MakeTurn, make_numbered: MakeNumbered, seed: int, senders: int
) -> None:
    """Each sender repeats from what it last heard acknowledged, through a replica of its own, all at once."""
    chance = random.Random(seed)
    events = make_numbered([make_turn(n, Speaker.CANDIDATE, str(n)) for n in range(1, 13)])

    async def send(log: EventLog) -> None:
        acknowledged = 0
        while acknowledged < len(events):
            first = chance.randint(max(1, acknowledged - 2), acknowledged + 1)
            last = chance.randint(first, min(len(events), first + 4))
            answer = await log.append(NS, UID, batch(events, first, last))
            assert answer.acknowledged >= last
            acknowledged = max(acknowledged, answer.acknowledged)

    async def run(root: Path) -> None:
        store = FolderStore(root)
        await asyncio.gather(*(send(EventLog(store)) for _ in range(senders)))
        (attempt,) = await EventLog(store).read(NS, UID)
        assert attempt.events == events

    with tempfile.TemporaryDirectory() as root:
        asyncio.run(run(Path(root)))

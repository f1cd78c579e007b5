"""The end of a log: an event that is acknowledged is in the transcript, whoever ends the interview meanwhile."""

import asyncio
import random
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from parley_api.store import FolderStore, layout
from parley_api.transcripts.event_log import EventLog
from parley_api.transcripts.sealing import close_log, delete_but_end, sealing_of
from support.interleaving import Steps, every_order
from support.sealing import REF, SEALING, Race, batch


async def test_a_writer_that_knows_of_no_end_and_a_sealer_in_every_order(tmp_path: Path) -> None:
    runs, refused = 0, 0
    async for steps in every_order(500):
        runs += 1
        race = Race(FolderStore(tmp_path / str(runs)), steps)
        await race.begin()
        await steps.run(race.write(await race.informed(), 2, 2, tries=2), race.seal())
        refused += race.refused > 0
        await race.require_whole()
    assert 0 < refused < runs, "some come in time, and some too late"


async def test_a_sealer_that_crashes_lets_nothing_in_behind_it(tmp_path: Path) -> None:
    runs = 0
    async for steps in every_order(500):
        runs += 1
        race = Race(FolderStore(tmp_path / str(runs)), steps)
        await race.begin()
        await steps.run(race.write(await race.informed(), 2, 2), race.seal(crash=True))
        await race.require_whole()


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_many_writers_and_sealers(seed: int) -> None:
    """Replicas that know the interview and such as don't, batches that overlap, two orders to seal, one broken off."""
    chance = random.Random(seed)

    async def run(root: Path) -> None:
        steps = Steps(chance.randrange)
        race = Race(FolderStore(root), steps)
        await race.begin()
        outcomes = await steps.run(
            race.write(await race.informed(), 2, 3, tries=2),
            race.write(race.fresh(), 1, 2, tries=2),
            race.write(race.fresh(), 2, 4),
            race.seal(crash=True),
            race.seal(),
        )
        assert outcomes == [None] * 5
        await race.require_whole()

    with tempfile.TemporaryDirectory() as root:
        asyncio.run(run(Path(root)))


async def test_the_first_end_stands(store: FolderStore) -> None:
    other = SEALING.model_copy(update={"reason": "Completed", "attempt": 3})
    assert await sealing_of(store, REF) is None
    assert await close_log(store, REF, SEALING) == SEALING
    assert await close_log(store, REF, other) == SEALING
    assert await sealing_of(store, REF) == SEALING


async def test_where_nothing_was_said_the_end_stays_and_the_log_closed(store: FolderStore) -> None:
    """Else a batch that is on its way would be acknowledged, and be in no transcript."""
    log = EventLog(store)
    race = Race(store, Steps(lambda _: 0))
    assert await log.highest(REF.namespace, REF.uid, 1) == 0
    await close_log(store, REF, SEALING)
    await delete_but_end(store, REF)
    race.acknowledged = 0
    for replica in (log, EventLog(store)):
        await race.write(replica, 1, 1)
    assert (race.acknowledged, race.refused) == (0, 2)
    await delete_but_end(store, REF)
    assert await store.list(layout.ROOT) == [layout.artifact(REF.namespace, REF.uid, layout.SEALING)]


async def test_a_log_that_another_version_has_sealed_is_closed(store: FolderStore) -> None:
    await EventLog(store).append(REF.namespace, REF.uid, batch(1, 1))
    await store.put_once(layout.artifact(REF.namespace, REF.uid, layout.TRANSCRIPT_JSON), b"{}", "application/json")
    race = Race(store, Steps(lambda _: 0))
    await race.write(EventLog(store), 2, 2)
    assert race.refused == 1

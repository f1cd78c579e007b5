"""The end of a log on each kind of store, with what comes before it and behind it in every order."""

from parley_api.store import Store
from parley_protocol import InterviewRef
from support.interleaving import every_order
from support.sealing import Race


async def test_what_is_acknowledged_is_in_the_transcript_in_every_order(store: Store) -> None:
    runs, refused = 0, 0
    async for steps in every_order(500):
        runs += 1
        race = Race(store, steps, InterviewRef(namespace="hiring", name="ada", uid=f"u-{runs}"))
        await race.begin()
        crash = runs % 2 == 0
        await steps.run(race.write(await race.informed(), 2, 2, tries=2), race.seal(crash=crash))
        refused += race.refused > 0
        await race.require_whole()
    assert 0 < refused < runs, "some come in time, and some too late"

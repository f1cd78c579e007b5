"""How many bots hold their talks at once before replies slow by a tenth, and what bounds it."""

import asyncio
import math
import os
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from bench.voice.measures import replies, slowed
from bench.voice.plans import lines, plan
from bench.voice.talk import PARLEY, CandidateProcess, Site, bot, config_for
from bench.voice.usage import Cores
from support.figures import percentile

SLOWER = 0.10
JUDGED = {"p50": 0.5, "p95": 0.95}
"""What is judged, each against the same figure of one bot alone."""
ENOUGH_REPLIES = 20
"""So many replies at least are a level's: of fewer the p95 is the slowest one."""
# Talks that begin at once would all speak at once.
_STAGGER_SECONDS = 1.7
_LOOK_SECONDS = 2.0


@dataclass(frozen=True)
class Level:
    """So many bots at once.

    Attributes:
        bots: How many.
        ear: The replies at the ear, milliseconds, of all of them.
        expected: How many replies there should have been.
        cores: Cores used on average while all talked, by role; `machine` is everybody together.
        latest: By how much a candidate's own clock was late at most, milliseconds.
    """

    bots: int
    ear: list[float]
    expected: int
    cores: dict[str, float]
    latest: float

    @property
    def complete(self) -> bool:
        """Whether every utterance was replied to."""
        return len(self.ear) >= self.expected

    def slower_than(self, alone: "Level", share: float) -> bool:
        """Whether this percentile is a tenth and more above that of one bot alone, or replies are missing."""
        if not (self.complete and alone.complete):
            return True
        return slowed(percentile(alone.ear, share), percentile(self.ear, share)) > SLOWER


def rounds(bots: int, turns: int) -> int:
    """How often so many bots hold their talks of so many turns until there are replies enough."""
    return math.ceil(ENOUGH_REPLIES / (bots * turns))


def together(held: Sequence[Level]) -> Level:
    """Several rounds of as many bots as one: their replies, the mean of the cores, the latest clock."""
    cores = {role: sum(level.cores[role] for level in held) / len(held) for role in held[0].cores}
    ear = [reply for level in held for reply in level.ear]
    return Level(held[0].bots, ear, sum(x.expected for x in held), cores, max(x.latest for x in held))


async def hold(site: Site, files: list[str], bots: int, turns: int) -> Level:
    """So many talks at once, each of so many turns."""
    async with AsyncExitStack() as stack:
        running = [
            await stack.enter_async_context(bot(PARLEY, site, site.called(f"capacity-{bots}-{number}"), plan(turns)))
            for number in range(bots)
        ]
        candidates: list[CandidateProcess] = []
        for number, one in enumerate(running):
            config = config_for(PARLEY, one.room, lines(files[number % len(files) :] + files, turns))
            candidates.append(CandidateProcess(config, site.called(f"capacity-{bots}-{number}")))
            await asyncio.sleep(_STAGGER_SECONDS)
        roles = {
            "bots": [one.pid for one in running],
            "emulator": [site.nova.pid],
            "candidates": [candidate.program.pid for candidate in candidates],
        }
        cores = Cores(roles | {"bench": [os.getpid()]})
        recording = [asyncio.create_task(candidate.record()) for candidate in candidates]
        used = cores.read()
        # What a process has used is gone with it: the last look before the first end counts.
        while not (await asyncio.wait(recording, timeout=_LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED))[0]:
            used = cores.read()
        records = await asyncio.gather(*recording)
    # The children of this process are its roles: what is its own is the rest.
    used["bench"] = used["bench"] - sum(used[role] for role in roles)
    found = [1000 * reply.ear for record in records for reply in replies(record.spoken, record.heard)]
    latest = max(1000 * record.latest_tick for record in records)
    return Level(bots, found, bots * turns, used, latest)


def verdict(levels: Sequence[Level], share: float, cores: int) -> tuple[int, str]:
    """How many bots were held by this percentile of their replies, and what stopped the next one."""
    held = 0
    for level in levels:
        if level.slower_than(levels[0], share):
            return held, _bound(level, cores)
        held = level.bots
    return held, "nothing yet: more were not tried"


def _bound(level: Level, cores: int) -> str:
    own = {role: used for role, used in level.cores.items() if role != "machine"}
    shares = ", ".join(f"{role} {used:.2f}" for role, used in sorted(own.items(), key=lambda item: -item[1]))
    machine = level.cores["machine"]
    full = machine >= 0.85 * cores
    return f"{'the cores' if full else 'not the cores'}: {machine:.2f} of {cores} at {level.bots} bots ({shares})"


async def climb(site: Site, files: list[str], most: int, turns: int) -> list[Level]:
    """One bot more each time, until replies are slower by all that is judged, or fail, or `most` talk.

    A talk before them is not counted: the emulator has to find the sound of what it has never said.
    """
    await hold(site, files, 1, turns)
    levels: list[Level] = []
    for bots in range(1, most + 1):
        level = together([await hold(site, files, bots, turns) for _ in range(rounds(bots, turns))])
        levels.append(level)
        told = ", ".join(
            f"{name} {percentile(level.ear or [math.nan], share):.0f} ms" for name, share in JUDGED.items()
        )
        print(f"  {bots} at once: {told}, {len(level.ear)} of {level.expected} replies", flush=True)
        if all(level.slower_than(levels[0], share) for share in JUDGED.values()):
            break
    return levels

"""One cell of the table: one peer under one load."""

import asyncio
import math
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import uvloop
from bench.operator.api import Api
from bench.operator.arrivals import Arrivals, Times, watching
from bench.operator.audit import Account, AuditLog, Call, account
from bench.operator.generator import offer, remove
from bench.operator.loads import Load
from bench.operator.peers import Peer
from bench.operator.usage import Meter, Usage
from bench.operator.world import World, world

WARM_UP = Load(count=3, rate=None, limit_seconds=60)
"""Not measured: caches are filled, connections made, the template is pinned."""
DELETION_SECONDS = 240.0
QUIET_SECONDS = 1.0
QUIET_AT_MOST_SECONDS = 15.0
KEPT_UP = 0.95
"""A peer that does less than this share of an offered rate has fallen behind."""


class CellError(Exception):
    """The cell can't be measured; the message says why."""


@dataclass(frozen=True)
class Figures:
    """What was measured. Times in seconds from the create call; infinite for what was not seen in time.

    `waited` is how long was waited at most; `deleted` how long a burst took to be gone, where it was deleted.
    """

    load: Load
    pods: list[float]
    joinable: list[float]
    settled: list[float]
    rate: float
    waited: float
    asked: Account
    controller: Usage
    apiserver: Usage
    deleted: float | None

    @property
    def is_cut_short(self) -> bool:
        """Whether it was ended before all had come to its end state."""
        return any(math.isinf(value) for value in self.settled)

    @property
    def is_saturated(self) -> bool:
        """Whether the peer could not do what was offered in the time that it had."""
        return self.is_cut_short or (self.load.rate is not None and self.rate < KEPT_UP * self.load.rate)


def measure(peer: Peer, load: Load, folder: Path) -> Figures:
    """Measures a cell in a world of its own, whose files are in `folder`."""
    with world(folder) as made:
        controller = peer.start(made)
        figures = uvloop.run(_measure(peer, load, made, controller.pid))
        controller.require_alive()
        controller.stop()
        return figures


async def _measure(peer: Peer, load: Load, made: World, controller: int) -> Figures:
    loop = asyncio.get_running_loop()
    async with Api(made.plane) as api, watching(api, peer.work) as arrivals:
        await _warm_up(api, peer, arrivals)
        await quiet(made.audit, peer.user)
        meters = [Meter(controller), Meter(made.apiserver.pid)]
        if peer.sampled:
            os.kill(controller, signal.SIGUSR2)
        arrivals.expect(load.count)
        start = loop.time()
        names = await offer(api, peer.work, load, arrivals, "w")
        done = await arrivals.all_settled(start + load.limit_seconds)
        waited = loop.time() - start
        if peer.sampled:
            os.kill(controller, signal.SIGUSR2)
        times = arrivals.times
        calls = await quiet(made.audit, peer.user)
        usages = [meter.read() for meter in meters]
        _require_whole(calls, load, peer)
        deletes = load.is_burst and done
        deleted = await remove(api, peer.work, names, DELETION_SECONDS) if deletes else None
    return Figures(
        load=load,
        pods=[each.pod - each.asked for each in times],
        joinable=[each.joinable - each.asked for each in times],
        settled=[each.settled - each.asked for each in times],
        rate=sustained(times),
        waited=waited,
        asked=account(calls, peer.user),
        controller=usages[0],
        apiserver=usages[1],
        deleted=deleted,
    )


async def _warm_up(api: Api, peer: Peer, arrivals: Arrivals) -> None:
    deadline = asyncio.get_running_loop().time() + WARM_UP.limit_seconds
    arrivals.expect(WARM_UP.count)
    names = await offer(api, peer.work, WARM_UP, arrivals, "warm")
    if not await arrivals.all_settled(deadline):
        raise CellError(f"{peer.title} has not brought the first {WARM_UP.count} to their end state: see its log")
    if await remove(api, peer.work, names, WARM_UP.limit_seconds) is None:
        raise CellError(f"{peer.title} has not removed the first {WARM_UP.count}: see its log")


async def quiet(audit: AuditLog, user: str) -> list[Call]:
    """Waits until a user has written nothing for a moment, and gives all calls that were logged since the last time."""
    calls: list[Call] = []
    now = last = start = time.monotonic()
    while now - last < QUIET_SECONDS and now - start < QUIET_AT_MOST_SECONDS:
        new = audit.read()
        calls += new
        now = time.monotonic()
        if any(call.user == user and call.is_write for call in new):
            last = now
        await asyncio.sleep(QUIET_SECONDS / 5)
    return calls


def sustained(times: Sequence[Times]) -> float:
    """Pods a second, from the first call to the last pod that was seen."""
    seen = [each.pod for each in times if each.pod != math.inf]
    return len(seen) / (max(seen) - min(each.asked for each in times)) if seen else 0.0


def _require_whole(calls: Sequence[Call], load: Load, peer: Peer) -> None:
    """The API server drops what its audit log can't keep up with; such figures would flatter.

    Raises:
        CellError: the log lacks some of the creates that the bench made.
    """
    resource = peer.work.collection.rpartition("/")[2]
    logged = sum(1 for call in calls if call.kind == f"create {resource}")
    if logged != load.count:
        raise CellError(f"the audit log holds {logged} of {load.count} creates: it is not whole")

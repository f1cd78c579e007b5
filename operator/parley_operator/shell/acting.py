"""What the active replica runs: watches that wake workers, and what looks after both, until it is told to stop."""

import asyncio
import contextlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from kubernetes.aio.client import ApiClient
from parley_crds import GROUP, INTERVIEW_PLURAL, TEMPLATE_PLURAL, VERSION
from parley_rooms.daily import DailyRooms
from parley_rooms.keys import mounted_key

from parley_operator.installation import Installation
from parley_operator.settings import Settings
from parley_operator.shell.capacity.census import Census
from parley_operator.shell.capacity.priorities import Priorities
from parley_operator.shell.capacity.queueing import Queue
from parley_operator.shell.capacity.slots import Slots, begin_counted
from parley_operator.shell.client.failures import ACTION_ERRORS
from parley_operator.shell.client.fence import FencedApi, FencedRooms
from parley_operator.shell.client.kube import Kube
from parley_operator.shell.reconcile.act import Actor
from parley_operator.shell.reconcile.observe import Observer
from parley_operator.shell.reconcile.reconciler import Reconciler
from parley_operator.shell.service.background import beside
from parley_operator.shell.service.lease import Lease
from parley_operator.shell.sweep.sweeps import Sweeps
from parley_operator.shell.telemetry.metrics import Meter
from parley_operator.shell.templates import Templates
from parley_operator.shell.turns.rounds import Rounds
from parley_operator.shell.turns.workers import Workers
from parley_operator.shell.vitals import Vitals
from parley_operator.shell.watch.mirror import Mirror
from parley_operator.shell.watch.upkeep import keep_true
from parley_operator.shell.watch.watching import Watch
from parley_operator.shell.watches import Eyes, watching
from parley_operator.sightings import Sightings

logger = logging.getLogger(__name__)

WATCH_CHECK_SECONDS = 1
TYPES_RETRY_SECONDS = 2
TEMPLATES_AT_ONCE = 6
DRAIN_SECONDS = 15
"""How long a reconcile may go on after the operator was told to stop."""


class WatchEndedError(Exception):
    """A watch ended by itself: the operator is blind and has to be started again."""


@dataclass(frozen=True, slots=True)
class Replica:
    """What this process has whether it acts or stands by."""

    client: ApiClient
    lease: Lease
    vitals: Vitals
    meter: Meter


async def act(replica: Replica, settings: Settings, installation: Installation, stop: asyncio.Event) -> None:
    """Serves the installation's interviews until `stop` is set, and brings what is under way to its end.

    Raises:
        WatchEndedError: a watch ended by itself.
    """
    mirror = Mirror(replica.client, installation.name, installation.bots_namespace, settings.watch_namespaces)
    rooms = _rooms(replica, settings)
    slots = Slots(installation.capacity, lambda ref: workers.wake(ref))
    reconciler = _reconciler(replica, settings, installation, mirror, rooms, slots)
    rounds = Rounds(reconciler.reconcile, replica.meter)
    sightings = Sightings(replica.meter, settings.lead_seconds)
    census = Census(lambda namespace, template: templates.wake((namespace, template)), left=sightings.gone)
    workers = Workers(rounds, census.urgency)
    templates = Workers(Templates(mirror, installation, census.active).reconcile, places=TEMPLATES_AT_ONCE)
    eyes = Eyes(mirror, reconciler, workers, templates, census, sightings)
    sweeps = Sweeps(mirror, installation, settings.watch_namespaces, reconciler.pins, slots, census, rooms.get("daily"))
    replica.meter.watch_phases(census.by_phase)
    replica.meter.watch_stalls(lambda: sightings.stalled(datetime.now(UTC)))
    replica.meter.watch_capacity(lambda: slots.occupancy)
    replica.vitals.rounds, replica.vitals.backlog = rounds, workers.backlog
    try:
        await _await_types(mirror, stop)
        async with watching(settings.watch_namespaces, installation, eyes) as watches:
            replica.vitals.watches = watches
            logger.info("the operator of installation %s runs", installation.name)
            await beside(
                _until_stopped(stop, watches),
                keep_true(mirror, workers.wake),
                begin_counted(slots, mirror, installation, settings.watch_namespaces),
                sweeps.run(workers.wake, replica.meter),
            )
            await rounds.drain(DRAIN_SECONDS)
    finally:
        replica.vitals.watches = ()
        await workers.stop()
        await templates.stop()
        for provider in rooms.values():
            await provider.aclose()


def _rooms(replica: Replica, settings: Settings) -> Mapping[str, FencedRooms]:
    """The providers that have something to be made or removed; a WebSocket room has not."""
    if settings.daily_api_key_file is None:
        return {}
    key = mounted_key(settings.daily_api_key_file, settings.daily_secret)
    daily = DailyRooms(key, settings.daily_api_url)
    return {"daily": FencedRooms("daily", daily, replica.meter, replica.lease.require)}


def _reconciler(
    replica: Replica,
    settings: Settings,
    installation: Installation,
    mirror: Mirror,
    rooms: Mapping[str, FencedRooms],
    slots: Slots,
) -> Reconciler:
    api = FencedApi(
        settings.api_internal_url, settings.ca_file, settings.token_file, replica.meter, replica.lease.require
    )
    actor = Actor(mirror, installation, rooms, api)
    return Reconciler(Observer(mirror, installation), actor, Queue(slots, Priorities(mirror)))


async def _await_types(kube: Kube, stop: asyncio.Event) -> None:
    """Waits for the CRDs: kopf looks for the types once, at its start."""
    told = False
    while not stop.is_set():
        try:
            if {INTERVIEW_PLURAL, TEMPLATE_PLURAL} <= await kube.discover(f"apis/{GROUP}/{VERSION}"):
                return
            fault = "its CRDs are not there"
        except ACTION_ERRORS as error:
            fault = str(error)
        if not told:
            logger.warning("waiting for %s/%s: %s", GROUP, VERSION, fault)
            told = True
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), TYPES_RETRY_SECONDS)


async def _until_stopped(stop: asyncio.Event, watches: Sequence[Watch]) -> None:
    while not stop.is_set():
        ended = [watch.name for watch in watches if not watch.alive]
        if ended:
            raise WatchEndedError(f"the watch of {', '.join(ended)} ended")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), WATCH_CHECK_SECONDS)
    logger.info("stopping")

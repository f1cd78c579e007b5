"""The running operator: the Lease, and while it is held watches, workers and sweeps; and their orderly end."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from parley_crds import GROUP, INTERVIEW_PLURAL, TEMPLATE_PLURAL, VERSION
from parley_crds.names import LABEL_INSTALLATION, LABEL_MANAGED_BY, MANAGED_BY
from parley_protocol import InterviewRef
from parley_rooms.daily import DailyRooms
from parley_rooms.provider import RoomProvider

from parley_operator.installation import Installation
from parley_operator.settings import Settings
from parley_operator.shell.act import ACTION_ERRORS, Actor
from parley_operator.shell.connection import open_client
from parley_operator.shell.fence import FencedApi, FencedClient, FencedRooms
from parley_operator.shell.health import serving_health
from parley_operator.shell.kube import Kube
from parley_operator.shell.lease import Lease, act_while_held
from parley_operator.shell.metrics import Meter
from parley_operator.shell.observe import Observer
from parley_operator.shell.reconciler import Reconciler
from parley_operator.shell.rounds import Rounds
from parley_operator.shell.signals import stop_on_signals
from parley_operator.shell.sweep import ref_of_child, sweep_children, sweep_revisions, sweep_tombstones
from parley_operator.shell.vitals import Vitals
from parley_operator.shell.watching import Raw, Watch, at_rest
from parley_operator.shell.workers import Workers
from parley_operator.sightings import Sightings

logger = logging.getLogger(__name__)

SWEEP_SECONDS = 1800
WATCH_CHECK_SECONDS = 1
TYPES_RETRY_SECONDS = 2
DRAIN_SECONDS = 15
"""How long a reconcile may go on after the operator was told to stop."""


class WatchEndedError(Exception):
    """A watch ended by itself: the operator is blind and has to be started again."""


async def operate(settings: Settings, installation: Installation) -> None:
    """Runs until SIGTERM or SIGINT: as a standby first, and as the active replica once it holds the Lease.

    Raises:
        LeaseLostError: the Lease was lost.
        WatchEndedError: a watch ended by itself.
        OSError: the health port can't be had.
    """
    stop = asyncio.Event()
    stop_on_signals(stop)
    meter = Meter(settings.version)
    agent = f"parley-operator/{settings.version} ({settings.pod_name})"
    async with contextlib.AsyncExitStack() as open_things:
        lease_client = await open_things.enter_async_context(
            open_client(lambda found: FencedClient(found, agent, meter))
        )
        lease = Lease(Kube(lease_client), settings.namespace, f"{settings.pod_name}_{uuid4()}")
        client = await open_things.enter_async_context(
            open_client(lambda found: FencedClient(found, agent, meter, lease.require))
        )
        vitals = Vitals(lease)
        meter.watch_pulse(lambda: vitals.pulse)
        open_things.enter_context(serving_health(settings.health_port, lambda: vitals.pulse, meter))
        beating = asyncio.create_task(vitals.beat())
        open_things.callback(beating.cancel)
        logger.info("the operator of installation %s waits for the Lease", installation.name)
        replica = Replica(Kube(client), lease, vitals, meter)
        await act_while_held(lease, stop, lambda: _operate(replica, settings, installation, stop))


@dataclass(frozen=True, slots=True)
class Replica:
    """What this process has whether it acts or stands by."""

    kube: Kube
    lease: Lease
    vitals: Vitals
    meter: Meter


async def _operate(replica: Replica, settings: Settings, installation: Installation, stop: asyncio.Event) -> None:
    kube, vitals, meter, gate = replica.kube, replica.vitals, replica.meter, replica.lease.require
    rooms = {name: FencedRooms(name, provider, meter, gate) for name, provider in _rooms(settings).items()}
    api = FencedApi(settings.api_internal_url, settings.ca_file, settings.token_file, meter, gate)
    reconciler = Reconciler(Observer(kube, installation), Actor(kube, installation, rooms, api))
    sightings = Sightings(meter, settings.lead_seconds)
    meter.watch_phases(sightings.by_phase)
    vitals.rounds = Rounds(reconciler.reconcile, meter)
    workers = Workers(vitals.rounds)
    vitals.backlog = workers.backlog
    try:
        await _await_types(kube, stop)
        async with _watching(settings, installation, reconciler, workers, sightings) as watches:
            vitals.watches = watches
            sweeping = asyncio.create_task(_sweep(kube, settings, installation, reconciler, workers, meter))
            logger.info("the operator of installation %s runs", installation.name)
            try:
                await _until_stopped(stop, watches)
                await vitals.rounds.drain(DRAIN_SECONDS)
            finally:
                sweeping.cancel()
                vitals.watches = ()
    finally:
        await workers.stop()
        for provider in rooms.values():
            await provider.aclose()


def _rooms(settings: Settings) -> Mapping[str, RoomProvider]:
    """The providers that have something to be made or removed; a WebSocket room has not."""
    if settings.daily_api_key is None:
        return {}
    return {"daily": DailyRooms(settings.daily_api_key.get_secret_value(), settings.daily_api_url)}


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


@contextlib.asynccontextmanager
async def _watching(
    settings: Settings,
    installation: Installation,
    reconciler: Reconciler,
    workers: Workers[InterviewRef],
    sightings: Sightings,
) -> AsyncIterator[list[Watch]]:
    loop = asyncio.get_running_loop()

    def wake_waiting(namespace: str, template: str) -> None:
        for ref in reconciler.waiting_for(namespace, template):
            workers.wake(ref)

    def saw_interview(body: Raw) -> None:
        loop.call_soon_threadsafe(sightings.saw, body)
        if at_rest(body):
            return
        metadata = body["metadata"]
        ref = InterviewRef(namespace=metadata["namespace"], name=metadata["name"], uid=metadata["uid"])
        loop.call_soon_threadsafe(workers.wake, ref)

    def saw_template(body: Raw) -> None:
        metadata = body["metadata"]
        loop.call_soon_threadsafe(wake_waiting, metadata["namespace"], metadata["name"])

    def saw_pod(body: Raw) -> None:
        ref = ref_of_child(body)
        if ref is not None:
            loop.call_soon_threadsafe(workers.wake, ref)

    resources = Watch("resources", settings.watch_namespaces)
    resources.on(GROUP, VERSION, INTERVIEW_PLURAL, saw_interview)
    resources.on(GROUP, VERSION, TEMPLATE_PLURAL, saw_template)
    bots = Watch("bots", [installation.bots_namespace])
    labels = f"{LABEL_MANAGED_BY}={MANAGED_BY},{LABEL_INSTALLATION}={installation.name}"
    bots.on("", "v1", "pods", saw_pod, labels=labels)
    watches = [resources, bots]
    for watch in watches:
        watch.start()
    try:
        yield watches
    finally:
        await asyncio.gather(*(asyncio.to_thread(watch.stop) for watch in watches))


async def _sweep(
    kube: Kube,
    settings: Settings,
    installation: Installation,
    reconciler: Reconciler,
    workers: Workers[InterviewRef],
    meter: Meter,
) -> None:
    while True:
        whole = False
        try:
            await sweep_children(kube, installation, workers.wake)
            await sweep_revisions(kube, installation, settings.watch_namespaces, reconciler.pins)
            await sweep_tombstones(kube, installation, settings.watch_namespaces, datetime.now(UTC))
            whole = True
        except ACTION_ERRORS as error:
            logger.warning("the sweep failed: %s", error)
        except Exception:  # one odd object must not end all sweeps to come
            logger.exception("the sweep failed")
        meter.swept(whole=whole)
        await asyncio.sleep(SWEEP_SECONDS)


async def _until_stopped(stop: asyncio.Event, watches: list[Watch]) -> None:
    while not stop.is_set():
        fault = _fault(watches)
        if fault is not None:
            raise WatchEndedError(fault)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), WATCH_CHECK_SECONDS)
    logger.info("stopping")


def _fault(watches: list[Watch]) -> str | None:
    ended = [watch.name for watch in watches if not watch.alive]
    return f"the watch of {', '.join(ended)} ended" if ended else None

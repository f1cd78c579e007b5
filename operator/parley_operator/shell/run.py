"""The running operator: watches, workers, sweeps, liveness, and their orderly end."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime

from parley_crds import GROUP, INTERVIEW_PLURAL, TEMPLATE_PLURAL, VERSION
from parley_crds.names import LABEL_INSTALLATION, LABEL_MANAGED_BY, MANAGED_BY
from parley_protocol import InterviewRef
from parley_rooms.daily import DailyRooms
from parley_rooms.keys import mounted_key

from parley_operator.installation import Installation
from parley_operator.settings import Settings
from parley_operator.shell.act import ACTION_ERRORS, Actor
from parley_operator.shell.api import ApiClient
from parley_operator.shell.census import Census
from parley_operator.shell.connection import open_client
from parley_operator.shell.health import serve_health
from parley_operator.shell.kube import INTERVIEWS, PODS, TEMPLATES, Kube
from parley_operator.shell.mirror import Mirror
from parley_operator.shell.observe import Observer
from parley_operator.shell.priorities import Priorities
from parley_operator.shell.queueing import Queue
from parley_operator.shell.reconciler import Reconciler
from parley_operator.shell.room_sweep import sweep_rooms
from parley_operator.shell.slots import Slots, begin_counted
from parley_operator.shell.sweep import (
    ref_of_child,
    sweep_census,
    sweep_children,
    sweep_revisions,
    sweep_tombstones,
)
from parley_operator.shell.templates import Templates
from parley_operator.shell.upkeep import fill, keep_true
from parley_operator.shell.watching import Raw, Seen, Watch, at_rest
from parley_operator.shell.workers import Workers

logger = logging.getLogger(__name__)

SWEEP_SECONDS = 1800
WATCH_CHECK_SECONDS = 1
TYPES_RETRY_SECONDS = 2
TEMPLATES_AT_ONCE = 6


class WatchEndedError(Exception):
    """A watch ended by itself: the operator is blind and has to be started again."""


async def operate(settings: Settings, installation: Installation) -> None:
    """Runs until SIGTERM or SIGINT.

    Raises:
        WatchEndedError: a watch ended by itself.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with open_client() as client:
        mirror = Mirror(client, installation.name, installation.bots_namespace, settings.watch_namespaces)
        await _operate(mirror, settings, installation, stop)


async def _operate(mirror: Mirror, settings: Settings, installation: Installation, stop: asyncio.Event) -> None:
    rooms = _rooms(settings)
    api = ApiClient(settings.api_internal_url, settings.ca_file, settings.token_file)
    slots = Slots(installation.capacity, lambda ref: workers.wake(ref))
    queue = Queue(slots, Priorities(mirror))
    reconciler = Reconciler(Observer(mirror, installation), Actor(mirror, installation, rooms, api), queue)
    census = Census(lambda namespace, template: tell.wake((namespace, template)))
    workers = Workers(reconciler.reconcile, census.urgency)
    tell = Workers(Templates(mirror, installation, census.active).reconcile, places=TEMPLATES_AT_ONCE)
    try:
        await _await_types(mirror, stop)
        async with _watching(settings, installation, mirror, reconciler, workers, census, tell) as watches:
            runner = await serve_health(settings.health_port, lambda: _fault(watches))
            upkeep = asyncio.create_task(keep_true(mirror, workers.wake))
            counting = asyncio.create_task(begin_counted(slots, mirror, installation, settings.watch_namespaces))
            sweeping = asyncio.create_task(
                _sweep(mirror, settings, installation, reconciler, workers, census, slots, rooms)
            )
            logger.info("the operator of installation %s runs", installation.name)
            try:
                await _until_stopped(stop, watches)
            finally:
                counting.cancel()
                sweeping.cancel()
                upkeep.cancel()
                await runner.cleanup()
    finally:
        await workers.stop()
        await tell.stop()
        for provider in rooms.values():
            await provider.aclose()


def _rooms(settings: Settings) -> Mapping[str, DailyRooms]:
    """The providers that have something to be made or removed; a WebSocket room has not."""
    if settings.daily_api_key_file is None:
        return {}
    key = mounted_key(settings.daily_api_key_file, settings.daily_secret)
    return {"daily": DailyRooms(key, settings.daily_api_url)}


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
    mirror: Mirror,
    reconciler: Reconciler,
    workers: Workers[InterviewRef],
    census: Census,
    tell: Workers[tuple[str, str]],
) -> AsyncIterator[list[Watch]]:
    loop = asyncio.get_running_loop()

    def wake_waiting(namespace: str, template: str) -> None:
        for ref in reconciler.waiting_for(namespace, template):
            workers.wake(ref)

    def saw_interview(body: Raw, deleted: bool) -> None:
        metadata = body["metadata"]
        if deleted:
            census.gone(metadata["uid"])
        else:
            census.saw(body)
        if not deleted and at_rest(body):
            mirror.forget(INTERVIEWS, metadata["namespace"], metadata["name"])
        elif mirror.saw(INTERVIEWS, body, deleted=deleted):
            workers.wake(_ref_of(body))

    def saw_template(body: Raw, deleted: bool) -> None:
        namespace, name = body["metadata"]["namespace"], body["metadata"]["name"]
        mirror.saw(TEMPLATES, body, deleted=deleted)
        wake_waiting(namespace, name)
        tell.wake((namespace, name))

    def saw_pod(body: Raw, deleted: bool) -> None:
        ref = ref_of_child(body)
        if mirror.saw(PODS, body, deleted=deleted) and ref is not None:
            workers.wake(ref)

    def here(seen: Seen) -> Seen:
        def tell(body: Raw, deleted: bool) -> None:
            loop.call_soon_threadsafe(seen, body, deleted)

        return tell

    await fill(mirror)
    resources = Watch("resources", settings.watch_namespaces)
    resources.on(GROUP, VERSION, INTERVIEW_PLURAL, here(saw_interview))
    resources.on(GROUP, VERSION, TEMPLATE_PLURAL, here(saw_template))
    bots = Watch("bots", [installation.bots_namespace])
    labels = f"{LABEL_MANAGED_BY}={MANAGED_BY},{LABEL_INSTALLATION}={installation.name}"
    bots.on("", "v1", "pods", here(saw_pod), labels=labels)
    watches = [resources, bots]
    for watch in watches:
        watch.start()
    try:
        yield watches
    finally:
        await asyncio.gather(*(asyncio.to_thread(watch.stop) for watch in watches))


def _ref_of(body: Raw) -> InterviewRef:
    metadata = body["metadata"]
    return InterviewRef(namespace=metadata["namespace"], name=metadata["name"], uid=metadata["uid"])


async def _sweep(
    kube: Kube,
    settings: Settings,
    installation: Installation,
    reconciler: Reconciler,
    workers: Workers[InterviewRef],
    census: Census,
    slots: Slots,
    rooms: Mapping[str, DailyRooms],
) -> None:
    while True:
        try:
            began = datetime.now(UTC)
            found = await sweep_children(kube, installation, workers.wake)
            slots.recount(found, began)
            await sweep_census(kube, settings.watch_namespaces, census, workers.wake)
            await sweep_revisions(kube, installation, settings.watch_namespaces, reconciler.pins)
            await sweep_tombstones(kube, installation, settings.watch_namespaces, datetime.now(UTC))
            await sweep_rooms(kube, installation, settings.watch_namespaces, rooms.get("daily"), datetime.now(UTC))
        except ACTION_ERRORS as error:
            logger.warning("the sweep failed: %s", error)
        except Exception:  # one odd object must not end all sweeps to come
            logger.exception("the sweep failed")
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

"""The sweep of orphaned rooms at Daily's emulator, with the rights that the chart gives the operator."""

import secrets
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from kubernetes.aio.client import ApiClient, Configuration
from kubernetes.aio.config import load_kube_config
from parley_crds.names import child_name
from parley_operator.installation import Installation
from parley_operator.shell.client.kube import Kube, KubeError
from parley_operator.shell.sweep.room_sweep import MOST_REMOVED, sweep_rooms
from parley_rooms.daily import DailyRooms
from parley_rooms.errors import RoomError, RoomUnavailableError
from parley_rooms.names import room_name
from parley_rooms.provider import Grant, RoomPlan
from parley_rooms.retry import Retry
from support.daily_key import GivenKey
from support.operator_installation import INSTALLATION
from support.operator_site import TEMPLATE, WAIT, Site
from support.wait import until

LATER = timedelta(hours=1)


@pytest.fixture
async def kube(site: Site) -> AsyncIterator[Kube]:
    configuration = Configuration()
    load: Any = load_kube_config
    await load(config_file=site.environment["KUBECONFIG"], client_configuration=configuration)
    client: Any = ApiClient(configuration=configuration)
    yield Kube(client)
    await client.close()


@pytest.fixture
def installation(site: Site) -> Installation:
    return replace(
        INSTALLATION,
        name=site.environment["PARLEY_INSTALLATION"],
        bots_namespace=site.bots,
        link_keys=(site.environment["PARLEY_LINK_KEY"].encode(),),
    )


@pytest.fixture
async def rooms(site: Site) -> AsyncIterator[DailyRooms]:
    rooms = DailyRooms(GivenKey(site.daily.KEY), site.daily.url, retry=Retry(attempts=1))
    yield rooms
    await rooms.aclose()


@pytest.fixture(autouse=True)
def clean(site: Site) -> Iterator[None]:
    """The emulator without rooms that other tests have left, and afterwards without this one's."""
    for name in site.daily.rooms():
        site.daily.delete(name)
    yield
    site.daily.clock(0)
    site.daily.fail()
    for name in site.daily.rooms():
        site.daily.delete(name)


async def make(rooms: DailyRooms, *names: str) -> None:
    for name in names:
        await rooms.ensure(RoomPlan(name, datetime.now(UTC) + timedelta(hours=3)))


def orphan(installation: Installation) -> str:
    """The name of a room whose Interview and ledger are gone."""
    return room_name(installation.link_key, installation.name, child_name("gone", secrets.token_hex(8)))


async def test_the_orphans_go_and_nothing_else(
    site: Site, kube: Kube, installation: Installation, rooms: DailyRooms
) -> None:
    site.create("InterviewTemplate", "daily-sweep", {**TEMPLATE, "room": {"provider": "daily"}})
    running = site.interview(template="daily-sweep", start="Immediate")
    uid = str(site.get(running)["metadata"]["uid"])
    site.await_pod(uid, 1)
    waiting = site.interview(start="OnArrival")
    its_uid = str(site.get(waiting)["metadata"]["uid"])
    over = site.interview(cancel=True)
    site.await_phase(over, "Cancelled")
    key, name = installation.link_key, installation.name
    orphaned, occupied, young = orphan(installation), orphan(installation), orphan(installation)
    left = [
        room_name(key, name, child_name(waiting, its_uid)),
        room_name(key, f"{name}-2", child_name("gone", "uid")),
        room_name(b"another installation of that name", name, child_name("gone", "uid")),
        f"parley-{name}-{child_name('gone', 'uid')}",
        "parley-standup",
        occupied,
    ]
    finished = room_name(key, name, child_name(over, str(site.get(over)["metadata"]["uid"])))
    site.daily.clock(-LATER.total_seconds())
    await make(rooms, orphaned, finished, *left)
    site.daily.clock(0)
    await make(rooms, young)
    join_by = datetime.now(UTC) + timedelta(minutes=1)
    site.daily.join(occupied, await rooms.mint(Grant(occupied, "candidate", 1, join_by, "Ada")))
    now = datetime.now(UTC)
    assert set(await sweep_rooms(kube, installation, [site.namespace], rooms, now)) == {orphaned, finished}
    (running_room,) = set(site.daily.rooms()) - {*left, young}
    assert running_room == site.status(running)["room"]["name"]
    await make(rooms, orphaned)
    # An hour later the running interview's room is old, too.
    swept = await sweep_rooms(kube, installation, [site.namespace], rooms, now + LATER)
    assert set(swept) == {orphaned, young}
    assert running_room in site.daily.rooms()
    for interview in (running, waiting, over):
        site.delete(interview)
    until("nothing is left", lambda: site.left_of(uid) == [], WAIT)


async def test_a_sweep_removes_a_few_and_the_next_goes_on(
    site: Site, kube: Kube, installation: Installation, rooms: DailyRooms
) -> None:
    names = [orphan(installation) for _ in range(MOST_REMOVED + 3)]
    await make(rooms, *names)
    later = datetime.now(UTC) + LATER
    first = await sweep_rooms(kube, installation, [site.namespace], rooms, later)
    assert len(first) == MOST_REMOVED
    site.daily.fail({"kind": "error", "method": "DELETE", "status": 429, "error": "rate-limit-error"})
    with pytest.raises(RoomUnavailableError):
        await sweep_rooms(kube, installation, [site.namespace], rooms, later)
    second = await sweep_rooms(kube, installation, [site.namespace], rooms, later)
    assert {*first, *second} == {*names}
    assert site.daily.rooms() == []


@pytest.mark.parametrize(
    "fault",
    [
        {"method": "GET", "path": "/rooms", "status": 500},
        {"method": "GET", "path": "/presence", "status": 503},
        {"path": "/rooms", "status": 401, "error": "authentication-error"},
    ],
)
async def test_what_daily_does_not_tell_costs_no_room(
    site: Site, kube: Kube, installation: Installation, rooms: DailyRooms, fault: dict[str, Any]
) -> None:
    name = orphan(installation)
    await make(rooms, name)
    site.daily.fail({"kind": "error", "times": None, **fault})
    with pytest.raises(RoomError):
        await sweep_rooms(kube, installation, [site.namespace], rooms, datetime.now(UTC) + LATER)
    assert site.daily.rooms() == [name]


@pytest.mark.parametrize("unreadable", ["interviews", "ledgers"])
async def test_a_cluster_that_can_not_be_read_whole_costs_no_room(
    site: Site, kube: Kube, installation: Installation, rooms: DailyRooms, unreadable: str
) -> None:
    name = orphan(installation)
    await make(rooms, name)
    namespaces = [site.namespace, "kube-system"] if unreadable == "interviews" else [site.namespace]
    if unreadable == "ledgers":
        installation = replace(installation, bots_namespace="kube-system")
    with pytest.raises(KubeError, match="403"):
        await sweep_rooms(kube, installation, namespaces, rooms, datetime.now(UTC) + LATER)
    assert site.daily.rooms() == [name]


async def test_an_operator_sweeps_when_it_starts(site: Site, installation: Installation, rooms: DailyRooms) -> None:
    orphaned, young = orphan(installation), orphan(installation)
    site.daily.clock(-LATER.total_seconds())
    await make(rooms, orphaned)
    site.daily.clock(0)
    await make(rooms, young)
    site.crash()
    site.start()
    until("the orphan is gone", lambda: site.daily.rooms() == [young], WAIT)

"""Daily's rooms as the operator makes and removes them, and what it does while a peer does not answer."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from parley_protocol.exits import ExitCode
from parley_rooms.daily import DailyRooms
from parley_rooms.provider import Grant
from support.daily_key import GivenKey
from support.operator_site import TEMPLATE, WAIT, Site
from support.wait import until


def daily_interview(site: Site, template: str) -> tuple[str, str]:
    """A Daily interview that starts at once: its name and uid."""
    site.create("InterviewTemplate", template, {**TEMPLATE, "room": {"provider": "daily"}})
    name = site.interview(template=template, start="Immediate")
    return name, str(site.get(name)["metadata"]["uid"])


def test_a_room_lives_as_long_as_its_interview(site: Site) -> None:
    name, uid = daily_interview(site, "daily")
    site.await_pod(uid, 1)
    room = site.await_phase(name, "Provisioning")["room"]
    assert room["provider"] == "daily"
    assert room["name"] in site.daily.rooms()
    site.delete(name)
    until("the room is gone", lambda: room["name"] not in site.daily.rooms(), WAIT)
    until("nothing is left", lambda: site.left_of(uid) == [], WAIT)


def test_a_provider_that_fails_is_told_of_and_tried_again(site: Site) -> None:
    site.daily.fail({"kind": "error", "method": "POST", "path": "/rooms.*", "status": 500, "times": None})
    try:
        name, uid = daily_interview(site, "daily-fails")
        until("people are told", lambda: "StepFailed" in site.events(name), WAIT * 2)
        assert site.pods(uid) == [], "no bot without its room"
    finally:
        site.daily.fail()
    site.await_pod(uid, 1)
    site.delete(name)
    until("nothing is left", lambda: site.left_of(uid) == [], WAIT)


def test_a_key_that_is_refused_is_told_and_goes_on_when_it_is_mended(site: Site) -> None:
    site.daily_key("a-key-of-another-domain")
    try:
        name, uid = daily_interview(site, "daily-key")
        site.await_condition(name, "Stalled", "True", "RoomKeyRefused")
        message = site.message(name, "Stalled")
        assert "key DAILY_API_KEY of Secret home-" in message
        assert "/daily" in message
        told = f"{site.get(name)} {site.program.output if site.program else ''}"
        assert "a-key-of-another-domain" not in told
        assert site.pods(uid) == []
    finally:
        site.daily_key(site.daily.KEY)
    until("the bot starts", lambda: site.pods(uid), WAIT * 2)
    assert site.condition(name, "Stalled") is None
    site.delete(name)
    until("nothing is left", lambda: site.left_of(uid) == [], WAIT)


@pytest.mark.parametrize(
    "fault",
    [
        None,
        {"kind": "error", "status": 503, "times": 6},
        {"kind": "error", "status": 429, "error": "rate-limit-error", "retry_after": 5},
        {"kind": "drop", "times": 2},
    ],
    ids=lambda fault: "none" if fault is None else str(fault.get("status", fault["kind"])),
)
async def test_a_former_bot_is_out_of_the_room_before_the_next_comes(site: Site, fault: dict[str, Any] | None) -> None:
    name, uid = daily_interview(site, f"daily-eject-{secrets.token_hex(3)}")
    pod = site.await_pod(uid, 1)["metadata"]["name"]
    room = site.await_phase(name, "Provisioning")["room"]["name"]
    rooms = DailyRooms(GivenKey(site.daily.KEY), site.daily.url)
    join_by = datetime.now(UTC) + timedelta(minutes=1)
    for role in ("bot", "candidate"):
        site.daily.join(room, await rooms.mint(Grant(room, role, 1, join_by, "Ada")))
    site.daily.fail(*([] if fault is None else [{"method": "POST", "path": "/rooms/.*/eject", **fault}]))
    site.dead(pod, 1)
    site.await_pod(uid, 2)
    assert [occupant.user for occupant in await rooms.presence(room)] == ["candidate"]
    await rooms.aclose()
    site.delete(name)
    until("nothing is left", lambda: site.left_of(uid) == [], WAIT)


@pytest.mark.parametrize("exit_code", [ExitCode.ROOM_NOT_JOINED, ExitCode.ROOM_LOST])
def test_a_room_that_somebody_deleted_is_made_again_for_the_next_bot(site: Site, exit_code: int) -> None:
    """The bot tells of it by its exit; nobody asks Daily for each interview's room again and again."""
    name, uid = daily_interview(site, f"daily-deleted-{int(exit_code)}")
    pod = site.await_pod(uid, 1)["metadata"]["name"]
    room = site.await_phase(name, "Provisioning")["room"]["name"]
    if exit_code == ExitCode.ROOM_LOST:
        site.ready(pod)
        site.await_phase(name, "Ready")
    site.daily.delete(room)
    site.dead(pod, exit_code)
    site.await_pod(uid, 2)
    assert room in site.daily.rooms()
    site.delete(name)
    until("nothing is left", lambda: site.left_of(uid) == [], WAIT)
    assert room not in site.daily.rooms()


def test_a_deletion_that_daily_refuses_is_told_and_goes_on_when_the_key_is_mended(site: Site) -> None:
    name, uid = daily_interview(site, "daily-deletion")
    site.await_pod(uid, 1)
    site.daily_key("a-key-of-another-domain")
    try:
        site.delete(name)
        site.await_condition(name, "Stalled", "True", "RoomKeyRefused")
        assert "key DAILY_API_KEY of Secret home-" in site.message(name, "Stalled")
    finally:
        site.daily_key(site.daily.KEY)
    until("the Interview is gone", lambda: not exists(site, name), WAIT * 2)


def test_an_erasure_that_fails_is_told_and_goes_on_by_itself(site: Site) -> None:
    name = site.interview(deletionPolicy="Erase")
    site.await_phase(name, "Open")
    site.orders.broken = True
    try:
        site.delete(name)
        site.await_condition(name, "Reconciling", "True", "Deleting")
        assert "erase: the API answered 503" in site.message(name, "Reconciling")
        assert site.condition(name, "Joinable") == ("False", "Deleting")
        assert site.status(name)["phase"] == "Open"
    finally:
        site.orders.broken = False
    until("the Interview is gone", lambda: not exists(site, name), WAIT * 2)


def exists(site: Site, name: str) -> bool:
    """Whether the Interview is there."""
    return site.plane.kubectl("-n", site.namespace, "get", "interview", name, check=False).returncode == 0


def test_an_end_waits_for_the_transcript(site: Site) -> None:
    name = site.interview(start="Immediate", backoffLimit=0)
    uid = str(site.get(name)["metadata"]["uid"])
    pod = site.await_pod(uid, 1)["metadata"]["name"]
    site.orders.broken = True
    try:
        site.dead(pod, 1)
        until("the seal was tried", lambda: site.orders.of(uid), WAIT)
        until("people are told", lambda: "StepFailed" in site.events(name), WAIT)
        assert site.status(name)["phase"] != "Failed"
    finally:
        site.orders.broken = False
    site.await_phase(name, "Failed")
    assert set(site.orders.of(uid)) == {"seal"}

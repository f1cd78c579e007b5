"""Limits of concurrent interviews, and a burst, on a real API server."""

import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from support.control_plane import ControlPlane
from support.operator_install import installed
from support.operator_site import LOOPBACK, TEMPLATE, WAIT, Daily, Orders, Site
from support.wait import until

WAITING = "WaitingForCapacity"
BURST = 1000


@pytest.fixture
def limited(
    request: pytest.FixtureRequest,
    control_plane: ControlPlane,
    crds: None,
    collectors: None,
    orders: Orders,
    daily: Daily,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Site]:
    """An installation with the limits that the test is parametrised with, and a priority class for templates."""
    capacity = json.dumps(request.param)
    control_plane.kubectl("apply", "-f", "-", stdin=json.dumps(PRIORITY_CLASS))
    with installed(
        control_plane,
        orders,
        daily,
        tmp_path_factory.mktemp("limited"),
        "bots.allowedPriorityClasses={parley-urgent}",
        bot={"allowedPriorityClasses": ["parley-urgent"]},
        PARLEY_CAPACITY=capacity,
    ) as made:
        made.create("InterviewTemplate", "at-once", {**TEMPLATE, "start": "Immediate"})
        urgent = {**TEMPLATE, "start": "Immediate", "bot": {"priorityClassName": "parley-urgent"}}
        made.create("InterviewTemplate", "urgent", urgent)
        made.start()
        yield made


PRIORITY_CLASS = {
    "apiVersion": "scheduling.k8s.io/v1",
    "kind": "PriorityClass",
    "metadata": {"name": "parley-urgent"},
    "value": 1000,
}


def message(site: Site, name: str) -> str:
    """What an interview says of what it waits for."""
    found = [item["message"] for item in site.status(name).get("conditions", []) if item["type"] == "Reconciling"]
    return found[0] if found else ""


def running(site: Site, *names: str) -> list[str]:
    """Those of the interviews that have a pod."""
    return [name for name in names if site.pods(site.get(name)["metadata"]["uid"])]


@pytest.mark.parametrize("limited", [{"total": 2}], indirect=True)
def test_the_next_in_order_begins_when_one_ends_and_a_restart_forgets_nobody(limited: Site) -> None:
    first, second = limited.interview("at-once"), limited.interview("at-once")
    until("two run", lambda: len(running(limited, first, second)) == 2, WAIT)
    third = limited.interview("at-once")
    limited.await_condition(third, "Reconciling", "True", WAITING)
    assert message(limited, third) == "Place 1 of 1: 2 of 2 interviews of this installation run"
    assert limited.condition(third, "Joinable") == ("True", WAITING)
    assert limited.status(third)["phase"] == "Open"
    told = metrics(limited)
    for line in ('slots{state="taken"} 2.0', 'slots{state="limit"} 2.0', "waiting 1.0"):
        assert f"parley_operator_capacity_{line}\n" in told
    assert WAITING in until("the Event", lambda: limited.events(third), WAIT)
    urgent = limited.interview("urgent")
    limited.await_condition(urgent, "Reconciling", "True", WAITING)
    assert message(limited, urgent).startswith("Place 1 of 2")
    until("the other's place is told anew", lambda: message(limited, third).startswith("Place 2 of 2"), 2 * WAIT)

    limited.crash()
    limited.start()
    new = limited.interview("at-once")
    limited.await_condition(new, "Reconciling", "True", WAITING)
    assert len(limited.all_of(limited.bots, "pods")) == 2, "what runs was counted"

    limited.delete(first)
    until("the urgent one runs", lambda: running(limited, urgent), WAIT)
    assert running(limited, third, new) == []
    limited.delete(second)
    until("the one that waited longest runs", lambda: running(limited, third), WAIT)
    assert running(limited, new) == []
    assert limited.condition(third, "Reconciling") == ("True", "BotStarting")


@pytest.mark.parametrize("limited", [{"total": 8}], indirect=True)
def test_a_burst_starves_no_deletion_and_no_candidate_and_exceeds_no_limit(limited: Site) -> None:
    """Neither ours nor the API server's: it tells nobody that they ask too much."""
    runs, comes = limited.interview("at-once"), limited.interview("at-once", start="OnArrival")
    until("one runs", lambda: running(limited, runs), WAIT)
    limited.await_phase(comes, "Open")
    specs = {"templateRef": {"name": "at-once"}, "noShowSeconds": 3600}
    items = [
        {
            "apiVersion": "parley.dev/v1alpha1",
            "kind": "Interview",
            "metadata": {"name": f"burst-{number:04}", "namespace": limited.namespace},
            "spec": specs,
        }
        for number in range(BURST)
    ]
    manifest = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    limited.crash()
    limited.plane.kubectl("create", "-f", "-", stdin=manifest)
    answered, refused = answers(limited)
    limited.start()
    began = time.monotonic()
    until("the operator is amid the burst", lambda: _unseen(limited) < BURST - 20, WAIT)
    limited.session(comes, "CandidateArrived", "Consented")
    limited.await_condition(comes, "Reconciling", "True", WAITING)
    assert _unseen(limited) > BURST / 2, "who has come did not wait for those who were there before"
    asked = time.monotonic()
    limited.delete(runs)
    left = until("the deletion is done", lambda: _unseen_without(limited, runs), 3 * WAIT)
    print(f"\na deletion amid {BURST} took {time.monotonic() - asked:.1f} s, with {left - 1} not looked at yet")
    assert left > BURST / 4, "it did not wait for those who came before it"
    until("who has come has the slot", lambda: running(limited, comes), WAIT)
    most = 0

    def all_told() -> bool:
        nonlocal most
        most = max(most, len(limited.all_of(limited.bots, "secrets")))
        return all(each.get("status", {}).get("phase") for each in interviews(limited))

    until("every one is told", all_told, 6 * WAIT)
    print(f"all of {BURST} are told {time.monotonic() - began:.1f} s after the operator's start")
    found = interviews(limited)
    waiting = [each for each in found if _reason(each) == WAITING]
    assert most <= 8
    assert len(limited.all_of(limited.bots, "pods")) == 8
    assert (len(found), len(waiting)) == (BURST + 1, BURST + 1 - 8)
    asked = time.monotonic()
    limited.plane.kubectl("-n", limited.namespace, "delete", "interviews", "--all", "--wait=false")
    until("all are gone", lambda: not interviews(limited), 6 * WAIT)
    assert limited.all_of(limited.bots, "pods") == []
    print(f"all are gone {time.monotonic() - asked:.1f} s after their deletion began")
    made, refused = (now - before for now, before in zip(answers(limited), (answered, refused), strict=True))
    own = own_answers(limited)
    print(f"the API server answered {made} requests, {refused} of them by 429; the operator counted {own}")
    assert made > own["2xx"] > 4 * BURST
    assert (refused, own["429"]) == (0, 0)


def answers(site: Site) -> tuple[int, int]:
    """How many requests of anybody the API server has answered, and how many of them by 429."""
    text = site.plane.kubectl("get", "--raw", "/metrics").stdout
    found = re.findall(r'^apiserver_request_total\{.*code="(\d+)".*\} (\S+)$', text, re.MULTILINE)
    counts = [(code, int(float(count))) for code, count in found]
    return sum(count for _, count in counts), sum(count for code, count in counts if code == "429")


def metrics(site: Site) -> str:
    """What the operator tells Prometheus."""
    return LOOPBACK.get(site.health.replace("/healthz", "/metrics")).raise_for_status().text


def own_answers(site: Site) -> Counter[str]:
    """How many requests the operator made, its watches aside, by the class of their answers."""
    series = r'^parley_operator_kube_requests_total\{code="(\w+)".*\} (\S+)$'
    counted = Counter[str]()
    for code, count in re.findall(series, metrics(site), re.MULTILINE):
        counted[code] += int(float(count))
    return counted


def interviews(site: Site) -> list[dict[str, Any]]:
    """Every Interview of the site."""
    return site.all_of(site.namespace, "interviews")


def _unseen(site: Site) -> int:
    """How many interviews the operator has not got to yet."""
    return sum(1 for each in interviews(site) if not each.get("status", {}).get("phase"))


def _unseen_without(site: Site, deleted: str) -> int:
    """The same, and one more, once the deleted interview is gone; 0 before that."""
    there = any(each["metadata"]["name"] == deleted for each in interviews(site))
    return 0 if there else 1 + _unseen(site)


def _reason(interview: dict[str, Any]) -> str:
    conditions = interview.get("status", {}).get("conditions", [])
    return next((item["reason"] for item in conditions if item["type"] == "Reconciling"), "")


@pytest.mark.parametrize("limited", [{"total": 1}], indirect=True)
def test_one_that_is_postponed_while_it_can_have_no_pod_gives_back_its_slot_and_its_room(limited: Site) -> None:
    limited.create("InterviewTemplate", "daily", {**TEMPLATE, "start": "Immediate", "room": {"provider": "daily"}})
    limited.bound_pods(0)
    first = limited.interview("daily")
    limited.await_condition(first, "Reconciling", "True", "PodNotCreated")
    room = limited.status(first)["room"]["name"]
    assert room in limited.daily.rooms()
    second = limited.interview("at-once")
    limited.await_condition(second, "Reconciling", "True", WAITING)

    tomorrow = datetime.now(UTC) + timedelta(days=1)
    limited.patch(first, {"window": {"notBefore": tomorrow.strftime("%Y-%m-%dT%H:%M:%SZ")}})
    limited.await_phase(first, "Scheduled")
    until("its room is gone", lambda: room not in limited.daily.rooms(), WAIT)
    limited.await_condition(second, "Reconciling", "True", "PodNotCreated")
    assert limited.items(limited.bots, "secrets", limited.get(first)["metadata"]["uid"]) == []
    assert limited.condition(first, "Reconciling") is None
    assert "room" not in limited.status(first)
    limited.bound_pods(10)
    until("the other runs", lambda: running(limited, second), WAIT)

    limited.patch(first, {"window": None})
    limited.await_condition(first, "Reconciling", "True", WAITING)
    limited.delete(second)
    until("the first has its turn at last", lambda: running(limited, first), WAIT)
    limited.delete(first)
    until("its room is gone", lambda: room not in limited.daily.rooms(), WAIT)


def test_an_api_that_does_not_answer_holds_up_no_interview_that_does_not_need_it(site: Site) -> None:
    site.create("InterviewTemplate", "at-once", {**TEMPLATE, "start": "Immediate"})
    names = [site.interview("at-once") for _ in range(30)]
    until("all run", lambda: len(running(site, *names)) == len(names), 3 * WAIT)
    site.orders.answers.clear()
    try:
        for name in names:
            site.patch(name, {"cancel": True})
        until("all wait for the API", lambda: all(not running(site, name) for name in names), 3 * WAIT)
        new = site.interview("at-once")
        until("another begins meanwhile", lambda: running(site, new), WAIT / 2)
        assert {site.status(name)["phase"] for name in names} != {"Cancelled"}
    finally:
        site.orders.answers.set()
    for name in names:
        site.await_phase(name, "Cancelled")

"""What the bench makes of the objects that its watches show."""

import asyncio
import math
from dataclasses import replace
from typing import Any

from bench.operator.arrivals import Arrivals
from bench.operator.work import INTERVIEW, JOB


def interview(name: str, phase: str, *conditions: dict[str, str]) -> dict[str, Any]:
    return {"metadata": {"name": name}, "status": {"phase": phase, "conditions": list(conditions)}}


def pod(name: str) -> dict[str, Any]:
    return {"metadata": {"annotations": {"parley.dev/interview-name": name}}}


async def test_each_moment_is_the_first_at_which_it_was_seen() -> None:
    arrivals = Arrivals(INTERVIEW)
    arrivals.expect(2)
    arrivals.asked("ada")
    arrivals.asked("bob")
    arrivals.saw_pod(pod("ada"))
    arrivals.saw_owner(interview("ada", "Provisioning", {"type": "Joinable", "status": "False"}))
    arrivals.saw_owner(interview("ada", "Ready", {"type": "Joinable", "status": "True"}))
    first = replace(arrivals.times[0])
    assert first.asked <= first.pod <= first.joinable <= first.settled < math.inf
    arrivals.saw_pod(pod("ada"))
    arrivals.saw_owner(interview("ada", "Ready", {"type": "Joinable", "status": "True"}))
    assert arrivals.times[0] == first
    assert arrivals.times[1].pod == math.inf


async def test_all_is_settled_when_each_is() -> None:
    arrivals = Arrivals(JOB)
    arrivals.expect(2)
    now = asyncio.get_running_loop().time()
    for name in ("a", "b"):
        arrivals.asked(name)
        assert not await arrivals.all_settled(now)
        arrivals.saw_owner({"metadata": {"name": name}, "status": {"active": 1, "ready": 1}})
    assert await arrivals.all_settled(now + 10)


async def test_what_nobody_asked_for_is_not_counted() -> None:
    arrivals = Arrivals(JOB)
    arrivals.expect(1)
    arrivals.saw_pod({"metadata": {"labels": {"batch.kubernetes.io/job-name": "warm-1"}}})
    arrivals.saw_owner({"metadata": {"name": "warm-1"}, "status": {"ready": 1}})
    assert arrivals.times == []


def test_a_job_is_asked_for_by_name_and_its_pod_stays() -> None:
    job = JOB.manifest("w-1")
    assert job["metadata"] == {"name": "w-1", "namespace": "bots"}
    assert job["spec"]["template"]["spec"]["containers"][0]["image"] == "parley/bot:test"
    assert JOB.manifest("w-2")["metadata"]["name"] == "w-2"

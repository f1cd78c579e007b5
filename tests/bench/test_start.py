"""How long a candidate waits for the bot: from `apply`, and from the consent."""

import json
import time

import httpx
import pytest
from support.cluster import API, BOTS, Hiring
from support.figures import keep, summary
from support.wait import until

RUNS = 20
pytestmark = pytest.mark.timeout(1800)


def own_seconds(hiring: Hiring, name: str) -> float:
    """From the first line of Python in a bot's container to ready (pipeline imported, model and room had), as it says.

    What the pod's status has is whole seconds; the interpreter's own start, some hundredths, is not in it.
    """
    (pod,) = hiring.bots(hiring.uid(name))
    log = hiring.cluster.kubectl("logs", "-n", BOTS, pod["metadata"]["name"])
    (line,) = [json.loads(line) for line in log.splitlines() if '"ready_ms"' in line]
    return line["ready_ms"] / 1000


def test_apply_to_bot_in_the_room(hiring: Hiring, measured_on: str) -> None:
    hiring.cluster.apply(hiring.template())
    took, own = [], []
    for number in range(RUNS):
        name = f"apply-{number}"
        started = time.monotonic()
        hiring.cluster.apply(hiring.interview(name))
        hiring.watch_phase(name, "Ready", seconds=120)
        took.append(time.monotonic() - started)
        own.append(own_seconds(hiring, name))
        hiring.cluster.delete("interview", name, hiring.namespace)
    keep(
        "Start: `apply` to bot in the room",
        {"aim": "p95 under 5 s, pod started cold", "apply to Ready": summary(took)},
        measured_on,
    )
    keep(
        "Start: the bot's process to its pipeline ready",
        {"aim": "p95 under 3 s on two cores", "first line of Python to ready, by the bot's own log": summary(own)},
        measured_on,
    )


def test_consent_to_bot_in_the_room(hiring: Hiring, measured_on: str) -> None:
    hiring.cluster.apply(hiring.template(start="OnArrival"))
    took = []
    for number in range(RUNS):
        name = f"consent-{number}"
        hiring.cluster.apply(hiring.interview(name))
        hiring.wait_phase(name, "Open")
        with httpx.Client(base_url=API, headers={"Authorization": f"Bearer {hiring.token(name)}"}, timeout=10) as page:
            started = time.monotonic()
            assert page.post("/join/v1/consent", json={"version": "2026-11"}).status_code == 204
            until("connect", lambda page=page: page.post("/join/v1/connect").status_code == 200, 120, every=0.05)
            took.append(time.monotonic() - started)
        hiring.cluster.delete("interview", name, hiring.namespace)
    keep(
        "Start: consent to bot in the room",
        {"aim": "p95 under 5 s, pod started cold", "consent to a room that can be joined": summary(took)},
        measured_on,
    )

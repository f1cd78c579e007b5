"""Two replicas of the operator: one acts, and the other takes over, however the first one ends."""

import json
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
from parley_operator.shell.service.lease import LEASE_NAME
from support.control_plane import ControlPlane
from support.operator_install import installed
from support.operator_site import START, WAIT, Daily, Orders, Site
from support.processes import Program, free_ports
from support.wait import until

TAKEOVER = 20.0
"""Within how many seconds a standby has the Lease of one that is gone without a word."""


@dataclass
class Replica:
    """One operator's process."""

    program: Program
    url: str

    @property
    def said(self) -> str:
        """What it says of itself."""
        try:
            return httpx.get(f"{self.url}/healthz", trust_env=False, timeout=2).text
        except httpx.TransportError as error:
            return repr(error)

    @property
    def ready(self) -> bool:
        """Whether the kubelet would call it ready."""
        return httpx.get(f"{self.url}/readyz", trust_env=False).status_code == 200

    def await_active(self, seconds: float = START) -> None:
        """Waits until it acts."""
        until("it is active", lambda: self.said == "ok: active", seconds)

    def await_standby(self, active: str) -> None:
        """Waits until it stands by."""
        until("it stands by", lambda: self.said.startswith(f"ok: standby, {active}_"), START)


@dataclass
class Pair:
    """An installation with two replicas; the first one acts."""

    site: Site
    first: Replica
    second: Replica


@pytest.fixture
def pair(
    control_plane: ControlPlane, crds: None, collectors: None, orders: Orders, daily: Daily, tmp_path: Path
) -> Iterator[Pair]:
    started: list[Replica] = []

    def start(site: Site, name: str) -> Replica:
        (port,) = free_ports(1)
        environment = {**site.environment, "PARLEY_POD_NAME": name, "PARLEY_HEALTH_PORT": str(port)}
        program = Program([sys.executable, "-m", "parley_operator"], tmp_path / f"{name}.log", environment)
        started.append(Replica(program, f"http://127.0.0.1:{port}"))
        return started[-1]

    with installed(control_plane, orders, daily, tmp_path) as site:
        first = start(site, "first")
        first.await_active()
        second = start(site, "second")
        second.await_standby("first")
        yield Pair(site, first, second)
    for replica in started:
        if replica.program.running:
            replica.program.kill()


def lease(site: Site) -> dict[str, str]:
    """The Lease's spec, as the API server has it."""
    words = ("-n", site.environment["PARLEY_NAMESPACE"], "get", "lease", LEASE_NAME, "-o", "jsonpath={.spec}")
    found: dict[str, str] = json.loads(site.plane.kubectl(*words).stdout)
    return found


def test_one_acts_and_both_are_ready(pair: Pair) -> None:
    pair.site.await_phase(pair.site.interview(), "Open")
    assert pair.first.ready
    assert pair.second.ready
    assert "the operator of installation" in pair.second.program.output
    assert "runs" not in pair.second.program.output


def test_a_standby_acts_soon_after_the_active_one_was_killed(pair: Pair) -> None:
    pair.first.program.kill()
    began = time.monotonic()
    before = lease(pair.site)
    assert before["holderIdentity"].startswith("first_")
    name = pair.site.interview()
    until("the interview is open", lambda: pair.site.status(name).get("phase") == "Open", TAKEOVER + WAIT)
    print(f"\na standby acts {time.monotonic() - began:.1f} s after SIGKILL")
    pair.second.await_active()
    after = lease(pair.site)
    assert after["holderIdentity"].startswith("second_")
    # By what both wrote into the Lease: how late a busy machine lets the test see it is no matter.
    took = datetime.fromisoformat(after["acquireTime"]) - datetime.fromisoformat(before["renewTime"])
    print(f"by the Lease {took.total_seconds():.1f} s after it was last renewed")
    assert timedelta(0) < took < timedelta(seconds=TAKEOVER)


def test_a_standby_acts_at_once_when_the_active_one_is_told_to_stop(pair: Pair) -> None:
    pair.first.program.terminate()
    began = time.monotonic()
    name = pair.site.interview()
    assert pair.first.program.exit_code(WAIT) == 0
    pair.site.await_phase(name, "Open")
    print(f"\na standby acts {time.monotonic() - began:.1f} s after SIGTERM")


def test_one_that_was_stopped_for_longer_than_the_lease_writes_nothing_more(pair: Pair) -> None:
    pair.first.program.send(signal.SIGSTOP)
    pair.second.await_active(TAKEOVER + WAIT)
    # Both see this one, and the watch of the first brings it as soon as it goes on.
    name = pair.site.interview(start="Immediate")
    before = len(pair.first.program.output)
    pair.first.program.send(signal.SIGCONT)
    assert pair.first.program.exit_code(WAIT) == 1
    pair.site.await_phase(name, "Provisioning")
    after = pair.first.program.output[before:]
    assert "holds the Lease now" in after or "could not be renewed" in after
    for action in ("SetFinalizer", "ApplyStatus", "CreateInputs", "CreatePod"):
        assert f": {action}" not in after, after


def test_a_standby_that_is_told_to_stop_leaves_the_lease_alone(pair: Pair) -> None:
    pair.second.program.terminate()
    assert pair.second.program.exit_code(WAIT) == 0
    assert pair.first.said == "ok: active"


def test_one_that_cannot_reach_the_api_server_ends(pair: Pair) -> None:
    """Its Lease runs out, and it ends so that it can be started again."""
    namespace = pair.site.environment["PARLEY_NAMESPACE"]
    pair.site.plane.kubectl("-n", namespace, "delete", "rolebinding", "parley-operator-lease")
    assert pair.first.program.exit_code(TAKEOVER + WAIT) == 1
    assert "the Lease could not be renewed for 10 s" in pair.first.program.output

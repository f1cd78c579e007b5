"""Liveness of real processes: a main loop that is blocked, and signals."""

import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from parley_operator.liveness import SILENT_SECONDS
from support.control_plane import ControlPlane
from support.operator_install import installed
from support.operator_site import START, TEMPLATE, WAIT, Daily, Orders, Site
from support.processes import Program
from support.wait import until

BLOCKABLE = """
import signal, sys, time
from parley_operator.__main__ import main
signal.signal(signal.SIGUSR1, lambda *_: time.sleep(600))
sys.exit(main())
"""
"""The operator, whose main thread sleeps on a signal."""
PATIENT = """
import asyncio
from parley_operator.shell.service.signals import stop_on_signals

async def main():
    stop = asyncio.Event()
    stop_on_signals(stop)
    print("began", flush=True)
    await stop.wait()
    print("stopping", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""
"""A program that is asked to stop, and takes its time."""


@pytest.fixture
def blockable(
    control_plane: ControlPlane, crds: None, collectors: None, orders: Orders, daily: Daily, tmp_path: Path
) -> Iterator[Site]:
    with installed(control_plane, orders, daily, tmp_path) as site:
        site.program = Program([sys.executable, "-c", BLOCKABLE], tmp_path / "operator.log", site.environment)
        yield site
        site.program.kill()


def test_a_blocked_main_loop_is_seen_from_outside(blockable: Site) -> None:
    def answered() -> tuple[int, str]:
        assert blockable.program is not None
        blockable.program.require_alive()
        try:
            answer = httpx.get(blockable.health, trust_env=False)
        except httpx.TransportError as error:
            return 0, str(error)
        return answer.status_code, answer.text

    until("the operator is active", lambda: answered() == (200, "ok: active"), START)
    assert blockable.program is not None
    blockable.program.send(signal.SIGUSR1)
    until("the blocked loop is told of", lambda: answered()[0] == 503, SILENT_SECONDS + WAIT)
    assert answered()[1].startswith("the main loop has been blocked for")


def test_what_runs_is_let_end_and_the_lease_is_released(
    control_plane: ControlPlane, crds: None, collectors: None, orders: Orders, daily: Daily, tmp_path: Path
) -> None:
    with installed(control_plane, orders, daily, tmp_path, PARLEY_LOG_FORMAT="json") as site:
        site.start()
        program = site.program
        assert program is not None
        site.create("InterviewTemplate", "slow", {**TEMPLATE, "room": {"provider": "daily"}})
        daily.fail({"kind": "delay", "method": "POST", "path": "/rooms.*", "delay_seconds": 4, "times": 1})
        try:
            name = site.interview(template="slow", start="Immediate")
            uid = str(site.get(name)["metadata"]["uid"])
            until("the room is asked for", lambda: site.items(site.bots, "secrets", uid), WAIT)
            program.terminate()
            assert program.exit_code(WAIT) == 0
        finally:
            daily.fail()
        lines = [json.loads(line) for line in program.output.splitlines()]
        messages = [line["message"] for line in lines]
        assert f"{site.namespace}/{name}: EnsureRoom" in messages[messages.index("stopping") :]
        about = next(line for line in lines if line["message"].endswith("EnsureRoom"))
        found = [about[f"interview_{key}"] for key in ("namespace", "name", "uid")]
        assert found == [site.namespace, name, uid]
        home = site.environment["PARLEY_NAMESPACE"]
        lease = site.plane.kubectl("-n", home, "get", "lease", "parley-operator", "-o", "jsonpath={.spec}").stdout
        assert "holderIdentity" not in json.loads(lease)


def test_the_second_signal_ends_at_once(tmp_path: Path) -> None:
    program = Program([sys.executable, "-c", PATIENT], tmp_path / "log", {"PYTHONUNBUFFERED": "1"})
    until("it has begun", lambda: "began" in program.output, START)
    program.terminate()
    until("it is stopping", lambda: "stopping" in program.output, WAIT)
    assert program.running
    program.terminate()
    assert program.exit_code(WAIT) == 128 + signal.SIGTERM

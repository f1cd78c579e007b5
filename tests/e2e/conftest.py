"""The local cluster with the chart on it (`make install`), a namespace for each test, and what a failure leaves."""

import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from support.cluster import Cluster, Hiring
from support.speech import ANSWERS


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture
def hiring(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[Hiring]:
    """A fresh namespace, deleted at the end with all its interviews."""
    test = re.sub(r"[^a-z0-9]+", "-", request.node.name.removeprefix("test_").lower())
    name = f"e2e-{test[:40]}-{secrets.token_hex(3)}"
    cluster.kubectl("create", "namespace", name)
    try:
        yield Hiring(cluster, name)
        if getattr(request.node, "failed", False):
            _print_state(cluster, name)
    finally:
        cluster.delete("interview", "--all", name)
        cluster.kubectl("delete", "namespace", name, "--wait=false")


def _print_state(cluster: Cluster, namespace: str) -> None:
    print(cluster.kubectl("get", "interviews", "-n", namespace, "-o", "yaml"))
    print(cluster.kubectl("get", "pods,events", "-A"))
    for workload in ("parley-operator", "parley-api", "parley-nova"):
        log = ("logs", "-n", "parley", f"deployment/{workload}", "--tail=80")
        print(cluster.run("kubectl", *log, check=False).stdout)
    for pod in cluster.list("pod", "parley-bots"):
        log = ("logs", "-n", "parley-bots", pod["metadata"]["name"], "--tail=80")
        print(cluster.run("kubectl", *log, check=False).stdout)


@pytest.fixture(scope="session")
def spoken_answers(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The answers as WAV files."""
    folder = tmp_path_factory.mktemp("answers")
    files = []
    for number, answer in enumerate(ANSWERS):
        script, out = folder / f"{number}.yaml", folder / f"{number}.wav"
        script.write_text(yaml.safe_dump({"answers": [answer]}))
        command = [
            sys.executable,
            "-m",
            "parley_emulators.candidate",
            "mic",
            "--script",
            str(script),
            "--out",
            str(out),
        ]
        subprocess.run(command, check=True, timeout=60, capture_output=True)
        files.append(out)
    return files


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):  # type: ignore[no-untyped-def] # pytest's own
    """Tell the fixtures whether the test failed, so that they print what the person on call would ask for."""
    report = yield
    if report.when == "call":
        item.failed = report.failed  # type: ignore[attr-defined] # a mark of our own on the item
    return report

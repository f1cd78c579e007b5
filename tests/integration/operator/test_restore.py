"""Interviews of a cluster that is lost, made again by the very commands of docs/operations/backup.md."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.control_plane import ControlPlane
from support.operator_install import installed
from support.operator_site import WAIT, Daily, Orders, Site
from support.processes import tool
from support.wait import until

PAGE = Path(__file__).parents[3] / "docs/operations/backup.md"
pytestmark = pytest.mark.skipif(shutil.which("jq") is None, reason="the page's commands need jq")


@pytest.fixture
def lost(
    control_plane: ControlPlane, crds: None, collectors: None, orders: Orders, daily: Daily, tmp_path: Path
) -> Iterator[Site]:
    """An installation of its own."""
    with installed(control_plane, orders, daily, tmp_path) as made:
        made.start()
        yield made


def commands(*, naming: str) -> str:
    """Those of a lost cluster's steps, from the first on, up to the block that names this file."""
    section = PAGE.read_text().partition("\n## A cluster that is lost\n")[2].partition("\n## ")[0]
    blocks: list[str] = re.findall(r"^ *```sh\n(.*?)^ *```", section, re.MULTILINE | re.DOTALL)
    (block,) = [block for block in blocks if naming in block]
    (bare,) = re.findall(r"^ *(bare='[^']+')$", section, re.MULTILINE)
    return f"{bare}\n{block}"


def shell(site: Site, folder: Path, script: str) -> None:
    path = os.pathsep.join([str(Path(tool("kubectl")).parent), os.environ["PATH"]])
    environment = os.environ | {"PATH": path, "KUBECONFIG": str(site.plane.kubeconfig)}
    command = ["bash", "-euo", "pipefail", "-c", script]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr


def manifest(site: Site, name: str) -> str:
    """The Interview as Git has it: as it was first applied."""
    annotations = site.get(name)["metadata"]["annotations"]
    return str(annotations["kubectl.kubernetes.io/last-applied-configuration"])


def completed(site: Site) -> str:
    """The name of an Interview that was held to its end."""
    name = site.interview(start="Immediate")
    pod = site.await_pod(str(site.get(name)["metadata"]["uid"]), 1)["metadata"]["name"]
    site.ready(pod)
    site.await_phase(name, "Ready")
    site.session(name, "SessionFinished", "Completed", startedAt="2026-11-22T12:01:00Z", reason="Completed")
    site.dead(pod, 0)
    site.await_phase(name, "Completed")
    return name


def test_nobody_is_interviewed_a_second_time_and_who_waited_goes_on(lost: Site, tmp_path: Path) -> None:
    over, waits = completed(lost), lost.interview()
    lost.await_phase(waits, "Open")
    in_git = {name: manifest(lost, name) for name in (over, waits)}
    saved = lost.plane.kubectl("-n", lost.namespace, "get", "itpl,itv", "-o", "json").stdout
    (tmp_path / "parley-objects.json").write_text(saved)
    for name in (over, waits):
        lost.delete(name)
    until("all are gone", lambda: lost.all_of(lost.namespace, "interviews") == [], WAIT)
    assert not [name for name in lost.revisions() if name.endswith("-finished")], "no tombstone would keep it from it"

    shell(lost, tmp_path, commands(naming="parley-objects.json"))
    lost.await_phase(over, "Cancelled")
    lost.await_phase(waits, "Suspended")
    for name, applied in in_git.items():
        lost.plane.kubectl("apply", "-f", "-", stdin=applied)
        lost.plane.kubectl("apply", "--server-side", "--field-manager=git", "-f", "-", stdin=applied)
        assert lost.get(name)["spec"].get("suspend", False) is (name == waits)
    lost.await_phase(over, "Cancelled")
    assert lost.pods(str(lost.get(over)["metadata"]["uid"])) == []

    resume = commands(naming="patch itv NAME").replace("NAMESPACE", lost.namespace).replace("NAME", waits)
    shell(lost, tmp_path, "\n".join(line for line in resume.splitlines() if "parley link" not in line))
    lost.await_phase(waits, "Open")

"""What an uninstall leaves to the bots that go on, by helm itself on a real API server; the next install takes it."""

import json
import subprocess
from collections.abc import Iterator

import pytest
from support import chart
from support.chart import Document
from support.control_plane import ControlPlane
from support.processes import tool

RELEASE, BOTS, HIRING = "uninstalled", "uninstalled-bots", "uninstalled-hiring"
# Whatever stands in the bots' namespace, but for what only a program of the release, or the next bot, needs.
ENCLOSURE = {
    ("Namespace", BOTS),
    ("ServiceAccount", "parley-bot"),
    ("NetworkPolicy", "parley-deny"),
    ("NetworkPolicy", "parley-bot"),
    ("PodDisruptionBudget", "parley-running-interviews"),
}
FOR_PROGRAMS = {"Role", "RoleBinding"}
# By these a bot's machine was given its groups when it started.
FOR_THE_NEXT = {"SecurityGroupPolicy"}


def helm(plane: ControlPlane, *words: str) -> str:
    command = [tool("helm"), *words, "--kubeconfig", str(plane.kubeconfig), "--namespace", RELEASE]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def install(plane: ControlPlane) -> None:
    sets = f"bots.namespace={BOTS},crds.install=false,operator.watchNamespaces={{{HIRING}}}"
    helm(plane, "install", "parley", str(chart.CHART), *chart.PROFILES["eks"], "--set", sets)


@pytest.fixture
def plane(control_plane: ControlPlane, peers: None) -> Iterator[ControlPlane]:
    for namespace in (RELEASE, HIRING):
        control_plane.kubectl("create", "namespace", namespace)
    install(control_plane)
    yield control_plane
    helm(control_plane, "uninstall", "parley", "--ignore-not-found")


def enclosure(plane: ControlPlane) -> dict[tuple[str, str], str]:
    """The uid of whatever is kept for the bots and is there."""
    words = ("get", "serviceaccount,networkpolicy,poddisruptionbudget", "-n", BOTS, "-o", "json")
    found: list[Document] = json.loads(plane.kubectl(*words).stdout)["items"]
    found.append(json.loads(plane.kubectl("get", "namespace", BOTS, "-o", "json").stdout))
    return {(one["kind"], one["metadata"]["name"]): one["metadata"]["uid"] for one in found}


def test_bots_stay_enclosed_and_the_next_install_adopts_what_encloses_them(plane: ControlPlane) -> None:
    before = enclosure(plane)
    assert {*before} >= ENCLOSURE
    helm(plane, "uninstall", "parley", "--wait")
    assert plane.kubectl("get", "deployments", "-n", RELEASE, "-o", "name").stdout == ""
    assert enclosure(plane) == before
    install(plane)
    assert enclosure(plane) == before, "adopted, not made anew"


def test_whatever_is_in_the_bots_namespace_is_kept_or_needed_by_no_bot_that_runs() -> None:
    made = chart.documents_of(chart.rendered("eks", RELEASE, BOTS))
    there = [one for one in made if BOTS in (one["metadata"].get("namespace"), one["metadata"]["name"])]
    kept = {
        (one["kind"], one["metadata"]["name"])
        for one in there
        if one["metadata"].get("annotations", {}).get("helm.sh/resource-policy") == "keep"
    }
    assert kept == ENCLOSURE
    assert {one["kind"] for one in there} - {kind for kind, _ in ENCLOSURE} == FOR_PROGRAMS | FOR_THE_NEXT

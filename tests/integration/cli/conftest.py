"""`parley` as a program, with a person's kubeconfig, on a real API server and a real Parley API."""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.api import REVISION, TEMPLATE_SPEC, Api, Cluster, Interviewed, grant, run_api
from support.chart import render, rights
from support.control_plane import ControlPlane

# Names of their own: other tests put pods into the product's.
RELEASE, BOTS = "cli-parley", "cli-bots"


@dataclass(frozen=True)
class Ran:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Shell:
    """Somebody's shell: `parley` with their kubeconfig."""

    kubeconfig: Path
    env: dict[str, str]

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PARLEY_", "KUBE"))}
        return {**kept, "KUBECONFIG": str(self.kubeconfig), **self.env}

    def run(self, *words: str, stdin: str = "") -> Ran:
        command = [sys.executable, "-m", "parley_cli", *words]
        done = subprocess.run(
            command, input=stdin, capture_output=True, text=True, check=False, timeout=120, env=self.environment()
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Ran(done.returncode, done.stdout, done.stderr)

    def start(self, *words: str, stdin: int | None = None) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "parley_cli", *words]
        return subprocess.Popen(
            command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.environment()
        )


Person = Callable[..., Shell]


@pytest.fixture(scope="session")
def cluster(control_plane: ControlPlane, crds: None) -> Iterator[Cluster]:
    """The administrator's hand."""
    hand = Cluster(control_plane)
    for name in (RELEASE, BOTS):
        hand.create("/api/v1/namespaces", {"metadata": {"name": name}})
    yield hand
    hand.close()


@pytest.fixture(scope="session")
def chart(cluster: Cluster) -> list[dict[str, Any]]:
    """What the chart installs here."""
    return render(RELEASE, f"bots.namespace={BOTS}", "rooms.daily.existingSecret=daily")


@pytest.fixture(scope="session")
def api(cluster: Cluster, chart: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """Parley's API as a program, with the rights that the chart grants it."""
    granted = {"apiVersion": "v1", "kind": "List", "items": rights(chart, "parley-api")}
    cluster.plane.kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(granted))
    account = f"/api/v1/namespaces/{RELEASE}/serviceaccounts/parley-api"
    token = cluster.create(f"{account}/token", {"spec": {"expirationSeconds": 7200}})["status"]["token"]
    settings = {"PARLEY_NAMESPACE": RELEASE, "PARLEY_BOTS_NAMESPACE": BOTS}
    running, program = run_api(tmp_path_factory.mktemp("cli-api"), cluster.plane.kubeconfig_of(token), settings)
    yield running
    program.stop()


@pytest.fixture
def hiring(cluster: Cluster) -> str:
    """A namespace that nobody used before, with a template's snapshot in it."""
    name = f"cli-{secrets.token_hex(4)}"
    cluster.create("/api/v1/namespaces", {"metadata": {"name": name}})
    body = {"metadata": {"name": REVISION}, "revision": 1, "data": TEMPLATE_SPEC}
    cluster.create(f"/apis/apps/v1/namespaces/{name}/controllerrevisions", body)
    return name


@pytest.fixture
def interview(cluster: Cluster, hiring: str) -> Callable[..., Interviewed]:
    """Make an Interview with the phase that the operator would have written."""

    def make(phase: str | None = "Open", **spec: Any) -> Interviewed:
        name = f"ada.{secrets.token_hex(3)}"
        document = {
            "apiVersion": "parley.dev/v1alpha1",
            "kind": "Interview",
            "metadata": {"name": name},
            "spec": {"templateRef": {"name": "data-engineer"}, "candidate": {"name": "Ada"}, **spec},
        }
        created = cluster.create(f"/apis/parley.dev/v1alpha1/namespaces/{hiring}/interviews", document)
        made = Interviewed(cluster, hiring, name, created["metadata"]["uid"])
        if phase is not None:
            made.operator_status(phase)
        return made

    return make


@pytest.fixture
def person(cluster: Cluster, hiring: str) -> Person:
    """A person with a client certificate and these rights in the test's namespace, as rules of a Role."""

    def make(*rules: dict[str, Any], **env: str) -> Shell:
        name = f"person-{secrets.token_hex(3)}"
        if rules:
            subject = {"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": name}
            grant(cluster, name, list(rules), subject, hiring)
        return Shell(cluster.plane.kubeconfig_of_user(name), env)

    return make


@pytest.fixture
def reader(cluster: Cluster, hiring: str) -> str:
    """A service account that may read the namespace's interviews and transcripts."""
    cluster.create(f"/api/v1/namespaces/{hiring}/serviceaccounts", {"metadata": {"name": "reader"}})
    rule = {"apiGroups": ["parley.dev"], "resources": ["interviews", "interviews/transcript"], "verbs": ["get"]}
    grant(cluster, "reader", [rule], {"kind": "ServiceAccount", "name": "reader", "namespace": hiring}, hiring)
    return "reader"

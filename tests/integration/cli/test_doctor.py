"""`parley doctor` on a real API server: an installation that is well, and what is taken from it."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.api import Cluster
from support.control_plane import start_control_plane

RELEASE, BOTS = "cli-parley", "cli-bots"
DEPLOYMENTS = ("parley-operator", "parley-api", "parley-web")
READY = {"status": {"replicas": 1, "readyReplicas": 1, "updatedReplicas": 1, "availableReplicas": 1}}
WORDS = ("doctor", "--installation", RELEASE, "-o", "json")


def findings(done: Any) -> dict[str, dict[str, str]]:
    return {finding["check"]: finding for finding in json.loads(done.out)}


@pytest.fixture(scope="module")
def installed(cluster: Cluster, chart: list[dict[str, Any]]) -> Cluster:
    """The chart, and what its controllers and its Job would have made of it."""
    items = [each for each in chart if each["kind"] not in ("CustomResourceDefinition", "Namespace")]
    documents = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    cluster.plane.kubectl("apply", "--server-side", "-f", "-", stdin=documents)
    for name in DEPLOYMENTS:
        cluster.patch(f"/apis/apps/v1/namespaces/{RELEASE}/deployments/{name}/status", READY)
    for name in ("parley-link-key", "parley-api-tls", "parley-internal-ca"):
        cluster.create(f"/api/v1/namespaces/{RELEASE}/secrets", {"metadata": {"name": name}})
    for namespace in (RELEASE, BOTS):
        cluster.create(f"/api/v1/namespaces/{namespace}/configmaps", {"metadata": {"name": "parley-internal-ca"}})
    claim = f"/api/v1/namespaces/{RELEASE}/persistentvolumeclaims/parley-store/status"
    cluster.patch(claim, {"status": {"phase": "Bound"}})
    return cluster


def test_an_installation(installed: Cluster, person: Any) -> None:
    shell = person(KUBECONFIG=str(installed.plane.kubeconfig))
    done = shell.run(*WORDS)
    told = findings(done)
    assert done.code == 0, [each for each in told.values() if each["level"] != "ok"]
    # The administrator may do everything, and is no service account.
    assert [name for name, each in told.items() if each["level"] != "ok"] == ["Token for Parley's API"]

    secret = f"/api/v1/namespaces/{RELEASE}/secrets/parley-api-tls"
    installed.delete(secret)
    done = shell.run("doctor", "--installation", RELEASE)
    installed.create(secret.rpartition("/")[0], {"metadata": {"name": "parley-api-tls"}})
    assert done.code == 1
    assert "Secret cli-parley/parley-api-tls: is not there" in done.out
    assert "create job --from=cronjob/parley-certificates" in done.out


def test_somebody_without_rights(installed: Cluster, person: Any, hiring: str) -> None:
    done = person().run(*WORDS, "-n", hiring)
    told = findings(done)
    # What can't be seen is not said to be wrong.
    assert done.code == 0
    assert told["Deployment parley-api"]["level"] == "unknown"
    right = told[f"Right to list interviews.parley.dev in namespace {hiring}"]
    assert (right["level"], bool(right["remedy"])) == ("warning", True)


def test_an_installation_elsewhere(installed: Cluster, person: Any) -> None:
    done = person(KUBECONFIG=str(installed.plane.kubeconfig)).run("doctor", "--installation", "nowhere")
    assert (done.code, "name its namespace by --installation" in done.out) == (1, True)


def test_an_api_server_without_the_crds(person: Any, tmp_path: Path) -> None:
    plane = start_control_plane(tmp_path)
    try:
        shell = person(KUBECONFIG=str(plane.kubeconfig))
        done, listed = shell.run(*WORDS), shell.run("list")
    finally:
        plane.stop()
    told = findings(done)
    assert done.code == 1
    for name in ("interviews.parley.dev", "interviewtemplates.parley.dev"):
        assert told[f"CRD {name}"]["level"] == "error"
        assert "kubectl apply --server-side" in told[f"CRD {name}"]["remedy"]
    assert (listed.code, "run `parley doctor`" in listed.err) == (1, True)

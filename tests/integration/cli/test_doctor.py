"""`parley doctor` on a real API server: an installation that is well, and what is taken from it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from support.api import Cluster, Interviewed
from support.control_plane import start_control_plane

RELEASE, BOTS = "cli-parley", "cli-bots"
DEPLOYMENTS = ("parley-operator", "parley-api", "parley-web")
READY = {"status": {"replicas": 1, "readyReplicas": 1, "updatedReplicas": 1, "availableReplicas": 1}}
LEASE = f"/apis/coordination.k8s.io/v1/namespaces/{RELEASE}/leases"
SECRETS = f"/api/v1/namespaces/{RELEASE}/secrets"
MakeInterview = Callable[..., Interviewed]
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
    cluster.create(SECRETS, {"metadata": {"name": "daily"}, "stringData": {"DAILY_API_KEY": "k"}})
    renewed = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    spec = {"holderIdentity": "parley-operator-0", "leaseDurationSeconds": 3600, "renewTime": renewed}
    cluster.create(LEASE, {"metadata": {"name": "parley-operator"}, "spec": spec})
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


def test_an_operator_that_does_not_act(installed: Cluster, person: Any) -> None:
    shell, check = person(KUBECONFIG=str(installed.plane.kubeconfig)), f"Lease {RELEASE}/parley-operator"
    for spec, words in (
        ({"holderIdentity": None}, "is held by nobody"),
        ({"holderIdentity": "gone", "leaseDurationSeconds": 1, "renewTime": "2026-01-01T00:00:00.000000Z"}, "gone has"),
    ):
        before = installed.get(f"{LEASE}/parley-operator")["spec"]
        installed.patch(f"{LEASE}/parley-operator", {"spec": spec})
        done = shell.run(*WORDS)
        installed.patch(f"{LEASE}/parley-operator", {"spec": before})
        told = findings(done)[check]
        assert (done.code, told["level"], words in told["message"]) == (1, "error", True), told


@pytest.mark.parametrize("part", ["data", "stringData"])
@pytest.mark.parametrize("flags", [("apply", "--server-side"), ("create",)])
def test_the_key_of_dailys_rooms(installed: Cluster, person: Any, flags: tuple[str, ...], part: str) -> None:
    shell, check = person(KUBECONFIG=str(installed.plane.kubeconfig)), f"Secret {RELEASE}/daily"
    for key, level in (("daily_api_key", "warning"), ("DAILY_API_KEY", "ok")):
        installed.delete(f"{SECRETS}/daily")
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "daily"}, part: {key: "a2V5"}}
        installed.plane.kubectl(*flags, "-n", RELEASE, "-f", "-", stdin=json.dumps(secret))
        told = findings(shell.run(*WORDS))[check]
        assert (told["level"], "key DAILY_API_KEY" in told["message"]) == (level, True)


def test_what_is_stalled(installed: Cluster, person: Any, hiring: str, interview: MakeInterview) -> None:
    shell, made = person(KUBECONFIG=str(installed.plane.kubeconfig)), interview(None)
    condition = {
        "type": "Stalled",
        "status": "True",
        "reason": "TemplateNotFound",
        "message": "There is no InterviewTemplate",
        "lastTransitionTime": "2026-11-22T12:00:00Z",
    }
    installed.patch(f"{made.path}/status", {"status": {"conditions": [condition]}})
    for words in (("-n", hiring), ("-A",)):
        told = findings(shell.run(*WORDS, *words))
        stalled = told[f"Interview {hiring}/{made.name}"]
        assert stalled["level"] == "warning"
        assert stalled["message"] == "is stalled: TemplateNotFound: There is no InterviewTemplate"
        assert "apply the InterviewTemplate" in stalled["remedy"]
    assert told["InterviewTemplates in every namespace"]["level"] == "ok"


def test_somebody_without_rights(installed: Cluster, person: Any, hiring: str) -> None:
    done = person().run(*WORDS, "-n", hiring)
    told = findings(done)
    # What can't be seen is not said to be wrong.
    assert done.code == 0
    assert told["Deployment parley-api"]["level"] == "unknown"
    assert told[f"Lease {RELEASE}/parley-operator"]["level"] == "unknown"
    assert told[f"Interviews in namespace {hiring}"]["level"] == "unknown"
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

"""What kubectl and GitOps tools see while the operator is at work, on a real API server."""

import json
import secrets
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from support.applied import CLIENT_SIDE, SERVER_SIDE, Applied, examples
from support.gitops_table import judge
from support.operator_site import WAIT, Json, Site
from support.processes import tool
from support.wait import until

WAYS = pytest.mark.parametrize("how", [CLIENT_SIDE, SERVER_SIDE], ids=["client-side", "server-side"])
STARTED = "2026-11-22T12:01:00Z"


@pytest.fixture
def applied(site: Site, tmp_path: Path) -> Applied:
    """The examples, to be applied by Kustomize where the operator works, by names of their own."""
    suffix = f"-of-{secrets.token_hex(3)}"
    return Applied(site.plane, site.namespace, examples(tmp_path, site.namespace, nameSuffix=suffix))


def interview_of(applied: Applied) -> str:
    """The name of the one Interview among what was applied."""
    built = applied.plane.kubectl("kustomize", applied.source[1]).stdout
    (name,) = [one["metadata"]["name"] for one in yaml.safe_load_all(built) if one["kind"] == "Interview"]
    return str(name)


def expect_no_drift(applied: Applied, how: tuple[str, ...]) -> None:
    """Another apply changes none of the objects that were applied, and no diff finds anything."""
    said = applied.apply(how)
    if how == CLIENT_SIDE:
        assert [line for line in said if not line.endswith(" unchanged")] == []
    else:
        assert applied.diff("--server-side", "--field-manager=gitops") == ""
    assert applied.diff() == ""


@WAYS
def test_what_the_operator_does_is_no_drift(site: Site, applied: Applied, how: tuple[str, ...]) -> None:
    applied.apply(how)
    name = interview_of(applied)
    pod = site.await_pod(site.get(name)["metadata"]["uid"], 1)["metadata"]["name"]
    site.await_phase(name, "Provisioning")
    before = site.get(name)
    expect_no_drift(applied, how)
    after = site.get(name)
    assert after["metadata"]["generation"] == before["metadata"]["generation"] == 1
    assert after["metadata"]["finalizers"] == ["parley.dev/interview"]
    finish(site, name, pod, "Completed")
    site.await_phase(name, "Completed")
    expect_no_drift(applied, how)


def finish(site: Site, name: str, pod: str, reason: str) -> None:
    """The whole conversation."""
    site.ready(pod)
    site.await_phase(name, "Ready")
    site.session(name, "CandidateArrived", "Consented", startedAt=STARTED)
    site.await_phase(name, "InProgress")
    site.session(name, "SessionFinished", reason, startedAt=STARTED, reason=reason)
    site.dead(pod, 0)


def managers(site: Site, name: str) -> dict[str, Json]:
    """What each field manager of an Interview owns."""
    command = ("-n", site.namespace, "get", "interview", name, "-o", "json", "--show-managed-fields")
    fields = json.loads(site.plane.kubectl(*command).stdout)["metadata"]["managedFields"]
    return {f"{one['manager']}/{one.get('subresource', '')}": one["fieldsV1"] for one in fields}


def test_an_apply_of_the_whole_spec_conflicts_with_nobody(site: Site, applied: Applied) -> None:
    """Neither writer of the status, nor who puts the finalizer on, owns anything that people apply."""
    applied.apply(SERVER_SIDE)
    name = interview_of(applied)
    pod = site.await_pod(site.get(name)["metadata"]["uid"], 1)["metadata"]["name"]
    site.ready(pod)
    site.await_phase(name, "Ready")
    site.session(name, "CandidateArrived", "Consented", startedAt=STARTED)
    site.await_phase(name, "InProgress")
    owned = managers(site, name)
    assert {"parley-operator/status", "parley-api/status", "gitops/"} <= owned.keys()
    assert [manager for manager, fields in owned.items() if "f:spec" in fields] == ["gitops/"]
    document = {**site.get(name), "status": None}
    document["metadata"] = {key: document["metadata"][key] for key in ("name", "namespace")}
    del document["status"]
    site.plane.kubectl("apply", "--server-side", "--field-manager=another", "-f", "-", stdin=json.dumps(document))


# kubectl wait


def waiting(site: Site, name: str, condition: str) -> Callable[[], int]:
    """`kubectl wait` in the background; call what is given for its exit code."""
    command = [tool("kubectl"), f"--kubeconfig={site.plane.kubeconfig}", "-n", site.namespace, "wait"]
    program = subprocess.Popen([*command, f"--for=condition={condition}", f"itv/{name}", f"--timeout={WAIT:.0f}s"])
    return lambda: program.wait(WAIT + 10)


def test_wait_until_it_is_joinable_and_complete(site: Site) -> None:
    name = site.interview(start="Immediate")
    joinable = waiting(site, name, "Joinable")
    pod = site.await_pod(site.get(name)["metadata"]["uid"], 1)["metadata"]["name"]
    assert joinable() == 0
    complete = waiting(site, name, "Complete")
    finish(site, name, pod, "CandidateLeft")
    assert complete() == 0
    done = ("wait", "--timeout=10s", f"itv/{name}")
    site.plane.kubectl("-n", site.namespace, *done, "--for=condition=Joinable=false")
    site.plane.kubectl("-n", site.namespace, *done, "--for=jsonpath={.status.phase}=Completed")


def test_wait_until_it_failed(site: Site) -> None:
    name = site.interview(start="OnArrival")
    failed = waiting(site, name, "Failed")
    site.await_phase(name, "Open")
    site.patch(name, {"cancel": True})
    assert failed() == 0


def test_wait_does_not_take_what_was_so_before_an_edit(site: Site) -> None:
    """By a condition's observedGeneration, which each of the operator's has."""
    name = site.interview(start="OnArrival")
    site.await_phase(name, "Open")
    site.patch(name, {"suspend": True})
    site.plane.kubectl("-n", site.namespace, "wait", f"itv/{name}", "--for=condition=Suspended", f"--timeout={WAIT}s")
    own = [item for item in site.status(name)["conditions"] if item["type"] != "CandidateArrived"]
    assert {item["observedGeneration"] for item in own} == {2}


def test_wait_ends_on_what_was_edited_after_its_end(site: Site) -> None:
    name = site.interview(cancel=True)
    site.await_phase(name, "Cancelled")
    site.patch(name, {"ttlSecondsAfterFinished": 86_400})
    wait = ("wait", f"itv/{name}", "--for=condition=Failed", f"--timeout={WAIT}s")
    site.plane.kubectl("-n", site.namespace, *wait)


# kstatus and Argo CD, on what the API server holds


def test_the_tools_follow_it_from_its_creation_to_its_end(site: Site) -> None:
    def verdict() -> tuple[str, str]:
        (found,) = judge([site.get(name)])
        return found.kstatus, found.argo

    def is_(kstatus: str, argo: str) -> None:
        until(f"{kstatus}, {argo}", lambda: verdict() == (kstatus, argo), WAIT)

    soon = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    name = site.interview(template="not-there", window={"notBefore": soon})
    is_("Failed", "Degraded")
    site.patch(name, {"templateRef": {"name": "backend"}})
    is_("Current", "Healthy")
    assert site.status(name)["phase"] == "Scheduled"
    site.patch(name, {"suspend": True})
    is_("Current", "Suspended")
    site.patch(name, {"cancel": True})
    is_("Current", "Healthy")
    assert site.status(name)["phase"] == "Cancelled"


def test_what_no_operator_has_seen_is_in_progress(site: Site) -> None:
    """In a namespace that no operator watches nobody writes the status."""
    site.plane.kubectl("create", "namespace", elsewhere := f"elsewhere-{secrets.token_hex(3)}")
    document = {
        "apiVersion": "parley.dev/v1alpha1",
        "kind": "Interview",
        "metadata": {"name": "new", "namespace": elsewhere},
        "spec": {"templateRef": {"name": "backend"}},
    }
    site.plane.kubectl("create", "-f", "-", stdin=json.dumps(document))
    stored = json.loads(site.plane.kubectl("-n", elsewhere, "get", "itv/new", "-o", "json").stdout)
    assert stored["status"] == {"observedGeneration": -1}
    (found,) = judge([stored])
    assert (found.kstatus, found.argo) == ("InProgress", "Progressing")

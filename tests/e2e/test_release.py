"""What befalls a release while a candidate talks: upgrade, rollback, new certificates, uninstall; and its own test.

Each test leaves the release as it found it: the other ones run on it.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.cluster import BOTS, ROOT, Cluster, Hiring
from support.release import RELEASE, conversation, require_whole, served_certificate
from support.speech import ANSWERS
from support.wait import until

# Each has a conversation of a minute or two in it, and programs that begin.
pytestmark = [pytest.mark.alone, pytest.mark.timeout(600)]
CHART = str(ROOT / "charts/parley")
# What each program is started anew for.
CHANGES = "operator.leadSeconds=121,api.webhooks.allowedNetworks={10.99.0.0/16},web.resources.requests.cpu=11m"
ROLLED_OUT = ("parley-operator", "parley-api", "parley-web")


def helm(cluster: Cluster, *words: str) -> str:
    return cluster.run("helm", *words, "--namespace", RELEASE).stdout


def revision(cluster: Cluster) -> int:
    return int(json.loads(helm(cluster, "list", "-o", "json", "--filter", f"^{RELEASE}$"))[0]["revision"])


def pods(cluster: Cluster) -> set[str]:
    """The uids of the pods that are to be rolled out."""
    found = cluster.list("pod", RELEASE, "app.kubernetes.io/name in (parley-operator, parley-api, parley-web)")
    return {pod["metadata"]["uid"] for pod in found if not pod["metadata"].get("deletionTimestamp")}


def wait_rollout(cluster: Cluster) -> None:
    for name in ROLLED_OUT:
        cluster.kubectl("rollout", "status", f"deployment/{name}", "-n", RELEASE, "--timeout=150s")


def test_an_upgrade_and_its_rollback_lose_no_interview(hiring: Hiring, tmp_path: Path) -> None:
    cluster = hiring.cluster
    before, first = revision(cluster), pods(cluster)
    try:
        # A spare answer for each time that one is cut off and asked for again.
        with conversation(hiring, tmp_path, [*ANSWERS, *ANSWERS[-1:] * 3]) as finish:
            helm(cluster, "upgrade", RELEASE, CHART, "--force-conflicts", "--reuse-values", "--set", CHANGES)
            wait_rollout(cluster)
            second = pods(cluster)
            assert not first & second, "every program was started anew"
            helm(cluster, "rollback", RELEASE, str(before), "--force-conflicts")
            wait_rollout(cluster)
            assert not second & pods(cluster)
            transcript = finish()
        require_whole(hiring, transcript)
    finally:
        if revision(cluster) == before + 1:
            helm(cluster, "rollback", RELEASE, str(before), "--force-conflicts")
            wait_rollout(cluster)


def test_new_certificates_lose_no_interview(hiring: Hiring, tmp_path: Path) -> None:
    """The weekly Job's work, on a certificate that is gone: API and bots go on with the new one, in no new process."""
    cluster = hiring.cluster
    serving = {pod["metadata"]["uid"] for pod in cluster.list("pod", RELEASE, "app.kubernetes.io/name=parley-api")}
    former = served_certificate(cluster)
    with conversation(hiring, tmp_path, [*ANSWERS, *ANSWERS[-1:]]) as finish:
        cluster.delete("secret", "parley-api-tls", RELEASE)
        name = f"renewal-{hiring.namespace[-6:]}"
        cluster.kubectl("create", "job", name, "--from=cronjob/parley-certificates", "-n", RELEASE)
        try:
            cluster.kubectl("wait", "--for=condition=Complete", f"job/{name}", "-n", RELEASE, "--timeout=120s")
        finally:
            cluster.delete("job", name, RELEASE)
        # The kubelet brings a changed Secret into a pod in a minute or two.
        until("the API serves the new certificate", lambda: served_certificate(cluster) != former, 180)
        transcript = finish()
    require_whole(hiring, transcript)
    assert serving == {p["metadata"]["uid"] for p in cluster.list("pod", RELEASE, "app.kubernetes.io/name=parley-api")}


def enclosure(cluster: Cluster) -> dict[str, str]:
    """The uids of what the chart keeps for bots that go on without it, by kind and name; policies where it has any."""
    found = cluster.list("networkpolicy,poddisruptionbudget,serviceaccount", BOTS, "app.kubernetes.io/part-of=parley")
    return {f"{one['kind']}/{one['metadata']['name']}": one["metadata"]["uid"] for one in found}


def test_an_interview_outlives_its_release(hiring: Hiring, tmp_path: Path) -> None:
    """Uninstalled in mid-conversation and installed again: whatever matters was kept, and the conversation goes on."""
    cluster = hiring.cluster
    values = tmp_path / "values.yaml"
    values.write_text(helm(cluster, "get", "values", RELEASE, "-o", "yaml"))
    with conversation(hiring, tmp_path, [*ANSWERS, *ANSWERS[-1:] * 2]) as finish:
        uid = hiring.uid("ada")
        (bot,) = hiring.bots(uid)
        enclosed = enclosure(cluster)
        assert {*enclosed} >= {"PodDisruptionBudget/parley-running-interviews", "ServiceAccount/parley-bot"}
        try:
            helm(cluster, "uninstall", RELEASE, "--wait")
            assert enclosure(cluster) == enclosed
            assert hiring.uid("ada") == uid
            assert [pod["metadata"]["uid"] for pod in hiring.bots(uid)] == [bot["metadata"]["uid"]]
            assert cluster.get("secret", "parley-link-key", RELEASE)
            assert not cluster.list("deployment", RELEASE)
        finally:
            helm(cluster, "install", RELEASE, CHART, "--force-conflicts", "-f", str(values), "--wait", "--timeout=170s")
        assert enclosure(cluster) == enclosed, "adopted by the new release"
        transcript = finish()
    require_whole(hiring, transcript)
    until("its bot is gone", lambda: not cluster.list("pod", BOTS, f"parley.dev/interview-uid={uid}"), 60)


def test_the_releases_own_test_holds_an_interview(cluster: Cluster) -> None:
    said = cluster.run("helm", "test", RELEASE, "--namespace", RELEASE, "--logs", "--timeout=170s")
    assert "the interview is complete, and its transcript has what was said" in said.stdout


@pytest.fixture(autouse=True, scope="module")
def installed_as_before(cluster: Cluster) -> Iterator[None]:
    """The annotation by which `demo/install` knows that nothing is to be done is right at the end, too."""
    before = helm(cluster, "get", "values", RELEASE, "-o", "yaml")
    yield
    assert helm(cluster, "get", "values", RELEASE, "-o", "yaml") == before

"""An interview's way on a real API server, as `kubectl` shows it."""

import base64
import json
from datetime import UTC, datetime, timedelta

import httpx
from parley_crds.names import LABEL_IN_INTERVIEW, child_name
from support.operator_site import TEMPLATE, WAIT, Site
from support.wait import until


def gone(site: Site, uid: str) -> bool:
    return site.left_of(uid) == []


def arrived(site: Site, name: str) -> None:
    site.session(name, "CandidateArrived", "Consented", consentVersion="1")


def uid_of(site: Site, name: str) -> str:
    return str(site.get(name)["metadata"]["uid"])


def test_immediate_start_to_completed(site: Site) -> None:
    name = site.interview(start="Immediate")
    uid = uid_of(site, name)
    pod = site.await_pod(uid, 1)
    status = site.await_phase(name, "Provisioning")
    assert status["attempts"]["current"] == 1
    assert status["observedGeneration"] == 1

    link = json.loads(
        site.plane.kubectl("-n", site.namespace, "get", "secret", status["linkSecretName"], "-o", "json").stdout
    )
    url = base64.b64decode(link["data"]["url"]).decode()
    assert url.startswith(f"https://talk.example.com/join#v1.{uid}.0.")
    assert link["metadata"]["ownerReferences"][0]["uid"] == uid

    assert pod["spec"]["containers"][0]["image"] == "parley/bot:test"
    assert pod["spec"]["automountServiceAccountToken"] is False
    assert pod["metadata"]["ownerReferences"][0]["controller"] is True

    site.ready(pod["metadata"]["name"])
    site.await_phase(name, "Ready")
    site.await_condition(name, "Joinable", "True", "BotReady")
    site.session(name, "CandidateArrived", "Consented", startedAt="2026-11-22T12:01:00Z")
    site.await_phase(name, "InProgress")
    until("a drain waits for its bot", lambda: LABEL_IN_INTERVIEW in site.pods(uid)[0]["metadata"]["labels"], WAIT)
    site.session(name, "SessionFinished", "Completed", startedAt="2026-11-22T12:01:00Z", reason="Completed")
    site.dead(pod["metadata"]["name"], 0)
    site.await_phase(name, "Completed")
    site.await_condition(name, "Complete", "True", "Completed")
    until("nothing is left", lambda: gone(site, uid), WAIT)
    assert site.orders.of(uid) == []
    assert sorted(site.events(name)) == ["Completed", "InProgress"]


def test_the_bots_namespace_takes_the_pod_under_the_restricted_profile(site: Site) -> None:
    label = "pod-security.kubernetes.io/enforce=restricted"
    site.plane.kubectl("label", "namespace", site.bots, label, "--overwrite")
    name = site.interview(start="Immediate")
    site.await_pod(uid_of(site, name), 1)
    site.delete(name)


def test_on_arrival_opens_and_starts_the_bot_when_the_candidate_came(site: Site) -> None:
    name = site.interview()
    site.await_phase(name, "Open")
    uid = uid_of(site, name)
    assert site.pods(uid) == []
    arrived(site, name)
    site.await_pod(uid, 1)
    assert site.condition(name, "CandidateArrived") == ("True", "Consented"), "the API's share is left alone"


def test_window_and_overrides_can_be_edited_while_it_waits(site: Site) -> None:
    name = site.interview()
    site.await_phase(name, "Open")
    uid = uid_of(site, name)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    site.patch(name, {"window": {"notBefore": tomorrow.strftime("%Y-%m-%dT%H:%M:%SZ")}})
    site.await_phase(name, "Scheduled")
    site.await_condition(name, "Joinable", "False", "NotOpenYet")
    site.patch(name, {"window": None, "overrides": {"voice": "matthew", "limits": {"durationSeconds": 600}}})
    site.await_phase(name, "Open")
    arrived(site, name)
    site.await_pod(uid, 1)
    (inputs,) = site.items(site.bots, "secrets", uid)
    plan = json.loads(base64.b64decode(inputs["data"]["inputs.json"]))["plan"]
    assert (plan["interviewer"]["voice"], plan["limits"]["durationSeconds"]) == ("matthew", 600)


def test_an_unknown_template_is_waited_for(site: Site) -> None:
    name = site.interview(template="later")
    site.await_condition(name, "Accepted", "False", "TemplateNotFound")
    site.await_phase(name, "Pending")
    assert site.left_of(uid_of(site, name)) == []
    site.create("InterviewTemplate", "later", TEMPLATE)
    site.await_phase(name, "Open")
    site.await_condition(name, "Accepted", "True", "Accepted")
    assert "TemplateNotFound" in site.events(name)


def test_a_window_that_is_past_expires_at_once(site: Site) -> None:
    past = datetime.now(UTC) - timedelta(minutes=1)
    name = site.interview(start="Immediate", window={"expiresAt": past.strftime("%Y-%m-%dT%H:%M:%SZ")})
    site.await_phase(name, "Expired")
    site.await_condition(name, "Failed", "True", "WindowClosed")
    assert site.left_of(uid_of(site, name)) == []


def test_the_window_closes_by_time_alone(site: Site) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=3)
    name = site.interview(window={"expiresAt": soon.strftime("%Y-%m-%dT%H:%M:%SZ")})
    site.await_phase(name, "Open")
    site.await_phase(name, "Expired")


def test_a_secret_that_is_not_readable_is_refused(site: Site) -> None:
    site.secret("cv", {"text": "Ten years of Python."})
    name = site.interview(start="Immediate", context={"secretKeyRef": {"name": "cv", "key": "text"}})
    site.await_condition(name, "Accepted", "False", "ContextNotReadable")
    assert site.left_of(uid_of(site, name)) == []
    site.secret("cv", {"text": "Ten years of Python."}, **{"parley.dev/readable": "true"})
    site.await_pod(uid_of(site, name), 1)
    (inputs,) = [
        item
        for item in site.items(site.bots, "secrets", uid_of(site, name))
        if item["metadata"]["namespace"] == site.bots
    ]
    plan = json.loads(base64.b64decode(inputs["data"]["inputs.json"]))["plan"]
    assert plan["context"] == "Ten years of Python."


def test_a_tools_key_is_read_where_it_is_marked_and_goes_to_the_inputs_alone(site: Site) -> None:
    hook = {"url": "https://tools.example/", "secretRef": {"name": "tools", "key": "salary"}}
    tool = {"name": "salary", "description": "Look it up.", "inputSchema": {"type": "object"}, "webhook": hook}
    site.create("InterviewTemplate", "with-tool", {**TEMPLATE, "tools": [tool]})
    name = site.interview(template="with-tool", start="Immediate")
    site.await_condition(name, "Accepted", "False", "ToolKeyNotFound")
    site.secret("tools", {"salary": "a key of thirty-two characters.."})
    site.await_condition(name, "Accepted", "False", "ToolKeyNotReadable")
    assert site.left_of(uid_of(site, name)) == []
    site.secret("tools", {"salary": "a key of thirty-two characters.."}, **{"parley.dev/readable": "true"})
    site.await_pod(uid_of(site, name), 1)
    (secret,) = [
        item
        for item in site.items(site.bots, "secrets", uid_of(site, name))
        if item["metadata"]["namespace"] == site.bots
    ]
    inputs = json.loads(base64.b64decode(secret["data"]["inputs.json"]))
    assert [hook["key"] for hook in inputs["webhooks"]] == ["a key of thirty-two characters.."]
    assert "webhook" not in json.dumps(inputs["plan"])
    assert "a key of" not in json.dumps(site.status(name))


def test_a_template_that_changes_leaves_an_accepted_interview_alone(site: Site) -> None:
    site.create("InterviewTemplate", "pinned", TEMPLATE)
    name = site.interview(template="pinned")
    pinned = site.await_phase(name, "Open")["template"]
    site.create("InterviewTemplate", "pinned", {**TEMPLATE, "title": "Another title"})
    other = site.interview(template="pinned")
    assert site.await_phase(other, "Open")["template"]["hash"] != pinned["hash"]
    site.plane.kubectl("-n", site.namespace, "delete", "interviewtemplate", "pinned")
    arrived(site, name)
    site.await_pod(uid_of(site, name), 1)
    assert site.status(name)["template"] == pinned


def test_a_dead_bot_is_replaced(site: Site) -> None:
    name = site.interview(start="Immediate")
    uid = uid_of(site, name)
    first = site.await_pod(uid, 1)["metadata"]["name"]
    site.ready(first)
    site.await_phase(name, "Ready")
    site.dead(first, 137)
    second = site.await_pod(uid, 2)["metadata"]["name"]
    until("the first pod is gone", lambda: [pod["metadata"]["name"] for pod in site.pods(uid)] == [second], WAIT)
    attempts = site.status(name)["attempts"]
    assert (attempts["current"], attempts["failures"]) == (2, 1)
    assert attempts["history"][0]["reason"] == "BotCrashed"
    site.ready(second)
    site.await_phase(name, "Ready")


def test_too_many_dead_bots_fail_the_interview_and_seal_it(site: Site) -> None:
    name = site.interview(start="Immediate", backoffLimit=0)
    uid = uid_of(site, name)
    pod = site.await_pod(uid, 1)["metadata"]["name"]
    site.dead(pod, 10)
    site.await_phase(name, "Failed")
    site.await_condition(name, "Failed", "True", "BackoffLimitExceeded")
    assert site.orders.of(uid) == ["seal"]
    path, body, authorization = next(order for order in site.orders.taken if uid in order[0])
    assert path == f"/internal/v1/interviews/{uid}/seal"
    assert body == {"namespace": site.namespace, "name": name, "reason": "TechnicalFault"}
    assert authorization == "Bearer the-operators-token"
    until("nothing is left", lambda: gone(site, uid), WAIT)


def test_cancel(site: Site) -> None:
    name = site.interview(start="Immediate")
    uid = uid_of(site, name)
    site.await_pod(uid, 1)
    site.patch(name, {"cancel": True})
    site.await_phase(name, "Cancelled")
    until("nothing is left", lambda: gone(site, uid), WAIT)


def test_delete_removes_everything(site: Site) -> None:
    site.create("InterviewTemplate", "alone", TEMPLATE)
    name = site.interview(template="alone", start="Immediate", deletionPolicy="Erase")
    uid = uid_of(site, name)
    site.await_pod(uid, 1)
    site.await_phase(name, "Provisioning")
    site.delete(name)
    until("the Interview is gone", lambda: not _exists(site, name), WAIT)
    until("nothing is left", lambda: gone(site, uid), WAIT)
    assert site.orders.of(uid) == ["erase"]
    assert [revision for revision in site.revisions() if revision.startswith("alone-")] == []


def test_an_interview_that_was_restored_with_its_finalizer_can_be_deleted(site: Site) -> None:
    """A backup holds the finalizer: whoever restores it owns that, and an apply takes off only what is its own."""
    manifest = {
        "apiVersion": "parley.dev/v1alpha1",
        "kind": "Interview",
        "metadata": {
            "name": "restored",
            "namespace": site.namespace,
            "finalizers": ["parley.dev/interview", "example.com/another"],
        },
        "spec": {"templateRef": {"name": "backend"}},
    }
    site.plane.kubectl("create", "-f", "-", stdin=json.dumps(manifest))
    site.await_phase("restored", "Open")
    site.delete("restored")

    def finalizers() -> list[str]:
        return list(site.get("restored")["metadata"]["finalizers"])

    until("the operator has let go", lambda: finalizers() == ["example.com/another"], WAIT)
    command = ("-n", site.namespace, "patch", "interview", "restored", "--type=merge", "-p")
    site.plane.kubectl(*command, '{"metadata":{"finalizers":null}}')
    until("the Interview is gone", lambda: not _exists(site, "restored"), WAIT)


def test_a_raised_epoch_changes_the_link(site: Site) -> None:
    name = site.interview()
    secret = site.await_phase(name, "Open")["linkSecretName"]
    site.patch(name, {"linkEpoch": 1})

    def epoch() -> bool:
        command = ("-n", site.namespace, "get", "secret", secret, "-o", "jsonpath={.data.token}")
        return b".1." in base64.b64decode(site.plane.kubectl(*command).stdout)

    until("the link is of epoch 1", epoch, WAIT)


def test_a_raised_epoch_brings_a_link_back_whose_secret_was_deleted(site: Site) -> None:
    name = site.interview()
    secret = site.await_phase(name, "Open")["linkSecretName"]
    find = ("-n", site.namespace, "get", "secret", "--ignore-not-found", "-o", "name", secret)
    site.plane.kubectl("-n", site.namespace, "delete", "secret", secret)
    assert site.plane.kubectl(*find).stdout == ""
    site.patch(name, {"linkEpoch": 1})
    until("the link is there again", lambda: site.plane.kubectl(*find).stdout != "", WAIT)


def test_an_operator_that_was_away_goes_on(site: Site) -> None:
    running = site.interview(start="Immediate")
    uid = uid_of(site, running)
    pod = site.await_pod(uid, 1)["metadata"]["name"]
    site.await_phase(running, "Provisioning")
    site.crash()
    site.dead(pod, 1)
    new = site.interview(start="Immediate")
    orphan_uid = _leave_orphan(site)
    site.start()
    site.await_pod(uid, 2)
    site.await_pod(uid_of(site, new), 1)
    until("what had no Interview is gone", lambda: gone(site, orphan_uid), WAIT)


def _leave_orphan(site: Site) -> str:
    """Inputs and pod of an Interview that never was."""
    orphan = json.loads(site.plane.kubectl("-n", site.bots, "get", "secrets", "-o", "json").stdout)["items"][0]
    uid = "00000000-0000-4000-8000-000000000000"
    labels = {**orphan["metadata"]["labels"], "parley.dev/interview-uid": uid}
    annotations = {"parley.dev/interview-namespace": site.namespace, "parley.dev/interview-name": "nobody"}
    metadata = {
        "name": child_name("nobody", uid),
        "namespace": site.bots,
        "labels": labels,
        "annotations": annotations,
    }
    manifest = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": orphan["data"]}
    site.plane.kubectl("create", "-f", "-", stdin=json.dumps(manifest))
    return uid


def _exists(site: Site, name: str) -> bool:
    return site.plane.kubectl("-n", site.namespace, "get", "interview", name, check=False).returncode == 0


def test_health(site: Site) -> None:
    assert httpx.get(site.health, trust_env=False).text == "ok: active"

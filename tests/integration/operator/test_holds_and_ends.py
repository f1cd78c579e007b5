"""An interview on hold, past its deadline, and removed by its TTL, on a real API server."""

import json
import secrets
from datetime import UTC, datetime, timedelta

from support.operator_site import WAIT, Site
from support.wait import until


def uid_of(site: Site, name: str) -> str:
    return str(site.get(name)["metadata"]["uid"])


def exists(site: Site, name: str) -> bool:
    return site.plane.kubectl("-n", site.namespace, "get", "interview", name, check=False).returncode == 0


def test_a_suspended_interview_starts_nothing_and_goes_on_when_it_is_resumed(site: Site) -> None:
    name = site.interview(start="Immediate", suspend=True)
    status = site.await_phase(name, "Suspended")
    assert site.condition(name, "Suspended") == ("True", "Suspended")
    assert site.condition(name, "Joinable") == ("False", "Suspended")
    assert "template" not in status
    uid = uid_of(site, name)
    assert site.left_of(uid) == []
    site.patch(name, {"suspend": False})
    site.await_pod(uid, 1)
    site.await_condition(name, "Suspended", "False", "Resumed")
    site.patch(name, {"suspend": True})
    site.await_condition(name, "Suspended", "False", "AlreadyStarted")
    assert len(site.pods(uid)) == 1
    assert "AlreadyStarted" in site.events(name)
    site.delete(name)


def test_the_deadline_ends_an_interview_and_seals_it(site: Site) -> None:
    name = site.interview(start="Immediate", activeDeadlineSeconds=3600)
    uid = uid_of(site, name)
    site.await_pod(uid, 1)
    site.await_phase(name, "Provisioning")
    long_ago = (datetime.now(UTC) - timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    patch = json.dumps({"status": {"startedAt": long_ago}})
    command = ("-n", site.namespace, "patch", "interview", name, "--subresource=status", "--type=merge", "-p")
    site.plane.kubectl(*command, patch)
    site.await_phase(name, "Failed")
    site.await_condition(name, "Failed", "True", "DeadlineExceeded")
    assert site.orders.of(uid) == ["seal"]
    assert next(body for path, body, _ in site.orders.taken if uid in path)["reason"] == "DeadlineExceeded"
    assert "DeadlineExceeded" in site.events(name)


def test_what_its_ttl_removed_is_over_when_it_is_put_back(site: Site) -> None:
    name = f"kept-in-git-{secrets.token_hex(3)}"
    spec = {"templateRef": {"name": "backend"}, "candidate": {"name": "Jane"}, "ttlSecondsAfterFinished": 0}
    site.create("Interview", name, spec)
    site.await_phase(name, "Open")
    first = uid_of(site, name)
    site.patch(name, {"cancel": True})
    until("its TTL has removed it", lambda: not exists(site, name), WAIT)

    site.create("Interview", name, spec)
    status = site.await_phase(name, "Cancelled")
    site.await_condition(name, "Failed", "True", "AlreadyFinished")
    uid = uid_of(site, name)
    assert uid != first
    assert {"template", "linkSecretName", "attempts"} & status.keys() == set()
    assert site.left_of(uid) == []
    assert "AlreadyFinished" in site.events(name)

    site.crash()
    site.start()
    assert uid_of(site, name) == uid, "what was put back stays, or GitOps would put it back for ever"
    site.patch(name, {"deletionPolicy": "Erase"})
    site.delete(name)
    until("it was deleted by hand", lambda: not exists(site, name), WAIT)
    assert (site.orders.of(first)[-1], site.orders.of(uid)) == ("erase", ["erase"])
    site.create("Interview", name, {**spec, "candidate": {"name": "Joan"}})
    site.await_phase(name, "Open")
    assert [revision for revision in site.revisions() if revision.endswith("-finished")] == []


def test_what_was_edited_while_it_waited_is_not_held_again_as_git_has_it(site: Site) -> None:
    name = f"edited-{secrets.token_hex(3)}"
    spec = {"templateRef": {"name": "backend"}, "candidate": {"name": "Jane"}, "ttlSecondsAfterFinished": 0}
    site.create("Interview", name, spec)
    site.await_phase(name, "Open")
    site.patch(name, {"candidate": {"extraTimePercent": 25}})
    until("the edit is observed", lambda: site.status(name)["observedGeneration"] == 2, WAIT)
    assert len(site.status(name)["acceptedSpecHashes"]) == 2
    site.patch(name, {"cancel": True})
    until("its TTL has removed it", lambda: not exists(site, name), WAIT)

    site.create("Interview", name, spec)
    site.await_phase(name, "Cancelled")
    site.await_condition(name, "Failed", "True", "AlreadyFinished")
    assert site.left_of(uid_of(site, name)) == []
    site.delete(name)


def test_a_ttl_is_kept_by_an_operator_that_was_away(site: Site) -> None:
    name = site.interview(cancel=True, ttlSecondsAfterFinished=3600)
    site.await_phase(name, "Cancelled")
    site.crash()
    site.patch(name, {"ttlSecondsAfterFinished": 1})
    site.start()
    until("its TTL has removed it", lambda: not exists(site, name), WAIT)

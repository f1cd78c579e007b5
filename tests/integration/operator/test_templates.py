"""The status of templates on a real API server: what is said, how often, and by whom."""

import json
from typing import Any

from support.operator_site import TEMPLATE, WAIT, Site
from support.wait import until


def template(site: Site, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        site.plane.kubectl("-n", site.namespace, "get", "interviewtemplate", name, "-o", "json").stdout
    )
    return found


def accepted(site: Site, name: str) -> tuple[str, str] | None:
    """The condition Accepted of a template, once it is about the template as it is."""
    found = template(site, name)
    status = found.get("status", {})
    if status.get("observedGeneration") != found["metadata"]["generation"]:
        return None
    return next((item["status"], item["reason"]) for item in status["conditions"] if item["type"] == "Accepted")


def test_a_template_tells_its_revision_and_its_active_interviews(site: Site) -> None:
    site.create("InterviewTemplate", "counted", TEMPLATE)
    until("accepted", lambda: accepted(site, "counted") == ("True", "Accepted"), WAIT)
    names = [site.interview("counted") for _ in range(3)]
    for name in names:
        site.await_phase(name, "Open")
    until("three are active", lambda: template(site, "counted")["status"].get("activeInterviews") == 3, 2 * WAIT)
    revision = template(site, "counted")["status"]["revision"]
    assert {site.status(name)["template"]["revision"] for name in names} == {revision}
    listed = site.plane.kubectl("-n", site.namespace, "get", "itpl", "counted").stdout.split()
    assert "3" in listed
    assert "True" in listed

    site.patch(names[0], {"cancel": True})
    site.delete(names[1])
    until("one is active", lambda: template(site, "counted")["status"].get("activeInterviews") == 1, 2 * WAIT)
    found = template(site, "counted")
    assert found["metadata"]["generation"] == 1, "a status is no change of the template"
    assert "finalizers" not in found["metadata"]


def test_a_template_that_cannot_be_used_says_why_and_comes_right_by_an_edit(site: Site) -> None:
    site.create("InterviewTemplate", "greedy", {**TEMPLATE, "bot": {"priorityClassName": "system-node-critical"}})
    until("refused", lambda: accepted(site, "greedy") == ("False", "TemplateNotAllowed"), WAIT)
    stalled = [item for item in template(site, "greedy")["status"]["conditions"] if item["type"] == "Stalled"]
    assert "system-node-critical" in stalled[0]["message"]
    name = site.interview("greedy")
    site.await_condition(name, "Accepted", "False", "TemplateNotAllowed")
    site.create("InterviewTemplate", "greedy", TEMPLATE)
    site.await_phase(name, "Open")
    until("accepted", lambda: accepted(site, "greedy") == ("True", "Accepted"), 2 * WAIT)
    assert [item["type"] for item in template(site, "greedy")["status"]["conditions"]] == ["Accepted"]

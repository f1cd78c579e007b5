"""What a running operator tells Prometheus."""

import httpx
from prometheus_client.parser import text_string_to_metric_families
from support.operator_site import TEMPLATE, WAIT, Site
from support.wait import until


def told(site: Site, sample: str, **labels: str) -> float:
    """The sum of the samples of this name that have these labels."""
    answer = httpx.get(site.health.replace("/healthz", "/metrics"), trust_env=False)
    return sum(
        found.value
        for family in text_string_to_metric_families(answer.text)
        for found in family.samples
        if found.name == f"parley_operator_{sample}" and labels.items() <= found.labels.items()
    )


def test_an_interviews_way_is_counted(site: Site) -> None:
    starts = told(site, "start_latency_seconds_count", start="Immediate")
    cancelled = told(site, "interviews_ended_total", phase="Cancelled", reason="Cancelled")
    name = site.interview(start="Immediate")
    pod = site.await_pod(str(site.get(name)["metadata"]["uid"]), 1)
    site.ready(pod["metadata"]["name"])
    site.await_phase(name, "Ready")
    until("its phase is told", lambda: told(site, "interviews", phase="Ready") >= 1, WAIT)
    until("its start is told", lambda: told(site, "start_latency_seconds_count", start="Immediate") == starts + 1, WAIT)
    site.patch(name, {"cancel": True})
    site.await_phase(name, "Cancelled")
    until(
        "its end is told",
        lambda: told(site, "interviews_ended_total", phase="Cancelled", reason="Cancelled") == cancelled + 1,
        WAIT,
    )
    assert told(site, "leader") == 1
    assert told(site, "reconciles_total", result="settled") > 0
    assert told(site, "reconciles_total", result="failed") == 0
    assert told(site, "kube_requests_total", verb="create", resource="pods", code="2xx") > 0
    renewals = {"verb": "update", "resource": "leases", "code": "2xx"}
    until("a renewal is counted", lambda: told(site, "kube_requests_total", **renewals) > 0, WAIT)
    assert told(site, "kube_requests_total", resource="other") == 0
    assert told(site, "watch_silence_seconds", watch="resources") < WAIT
    assert told(site, "process_resident_memory_bytes") > 0


def test_calls_of_the_provider_and_their_failures_are_counted(site: Site) -> None:
    labels = {"provider": "daily", "operation": "ensure"}
    before = told(site, "provider_calls_total", outcome="refused", **labels)
    site.create("InterviewTemplate", "daily-refuses", {**TEMPLATE, "room": {"provider": "daily"}})
    site.daily.fail({"kind": "error", "method": "POST", "path": "/rooms.*", "status": 401, "times": None})
    try:
        name = site.interview(template="daily-refuses", start="Immediate")
        until("it is told", lambda: told(site, "provider_calls_total", outcome="refused", **labels) > before, WAIT)
    finally:
        site.daily.fail()
    made = told(site, "provider_calls_total", outcome="ok", **labels)
    site.await_pod(str(site.get(name)["metadata"]["uid"]), 1)
    assert told(site, "provider_calls_total", outcome="ok", **labels) >= made
    assert told(site, "provider_call_duration_seconds_count", **labels) > 0
    site.delete(name)


def test_what_stands_still_is_told_before_any_candidate_comes(site: Site) -> None:
    before = told(site, "interviews_stalled", reason="PodNotCreated")
    site.create("InterviewTemplate", "at-once", {**TEMPLATE, "start": "Immediate"})
    site.bound_pods(0)
    try:
        refused = site.interview("at-once")
        lost = site.interview("nowhere")
        until("it is told", lambda: told(site, "interviews_stalled", reason="PodNotCreated") == before + 1, WAIT)
        until("so is the other", lambda: told(site, "interviews_stalled", reason="TemplateNotFound") >= 1, WAIT)
        assert told(site, "bots_lost_total", reason="PodNotCreated") == 0
    finally:
        site.bound_pods(1000)
    until("it goes on", lambda: told(site, "interviews_stalled", reason="PodNotCreated") == before, 2 * WAIT)
    for name in (refused, lost):
        site.delete(name)
    assert told(site, "interviews_stalled", reason="NotObserved") == 0

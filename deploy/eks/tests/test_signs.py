"""What the programs' alarms count, judged on the lines that a real kube-apiserver 1.35 and the operator wrote."""

import json
import re
from fnmatch import fnmatchcase
from typing import Any

import pytest
import yaml
from conftest import HOME
from site_of import Site

from parley_eks.signs import FAILED, LEASE

CLONE = HOME.parents[1]
type Line = dict[str, Any]

TERM = re.compile(r'\(\$\.([\w.]+) (=|>) (?:"([^"]*)"|(\d+))\)')


def counts(pattern: str, line: Line) -> bool:
    """Whether CloudWatch counts a line by such a pattern; a text may end in an asterisk.

    Raises:
        AssertionError: the pattern has what this does not know, and would be judged wrongly.
    """
    terms = TERM.findall(pattern)
    written = " && ".join(f"($.{field} {how} {number or json.dumps(text)})" for field, how, text, number in terms)
    assert f"{{ {written} }}" == pattern
    return all(_holds(line, *term) for term in terms)


def _holds(line: Line, field: str, how: str, text: str, number: str) -> bool:
    found: Any = line
    for part in field.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    if number:
        return isinstance(found, int) and (found > int(number) if how == ">" else found == int(number))
    return isinstance(found, str) and fnmatchcase(found, text)


@pytest.fixture(scope="module")
def patterns(three: Site) -> dict[str, str]:
    """Each metric's pattern, by the metric's name."""
    found = three.first.of("AWS::Logs::MetricFilter").values()
    return {each["MetricTransformations"][0]["MetricName"]: each["FilterPattern"] for each in found}


def lease(verb: str = "update", code: int = 200, name: str = "parley-operator", namespace: str = "parley") -> Line:
    return {
        "kind": "Event",
        "level": "Metadata",
        "stage": "ResponseComplete",
        "verb": verb,
        "user": {"username": "system:serviceaccount:parley:parley-operator"},
        "objectRef": {"resource": "leases", "namespace": namespace, "name": name, "apiGroup": "coordination.k8s.io"},
        "responseStatus": {"metadata": {}, "code": code},
    }


def job(name: str, status: Line, namespace: str = "parley", subresource: str = "status") -> Line:
    reference = {"resource": "jobs", "namespace": namespace, "name": name, "apiGroup": "batch"}
    return {
        "kind": "Event",
        "level": "RequestResponse",
        "stage": "ResponseComplete",
        "verb": "update",
        "user": {"username": "system:serviceaccount:kube-system:job-controller"},
        "objectRef": {**reference, "subresource": subresource},
        "responseStatus": {"metadata": {}, "code": 200},
        "requestObject": {"kind": "Job", "status": status},
    }


ACTIVE = {"startTime": "2026-12-01T03:17:00Z", "active": 1, "terminating": 0, "uncountedTerminatedPods": {}, "ready": 0}
ENDING = {"conditions": [{"type": "SuccessCriteriaMet"}], "uncountedTerminatedPods": {"succeeded": ["0861f06b"]}}
DONE = {"conditions": [{"type": "SuccessCriteriaMet"}, {"type": "Complete"}], "succeeded": 1, "ready": 0}
LOST = {"conditions": [{"type": "FailureTarget"}, {"type": "Failed", "reason": "BackoffLimitExceeded"}], "failed": 3}


def log(container: str, **line: str) -> Line:
    """A line of a pod as Fluent Bit hands it on: what was JSON is merged, all else stays `log`."""
    return {"stream": "stderr", "kubernetes": {"container_name": container}, **line}


LINES = {
    "a renewal": lease(),
    "a Lease that is looked at": lease(verb="get"),
    "a renewal that is refused": lease(code=409),
    "another's renewal": lease(name="external-dns"),
    "another namespace's renewal": lease(namespace="kube-system"),
    "retention begins": job("parley-retention-29000001", ACTIVE),
    "retention is ending": job("parley-retention-29000001", ENDING),
    "retention is done": job("parley-retention-29000001", DONE),
    "retention failed": job("parley-retention-29000002", LOST),
    "certificates are done": job("parley-certificates-29000003", DONE),
    "the installation's certificates are done": job("parley-certificates-0a1b2c3d", DONE),
    "certificates failed": job("parley-certificates-29000004", LOST),
    "somebody's own job is done": job("backup-29000005", DONE),
    "another namespace's job is done": job("parley-retention-1", DONE, namespace="elsewhere"),
    "an error": log("operator", level="ERROR", message="the sweep failed", logger="parley_operator"),
    "the bot's error": log("bot", level="ERROR", message="the conversation failed"),
    "an interview failed": log("operator", level="WARNING", message="the interview failed: NoBot"),
    "a bot says so": log("bot", level="WARNING", message="the interview failed: NoBot"),
    "other words": log("operator", level="WARNING", message="the mirror could not be verified: 500"),
    "no JSON": log("retention", log="INFO Erased 3 interviews, linked the recordings of 0"),
}


@pytest.mark.parametrize(
    ("metric", "counted"),
    [
        ("talks-lease-renewals", {"a renewal"}),
        ("talks-retention-done", {"retention is done"}),
        ("talks-certificates-done", {"certificates are done", "the installation's certificates are done"}),
        ("talks-operator-errors", {"an error"}),
        ("talks-interviews-failed", {"an interview failed"}),
    ],
)
def test_a_sign_is_counted_and_nothing_else(patterns: dict[str, str], metric: str, counted: set[str]) -> None:
    assert {name for name, line in LINES.items() if counts(patterns[metric], line)} == counted


def test_every_metric_was_asked_about(patterns: dict[str, str]) -> None:
    assert len(patterns) == 5


def test_what_is_counted_is_told_where_nothing_was(three: Site) -> None:
    """Nought where other lines come: data that stops would keep an alarm at what was before."""
    assert {
        each["MetricTransformations"][0]["DefaultValue"] for each in three.first.of("AWS::Logs::MetricFilter").values()
    } == {0}


def test_each_sign_is_looked_for_where_it_is_logged(three: Site) -> None:
    control_plane, pods = "/aws/eks/talks/cluster", "/parley/talks/pods"
    found = {
        each["MetricTransformations"][0]["MetricName"]: three.first.value(each["LogGroupName"])
        for each in three.first.of("AWS::Logs::MetricFilter").values()
    }
    assert found == {
        "talks-lease-renewals": control_plane,
        "talks-retention-done": control_plane,
        "talks-certificates-done": control_plane,
        "talks-operator-errors": pods,
        "talks-interviews-failed": pods,
    }


def test_the_signs_are_what_the_programs_show() -> None:
    """Their names and words, by the sources of those who have them."""
    shell = CLONE / "operator/parley_operator/shell"
    assert f'LEASE_NAME = "{LEASE}"' in (shell / "service/lease.py").read_text()
    assert f'"{FAILED.removesuffix("*")}%s"' in (shell / "watches.py").read_text()
    for path, job in (("api/store.yaml", "retention"), ("certificates/job.yaml", "certificates")):
        manifests = (CLONE / "charts/parley/templates" / path).read_text()
        assert f"kind: CronJob\nmetadata:\n  name: parley-{job}\n" in manifests
    below, above = (
        yaml.safe_load((CLONE / "charts/parley" / name).read_text()) for name in ("values.yaml", "values-eks.yaml")
    )
    assert (below["operator"] | above["operator"])["log"] == {"level": "INFO", "format": "json"}

"""Alerts and dashboard, read by Prometheus's own parsers and held to what the operator tells."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from parley_crds import Phase
from parley_operator.capacity import Occupancy
from parley_operator.liveness import Pulse
from parley_operator.plan.losses import LOSSES
from parley_operator.shell.telemetry import metrics
from parley_operator.shell.telemetry.metrics import Meter
from parley_operator.stalls import OF_AUTHORS, STALLS
from support.chart import render
from support.promcheck import promcheck, told

type Document = dict[str, Any]

ALERTS = Path(__file__).parents[3] / "docs/operations/alerts.md"
ENABLED = ("metrics.podMonitor.enabled=true", "metrics.prometheusRule.enabled=true", "metrics.dashboard.enabled=true")
TARGET_LABELS = {"namespace", "pod", "le"}
"""What Prometheus adds to what a pod tells, and a histogram's own."""
VALUES = {
    "phase": {str(phase) for phase in Phase},
    "reason": {*LOSSES, *STALLS, *(reason for ends in metrics.ENDS.values() for reason in ends), metrics.OTHER},
    "result": {*metrics.RESULTS},
    "outcome": {*metrics.OUTCOMES},
    "code": {*metrics.CODES},
    "verb": {*metrics.VERBS},
    "resource": {*metrics.RESOURCES},
    "order": {*metrics.ORDERS},
    "state": {*metrics.SLOT_STATES},
    "watch": {"resources", "bots"},
}
"""The closed sets that an expression may name a value of."""


@pytest.fixture(scope="module")
def documents() -> dict[str, Document]:
    """What the chart makes for Prometheus and Grafana, by kind."""
    found = render("parley", *ENABLED, "metrics.podMonitor.labels.release=prometheus")
    kinds = ("PodMonitor", "PrometheusRule", "ConfigMap")
    return {
        document["kind"]: document
        for document in found
        if document["kind"] in kinds and document["metadata"]["name"].startswith("parley-operator")
    }


@pytest.fixture(scope="module")
def rules(documents: dict[str, Document], tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("rules") / "rule.yaml"
    file.write_text(yaml.safe_dump(documents["PrometheusRule"]))
    return file


@pytest.fixture(scope="module")
def dashboard(documents: dict[str, Document]) -> list[str]:
    """The dashboard's expressions, with Grafana's variables filled in."""
    board = json.loads(documents["ConfigMap"]["data"]["parley-operator.json"])
    expressions = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    filled = [text.replace("$__rate_interval", "2m").replace("$__range", "3h") for text in expressions]
    return [text.replace("$namespace", "parley") for text in filled]


def by_name() -> dict[str, set[str]]:
    """The samples that an operator tells, each with its labels."""
    meter = Meter("1")
    meter.watch_pulse(lambda: Pulse(0, heard={"bots": 0}), lambda: 0)
    meter.watch_phases(dict)
    meter.watch_stalls(dict)
    meter.watch_capacity(lambda: Occupancy(taken=0, limit=1, waiting=0))
    meter.requested("get", "pods", "2xx", 0.1)
    meter.called_rooms("daily", "ensure", "ok", 0.1)
    return {sample.name: {*sample.labels} for metric in meter.registry.collect() for sample in metric.samples}


def strangers(found: list[Document], recorded: dict[str, set[str]]) -> Iterator[str]:
    """What expressions name and nothing tells."""
    known = by_name() | recorded
    for each in found:
        for name, matchers in each["metrics"].items():
            if name not in known:
                yield name
                continue
            for matcher in matchers:
                if matcher["label"] not in known[name] | TARGET_LABELS:
                    yield f"{name}{{{matcher['label']}}}"
                allowed = VALUES.get(matcher["label"])
                if allowed is not None:
                    yield from (value for value in matcher["value"].split("|") if value not in allowed)
        labels = {label for name in each["metrics"] for label in known.get(name, ())} | TARGET_LABELS
        yield from (label for label in each["labels"] if label not in labels)


RECORDED = {"parley_operator:start_latency_seconds:p95_30m": {"start"}}


def test_prometheus_takes_the_rules_and_they_name_what_is_told(rules: Path) -> None:
    found = told(promcheck("rules", str(rules)))
    assert len(found) == 13
    assert list(strangers(found, RECORDED)) == []


def test_prometheus_takes_the_dashboards_expressions(dashboard: list[str]) -> None:
    found = told(promcheck("expressions", stdin=json.dumps(dashboard)))
    assert len(found) == len(dashboard) > 20
    assert list(strangers(found, {})) == []


def test_the_prometheus_operator_knows_each_field_of_the_podmonitor(
    documents: dict[str, Document], tmp_path: Path
) -> None:
    monitor = documents["PodMonitor"]
    file = tmp_path / "monitor.yaml"
    file.write_text(yaml.safe_dump(monitor))
    assert promcheck("podmonitor", str(file)).returncode == 0
    assert monitor["metadata"]["labels"]["release"] == "prometheus"
    (operator,) = [
        document
        for document in render("parley")
        if document["kind"] == "Deployment" and document["metadata"]["name"] == "parley-operator"
    ]
    template = operator["spec"]["template"]
    assert monitor["spec"]["selector"]["matchLabels"].items() <= template["metadata"]["labels"].items()
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
    assert endpoint["port"] in {port["name"] for port in template["spec"]["containers"][0]["ports"]}


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("increase(", "increase(("), ("severity:", "severty: [x]\n        severity:"), ("- alert:", "- alret:")],
)
def test_what_is_broken_would_be_seen(rules: Path, tmp_path: Path, right: str, wrong: str) -> None:
    file = tmp_path / "broken.yaml"
    file.write_text(rules.read_text().replace(right, wrong, 1))
    assert promcheck("rules", str(file)).returncode == 1


def test_a_stranger_would_be_seen() -> None:
    expression = (
        'sum by (phase) (parley_operator_queue_depth{pod="a"}) + parley_operator_bots_lost_total{reason="Bored"}'
    )
    found = told(promcheck("expressions", stdin=json.dumps([expression])))
    assert set(strangers(found, {})) == {"phase", "Bored"}


def test_each_alert_has_its_page_and_the_page_no_other(documents: dict[str, Document]) -> None:
    (group,) = documents["PrometheusRule"]["spec"]["groups"]
    alerts = [rule for rule in group["rules"] if "alert" in rule]
    assert re.findall(r"^## (\w+)$", ALERTS.read_text(), re.MULTILINE) == [rule["alert"] for rule in alerts]
    for rule in alerts:
        assert rule["annotations"]["runbook_url"].endswith(f"/docs/operations/alerts#{rule['alert'].lower()}")
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert {"summary", "description"} <= rule["annotations"].keys()


def test_an_alert_of_the_authors_own_reasons_names_all_of_them_and_the_other_none(
    documents: dict[str, Document],
) -> None:
    (group,) = documents["PrometheusRule"]["spec"]["groups"]
    asked = {rule.get("alert"): rule["expr"] for rule in group["rules"]}
    for alert, matcher in (("ParleyInterviewsStalled", "!~"), ("ParleyInterviewsNotAccepted", "=~")):
        (named,) = re.findall(rf'reason{matcher}"([\w|]+)"', asked[alert])
        assert set(named.split("|")) == OF_AUTHORS


def test_the_dashboard_is_found_by_grafanas_sidecar(documents: dict[str, Document]) -> None:
    assert documents["ConfigMap"]["metadata"]["labels"]["grafana_dashboard"] == "1"
    board = json.loads(documents["ConfigMap"]["data"]["parley-operator.json"])
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])


def test_nothing_of_it_is_there_unless_asked_for() -> None:
    kinds = {document["kind"] for document in render("parley")}
    assert kinds.isdisjoint({"PodMonitor", "PrometheusRule"})

"""Each alert on what an operator's meter tells, minute by minute, and judged by Prometheus's own engine."""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from parley_operator.capacity import Occupancy
from parley_operator.liveness import Pulse
from parley_operator.shell.sweep.sweeps import SWEEP_SECONDS
from parley_operator.shell.telemetry.metrics import PREFIX, Meter
from support.chart import render
from support.promcheck import promcheck, told

NAMESPACE = "parley"
STARTED = f"{PREFIX}_process_start_time_seconds"
MINUTES = 150


@dataclass
class Operator:
    """A replica: its meter, and what its main loop last told of itself, on a clock that stands at a minute."""

    minute: int = 0
    active: bool = True
    oldest_wait: float = 0.0
    heard: float | None = None
    sweeps: bool = True
    stalls: dict[str, int] = field(default_factory=dict)
    meter: Meter = field(init=False)

    def __post_init__(self) -> None:
        self.meter = Meter("1", lambda: self.minute * 60.0)
        self.meter.watch_pulse(self._pulse, lambda: self.minute * 60.0)
        self.meter.watch_phases(dict)
        self.meter.watch_stalls(lambda: self.stalls)
        self.meter.watch_capacity(lambda: Occupancy(taken=1, limit=2, waiting=0))

    def _pulse(self) -> Pulse:
        now = self.minute * 60.0
        heard = {} if self.heard is None else {"resources": self.heard}
        return Pulse(now, active=self.active, oldest_wait=self.oldest_wait, heard=heard)


type Story = Callable[[Operator], None]
"""What happens to a replica in each minute."""


def scraped(*stories: Story) -> str:
    """What Prometheus has of replicas after `MINUTES`, scraped once a minute, in promqltest's notation."""
    lines = ["load 1m"]
    for number, story in enumerate(stories):
        operator, series = Operator(), dict[str, list[str]]()
        for minute in range(MINUTES + 1):
            operator.minute = minute
            story(operator)
            for metric in operator.meter.registry.collect():
                for sample in metric.samples:
                    labels = {**sample.labels, "namespace": NAMESPACE, "pod": f"parley-operator-{number}"}
                    name = sample.name + "{" + ", ".join(f'{k}="{v}"' for k, v in labels.items()) + "}"
                    values = series.setdefault(name, ["_"] * minute)
                    # A replica's process began with it; the test's own, by another clock.
                    value = 0.0 if sample.name == STARTED else sample.value
                    values.append("Inf" if math.isinf(value) else repr(float(value)))
        lines += [f"  {name} {' '.join(values)}" for name, values in series.items()]
    return "\n".join(lines) + "\n"


def healthy(operator: Operator) -> None:
    """Interviews come, are held and end; now and then something is tried again."""
    meter = operator.meter
    operator.heard = operator.minute * 60.0 - 5
    operator.oldest_wait = 0.2
    # Two that a team is about to mend.
    operator.stalls = {"ContextNotFound": 2}
    meter.reconciled("settled", 0.05)
    meter.requested("patch", "interviews/status", "2xx", 0.01)
    meter.started("Immediate", 3.0)
    meter.called_rooms("daily", "ensure", "ok", 0.2)
    meter.ordered("seal", "ok")
    if operator.minute % (SWEEP_SECONDS // 60) == 1:
        meter.swept(whole=operator.sweeps)
    if operator.minute % 10 == 0:
        meter.reconciled("retry", 0.05)
        meter.ended("Completed", "Completed")
        meter.ended("Expired", "NoShow")
        meter.ended("Failed", "AlreadyFinished")
        meter.requested("patch", "interviews/status", "409", 0.01)
    if operator.minute % 20 == 0:
        meter.lost_bot("Evicted")


def standby(operator: Operator) -> None:
    """It holds no Lease, so it watches nothing."""
    operator.active, operator.heard, operator.stalls = False, None, {}


def at(minute: int, *happens: Callable[[Operator], None]) -> Story:
    """A healthy operator to whom this happens in a minute."""

    def story(operator: Operator) -> None:
        healthy(operator)
        if operator.minute == minute:
            for each in happens:
                each(operator)

    return story


def since(minute: int, happens: Callable[[Operator], None]) -> Story:
    """A healthy operator to whom this happens from a minute on, in each."""

    def story(operator: Operator) -> None:
        healthy(operator)
        if operator.minute >= minute:
            happens(operator)

    return story


def alerts() -> dict[str, tuple[str, dict[str, str]]]:
    """What each alert asks, and the labels that it has of its own.

    A recorded series stands in the words of its own rule: promqltest records nothing.
    """
    found = render("parley", "metrics.prometheusRule.enabled=true")
    (manifest,) = [document for document in found if document["kind"] == "PrometheusRule"]
    (group,) = manifest["spec"]["groups"]
    recorded = {rule["record"]: rule["expr"] for rule in group["rules"] if "record" in rule}
    found = {}
    for rule in group["rules"]:
        if "alert" in rule:
            asked = rule["expr"]
            for name, expression in recorded.items():
                asked = asked.replace(f'{name}{{namespace="{NAMESPACE}"}}', expression)
            found[rule["alert"]] = asked, {key: value for key, value in rule["labels"].items() if key != "severity"}
    return found


ALERTS = alerts()


def firing(load: str) -> dict[str, list[dict[str, str]]]:
    """The labels of what each alert tells at the end; only of those that tell something."""
    question = {"load": load, "at": f"{MINUTES}m", "expressions": [asked for asked, _ in ALERTS.values()]}
    answers = told(promcheck("evaluate", stdin=json.dumps(question)))
    found = zip(ALERTS.items(), answers, strict=True)
    return {alert: [each["labels"] | own for each in given] for (alert, (_, own)), given in found if given}


def test_no_alert_tells_of_what_is_well() -> None:
    assert firing(scraped(healthy, standby)) == {}


def two_failures(operator: Operator) -> None:
    operator.meter.ended("Failed", "BackoffLimitExceeded")
    operator.meter.ended("Failed", "BackoffLimitExceeded")


def three_losses(operator: Operator) -> None:
    for _ in range(3):
        operator.meter.lost_bot("OutOfMemory")


def no_pod_can_be_had(operator: Operator) -> None:
    operator.stalls["PodNotCreated"] = 1


def contexts_are_missing(operator: Operator) -> None:
    operator.stalls["ContextNotFound"] = 3


def daily_fails(operator: Operator) -> None:
    operator.meter.called_rooms("daily", "ensure", "unavailable", 5.0)


def slow(operator: Operator) -> None:
    for _ in range(4):
        operator.meter.started("OnArrival", 200.0)


def deaf(operator: Operator) -> None:
    operator.heard = (MINUTES - 20) * 60.0


def erasure_fails(operator: Operator) -> None:
    operator.meter.ordered("erase", "unavailable")


def no_sweep_works(operator: Operator) -> None:
    operator.sweeps = False


CASES: dict[str, tuple[Story, dict[str, str]]] = {
    "ParleyNoActiveOperator": (since(MINUTES - 10, standby), {"namespace": NAMESPACE}),
    "ParleyReconcileErrors": (
        at(MINUTES - 10, lambda operator: operator.meter.reconciled("failed", 0.1)),
        {"namespace": NAMESPACE},
    ),
    "ParleyQueueStuck": (
        since(MINUTES - 5, lambda operator: setattr(operator, "oldest_wait", 61.0)),
        {"namespace": NAMESPACE},
    ),
    "ParleyInterviewsStalled": (
        since(MINUTES - 5, no_pod_can_be_had),
        {"namespace": NAMESPACE, "reason": "PodNotCreated"},
    ),
    "ParleyInterviewsNotAccepted": (
        since(MINUTES - 5, contexts_are_missing),
        {"namespace": NAMESPACE, "reason": "ContextNotFound"},
    ),
    "ParleyInterviewsFail": (
        at(MINUTES - 15, two_failures),
        {"namespace": NAMESPACE, "reason": "BackoffLimitExceeded"},
    ),
    "ParleyBotsLost": (at(MINUTES - 15, three_losses), {"namespace": NAMESPACE, "reason": "OutOfMemory"}),
    "ParleyStartsSlow": (since(MINUTES - 20, slow), {"namespace": NAMESPACE, "start": "OnArrival"}),
    "ParleyProviderErrors": (since(MINUTES - 10, daily_fails), {"namespace": NAMESPACE, "provider": "daily"}),
    "ParleyOrdersFail": (since(MINUTES - 10, erasure_fails), {"namespace": NAMESPACE, "order": "erase"}),
    "ParleyWatchSilent": (since(MINUTES - 20, deaf), {"namespace": NAMESPACE}),
    "ParleySweepStale": (since(2, no_sweep_works), {"namespace": NAMESPACE}),
}


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_tells_of_what_it_is_for_and_no_other_does(alert: str) -> None:
    story, labels = CASES[alert]
    assert firing(scraped(story, standby)) == {alert: [labels]}


def test_an_operator_that_never_swept_is_told_by_its_start() -> None:
    assert firing(scraped(since(0, no_sweep_works), standby)) == {"ParleySweepStale": [{"namespace": NAMESPACE}]}


def hands_over(operator: Operator) -> None:
    """It acts, and is a standby at last."""
    (healthy if operator.minute < MINUTES - 20 else standby)(operator)


def takes_over(operator: Operator) -> None:
    """A standby for long, which acts at last; none of its own sweeps has worked yet."""
    no_sweep_works(operator)
    operator.active = operator.minute >= MINUTES - 20
    (healthy if operator.active else standby)(operator)


def test_a_sweep_counts_whoever_acts_now() -> None:
    assert firing(scraped(hands_over, takes_over)) == {}


def test_that_nobody_is_there_is_told_too() -> None:
    assert firing("load 1m\n  up 1\n") == {"ParleyNoActiveOperator": [{"namespace": NAMESPACE}]}

"""What became of interviews, told from one sight to the next."""

from datetime import datetime, timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from parley_operator.shell.watches import Eyes
from parley_operator.sightings import Sightings
from parley_protocol import InterviewRef

CREATED = "2026-11-29T10:00:00Z"
LATER = datetime.fromisoformat(CREATED) + timedelta(hours=1)


class Told:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.starts: list[tuple[str, float]] = []
        self.ends: list[tuple[str, str]] = []
        self.losses: list[str] = []

    def started(self, start: str, seconds: float) -> None:
        self.starts.append((start, seconds))

    def ended(self, phase: str, reason: str) -> None:
        self.ends.append((phase, reason))

    def lost_bot(self, reason: str) -> None:
        self.losses.append(reason)


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def sightings(told: Told) -> Sightings:
    return Sightings(told, lead_seconds=120)


def interview(phase: str | None = None, spec: dict[str, Any] | None = None, **status: Any) -> dict[str, Any]:
    metadata = {"uid": "u", "namespace": "hiring", "name": "ada", "creationTimestamp": CREATED, "finalizers": ["f"]}
    return {"metadata": metadata, "spec": spec or {}, "status": status | ({"phase": phase} if phase else {})}


def ready(**status: Any) -> dict[str, Any]:
    return {"readyAt": "2026-11-29T10:00:09Z", "startedAt": "2026-11-29T10:00:02Z", **status}


def test_a_start_is_told_once(sightings: Sightings, told: Told) -> None:
    sightings.saw(interview())
    sightings.saw(interview("Provisioning"))
    for _ in range(2):
        sightings.saw(interview("Ready", **ready()))
    sightings.saw(interview("InProgress", **ready()))
    assert told.starts == [("Immediate", 9)]


def test_what_was_before_the_first_sight_is_not_told(sightings: Sightings, told: Told) -> None:
    sightings.saw(interview("Completed", **ready(), conditions=[]))
    sightings.saw(interview("Completed", **ready(), conditions=[]))
    assert (told.starts, told.ends) == ([], [])


@pytest.mark.parametrize(
    ("spec", "status", "start"),
    [
        ({"start": "Immediate"}, {}, ("Immediate", 9)),
        ({"window": {"notBefore": "2026-11-29T10:02:04Z"}}, {}, ("Immediate", 5)),
        ({"window": {"notBefore": "2026-11-29T11:00:00Z"}}, {}, ("Immediate", 0)),
        ({}, {"session": {"consentedAt": "2026-11-29T10:00:01Z"}}, ("OnArrival", 8)),
        ({}, {"session": {"consentedAt": "2026-11-29T10:00:05Z"}}, ("Immediate", 9)),
        ({"start": "OnArrival"}, {"session": {"consentedAt": "2026-11-29T10:00:05Z"}}, ("OnArrival", 4)),
    ],
)
def test_from_when_it_was_due(
    sightings: Sightings, told: Told, spec: dict[str, Any], status: dict[str, Any], start: tuple[str, float]
) -> None:
    sightings.saw(interview("Provisioning", spec))
    sightings.saw(interview("Ready", spec, **ready(**status)))
    assert told.starts == [start]


def test_lost_bots_and_the_end(sightings: Sightings, told: Told) -> None:
    sightings.saw(interview("Ready"))
    history = [{"attempt": 1, "reason": "Evicted"}, {"attempt": 2}]
    sightings.saw(interview("Provisioning", attempts={"current": 2, "failures": 1, "history": history}))
    history = [{"attempt": 1, "reason": "Evicted"}, {"attempt": 2, "reason": "NodeLost"}]
    over = {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}
    attempts = {"current": 2, "failures": 2, "history": history}
    for _ in range(2):
        sightings.saw(interview("Failed", attempts=attempts, conditions=[over]))
    assert told.losses == ["Evicted", "NodeLost"]
    assert told.ends == [("Failed", "BackoffLimitExceeded")]


def test_a_namesake_of_what_is_gone_begins_anew(sightings: Sightings, told: Told) -> None:
    sightings.saw(interview("Open"))
    sightings.gone("u")
    over = {"type": "Failed", "status": "True", "reason": "NoShow"}
    sightings.saw(interview("Expired", conditions=[over]))
    assert told.ends == [], "what had happened before it was first seen"


@pytest.mark.parametrize(
    ("phase", "reason", "failed"),
    [
        ("Failed", "NoBot", "NoBot"),
        ("Failed", "BackoffLimitExceeded", "BackoffLimitExceeded"),
        # Put back after its end: it failed then.
        ("Failed", "AlreadyFinished", None),
        ("Expired", "NoShow", None),
        ("Cancelled", "Cancelled", None),
    ],
)
def test_a_failure_is_given_once(sightings: Sightings, phase: str, reason: str, failed: str | None) -> None:
    over = {"type": "Failed", "status": "True", "reason": reason}
    assert sightings.saw(interview("Ready")) is None
    assert sightings.saw(interview(phase, conditions=[over])) == failed
    assert sightings.saw(interview(phase, conditions=[over])) is None


def test_a_failure_is_logged_by_the_words_that_an_alarm_counts(caplog: pytest.LogCaptureFixture) -> None:
    """deploy/eks/parley_eks/signs.py has them."""
    nobody: Any = Mock()
    eyes = Eyes(nobody, nobody, nobody, nobody, nobody, Sightings(Told(), lead_seconds=120))
    for phase in ("InProgress", "Failed", "Failed"):
        over = {"type": "Failed", "status": "True", "reason": "NoBot"}
        eyes.saw_interview(interview(phase, conditions=[over]), False)
    eyes.saw_interview(interview("Failed"), True)
    (record,) = caplog.records
    assert (record.levelname, record.getMessage()) == ("WARNING", "the interview failed: NoBot")
    assert record.__dict__["interview"] == InterviewRef(namespace="hiring", name="ada", uid="u")


def condition(type_: str, reason: str, status: str = "True") -> dict[str, str]:
    return {"type": type_, "reason": reason, "status": status}


def test_what_does_not_go_on_by_itself_is_counted_while_that_lasts(sightings: Sightings) -> None:
    sightings.saw(interview("Provisioning", conditions=[condition("Reconciling", "PodNotCreated")]))
    assert sightings.stalled(LATER) == {"PodNotCreated": 1}
    sightings.saw(interview("Provisioning", conditions=[condition("Stalled", "PodNotCreated")]))
    assert sightings.stalled(LATER) == {"PodNotCreated": 1}
    sightings.saw(interview("Provisioning", conditions=[condition("Reconciling", "BotStarting")]))
    assert sightings.stalled(LATER) == {}


@pytest.mark.parametrize(
    ("phase", "found"),
    [
        ("Pending", [condition("Stalled", "TemplateNotAllowed", "False")]),
        ("Open", [condition("Reconciling", "WaitingForCapacity")]),
        ("Provisioning", [condition("Reconciling", "Unschedulable")]),
        ("Completed", [condition("Complete", "Completed")]),
    ],
)
def test_what_goes_on_or_is_over_is_not_counted(sightings: Sightings, phase: str, found: list[dict[str, str]]) -> None:
    """Of a pod that can't be placed or begun an attempt is lost in the end, and that is counted."""
    sightings.saw(interview(phase, conditions=found))
    assert sightings.stalled(LATER) == {}


def test_one_that_is_gone_is_not_counted(sightings: Sightings) -> None:
    sightings.saw(interview("Pending", conditions=[condition("Stalled", "TemplateNotAllowed")]))
    sightings.gone("u")
    assert sightings.stalled(LATER) == {}


def test_one_without_a_status_is_counted_after_a_minute(sightings: Sightings) -> None:
    created = datetime.fromisoformat(CREATED)
    sightings.saw(interview(observedGeneration=-1))
    assert sightings.stalled(created + timedelta(seconds=59)) == {}
    assert sightings.stalled(created + timedelta(seconds=60)) == {"NotObserved": 1}
    sightings.saw(interview("Open"))
    assert sightings.stalled(LATER) == {}

"""What a candidate may do now, over every phase and around the window's edges."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from parley_api.candidates.models import JoinState
from parley_api.candidates.state import (
    consent_given,
    consent_needed,
    join_state,
    join_view,
    recorded,
    recording_wanted,
    require_open,
)
from parley_api.problems import ProblemError
from parley_crds import Interview, InterviewTemplateSpec, Phase

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BEFORE, AFTER = "2026-03-01T11:59:59Z", "2026-03-01T12:00:01Z"
ARRIVED = {
    "type": "CandidateArrived",
    "status": "True",
    "reason": "Consented",
    "lastTransitionTime": BEFORE,
}
TEMPLATE = InterviewTemplateSpec.model_validate(
    {
        "title": "Data engineer",
        "interviewer": {"name": "Ava", "greeting": "Hello.", "closing": "Goodbye."},
        "questions": [{"id": "one", "text": "One?"}],
        "consent": {"text": "…", "version": "2"},
        "limits": {"durationSeconds": 600},
    }
)


def interview(status: dict[str, Any], **spec: Any) -> Interview:
    return Interview.model_validate(
        {
            "metadata": {"name": "ada", "namespace": "hiring", "uid": "u"},
            "spec": {"templateRef": {"name": "t"}, **spec},
            "status": status,
        }
    )


@pytest.mark.parametrize("phase", Phase)
def test_every_phase_has_a_state(phase: Phase) -> None:
    state = join_state(interview({"phase": phase}), NOW)
    assert state.is_over == phase.is_final


def test_without_a_phase_it_is_scheduled() -> None:
    assert join_state(interview({}), NOW) is JoinState.SCHEDULED


@pytest.mark.parametrize(
    ("phase", "window", "conditions", "state"),
    [
        ("Ready", {"notBefore": AFTER}, [], JoinState.SCHEDULED),
        ("Ready", {"notBefore": BEFORE}, [], JoinState.READY),
        ("Open", {"expiresAt": AFTER}, [], JoinState.OPEN),
        ("Open", {"expiresAt": "2026-03-01T12:00:00Z"}, [], JoinState.EXPIRED),
        # Who came in time is let through, and whoever is inside goes on.
        ("Provisioning", {"expiresAt": BEFORE}, [ARRIVED], JoinState.PREPARING),
        ("InProgress", {"expiresAt": BEFORE}, [ARRIVED], JoinState.IN_PROGRESS),
        ("Completed", {"expiresAt": BEFORE}, [], JoinState.FINISHED),
    ],
)
def test_the_window(phase: str, window: dict[str, str], conditions: list[Any], state: JoinState) -> None:
    assert join_state(interview({"phase": phase, "conditions": conditions}, window=window), NOW) is state


def test_an_interview_without_a_slot_is_queued_until_it_has_a_bot() -> None:
    waits = {"type": "Reconciling", "status": "True", "reason": "WaitingForCapacity", "message": "Place 3 of 17"}
    waits["lastTransitionTime"] = "2026-03-01T12:00:00Z"
    queued = interview({"phase": "Open", "conditions": [waits]})
    assert join_state(queued, NOW) is JoinState.QUEUED
    assert require_open(queued, NOW) is JoinState.QUEUED, "who waits may agree meanwhile"
    assert join_state(interview({"phase": "Scheduled", "conditions": [waits]}), NOW) is JoinState.SCHEDULED
    assert join_state(interview({"phase": "Open", "conditions": [waits]}, cancel=True), NOW) is JoinState.CANCELLED


def test_the_spec_goes_before_the_phase() -> None:
    assert join_state(interview({"phase": "Ready"}, cancel=True), NOW) is JoinState.CANCELLED
    deleting = interview({"phase": "Ready"})
    metadata = deleting.metadata.model_copy(update={"deletion_timestamp": NOW})
    assert join_state(deleting.model_copy(update={"metadata": metadata}), NOW) is JoinState.CANCELLED


@pytest.mark.parametrize(
    ("reason", "state"),
    [
        ("Completed", JoinState.FINISHED),
        ("TimeLimit", JoinState.FINISHED),
        ("Sealed", JoinState.FINISHED),
        ("NoShow", JoinState.EXPIRED),
        ("Cancelled", JoinState.CANCELLED),
        ("TechnicalFault", JoinState.FAILED),
        ("RecordingFailed", JoinState.FAILED),
        ("DeadlineExceeded", JoinState.FAILED),
    ],
)
def test_a_stored_end_goes_before_the_phase(reason: str, state: JoinState) -> None:
    status = {"phase": "InProgress", "session": {"finishedAt": BEFORE, "reason": reason}}
    assert join_state(interview(status), NOW) is state


def test_consent_is_to_a_version() -> None:
    assert not consent_given(interview({}), TEMPLATE)
    assert not consent_given(interview({"session": {"consentVersion": "1"}}), TEMPLATE)
    assert consent_given(interview({"session": {"consentVersion": "2"}}), TEMPLATE)


RECORDED, REQUIRED = {"enabled": True}, {"enabled": True, "required": True}


@pytest.mark.parametrize("agreed", [None, "1", "2"])
@pytest.mark.parametrize("off", [True, False])
@pytest.mark.parametrize("recording", [{}, RECORDED, REQUIRED])
@pytest.mark.parametrize("consent_required", [True, False])
def test_recorded_is_who_agreed_where_the_template_asks_for_it(
    agreed: str | None, off: bool, recording: dict[str, Any], consent_required: bool
) -> None:
    """Over every case: nobody is recorded without consent, and nobody gets into a room that has to record them."""
    consent = TEMPLATE.consent.model_copy(update={"required": consent_required})
    settings = type(TEMPLATE.recording).model_validate(recording)
    template = TEMPLATE.model_copy(update={"recording": settings, "consent": consent})
    overrides = {"recording": {"enabled": False}} if off else {}
    asked = interview({"session": {"consentVersion": agreed}} if agreed else {}, overrides=overrides)
    wanted = bool(recording) and not off
    assert recording_wanted(asked, template) is wanted
    assert recorded(asked, template) is (wanted and agreed == "2")
    needed = consent_required or (wanted and recording == REQUIRED)
    assert consent_needed(asked, template) is needed
    view = join_view(asked, template, NOW)
    assert (view.recording, view.consent.required) == (wanted, needed)
    gets_in = consent_given(asked, template) or not needed
    if settings.required and wanted and gets_in:
        assert recorded(asked, template)


@pytest.mark.parametrize(("percent", "overrides", "seconds"), [(0, None, 600), (25, None, 750), (50, 301, 452)])
def test_the_duration_has_its_extra_time(percent: int, overrides: int | None, seconds: int) -> None:
    spec: dict[str, Any] = {"candidate": {"extraTimePercent": percent}}
    if overrides:
        spec["overrides"] = {"limits": {"durationSeconds": overrides}}
    assert join_view(interview({}, **spec), TEMPLATE, NOW).duration_seconds == seconds


def test_the_way_in() -> None:
    assert require_open(interview({"phase": "Open"}), NOW) is JoinState.OPEN
    with pytest.raises(ProblemError) as early:
        require_open(interview({"phase": "Scheduled"}, window={"notBefore": AFTER}), NOW)
    assert (early.value.status, early.value.slug) == (403, "not-yet-open")
    assert early.value.document()["opensAt"] == AFTER
    with pytest.raises(ProblemError) as late:
        require_open(interview({"phase": "Open"}, window={"expiresAt": BEFORE}), NOW + timedelta(days=1))
    assert (late.value.status, late.value.slug) == (410, "interview-over")


@pytest.mark.parametrize("phase", ["Pending", "Open", "Provisioning", "Suspended"])
def test_what_is_on_hold_opens_at_no_time_that_anybody_knows(phase: str) -> None:
    held = interview({"phase": phase}, suspend=True, window={"notBefore": AFTER})
    view = join_view(held, TEMPLATE, NOW)
    assert (view.state, view.opens_at) == (JoinState.SCHEDULED, None)
    with pytest.raises(ProblemError, match="on hold") as refused:
        require_open(held, NOW)
    assert (refused.value.status, refused.value.slug) == (403, "not-yet-open")
    assert "opensAt" not in refused.value.document()


def test_the_window_of_what_is_on_hold_closes_all_the_same() -> None:
    assert join_state(interview({"phase": "Suspended"}, suspend=True, window={"expiresAt": BEFORE}), NOW).is_over


@pytest.mark.parametrize("status", [{"attempts": {"current": 1}}, {"session": {"startedAt": BEFORE}}])
def test_what_was_started_is_not_on_hold(status: dict[str, Any]) -> None:
    assert join_state(interview({"phase": "Ready", **status}, suspend=True), NOW) is JoinState.READY

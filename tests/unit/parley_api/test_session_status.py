"""The API's share of the status: whatever is changed, nothing that was there is left out of the next apply."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from parley_api.session_status import (
    Change,
    SessionState,
    arrived,
    consented,
    finished,
    joined,
    state_of,
    timestamp,
)
from parley_crds import InterviewStatus

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def change_of(kind: str, minute: int) -> Change:
    at = START + timedelta(minutes=minute)
    return {
        "consented": consented("v1", at),
        "arrived": arrived(at),
        "joined": joined(at),
        "finished": finished("Completed", 1, at),
    }[kind]


def document(state: SessionState) -> dict[str, Any]:
    """An Interview that holds the state, beside what is the operator's."""
    accepted = {"type": "Accepted", "status": "True", "reason": "Accepted", "lastTransitionTime": timestamp(START)}
    return {
        "status": {"phase": "Ready", "session": state.session, "conditions": [accepted, *state.conditions.values()]}
    }


@given(st.lists(st.tuples(st.sampled_from(["consented", "arrived", "joined", "finished"]), st.integers(0, 60))))
def test_no_change_takes_anything_away(steps: list[tuple[str, int]]) -> None:
    state = SessionState()
    for kind, minute in steps:
        before = state
        state = state_of(document(change_of(kind, minute)(before)))
        assert before.session.keys() <= state.session.keys()
        assert before.conditions.items() <= state.conditions.items()
        assert "Accepted" not in state.conditions
        InterviewStatus.model_validate(document(state)["status"])


@given(st.sampled_from(["consented", "arrived", "finished"]), st.integers(1, 60))
def test_saying_it_again_changes_nothing(kind: str, minute: int) -> None:
    once = change_of(kind, 0)(SessionState())
    assert change_of(kind, minute)(once) == once


def test_the_first_joining_starts_the_clock() -> None:
    state = joined(START + timedelta(minutes=9))(joined(START)(SessionState()))
    assert state.session == {"startedAt": "2026-03-01T12:00:00Z", "joinedAt": "2026-03-01T12:09:00Z"}


def test_a_newer_consent_replaces_the_older() -> None:
    state = consented("v2", START + timedelta(minutes=1))(consented("v1", START)(SessionState()))
    assert state.session["consentVersion"] == "v2"
    assert state.conditions["CandidateArrived"]["lastTransitionTime"] == timestamp(START)


def test_the_first_end_stands() -> None:
    state = finished("Sealed", 2, START + timedelta(minutes=1))(finished("Completed", 1, START)(SessionState()))
    assert state.session["reason"] == "Completed"
    assert state.conditions["SessionFinished"]["reason"] == "Completed"

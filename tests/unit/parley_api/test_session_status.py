"""The API's share of the status: whatever is changed, nothing that was there is left out of the next apply."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parley_api.kube import Kube, KubeError
from parley_api.session_status import (
    ATTEMPTS,
    Change,
    SessionState,
    arrived,
    consented,
    finished,
    joined,
    state_of,
    timestamp,
    update,
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


class Contended(Kube):
    """A cluster where another writer is faster for the first `losses` times."""

    def __init__(self, losses: int) -> None:
        self.losses = losses
        self.tries = 0

    async def get(self, path: str, query: Any = None) -> dict[str, Any]:
        return {
            "metadata": {"name": "ada", "namespace": "hiring", "uid": "u-1", "resourceVersion": "1", "generation": 1}
        }

    async def apply(self, path: str, body: dict[str, Any], *, manager: str) -> dict[str, Any]:
        self.tries += 1
        if self.tries <= self.losses:
            raise KubeError(409, "Conflict", "the object has been modified")
        return body


async def test_a_lost_race_is_run_again() -> None:
    kube = Contended(3)
    written = await update(kube, "hiring", "ada", "u-1", finished("Completed", 1, START))
    assert written["status"]["session"]["reason"] == "Completed"
    assert kube.tries == 4


async def test_races_lost_without_end_are_told_as_a_time_to_come_again() -> None:
    """409 would be the bot's own fault, and its last word."""
    kube = Contended(ATTEMPTS)
    with pytest.raises(KubeError) as refusal:
        await update(kube, "hiring", "ada", "u-1", finished("Completed", 1, START))
    assert (refusal.value.status, kube.tries) == (503, ATTEMPTS)

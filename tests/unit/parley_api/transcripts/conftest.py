"""An interview's inputs and events for the tests of transcripts."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from parley_api.store import FolderStore
from parley_protocol import (
    BotInputs,
    ConnectionChanged,
    Event,
    InterviewerPlan,
    InterviewPlan,
    InterviewRef,
    NumberedEvent,
    QuestionAsked,
    QuestionPlan,
    RoomInputs,
    Speaker,
    ToolCalled,
    Turn,
    TurnSpoken,
)
from parley_protocol.assignment import AttemptEvents

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store")


@pytest.fixture
def inputs() -> BotInputs:
    return BotInputs(
        interview=InterviewRef(namespace="hiring", name="ada", uid="u-1"),
        attempt=1,
        template="backend-1",
        plan=InterviewPlan(
            title="Backend engineer",
            candidate_name="Ada <Lovelace>",
            interviewer=InterviewerPlan(name="Sam", greeting="Hello.", closing="Goodbye."),
            questions=[
                QuestionPlan(id="q1", text="What did you build?", follow_ups=2),
                QuestionPlan(id="q2", text="Why?", required=False),
            ],
            facts=["The team is small."],
            context="A long CV",
        ),
        room=RoomInputs(provider="websocket", name="u-1", ticket_key="c2VjcmV0"),
        retention_days=30,
    )


@pytest.fixture
def story() -> list[AttemptEvents]:
    """Two attempts: the first dies after an answer, the second goes on without a greeting."""
    return [
        AttemptEvents(
            attempt=1,
            events=numbered(
                [
                    ConnectionChanged(who="bot", what="joined"),
                    ConnectionChanged(who="candidate", what="joined"),
                    turn(1, Speaker.INTERVIEWER, "Hello. What did you build?"),
                    QuestionAsked(question_id="q1"),
                    turn(2, Speaker.CANDIDATE, "An engine & a --> thing.", "q1"),
                    QuestionAsked(question_id="q1", follow_up=1),
                    ToolCalled(name="record_answer", outcome="ok"),
                ]
            ),
        ),
        AttemptEvents(
            attempt=2,
            events=numbered(
                [
                    ConnectionChanged(who="bot", what="joined"),
                    QuestionAsked(question_id="q1", follow_up=1),
                    turn(3, Speaker.INTERVIEWER, "What was hard?", "q1"),
                    turn(4, Speaker.CANDIDATE, "Everything.", "q1"),
                    ConnectionChanged(who="candidate", what="left"),
                ],
                begin=60,
            ),
        ),
    ]


def turn(seq: int, speaker: Speaker, text: str, question_id: str | None = None) -> TurnSpoken:
    return TurnSpoken(
        turn=Turn(
            seq=seq, speaker=speaker, text=text, start_ms=seq * 5000, end_ms=seq * 5000 + 4000, question_id=question_id
        )
    )


def numbered(events: list[Event], begin: int = 0) -> list[NumberedEvent]:
    return [
        NumberedEvent(n=n, at=START + timedelta(seconds=begin + n), at_ms=(begin + n) * 1000, event=event)
        for n, event in enumerate(events, start=1)
    ]


@pytest.fixture
def make_numbered() -> Callable[..., list[NumberedEvent]]:
    return numbered


@pytest.fixture
def make_turn() -> Callable[..., TurnSpoken]:
    return turn

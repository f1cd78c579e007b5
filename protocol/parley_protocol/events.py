"""What a bot reports while the interview runs: numbered, idempotent, acknowledged only when durable.

A replaced bot rebuilds its place in the plan from these events alone, so each carries what the engine needs to go on.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from parley_protocol.model import Message
from parley_protocol.transcript import Turn


class TurnSpoken(Message):
    """A turn, as it was spoken; `turn.seq` goes on across attempts."""

    kind: Literal["turn"] = "turn"
    turn: Turn


class QuestionAsked(Message):
    """The engine put a question to the candidate; `follow_up` 0 is the question itself, 1… its follow-ups."""

    kind: Literal["question"] = "question"
    question_id: str = Field(max_length=64)
    follow_up: int = Field(default=0, ge=0)


class AnswerRecorded(Message):
    """The engine took an answer; `summary` is the model's own and stays out of the transcript's turns.

    `skipped`: there is none, since the candidate has passed.
    """

    kind: Literal["answer"] = "answer"
    question_id: str = Field(max_length=64)
    summary: str = Field(default="", max_length=4096)
    skipped: bool = False


class ToolCalled(Message):
    """The model called a tool; `outcome` is `ok` or the reason of the refusal, never its arguments."""

    kind: Literal["tool"] = "tool"
    name: str = Field(max_length=64)
    outcome: str = Field(max_length=256)


class ConnectionChanged(Message):
    """Somebody joined or left the room. The candidate's first `joined` starts the interview's clock.

    The model leaves when its session is lost, and joins when another one is there: what each session of the model's
    gives to the next in good order is no change.
    """

    kind: Literal["connection"] = "connection"
    who: Literal["candidate", "bot", "model"]
    what: Literal["joined", "left"]


Event = Annotated[
    TurnSpoken | QuestionAsked | AnswerRecorded | ToolCalled | ConnectionChanged, Field(discriminator="kind")
]


class NumberedEvent(Message):
    """An event with its number within the attempt (from 1, without gaps) and its times.

    `at` is the wall clock; `at_ms` counts from the start of the interview and is 0 before it.
    """

    n: int = Field(ge=1)
    at: AwareDatetime
    at_ms: int = Field(ge=0)
    event: Event


class EventBatch(Message):
    """`POST /bot/v1/events`: consecutive events of one attempt. Sending it again changes nothing."""

    attempt: int = Field(ge=1)
    events: list[NumberedEvent] = Field(min_length=1, max_length=256)


class EventAck(Message):
    """Every event up to `acknowledged` (0: none) of this attempt is durable."""

    acknowledged: int


class FinishReason(StrEnum):
    """Why the conversation ended."""

    COMPLETED = "Completed"
    CANDIDATE_LEFT = "CandidateLeft"
    TIME_LIMIT = "TimeLimit"
    SILENCE = "Silence"
    TECHNICAL_FAULT = "TechnicalFault"
    RECORDING_FAILED = "RecordingFailed"
    NO_SHOW = "NoShow"
    CANCELLED = "Cancelled"


class FinishRequest(Message):
    """`POST /bot/v1/finish`: an attempt's last word; every event up to `last_event` must be acknowledged before."""

    attempt: int = Field(ge=1)
    reason: FinishReason
    last_event: int = Field(ge=0)

"""The stored transcript, version 1, and its manifest."""

from enum import StrEnum
from typing import Literal

from pydantic import AwareDatetime, Field

from parley_protocol.consent import ConsentRecord
from parley_protocol.model import Message
from parley_protocol.recording import RecordingAccount


class Speaker(StrEnum):
    """Who spoke a turn."""

    INTERVIEWER = "interviewer"
    CANDIDATE = "candidate"


class Turn(Message):
    """One turn of speech. Times are milliseconds from the start of the interview (the candidate's first joining).

    The text is bounded far beyond what anybody says in a turn (an hour of speech).
    """

    seq: int = Field(ge=0)
    speaker: Speaker
    text: str = Field(max_length=65_536)
    start_ms: int = Field(ge=0)
    end_ms: int = Field(ge=0)
    question_id: str | None = Field(default=None, max_length=64)
    interrupted: bool = False
    final: bool = True


class TranscriptQuestion(Message):
    """What became of a planned question: asked or not, how many follow-ups, the candidate's turns on it by `seq`.

    `skipped`: the candidate has passed, on the question itself or on a follow-up.
    """

    id: str
    text: str
    required: bool
    asked: bool
    follow_ups: int
    answer_turns: list[int]
    skipped: bool = False


class TranscriptToolCall(Message):
    """A call that the model made, at `at_ms`."""

    at_ms: int
    name: str
    outcome: str


class TranscriptConnection(Message):
    """A change of the candidate's or the bot's connection, or the model's, at `at_ms`."""

    at_ms: int
    who: Literal["candidate", "bot", "model"]
    what: Literal["joined", "left"]
    attempt: int


class Transcript(Message):
    """`transcript.json`: everything that was said, in order, with what became of each question."""

    version: Literal[1] = 1
    namespace: str
    name: str
    uid: str
    title: str
    language: str
    template: str
    candidate_name: str | None = None
    started_at: AwareDatetime | None = None
    finished_at: AwareDatetime
    reason: str
    attempts: int
    turns: list[Turn]
    questions: list[TranscriptQuestion]
    tool_calls: list[TranscriptToolCall]
    connections: list[TranscriptConnection]


class ManifestEntry(Message):
    """One artifact: its name beside the manifest, SHA-256 in hex, size in bytes."""

    name: str
    sha256: str
    size: int
    content_type: str


class Manifest(Message):
    """`manifest.json`: what is stored, and when it is to be deleted; `recording` where there is one.

    `consent` is there where the candidate has agreed; manifests of before it told of that in `recording` alone.
    """

    version: Literal[1] = 1
    namespace: str
    name: str
    uid: str
    created_at: AwareDatetime
    delete_after: AwareDatetime | None = None
    artifacts: list[ManifestEntry]
    consent: ConsentRecord | None = None
    recording: RecordingAccount | None = None

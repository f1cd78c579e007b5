"""What a session received and did, kept for whoever asks the control port."""

from collections import Counter, deque
from typing import Any

from pydantic import BaseModel, Field

_KEPT = 50


class Message(BaseModel):
    """A text that a client sent, or a turn that was heard or spoken."""

    role: str
    text: str
    at: float = Field(description="Seconds since the session began.")
    interrupted: bool = False


class ToolCall(BaseModel):
    """A tool that the model called, and what it answered."""

    name: str
    arguments: dict[str, Any]
    at: float
    result: str | None = None


class SessionRecord(BaseModel):
    """One session on the wire."""

    id: str
    model: str
    started_at: float = Field(description="Seconds since the epoch.")
    ended_at: float | None = None
    end: str | None = Field(None, description="Why it ended; None while it runs.")
    session_start: dict[str, Any] | None = None
    prompt_start: dict[str, Any] | None = None
    system: list[str] = []
    history: list[Message] = []
    interactive: list[Message] = []
    turns: list[Message] = []
    tool_calls: list[ToolCall] = []
    events: Counter[str] = Counter()
    audio_seconds: float = 0


class SessionBook:
    """The sessions of late, oldest first; the oldest of more than 50 are forgotten."""

    def __init__(self) -> None:
        self._records: deque[SessionRecord] = deque(maxlen=_KEPT)

    def open(self, record: SessionRecord) -> None:
        """Keep a record; it may change until its session ends."""
        self._records.append(record)

    @property
    def records(self) -> list[SessionRecord]:
        """All that is kept."""
        return list(self._records)

    def clear(self) -> None:
        """Forget the sessions that have ended."""
        running = [record for record in self._records if record.end is None]
        self._records.clear()
        self._records.extend(running)

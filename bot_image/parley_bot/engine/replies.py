"""What the engine answers: to the model's tool calls a reply, to events of time and silence an action."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from parley_protocol import Event, FinishReason


class Next(StrEnum):
    """What the model is to do after it has spoken the reply's words."""

    LISTEN = "listen"
    ANSWER = "answer"
    FOLLOW_UP = "follow_up"
    NEXT_QUESTION = "next_question"
    END_INTERVIEW = "end_interview"
    HANG_UP = "hang_up"


@dataclass(frozen=True, slots=True)
class Reply:
    """The result of a tool call: `say` are the words to speak now, `instruction` is for the model alone.

    `result` is what a tool of the template's own has answered.
    """

    next: Next
    instruction: str
    say: str | None = None
    result: Any = None

    def as_result(self) -> dict[str, Any]:
        """The JSON that the model is given."""
        told: dict[str, Any] = {"next": self.next.value, "instruction": self.instruction}
        if self.say is not None:
            told["say"] = self.say
        if self.next is Next.ANSWER:
            told["result"] = self.result
        return told


@dataclass(frozen=True, slots=True)
class Decision:
    """A reply, and what is to be reported of it (the questions and answers first, the tool call last)."""

    reply: Reply
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Prompt:
    """Text to put to the model: a reply as JSON, which it acts on as it does on a tool's result."""

    text: str


@dataclass(frozen=True, slots=True)
class Finish:
    """The conversation is over, for this reason."""

    reason: FinishReason


@dataclass(frozen=True, slots=True)
class TakeFloor:
    """The candidate talks on though the time is up: the interviewer speaks over them, and is not hushed any more."""


Action = Prompt | Finish | TakeFloor

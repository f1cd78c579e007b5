"""What the engine answers: to the model's tool calls a reply, to events of time and silence an action."""

from dataclasses import dataclass
from enum import StrEnum

from parley_protocol import Event, FinishReason


class Next(StrEnum):
    """What the model is to do after it has spoken the reply's words."""

    LISTEN = "listen"
    FOLLOW_UP = "follow_up"
    NEXT_QUESTION = "next_question"
    END_INTERVIEW = "end_interview"
    HANG_UP = "hang_up"


@dataclass(frozen=True, slots=True)
class Reply:
    """The result of a tool call: `say` are the words to speak now, `instruction` is for the model alone."""

    next: Next
    instruction: str
    say: str | None = None

    def as_result(self) -> dict[str, str]:
        """The JSON that the model is given."""
        result = {"next": self.next.value, "instruction": self.instruction}
        if self.say is not None:
            result["say"] = self.say
        return result


@dataclass(frozen=True, slots=True)
class Decision:
    """A reply, and what is to be reported of it (the questions and answers first, the tool call last)."""

    reply: Reply
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Prompt:
    """Text to put to the model, which answers it by calling `next_question`."""

    text: str


@dataclass(frozen=True, slots=True)
class Finish:
    """The conversation is over, for this reason."""

    reason: FinishReason


Action = Prompt | Finish

"""What is known of a conversation that goes on: a fold over the turns that the API tells of."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class Turns:
    """What the API has told of the conversation: each turn by its number, and the question they are at."""

    seen: frozenset[int] = field(default=frozenset())
    question: str | None = None
    last: int = -1

    def heard(self, stored: Mapping[str, Any]) -> "Turns":
        """With a stored turn; one that came before changes nothing."""
        turn = stored.get("turn") or {}
        seq = turn.get("seq")
        if not isinstance(seq, int) or seq in self.seen:
            return self
        newer = seq > self.last
        question = (turn.get("questionId") or self.question) if newer else self.question
        return replace(self, seen=self.seen | {seq}, question=question, last=max(self.last, seq))

"""What became of each question: asked, followed up, answered. It is made, and rebuilt, of reported events alone."""

import re
from collections.abc import Iterable
from dataclasses import astuple, dataclass, field

from parley_protocol import AnswerRecorded, Event, InterviewPlan, QuestionAsked, QuestionPlan, Speaker, Turn, TurnSpoken

from parley_bot.engine.phrases import phrases_for


@dataclass(slots=True)
class QuestionState:
    """One asked question. `open` while an answer is awaited, to the question itself or to its last follow-up."""

    follow_ups: int = 0
    open: bool = True
    last_words: str = ""
    """The last follow-up as it was put: the model words it, and this is how it can be repeated."""

    @property
    def awaits_follow_up(self) -> bool:
        """Whether a follow-up was granted but not heard to be spoken."""
        return self.open and self.follow_ups > 0 and not self.last_words


@dataclass(slots=True)
class Ledger:
    """The asked questions, in the order of asking. The last one is the current question."""

    plan: InterviewPlan
    states: dict[str, QuestionState] = field(default_factory=dict)
    last_seq: int = 0

    @property
    def current(self) -> QuestionPlan | None:
        """The question that was asked last; None before the first."""
        asked = next(reversed(self.states), None)
        return next((q for q in self.plan.questions if q.id == asked), None)

    @property
    def current_state(self) -> QuestionState | None:
        """The state of the current question; None before the first."""
        return next(reversed(self.states.values()), None)

    @property
    def asked(self) -> frozenset[str]:
        """The ids of all questions that were asked."""
        return frozenset(self.states)

    def apply(self, event: Event) -> None:
        """Take in a reported event. One that names a question the plan does not have is passed over."""
        if isinstance(event, QuestionAsked):
            self._asked(event)
        elif isinstance(event, AnswerRecorded) and event.question_id in self.states:
            self.states[event.question_id].open = False
        elif isinstance(event, TurnSpoken):
            turn = event.turn
            self.last_seq = max(self.last_seq, turn.seq)
            state = self.states.get(turn.question_id or "")
            # Only the turn that puts the follow-up: nudges, explanations and welcomes are not it.
            own = _words(turn.text) in map(_words, astuple(phrases_for(self.plan.language)))
            if state is not None and state.awaits_follow_up and _is_whole(turn) and not own:
                state.last_words = turn.text

    def _asked(self, event: QuestionAsked) -> None:
        if all(question.id != event.question_id for question in self.plan.questions):
            return
        if event.follow_up == 0:
            self.states.setdefault(event.question_id, QuestionState())
        elif (state := self.states.get(event.question_id)) is not None:
            state.follow_ups = max(state.follow_ups, event.follow_up)
            state.open = True
            state.last_words = ""

    @classmethod
    def rebuild(cls, plan: InterviewPlan, history: Iterable[Event]) -> "Ledger":
        """The ledger as the events of all attempts left it."""
        ledger = cls(plan)
        for event in history:
            ledger.apply(event)
        return ledger


def _words(text: str) -> list[str]:
    """A text without what a model may write otherwise than it was told."""
    return re.findall(r"\w+", text.casefold())


def _is_whole(turn: Turn) -> bool:
    return turn.speaker is Speaker.INTERVIEWER and not turn.interrupted

"""The engine against a model that disobeys: the emulator's own scripts, without the sound."""

import itertools
import json
from collections import deque
from dataclasses import dataclass, field
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parley_bot.engine import Finish, InterviewSession, Prompt
from parley_bot.engine.instructions import PROMPT_BEGIN
from parley_emulators.nova.manners import Manner, UnrulyPolicy
from parley_emulators.nova.policy import Action, CallTool, Offer, Say
from parley_protocol import (
    AnswerRecorded,
    Event,
    FinishReason,
    InterviewPlan,
    QuestionAsked,
    ToolAnswer,
    ToolOutcome,
)
from support.engine import Room, make_plan

MANNERS: list[Manner] = [manner for manner in get_args(Manner) if manner != "obedient"]
OBEYS_TOOLS = [manner for manner in MANNERS if manner != "no_tools"]
TOOLS = frozenset({"next_question", "record_answer", "end_interview"})
OWN_TOOL = Offer("salary", "Look up the salary range of the job.", "question")
LONGEST_SECONDS = 3 * 3600


@dataclass
class Talk:
    """A model and a candidate around a session; `told` is all that the model was sent, and what was asked by then.

    Args:
        silent_after: After so many answers the candidate says nothing more.
    """

    plan: InterviewPlan
    manners: frozenset[Manner]
    silent_after: int = 1000
    told: list[tuple[frozenset[str], str]] = field(default_factory=list)
    finish: FinishReason | None = None

    def __post_init__(self) -> None:
        self.room = Room(InterviewSession(self.plan))
        self.policy = UnrulyPolicy(TOOLS, (OWN_TOOL,), manners=self.manners)
        self.answers = 0
        self.said_since = False

    def run(self) -> FinishReason | None:
        self._do(self._put(PROMPT_BEGIN))
        while self.finish is None and self.room.now < LONGEST_SECONDS:
            session = self.room.session
            if session.clock.floor_is_candidates and self.answers < self.silent_after and not session.ending:
                self.answers += 1
                self.room.answer(5)
                self.said_since = True
                self._do(self.policy.on_user_turn("I looked at the logs and found the service."))
            for action in self.room.wait(1):
                if isinstance(action, Prompt):
                    self._do(self._put(action.text))
                elif isinstance(action, Finish):
                    self.finish = action.reason
        return self.finish

    def _put(self, text: str) -> list[Action]:
        self._sent(text)
        return self.policy.on_text(text)

    def _sent(self, text: str) -> None:
        self.told.append((self.room.session.ledger.asked, text))

    def _do(self, actions: list[Action]) -> None:
        pending = deque(actions)
        while pending and self.finish is None:
            match pending.popleft():
                case Say(text):
                    self.room.ended = ()
                    self.room.speak(text)
                    self.finish = next((a.reason for a in self.room.ended if isinstance(a, Finish)), None)
                case CallTool(name, arguments):
                    result = json.dumps(self._call(name, arguments))
                    self._sent(result)
                    pending.extend(self.policy.on_tool_result(result))

    def _call(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        session, now = self.room.session, self.room.now
        match name:
            case "next_question":
                decision = session.next_question(now)
            case "record_answer":
                decision = session.record_answer(now, arguments["summary"], follow_up=arguments["follow_up"])
            case "end_interview":
                decision = session.end_interview(now, arguments["reason"])
            case "repeat_question" | "skip_question" | "give_time":
                decision = getattr(session, name)(now)
            case OWN_TOOL.name:
                found = ToolAnswer(outcome=ToolOutcome.OK, result={"range": "some"})
                decision = session.begin_tool(name, now) or session.end_tool(name, found, now)
            case _:
                decision = session.unknown_tool(name, now)
        for event in decision.events:
            self._holds(event)
        self.room.events.extend(decision.events)
        return decision.reply.as_result()

    def _holds(self, event: Event) -> None:
        """Nothing is recorded of a question, not even that it was passed, without a word of the candidate's on it."""
        if isinstance(event, QuestionAsked):
            self.said_since = False
        elif isinstance(event, AnswerRecorded):
            assert self.said_since, f"{event.question_id} was recorded without a word"

    @property
    def asked(self) -> list[str]:
        return [e.question_id for e in self.room.events if isinstance(e, QuestionAsked) and not e.follow_up]

    def hold_the_plan(self) -> None:
        """What holds however the model behaves."""
        assert self.finish is not None, "it ends"
        assert len(set(self.asked)) == len(self.asked), "no question is put twice as a new one"
        for question in self.plan.questions:
            follow_ups = [e for e in self.room.events if isinstance(e, QuestionAsked) and e.question_id == question.id]
            assert len(follow_ups) <= 1 + question.follow_ups
        recorded = [e.question_id for e in self.room.events if isinstance(e, AnswerRecorded)]
        assert set(recorded) <= set(self.asked)
        for asked, text in self.told:
            for question in self.plan.questions:
                if question.id not in asked and question.expectation:
                    assert question.expectation not in text, "nothing is told of a question to come"

    def tells_what_is_expected_in_its_time(self) -> bool:
        """Whether the expectation of every question came once it was asked: or there was nothing to keep back."""
        return all(
            any(question.id in asked and question.expectation in text for asked, text in self.told)
            for question in self.plan.questions
            if question.expectation
        )


@pytest.mark.parametrize("manner", OBEYS_TOOLS)
def test_a_manner_that_still_calls_tools_gets_every_question_asked(manner: Manner) -> None:
    talk = Talk(make_plan(), frozenset({manner}))
    assert talk.run() is FinishReason.COMPLETED
    talk.hold_the_plan()
    assert talk.asked == ["why", "hobby", "bug"]
    assert talk.tells_what_is_expected_in_its_time()
    words = " ".join(talk.room.said)
    # The emulator's script hangs up by itself, with the words that it has kept.
    farewell = () if manner == "mute" else ("Goodbye.",)
    for spoken in ("Hello, I am Ada.", "Why us?", "A hobby?", "A bug you fixed?", *farewell):
        assert spoken in words


def test_a_model_that_calls_no_tool_ends_with_the_time() -> None:
    talk = Talk(make_plan(duration_seconds=300), frozenset({"no_tools"}))
    assert talk.run() is FinishReason.TIME_LIMIT
    talk.hold_the_plan()
    assert talk.asked == ["why"]


@pytest.mark.parametrize("pair", [*itertools.combinations(OBEYS_TOOLS, 2)], ids="+".join)
def test_two_manners_at_once_are_held_too(pair: tuple[Manner, Manner]) -> None:
    talk = Talk(make_plan(), frozenset(pair))
    talk.run()
    talk.hold_the_plan()
    if set(pair) == {"stops", "early_end"}:
        return  # who asks whether to end it, and takes the next words for a yes, ends it
    assert {"why", "bug"} <= set(talk.asked)


@given(
    st.frozensets(st.sampled_from(MANNERS)),
    st.integers(0, 6),
    st.integers(120, 900),
    st.integers(5, 20),
)
def test_whatever_the_model_and_the_candidate_do_it_ends(
    manners: frozenset[Manner], silent_after: int, duration: int, nudge: int
) -> None:
    plan = make_plan(duration_seconds=duration, silence_nudge_seconds=nudge, silence_end_seconds=60)
    talk = Talk(plan, manners, silent_after)
    talk.run()
    talk.hold_the_plan()
    assert talk.room.now < duration + 120

"""Of `make soak`'s disobedient models: that each manner has its case, and what is seen of a plan that is not held."""

import json
from typing import Any, get_args

import pytest
from parley_emulators.nova.manners import Manner
from parley_protocol import AnswerRecorded, FinishReason, QuestionAsked, Speaker, ToolCalled, Turn
from parley_protocol.events import Event
from support.soak import manners
from support.soak.manners import Straying, every_manner, judged
from support.soak.plans import CLOSING, GREETING
from support.soak.rig import Talk
from support.voices.script import Script

SKIPS = next(straying for straying in every_manner() if straying.manner == "skips")
REFUSED = ToolCalled(name="skip_question", outcome="no-answer")


def call(say: str, expected: str = "") -> dict[str, Any]:
    return {"at": 1.0, "name": "next_question", "result": json.dumps({"say": say, "instruction": expected})}


def held(*events: Event) -> Talk:
    """A conversation in which both questions are asked, and all is held; `events` come beside it."""
    talk = Talk(manners._plan(SKIPS), Script("skips", ""), reason=FinishReason.COMPLETED, exit_code=0)
    first, second = talk.plan.questions
    words = (f"{GREETING} {first.text}", second.text, CLOSING)
    talk.turns = [
        Turn(seq=seq, speaker=Speaker.INTERVIEWER, text=text, start_ms=seq, end_ms=seq)
        for seq, text in enumerate(words, start=1)
    ]
    talk.stored = [QuestionAsked(question_id="q1"), QuestionAsked(question_id="q2"), REFUSED, *events]
    session = {"prompt_start": {}, "system": [], "history": [], "interactive": [], "turns": [], "end": "ended"}
    calls = [call(words[0], str(first.expectation)), call(words[1], str(second.expectation))]
    talk.sessions = [session | {"tool_calls": calls}]
    return talk


def test_every_manner_has_its_case() -> None:
    assert {straying.manner for straying in every_manner()} == set(get_args(Manner)) - {"obedient"}


def test_nothing_is_broken_where_the_plan_is_held() -> None:
    strayed = judged(SKIPS, held())
    assert (strayed.calls, strayed.refused, strayed.broken) == (1, 1, [])


def test_a_model_that_obeyed_shows_nothing() -> None:
    talk = held()
    talk.stored.remove(REFUSED)
    assert judged(SKIPS, talk).broken == ["the model has not done so"]


@pytest.mark.parametrize(
    ("events", "broken"),
    [
        ([AnswerRecorded(question_id="q1", skipped=True)], "q1 was skipped"),
        ([QuestionAsked(question_id="q1")], "asked q1, q2, q1"),
        ([QuestionAsked(question_id="q2", follow_up=n) for n in (1, 2)], "q2 was followed up 2 times"),
    ],
)
def test_what_is_not_held_is_seen(events: list[Event], broken: str) -> None:
    assert judged(SKIPS, held(*events)).broken == [broken]


def test_what_is_told_too_early_is_seen() -> None:
    talk = held()
    first = talk.sessions[0]["tool_calls"][0]
    first["result"] = first["result"].replace("a root cause", "honesty")
    assert judged(SKIPS, talk).broken == ["q2 was told before its time"]


def test_who_speaks_twice_what_it_is_given_twice_greets_twice() -> None:
    talk = held(ToolCalled(name="record_answer", outcome="words-not-spoken"))
    talk.turns[0] = talk.turns[0].model_copy(update={"text": f"{GREETING} {talk.turns[0].text}"})
    assert judged(SKIPS, talk).broken == ["greeted 2 times"]
    twice: Straying = next(straying for straying in every_manner() if straying.manner == "twice")
    assert judged(twice, talk).broken == []

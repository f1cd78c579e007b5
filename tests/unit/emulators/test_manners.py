"""How the emulated model disobeys, when it is told to."""

import json
from typing import Any

import pytest
from parley_emulators.nova.manners import OFF_PLAN, Manner, Manners, MannersBook
from parley_emulators.nova.policy import CallTool, Offer, Policy, Say
from pydantic import ValidationError

INTERVIEW = frozenset({"next_question", "record_answer", "end_interview"})
RECORD = CallTool("record_answer", {"summary": "I did.", "follow_up": True})
END = CallTool("end_interview", {"reason": "completed"})
NEXT = CallTool("next_question", {})
SKIP = CallTool("skip_question", {})
OFFERS = (
    Offer("skip_question", "Skip the question, when the candidate clearly asks to pass on it."),
    Offer("salary", "Look up the salary range.", "question"),
)


def policy(*manners: Manner) -> Policy:
    return MannersBook(Manners(manners=list(manners))).policy(INTERVIEW, OFFERS)


@pytest.mark.parametrize(
    ("manner", "actions"),
    [
        ("obedient", [RECORD]),
        ("early_end", [END, RECORD]),
        ("unknown_tool", [CallTool("grade_candidate", {"grade": 5}), RECORD]),
        ("twice", [RECORD, RECORD]),
        ("out_of_order", [NEXT, RECORD]),
        ("off_plan", [Say(OFF_PLAN), RECORD]),
        ("no_tools", [Say("I see.")]),
        ("mute", [RECORD]),
        ("skips", [RECORD]),
        ("repeats", [CallTool("repeat_question", {})]),
        ("stalls", [CallTool("give_time", {})]),
        ("stops", [CallTool("end_interview", {"reason": "candidate_stopped"})]),
        ("looks_up", [CallTool("salary", {"question": "I did."}), RECORD]),
    ],
)
def test_what_it_does_after_an_answer(manner: Manner, actions: list[Any]) -> None:
    assert policy(manner).on_user_turn("I did.") == actions


def test_without_tools_it_makes_the_first_call_alone() -> None:
    unruly = policy("no_tools")
    assert unruly.on_text("Begin.") == [NEXT]
    assert unruly.on_text(json.dumps({"next": "next_question"})) == [Say("I see.")]


def test_a_mute_one_speaks_every_second_text() -> None:
    unruly = policy("mute")
    said = [unruly.on_tool_result(json.dumps({"next": "listen", "say": str(n)})) for n in range(4)]
    assert said == [[], [Say("1")], [], [Say("3")]]


def test_one_that_skips_does_so_when_it_has_spoken_and_not_for_ever() -> None:
    unruly = policy("skips")
    words = json.dumps({"next": "listen", "say": "Why us?"})
    assert [unruly.on_tool_result(words) for _ in range(5)] == [[Say("Why us?"), SKIP]] * 4 + [[Say("Why us?")]]
    assert unruly.on_user_turn("I did.") == [RECORD]
    assert unruly.on_tool_result(words) == [Say("Why us?"), SKIP]
    assert unruly.on_tool_result(json.dumps({"next": "hang_up", "say": "Goodbye."})) == [Say("Goodbye.")]


@pytest.mark.parametrize("manner", ["repeats", "stalls", "stops"])
def test_a_wish_is_heard_in_each_third_turn(manner: Manner) -> None:
    unruly = policy(manner)
    assert [unruly.on_user_turn("I did.") == [RECORD] for _ in range(5)] == [False, True, True, False, True]


def test_one_that_has_hung_up_has_no_manners_any_more() -> None:
    unruly = policy("early_end", "off_plan", "no_tools")
    unruly.on_tool_result(json.dumps({"next": "hang_up", "say": "Goodbye."}))
    assert unruly.on_user_turn("Wait!") == []


def test_a_manner_that_is_none_is_refused() -> None:
    with pytest.raises(ValidationError):
        Manners.model_validate({"manners": ["rude"]})


def test_what_it_speaks_in_place_of_what_it_announces() -> None:
    manners = Manners(speaks={"250": "two hundred and fifty", "team": "crew"})
    assert manners.spoken("We have 250 teams, and 2500 in a team.") == (
        "We have two hundred and fifty teams, and 2500 in a crew."
    )
    assert Manners().spoken("A team.") == "A team."

"""A question that was cut short is put again only when the candidate's words can't come any more."""

import pytest
from parley_bot.engine import InterviewSession, Prompt
from parley_bot.engine.instructions import PROMPT_GO_ON
from parley_bot.engine.phrases import phrases_for
from parley_protocol import ModelPlan
from support.engine import Room, make_plan


@pytest.mark.parametrize(
    ("sensitivity", "extra", "seconds"),
    [("HIGH", 0, 3), ("MEDIUM", 0, 3), ("MEDIUM", 100, 6), ("LOW", 0, 7), ("LOW", 100, 11)],
)
def test_who_cuts_a_question_short_and_thinks_is_not_talked_into(sensitivity: str, extra: int, seconds: int) -> None:
    """The model's wait, what is kept from it of a pause (twice as long with as much extra time), and a second."""
    model = ModelPlan.model_validate({"turnSensitivity": sensitivity})
    room = Room(InterviewSession(make_plan(extra_time_percent=extra).model_copy(update={"model": model})))
    room.session.next_question(room.now)
    room.session.interviewer_began(room.now)
    room.session.candidate_spoke(room.now, speaking=True)
    room.session.interviewer_cut_short("Hello, I", 1.0)
    room.session.interviewer_ceased(room.now)
    room.session.candidate_spoke(room.now, speaking=False)
    assert room.wait(seconds - 1) == []
    assert room.wait(1) == [Prompt(PROMPT_GO_ON)]


def test_the_notice_does_not_go_into_the_pause_of_who_is_waited_for() -> None:
    limits = {"duration_seconds": 240, "closing_notice_seconds": 60, "extra_time_percent": 100}
    plan = make_plan(silence_nudge_seconds=60, silence_end_seconds=120, **limits)
    room = Room(InterviewSession(plan.model_copy(update={"model": ModelPlan(turn_sensitivity="LOW")})))
    room.call("next_question")
    room.session.candidate_spoke(room.now, speaking=True)
    assert room.wait(200) == []
    room.session.candidate_spoke(room.now, speaking=False)
    assert room.wait(10) == [], "their words may still come"
    assert room.wait(1) == [Prompt(PROMPT_GO_ON)]
    room.call("next_question")
    assert room.said[-1] == phrases_for("en-US").time_notice

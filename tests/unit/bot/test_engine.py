"""The interview session against models that obey and models that do not."""

import pytest
from parley_bot.engine import Finish, InterviewSession, Next, Prompt, TakeFloor
from parley_bot.engine.absence import RETURN_SECONDS
from parley_bot.engine.clock import WORDLESS_SECONDS
from parley_bot.engine.instructions import PROMPT_GO_ON, PROMPT_TIME_OVER
from parley_bot.engine.phrases import phrases_for
from parley_bot.engine.watch import OVERRUN_SECONDS, TALKING_ON_SECONDS
from parley_protocol import (
    AnswerRecorded,
    FinishReason,
    QuestionAsked,
    Speaker,
    ToolCalled,
    Turn,
    TurnSpoken,
)
from support.engine import Room, make_plan

PHRASES = phrases_for("en-US")


@pytest.fixture
def room() -> Room:
    return Room(InterviewSession(make_plan()))


def test_holds_a_whole_interview(room: Room) -> None:
    assert room.call("next_question") is Next.LISTEN
    assert room.said == ["Hello, I am Ada. Why us?"]
    assert room.record(follow_up=True) is Next.FOLLOW_UP
    assert "say" not in room.result
    assert room.record(follow_up=True) is Next.LISTEN, "the budget of one follow-up is used up: the next question"
    assert room.said[-1] == "A hobby?"
    assert room.record() is Next.LISTEN
    assert room.record() is Next.END_INTERVIEW
    assert room.call("end_interview", reason="completed") is Next.HANG_UP
    assert room.said[-3:] == ["A hobby?", "A bug you fixed?", "Goodbye."]
    assert room.ended == (Finish(FinishReason.COMPLETED),)
    asked = [(e.question_id, e.follow_up) for e in room.events if isinstance(e, QuestionAsked)]
    assert asked == [("why", 0), ("why", 1), ("hobby", 0), ("bug", 0)]


def test_expectation_of_the_current_question_only_is_told(room: Room) -> None:
    room.call("next_question")
    assert "names a product" in room.result["instruction"]
    assert "root cause" not in str(room.result)
    assert "bug" not in str(room.result)
    room.record()
    assert room.said[-1] == "A hobby?"
    assert "root cause" not in str(room.result)
    room.record()
    assert room.said[-1] == "A bug you fixed?"
    assert "root cause" in room.result["instruction"]
    assert "names a product" not in str(room.result)


def test_words_not_spoken_yet_are_given_again(room: Room) -> None:
    first = room.session.next_question(0)
    again = room.session.record_answer(0, "made up", follow_up=False)
    assert again.reply == first.reply
    assert [e for e in again.events if isinstance(e, AnswerRecorded)] == []


def test_an_answer_that_was_never_given_is_refused(room: Room) -> None:
    room.call("next_question")
    assert room.call("record_answer", summary="made up", follow_up=False) is Next.LISTEN
    assert room.call("next_question") is Next.LISTEN
    assert len(room.said) == 1


def test_an_early_end_is_told_to_go_on(room: Room) -> None:
    room.call("next_question")
    room.answer()
    assert room.call("end_interview", reason="done") is Next.NEXT_QUESTION
    room.call("next_question")
    assert room.said[-1] == "A hobby?"
    assert any(isinstance(e, AnswerRecorded) for e in room.events), "the answer that was not recorded is taken"


def test_next_question_without_recording_takes_the_answer(room: Room) -> None:
    room.call("next_question")
    room.answer()
    room.call("next_question")
    assert [e.question_id for e in room.events if isinstance(e, AnswerRecorded)] == ["why"]


def test_a_candidate_may_stop_after_confirming(room: Room) -> None:
    room.call("next_question")
    room.answer()
    room.call("end_interview", reason="candidate_stopped")
    assert room.said[-1] == PHRASES.confirm_stop
    assert room.call("end_interview", reason="candidate_stopped") is not Next.HANG_UP, "nothing was confirmed yet"
    room.answer()
    assert room.call("end_interview", reason="candidate_stopped") is Next.HANG_UP
    assert room.ended == (Finish(FinishReason.CANDIDATE_LEFT),)


def test_a_candidate_who_does_not_confirm_is_asked_again(room: Room) -> None:
    room.call("next_question")
    room.answer()
    room.call("end_interview", reason="candidate_stopped")
    room.answer()
    room.call("next_question")
    assert room.said[-1] == f"{PHRASES.go_on} Why us?"


def test_unknown_tools_are_answered(room: Room) -> None:
    room.call("next_question")
    decision = room.session.unknown_tool("get_weather", room.now)
    assert decision.reply.next is Next.NEXT_QUESTION
    assert decision.reply.say is None
    assert decision.events == (ToolCalled(name="get_weather", outcome="unknown-tool"),)


def test_short_time_drops_optional_questions() -> None:
    room = Room(InterviewSession(make_plan(duration_seconds=240, closing_notice_seconds=60)))
    room.call("next_question")
    room.answer(130)
    assert room.call("record_answer", summary="", follow_up=False) is Next.LISTEN
    assert room.said[-1] == "A bug you fixed?"


def test_the_notice_comes_before_the_next_question_once() -> None:
    room = Room(InterviewSession(make_plan(duration_seconds=240, closing_notice_seconds=120)))
    room.call("next_question")
    room.answer(130)
    room.call("next_question")
    assert room.said[-1] == f"{PHRASES.time_notice} A bug you fixed?"


def test_the_notice_comes_in_the_last_question_too() -> None:
    limits = {"silence_nudge_seconds": 500, "silence_end_seconds": 600}
    room = Room(InterviewSession(make_plan(duration_seconds=240, closing_notice_seconds=60, **limits)))
    room.call("next_question")
    assert room.wait(170) == []
    room.session.candidate_spoke(room.now, speaking=True)
    assert room.wait(20) == [], "nobody is cut short for it"
    room.cough()
    (prompt,) = room.wait(WORDLESS_SECONDS + 1)
    assert prompt == Prompt(PROMPT_GO_ON)
    assert room.call("next_question") is Next.LISTEN
    assert room.said[-1] == PHRASES.time_notice
    assert room.wait(10) == [], "once"
    room.answer()
    room.call("record_answer", summary="", follow_up=False)
    assert PHRASES.time_notice not in room.said[-1]


def test_time_over_closes_then_cuts() -> None:
    room = Room(InterviewSession(make_plan(duration_seconds=60, closing_notice_seconds=10)))
    room.call("next_question")
    room.session.candidate_spoke(room.now, speaking=True)
    assert room.wait(59) == [], "nobody is cut short at once"
    room.session.candidate_spoke(room.now, speaking=False)
    assert room.wait(1) != []
    assert room.call("next_question") is Next.HANG_UP
    assert room.said[-1] == f"{PHRASES.time_over} Goodbye."
    assert room.ended == (Finish(FinishReason.TIME_LIMIT),)


@pytest.mark.parametrize("percent", [0, 50])
def test_who_talks_on_past_the_end_is_told_so(percent: int) -> None:
    plan = make_plan(duration_seconds=60, closing_notice_seconds=0, extra_time_percent=percent)
    room = Room(InterviewSession(plan))
    room.call("next_question")
    room.session.candidate_spoke(room.now, speaking=True)
    patience = TALKING_ON_SECONDS * (100 + percent) / 100
    assert room.wait(57 + patience - 1) == []
    assert room.wait(1) == [TakeFloor()]
    assert room.wait(2) == []
    room.session.candidate_understood()
    assert room.call("record_answer", summary="s", follow_up=False) is Next.HANG_UP
    assert room.said[-1] == f"{PHRASES.time_over} Goodbye."
    assert room.ended == (Finish(FinishReason.TIME_LIMIT),)


def test_who_talks_on_before_a_model_that_does_not_act_is_cut_short() -> None:
    room = Room(InterviewSession(make_plan(duration_seconds=60, closing_notice_seconds=0)))
    room.call("next_question")
    room.session.candidate_spoke(room.now, speaking=True)
    actions = room.wait(57 + OVERRUN_SECONDS)
    assert actions == [TakeFloor(), Prompt(PROMPT_TIME_OVER), Finish(FinishReason.TIME_LIMIT)]


def test_time_over_ends_even_against_a_model_that_talks_on() -> None:
    room = Room(InterviewSession(make_plan(duration_seconds=60)))
    room.session.next_question(room.now)
    room.session.interviewer_began(room.now)
    assert room.wait(110) == [Finish(FinishReason.TIME_LIMIT)]


@pytest.mark.parametrize("percent", [0, 50])
def test_a_bot_that_took_anothers_place_waits_for_the_candidate(percent: int) -> None:
    session = InterviewSession(make_plan(reconnect_grace_seconds=5, extra_time_percent=percent))
    session.await_return(0.0)
    grace = RETURN_SECONDS * (100 + percent) / 100
    assert session.tick(grace - 1) == ()
    assert session.tick(grace) == (Finish(FinishReason.CANDIDATE_LEFT),)


def test_after_the_end_nothing_is_asked_any_more(room: Room) -> None:
    room.call("next_question")
    assert room.session.leave() == (Finish(FinishReason.CANDIDATE_LEFT),)
    decision = room.session.next_question(room.now)
    assert (decision.reply.next, decision.reply.say) == (Next.HANG_UP, None)
    assert decision.events == (ToolCalled(name="next_question", outcome="ok"),)


def test_silence_is_nudged_then_ended(room: Room) -> None:
    room.call("next_question")
    actions = room.wait(16)
    assert len(actions) == 1
    room.call("next_question")
    assert room.said[-1] == PHRASES.nudge
    assert isinstance(room.wait(16)[0], Prompt)
    room.call("next_question")
    assert room.said[-1] == f"{PHRASES.repeat} Why us?"
    assert room.wait(120)[-1] == Finish(FinishReason.SILENCE)


def test_silence_of_the_model_is_a_fault(room: Room) -> None:
    room.call("next_question")
    room.answer()
    actions = room.wait(130)
    assert isinstance(actions[0], Prompt)
    assert actions[-1] == Finish(FinishReason.TECHNICAL_FAULT)


def test_the_clock_stands_still_while_the_candidate_is_away(room: Room) -> None:
    room.call("next_question")
    left = room.session.seconds_left(room.now)
    room.session.candidate_left(room.now)
    assert room.wait(50) == []
    assert room.session.seconds_left(room.now) == left
    room.session.candidate_joined(room.now)
    room.call("next_question")
    assert room.said[-1] == f"{PHRASES.welcome_back} Why us?"


def test_a_candidate_who_stays_away_ends_it(room: Room) -> None:
    room.call("next_question")
    room.session.candidate_left(room.now)
    assert room.wait(61) == [Finish(FinishReason.CANDIDATE_LEFT)]


def test_a_replaced_bot_goes_on_without_greeting(room: Room) -> None:
    room.call("next_question")
    room.record()
    room.call("next_question")
    resumed = Room(InterviewSession(make_plan(), room.events, used_seconds=40))
    resumed.call("next_question")
    assert resumed.said == [f"{PHRASES.welcome_back} A hobby?"]
    assert [e for e in resumed.events if isinstance(e, QuestionAsked)] == []
    assert resumed.session.seconds_left(0) == pytest.approx(1800 - 40 + 0, abs=4)


def test_a_replaced_bot_repeats_an_open_follow_up_as_spoken(room: Room) -> None:
    room.call("next_question")
    room.record(follow_up=True)
    words = Turn(seq=7, speaker=Speaker.INTERVIEWER, text="Which product?", start_ms=1, end_ms=2, question_id="why")
    session = InterviewSession(make_plan(), [*room.events, TurnSpoken(turn=words)])
    resumed = Room(session)
    resumed.call("next_question")
    assert resumed.said == [f"{PHRASES.welcome_back} Which product?"]
    assert session.ledger.last_seq == 7


def test_a_replaced_bot_with_nothing_left_closes(room: Room) -> None:
    for _ in range(3):
        room.call("next_question")
        room.record()
    resumed = Room(InterviewSession(make_plan(), room.events))
    assert resumed.call("next_question") is Next.HANG_UP
    assert resumed.said == [f"{PHRASES.welcome_back} Goodbye."]


def test_a_restarted_model_repeats_what_may_have_been_lost(room: Room) -> None:
    room.call("next_question")
    assert room.session.model_restarted(room.now) == (), "the candidate is to speak: nothing was lost"
    room.answer()
    assert room.session.model_restarted(room.now) != ()
    room.call("next_question")
    assert room.said[-1] == f"{PHRASES.lost_words} Why us?"


def test_who_is_heard_again_by_a_restarted_model_is_not_prompted(room: Room) -> None:
    room.call("next_question")
    room.session.candidate_spoke(room.now, speaking=True)
    room.session.model_interrupted()
    assert room.session.model_restarted(room.now, unheard=True) == (), "the candidate is speaking"
    room.session.candidate_spoke(room.now, speaking=False)
    room.session.model_interrupted()
    room.session.candidate_understood()
    assert room.session.model_restarted(room.now, unheard=True) != (), "for a model that finds no words in it"
    room.record()
    assert PHRASES.lost_words not in room.said[-1], "nothing was lost"


def test_what_the_model_owed_as_it_was_lost_it_owes_as_it_is_back(room: Room) -> None:
    room.call("next_question")
    room.session.interviewer_began(room.now)
    room.session.model_interrupted()
    room.session.interviewer_ceased(room.now)
    assert room.session.model_restarted(room.now + 3) != (), "the question was cut short by the loss"


def test_a_part_of_an_answer_that_was_lost_is_asked_for_when_the_candidate_has_finished(room: Room) -> None:
    room.call("next_question")
    room.session.candidate_spoke(room.now, speaking=True)
    assert room.session.model_restarted(room.now, unheard=True, part_lost=True) == ()
    room.session.candidate_spoke(room.now, speaking=False)
    room.session.candidate_understood()
    assert room.call("record_answer", summary="s", follow_up=False) is Next.LISTEN
    assert room.said[-1] == PHRASES.lost_part
    assert room.session.question_id == "why", "the answer is still to come"
    room.record()
    assert PHRASES.lost_part not in room.said[-1]


def test_a_follow_up_that_was_lost_is_asked_for_again(room: Room) -> None:
    room.call("next_question")
    room.answer()
    decision = room.session.record_answer(room.now, "s", follow_up=True)
    assert decision.reply.next is Next.FOLLOW_UP
    assert room.session.model_restarted(room.now) != ()
    assert room.call("next_question") is Next.FOLLOW_UP

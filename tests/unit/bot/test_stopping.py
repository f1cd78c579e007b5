"""Who is asked whether to end the interview: what they answer, and what comes of it later."""

import pytest
from parley_bot.engine import Finish, InterviewSession, Next
from parley_bot.engine.phrases import phrases_for
from parley_protocol import AnswerRecorded, FinishReason
from support.engine import Room, make_plan

PHRASES = phrases_for("en-US")
LEFT = (Finish(FinishReason.CANDIDATE_LEFT),)


@pytest.fixture
def room() -> Room:
    """The candidate has said something that sounds like a wish to stop, and was asked."""
    room = Room(InterviewSession(make_plan()))
    room.call("next_question")
    room.answer(2)
    room.call("end_interview", reason="candidate_stopped")
    assert room.said[-1] == PHRASES.confirm_stop
    return room


def recorded(room: Room) -> list[str]:
    return [event.summary for event in room.events if isinstance(event, AnswerRecorded)]


def test_no_is_not_the_answer_to_the_open_question(room: Room) -> None:
    room.answer(1)
    assert room.call("record_answer", summary="No, go on.", follow_up=False) is Next.LISTEN
    assert room.said[-1] == f"{PHRASES.go_on} Why us?"
    assert recorded(room) == []
    room.answer()
    room.call("record_answer", summary="the product", follow_up=False)
    assert recorded(room) == ["the product"]


def test_no_is_not_waited_for_by_a_model_that_records_at_once(room: Room) -> None:
    assert room.call("record_answer", summary="made up", follow_up=False) is Next.LISTEN
    assert room.said[-1] == PHRASES.confirm_stop
    room.answer(1)
    assert room.call("end_interview", reason="candidate_stopped") is Next.HANG_UP


def test_no_after_the_last_answer_leads_to_the_goodbye() -> None:
    room = Room(InterviewSession(make_plan()))
    room.call("next_question")
    for _ in range(3):
        room.record()
    room.call("end_interview", reason="candidate_stopped")
    room.answer(1)
    assert room.call("record_answer", summary="no", follow_up=False) is Next.END_INTERVIEW
    assert room.call("end_interview", reason="completed") is Next.HANG_UP
    assert room.said[-1] == "Goodbye."
    assert room.ended == (Finish(FinishReason.COMPLETED),)


def test_no_after_the_last_answer_is_no_addition_to_it() -> None:
    room = Room(InterviewSession(make_plan()))
    room.call("next_question")
    for _ in range(3):
        room.record()
    before = recorded(room)
    room.call("end_interview", reason="candidate_stopped")
    room.answer(1)
    assert room.call("next_question") is Next.END_INTERVIEW
    room.call("record_answer", summary="No, go on.", follow_up=False)
    assert recorded(room) == before


def test_a_model_that_goes_on_at_once_is_told_to_wait_for_their_answer(room: Room) -> None:
    assert room.call("next_question") is Next.LISTEN
    assert room.said[-1] == PHRASES.confirm_stop
    room.answer(1)
    room.call("next_question")
    assert room.said[-1] == f"{PHRASES.go_on} Why us?"


def test_the_offer_is_no_follow_up(room: Room) -> None:
    """A follow-up was granted and is not asked yet: it is asked when they want to go on."""
    room.answer(1)
    room.call("next_question")
    room.answer()
    room.session.record_answer(room.now, "s", follow_up=True)
    room.call("end_interview", reason="candidate_stopped")
    room.answer(1)
    assert room.call("next_question") is Next.FOLLOW_UP
    assert room.call("repeat_question") is Next.LISTEN
    assert room.said[-1] == "Could you say more?"


def test_the_offer_can_be_heard_again(room: Room) -> None:
    assert room.call("repeat_question") is Next.LISTEN
    assert room.said[-2:] == [PHRASES.confirm_stop] * 2
    room.answer(1)
    assert room.call("end_interview", reason="candidate_stopped") is Next.HANG_UP


def test_who_comes_back_wants_to_go_on(room: Room) -> None:
    room.session.candidate_left(room.now)
    room.session.candidate_joined(room.now)
    room.answer(1)
    assert room.call("end_interview", reason="completed") is Next.LISTEN
    assert room.said[-1] == f"{PHRASES.welcome_back} Why us?"


def test_what_is_said_before_it_is_asked_does_not_answer_it() -> None:
    session = InterviewSession(make_plan())
    room = Room(session)
    room.call("next_question")
    room.answer(2)
    session.end_interview(room.now, "candidate_stopped")
    room.answer(1)
    room.call("end_interview", reason="candidate_stopped")
    assert room.said[-1] == PHRASES.confirm_stop
    room.answer(1)
    room.call("record_answer", summary="No, go on.", follow_up=False)
    assert recorded(room) == []


def test_no_that_asks_something_is_no_answer_to_the_open_question(room: Room) -> None:
    room.answer(1)
    assert room.session.begin_tool("look_up", room.now) is None
    room.call("record_answer", summary="No, what does it pay?", follow_up=False)
    assert recorded(room) == []


GOING_ON = ["record_answer", "next_question", "repeat_question", "give_time", "skip_question"]


@pytest.mark.parametrize("tool", GOING_ON)
def test_who_has_gone_on_has_not_stopped(room: Room, tool: str) -> None:
    """A model that wants to end early later does not make a leaving of it."""
    room.answer(1)
    room.call(tool, **({"summary": "no", "follow_up": False} if tool == "record_answer" else {}))
    room.answer()
    assert room.call("end_interview", reason="completed") is Next.NEXT_QUESTION
    room.answer()
    assert room.call("end_interview", reason="candidate_stopped") is Next.LISTEN, "they are asked anew"
    assert room.said[-1] == PHRASES.confirm_stop


def test_no_passes_on_no_question(room: Room) -> None:
    room.answer(1)
    room.call("skip_question")
    assert room.said[-1] == f"{PHRASES.go_on} Why us?"
    assert [event for event in room.events if isinstance(event, AnswerRecorded)] == []
    room.answer(1)
    room.call("skip_question")
    assert [event.question_id for event in room.events if isinstance(event, AnswerRecorded)] == ["why"]


def test_what_is_said_after_the_interviewers_own_words_answers_the_question(room: Room) -> None:
    """They go on, and ask what the question means; the model explains without a tool."""
    room.answer(2)
    room.speak("I mean our company.")
    room.answer()
    room.call("record_answer", summary="the product", follow_up=False)
    assert recorded(room) == ["the product"]


def test_yes_ends_it_whatever_the_model_calls_it() -> None:
    room = Room(InterviewSession(make_plan()))
    room.call("next_question")
    for _ in range(2):
        room.record()
    room.answer()
    room.call("end_interview", reason="candidate_stopped")
    assert room.call("end_interview", reason="completed") is not Next.HANG_UP, "nothing was confirmed yet"
    room.answer(1)
    assert room.call("end_interview", reason="completed") is Next.HANG_UP
    assert room.ended == LEFT

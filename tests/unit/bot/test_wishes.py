"""What a candidate may ask for: the question again, to pass on it, a moment to think."""

import pytest
from parley_bot.engine import Finish, InterviewSession, Next, Prompt
from parley_bot.engine.phrases import phrases_for
from parley_bot.engine.watch import THINKING_SECONDS
from parley_protocol import AnswerRecorded, FinishReason, QuestionAsked, ToolCalled
from support.engine import Room, make_plan

PHRASES = phrases_for("en-US")
WISHES = ["repeat_question", "skip_question", "give_time"]


@pytest.fixture
def room() -> Room:
    """The first question is asked, and the candidate has said something."""
    room = Room(InterviewSession(make_plan(silence_nudge_seconds=10, silence_end_seconds=60)))
    room.call("next_question")
    room.answer(2)
    return room


def test_the_question_is_repeated_word_for_word(room: Room) -> None:
    assert room.call("repeat_question") is Next.LISTEN
    assert room.said[-1] == "Why us?"
    assert not [event for event in room.events if isinstance(event, AnswerRecorded)]


def test_a_follow_up_is_repeated_as_it_was_put(room: Room) -> None:
    assert room.call("record_answer", summary="s", follow_up=True) is Next.FOLLOW_UP
    room.answer(2)
    room.call("repeat_question")
    assert room.said[-1] == "Could you say more?"


@pytest.mark.parametrize("wish", ["repeat_question", "give_time"])
def test_what_is_asked_for_is_no_answer(room: Room, wish: str) -> None:
    room.call(wish)
    assert room.call("record_answer", summary="made up", follow_up=False) is Next.LISTEN
    assert not [event for event in room.events if isinstance(event, AnswerRecorded)]


def test_a_question_that_is_passed_is_told_as_that_and_the_next_one_comes(room: Room) -> None:
    assert room.call("skip_question") is Next.LISTEN
    assert room.said[-1] == f"{PHRASES.go_on} A hobby?"
    told = [event for event in room.events if isinstance(event, AnswerRecorded)]
    assert told == [AnswerRecorded(question_id="why", skipped=True)]
    assert [e.question_id for e in room.events if isinstance(e, QuestionAsked)] == ["why", "hobby"]


def test_who_passes_on_everything_has_given_a_whole_interview(room: Room) -> None:
    room.call("skip_question")
    room.answer(1)
    room.call("skip_question")
    room.answer(1)
    assert room.call("skip_question") is Next.END_INTERVIEW
    assert room.call("end_interview", reason="completed") is Next.HANG_UP
    assert room.ended == (Finish(FinishReason.COMPLETED),)


def skipped(room: Room) -> list[str]:
    return [event.question_id for event in room.events if isinstance(event, AnswerRecorded) and event.skipped]


def test_a_call_that_is_made_again_passes_on_one_question_alone(room: Room) -> None:
    """The next one's first sound is out, and nobody has heard it yet."""
    room.call("skip_question")
    assert room.call("skip_question") is Next.LISTEN
    assert room.events[-1] == ToolCalled(name="skip_question", outcome="no-answer")
    assert room.said[-1] == f"{PHRASES.go_on} A hobby?", "nothing more is said"
    assert skipped(room) == ["why"]


def test_a_model_that_passes_on_everything_passes_on_nothing() -> None:
    room = Room(InterviewSession(make_plan(silence_nudge_seconds=10, silence_end_seconds=60)))
    room.call("next_question")
    for _ in range(5):
        room.call("skip_question")
    assert skipped(room) == []
    assert room.session.question_id == "why"


def test_a_wish_whose_words_come_after_the_call_is_heard_with_the_next_one(room: Room) -> None:
    room.record()
    room.call("skip_question")
    assert skipped(room) == []
    room.answer(1)
    room.call("skip_question")
    assert skipped(room) == ["hobby"]


def test_a_wish_spoken_over_a_questions_last_words_is_granted(room: Room) -> None:
    decision = room.session.record_answer(room.now, "s", follow_up=False)
    assert decision.reply.say == "A hobby?"
    room.session.interviewer_began(room.now)
    room.session.candidate_spoke(room.now, speaking=True)
    room.session.interviewer_cut_short("A hobby?", 2.5)
    room.session.interviewer_ceased(room.now)
    room.answer(1)
    room.call("skip_question")
    assert skipped(room) == ["hobby"]


@pytest.mark.parametrize("understood_first", [True, False])
def test_a_wish_spoken_over_a_questions_first_words_has_it_put_again_and_is_granted_then(
    room: Room, understood_first: bool
) -> None:
    decision = room.session.record_answer(room.now, "s", follow_up=False)
    assert decision.reply.say == "A hobby?"
    room.session.interviewer_began(room.now)
    room.session.candidate_spoke(room.now, speaking=True)
    room.session.interviewer_cut_short("A", 0.3)
    room.session.interviewer_ceased(room.now)
    if understood_first:
        room.answer(1)
    room.call("skip_question")
    assert room.said[-1] == f"{PHRASES.go_on} A hobby?"
    assert skipped(room) == []
    room.answer(1)
    room.call("skip_question")
    assert skipped(room) == ["hobby"]


def test_a_follow_up_is_passed(room: Room) -> None:
    assert room.call("record_answer", summary="s", follow_up=True) is Next.FOLLOW_UP
    room.call("skip_question")
    assert skipped(room) == [], "unheard it is not"
    room.answer(1)
    room.call("skip_question")
    assert skipped(room) == ["why"]


def test_who_comes_back_is_welcomed_before_anything_is_passed() -> None:
    room = Room(InterviewSession(make_plan()))
    room.call("next_question")
    room.session.candidate_left(room.now)
    room.session.candidate_joined(room.now)
    room.call("skip_question")
    assert room.said[-1] == f"{PHRASES.welcome_back} Why us?"
    assert skipped(room) == []


@pytest.mark.parametrize("left", [1, 3])
def test_a_wish_from_before_a_lost_connection_is_granted_with_a_welcome(room: Room, left: int) -> None:
    for _ in range(3 - left):
        room.record()
        room.answer(2)
    passed = room.session.question_id
    room.session.candidate_left(room.now)
    room.session.candidate_joined(room.now)
    room.call("skip_question")
    assert skipped(room) == [passed]
    assert room.said[-1].startswith(PHRASES.welcome_back)


def test_nothing_is_passed_twice(room: Room) -> None:
    for _ in range(3):
        room.record()
        room.answer(2)
    refused = room.session.skip_question(room.now)
    assert refused.events == (ToolCalled(name="skip_question", outcome="nothing-asked"),)


def test_a_moment_to_think_is_a_minute_without_a_nudge(room: Room) -> None:
    room.call("give_time")
    assert room.said[-1] == PHRASES.take_time
    assert room.wait(THINKING_SECONDS + 9) == []
    (nudge,) = room.wait(2)
    assert isinstance(nudge, Prompt)


def test_extra_time_makes_the_moment_longer() -> None:
    limits = {"silence_nudge_seconds": 10, "silence_end_seconds": 60, "extra_time_percent": 50}
    room = Room(InterviewSession(make_plan(**limits)))
    room.call("next_question")
    room.answer(2)
    room.call("give_time")
    assert room.wait(THINKING_SECONDS * 1.5 + 9) == []
    assert len(room.wait(2)) == 1


def test_a_moment_does_not_last_for_ever(room: Room) -> None:
    room.call("give_time")
    assert room.wait(THINKING_SECONDS + 61)[-1] == Finish(FinishReason.SILENCE)


def test_the_moment_is_over_when_the_candidate_speaks(room: Room) -> None:
    room.call("give_time")
    room.answer(2)
    room.call("next_question")
    assert len(room.wait(11)) == 1


@pytest.mark.parametrize("wish", WISHES)
def test_words_that_were_given_out_come_first(wish: str) -> None:
    session = InterviewSession(make_plan())
    session.candidate_joined(0.0)
    asked = session.next_question(0.0)
    decision = getattr(session, wish)(0.0)
    assert decision.reply == asked.reply
    assert decision.events == (ToolCalled(name=wish, outcome="words-not-spoken"),)


@pytest.mark.parametrize("wish", WISHES)
def test_before_the_first_question_there_is_none_to_wish_about(wish: str) -> None:
    session = InterviewSession(make_plan())
    session.candidate_joined(0.0)
    decision = getattr(session, wish)(0.0)
    assert not [event for event in decision.events if isinstance(event, AnswerRecorded)]
    assert decision.reply.next in (Next.NEXT_QUESTION, Next.LISTEN)

"""Words that cut a question short: it is put again, and they answer nothing that nobody has heard."""

import pytest
from parley_bot.engine import InterviewSession, Next
from parley_bot.engine.phrases import phrases_for
from parley_protocol import AnswerRecorded
from support.engine import Room, make_plan

PHRASES = phrases_for("en-US")


@pytest.fixture
def room() -> Room:
    return Room(InterviewSession(make_plan()))


def recorded(room: Room) -> list[str]:
    return [e.question_id for e in room.events if isinstance(e, AnswerRecorded)]


def next_words(room: Room) -> str | None:
    """The candidate answers, and the model is given the next question: it is not spoken yet."""
    room.answer()
    decision = room.session.record_answer(room.now, "s", follow_up=False)
    room.events.extend(decision.events)
    return decision.reply.say


def interrupt(room: Room, heard: str, seconds: float = 4.0) -> None:
    """The candidate speaks into the interviewer's words, of which so much was heard, and is understood."""
    room.session.interviewer_began(room.now)
    room.session.candidate_spoke(room.now, speaking=True)
    room.session.interviewer_cut_short(heard, seconds)
    room.session.interviewer_ceased(room.now)
    room.session.candidate_spoke(room.now + 2, speaking=False)
    room.session.candidate_understood()


def test_a_question_that_was_talked_over_is_put_again(room: Room) -> None:
    """A candidate who had only stopped to think goes on with the answer before."""
    room.call("next_question")
    assert next_words(room) == "A hobby?"
    interrupt(room, "")
    assert room.session.answered_id == "why", "the words are of the answer before"
    assert room.session.question_id == "hobby"
    assert room.call("record_answer", summary="and more", follow_up=False) is Next.LISTEN
    assert room.said[-1] == f"{PHRASES.go_on} A hobby?"
    assert recorded(room) == ["why"]
    room.answer()
    assert room.session.answered_id == "hobby"
    room.call("record_answer", summary="s", follow_up=False)
    assert recorded(room) == ["why", "hobby"]


def test_words_before_a_question_is_spoken_are_of_the_one_before(room: Room) -> None:
    """Who goes on, or answers what the model has asked of its own, while the plan's question is on its way."""
    room.call("next_question")
    assert next_words(room) == "A hobby?"
    room.session.candidate_understood()
    assert room.session.answered_id == "why"
    room.session.interviewer_began(room.now)
    room.session.interviewer_ceased(room.now)
    room.session.candidate_understood()
    assert room.session.answered_id == "hobby"


def test_words_before_a_question_is_repeated_are_of_it(room: Room) -> None:
    room.call("next_question")
    room.call("repeat_question")
    room.session.candidate_understood()
    assert room.session.answered_id == "why"
    room.record()
    room.call("next_question")
    room.session.repeat_question(room.now)
    room.session.candidate_understood()
    assert room.session.answered_id == room.session.question_id == "hobby"


def test_a_greeting_that_was_talked_over_is_not_repeated(room: Room) -> None:
    assert room.session.next_question(room.now).reply.say == "Hello, I am Ada. Why us?"
    interrupt(room, "Hello, I")
    room.call("record_answer", summary="wait", follow_up=False)
    assert room.said == [f"{PHRASES.go_on} Why us?"]


def test_an_answer_into_the_last_words_of_a_question_counts(room: Room) -> None:
    room.call("next_question")
    room.record()
    assert next_words(room) == "A bug you fixed?"
    interrupt(room, "A bug you")
    assert room.call("record_answer", summary="s", follow_up=False) is Next.END_INTERVIEW
    assert recorded(room) == ["why", "hobby", "bug"]


@pytest.mark.parametrize(("heard", "put_again"), [("How did you fix", True), ("How did you fix that", False)])
def test_a_question_of_which_a_third_was_not_heard_is_put_again(heard: str, put_again: bool) -> None:
    plan = make_plan()
    six_words = plan.questions[1].model_copy(update={"text": "How did you fix that bug?"})
    room = Room(InterviewSession(plan.model_copy(update={"questions": [plan.questions[0], six_words]})))
    room.call("next_question")
    assert next_words(room) == six_words.text
    interrupt(room, heard)
    assert (room.call("record_answer", summary="s", follow_up=False) is Next.LISTEN) is put_again


def test_who_speaks_on_right_after_a_questions_first_word_does_not_answer_it(room: Room) -> None:
    room.call("next_question")
    assert next_words(room) == "A hobby?"
    interrupt(room, "A", seconds=0.5)
    assert room.session.answered_id == "why"
    assert room.call("record_answer", summary="s", follow_up=False) is Next.LISTEN


def test_a_question_that_a_cough_cut_short_is_put_again_soon(room: Room) -> None:
    room.session.next_question(room.now)
    room.session.interviewer_began(room.now)
    room.session.candidate_spoke(room.now, speaking=True)
    room.session.interviewer_cut_short("Hello, I am", 1.0)
    room.session.interviewer_ceased(room.now)
    room.session.candidate_spoke(room.now, speaking=False)
    assert len(room.wait(4)) == 1
    room.call("next_question")
    assert room.said == [f"{PHRASES.go_on} Why us?"]
    assert len(room.wait(16)) == 1, "and then a silence is the candidate's"


def test_words_lost_with_the_session_are_not_talked_over(room: Room) -> None:
    room.session.next_question(room.now)
    room.session.interviewer_began(room.now)
    room.session.interviewer_cut_short("Hello, I", 1.0)
    room.session.model_restarted(room.now)
    room.call("next_question")
    assert room.said == [f"{PHRASES.lost_words} Why us?"]


def test_a_question_that_was_talked_over_before_the_session_was_lost_is_put_again(room: Room) -> None:
    """The rest of the answer before is what the next session hears: it answers nothing that nobody has heard."""
    room.call("next_question")
    assert next_words(room) == "A hobby?"
    room.session.interviewer_began(room.now)
    room.session.candidate_spoke(room.now, speaking=True)
    room.session.interviewer_cut_short("", 0.1)
    room.session.interviewer_ceased(room.now)
    room.session.model_interrupted()
    room.session.model_restarted(room.now + 1, unheard=True)
    assert room.session.next_question(room.now + 1).reply.say == f"{PHRASES.go_on} A hobby?"
    room.session.candidate_spoke(room.now + 2, speaking=False)
    room.session.candidate_understood()
    assert room.session.answered_id == "why"
    assert room.call("record_answer", summary="and more", follow_up=False) is Next.LISTEN
    assert room.said[-1] == f"{PHRASES.go_on} A hobby?"
    assert recorded(room) == ["why"]


def test_who_cuts_a_question_short_to_ask_for_a_moment_hears_it_after_that(room: Room) -> None:
    room.call("next_question")
    assert next_words(room) == "A hobby?"
    room.session.interviewer_began(room.now)
    room.session.interviewer_cut_short("", 0.1)
    room.session.interviewer_ceased(room.now)
    assert room.call("give_time") is Next.LISTEN
    room.answer()
    assert room.session.answered_id == "why"
    room.call("record_answer", summary="s", follow_up=False)
    assert room.said[-1] == f"{PHRASES.go_on} A hobby?"
    assert recorded(room) == ["why"]


def test_what_the_model_says_of_its_own_when_it_was_cut_short_is_not_the_question(room: Room) -> None:
    room.call("next_question")
    assert next_words(room) == "A hobby?"
    interrupt(room, "")
    room.speak("Sorry, go ahead.")
    room.answer()
    assert room.call("record_answer", summary="and more", follow_up=False) is Next.LISTEN
    assert room.said[-1] == f"{PHRASES.go_on} A hobby?"


def test_a_model_that_puts_the_question_again_of_its_own_need_not_be_given_it(room: Room) -> None:
    room.call("next_question")
    assert next_words(room) == "A hobby?"
    interrupt(room, "")
    room.speak("As I was asking: do you have a hobby?")
    room.answer()
    assert room.session.answered_id == "hobby"
    room.call("record_answer", summary="s", follow_up=False)
    assert recorded(room) == ["why", "hobby"]


@pytest.mark.parametrize("follow_up", [True, False])
def test_who_cuts_the_models_own_words_short_is_not_asked_again(room: Room, follow_up: bool) -> None:
    """A follow-up, or a word of thanks: it is not the question that they talk over."""
    room.call("next_question")
    room.answer()
    if follow_up:
        assert room.session.record_answer(room.now, "s", follow_up=True).reply.next is Next.FOLLOW_UP
    room.session.interviewer_began(room.now)
    room.session.candidate_spoke(room.now, speaking=True)
    room.session.interviewer_cut_short("Could you say", 3.0)
    room.session.interviewer_ceased(room.now)
    room.answer()
    assert room.call("record_answer", summary="s", follow_up=False) is Next.LISTEN
    assert room.said[-1] == "A hobby?"


def test_a_question_that_is_cut_short_after_words_of_the_models_own_is_put_again(room: Room) -> None:
    """It speaks of something else first: what counts is whether the question was heard."""
    room.call("next_question")
    assert next_words(room) == "A hobby?"
    room.speak("I have looked it up: seven.")
    interrupt(room, "A", 0.3)
    assert room.session.record_answer(room.now, "s", follow_up=False).reply.say == f"{PHRASES.go_on} A hobby?"


def test_a_question_in_words_of_the_models_own_is_answered_by_what_follows(room: Room) -> None:
    room.call("next_question")
    assert next_words(room) == "A hobby?"
    room.speak("What do you do on Sundays?")
    room.answer()
    interrupt(room, "Thank you", 0.5)
    assert room.session.record_answer(room.now, "s", follow_up=False).reply.say == "A bug you fixed?"


def test_a_last_question_that_was_talked_over_and_is_skipped_then_is_put_once_again(room: Room) -> None:
    room.call("next_question")
    room.record()
    assert next_words(room) == "A bug you fixed?"
    room.session.interviewer_began(room.now)
    room.session.interviewer_cut_short("A", 0.3)
    room.session.interviewer_ceased(room.now)
    assert room.call("skip_question") is Next.LISTEN, "they have not heard what they would pass on"
    room.answer(1)
    assert room.call("skip_question") is Next.END_INTERVIEW
    room.answer()
    room.call("record_answer", summary="s", follow_up=False)
    assert [words for words in room.said if words.endswith("A bug you fixed?")] == [f"{PHRASES.go_on} A bug you fixed?"]


@pytest.mark.parametrize("ceased_first", [True, False])
def test_a_question_cut_short_as_the_session_is_lost_is_not_answered_by_what_is_heard_again(
    room: Room, ceased_first: bool
) -> None:
    room.call("next_question")
    assert next_words(room) == "A hobby?"
    room.session.interviewer_began(room.now)
    room.session.candidate_spoke(room.now, speaking=True)
    room.session.interviewer_cut_short("A", 0.3)
    if ceased_first:
        room.session.interviewer_ceased(room.now)
    room.session.model_interrupted()
    if not ceased_first:
        room.session.interviewer_ceased(room.now)
    room.session.model_restarted(room.now, unheard=True)
    room.session.candidate_spoke(room.now, speaking=False)
    room.session.candidate_understood()
    assert room.call("record_answer", summary="s", follow_up=False) is Next.LISTEN
    assert room.said[-1] == f"{PHRASES.go_on} A hobby?"

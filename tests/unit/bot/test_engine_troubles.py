"""The interview session against noise, silence, goings and a model that talks past its tools."""

import pytest
from parley_bot.engine import Finish, InterviewSession, Next, Prompt
from parley_bot.engine.phrases import phrases_for
from parley_protocol import AnswerRecorded, FinishReason, QuestionAsked
from support.engine import Room, make_plan

PHRASES = phrases_for("en-US")
LEFT = [Finish(FinishReason.CANDIDATE_LEFT)]


@pytest.fixture
def room() -> Room:
    return Room(InterviewSession(make_plan()))


def recorded(room: Room) -> list[str]:
    return [e.question_id for e in room.events if isinstance(e, AnswerRecorded)]


def answer_all(room: Room) -> None:
    for _ in range(3):
        room.call("next_question")
        room.record()


def test_a_cough_is_no_answer(room: Room) -> None:
    room.call("next_question")
    room.cough()
    assert len(room.wait(16)) == 1
    room.call("next_question")
    assert room.said[-1] == PHRASES.nudge
    assert recorded(room) == []


def test_a_cough_leaves_a_silence_the_candidates(room: Room) -> None:
    room.call("next_question")
    room.cough()
    assert room.wait(130)[-1] == Finish(FinishReason.SILENCE)


def test_sound_without_words_cannot_be_recorded(room: Room) -> None:
    room.call("next_question")
    room.cough()
    assert room.call("record_answer", summary="made up", follow_up=False) is Next.LISTEN
    assert recorded(room) == []


def test_a_pause_after_a_clarification_is_nudged(room: Room) -> None:
    room.call("next_question")
    room.answer(2)
    room.speak("I mean our company.")
    assert len(room.wait(16)) == 1
    room.call("next_question")
    assert room.said[-1] == PHRASES.nudge
    assert recorded(room) == []


def test_a_follow_up_is_repeated_as_it_was_first_put(room: Room) -> None:
    room.call("next_question")
    room.record(follow_up=True)
    assert room.said[-1] == "Could you say more?"
    for _ in range(2):
        room.wait(16)
        room.call("next_question")
    assert room.said[-1] == f"{PHRASES.repeat} Could you say more?"
    room.session.candidate_left(room.now)
    room.session.candidate_joined(room.now)
    room.call("next_question")
    assert room.said[-1] == f"{PHRASES.welcome_back} Could you say more?"


def test_a_replacement_waits_for_the_candidate_with_an_end(room: Room) -> None:
    room.call("next_question")
    session = InterviewSession(make_plan(reconnect_grace_seconds=5), room.events, 40)
    session.await_return(100)
    assert not any(session.tick(now) for now in range(100, 219)), "a new bot takes its time to be found"
    assert session.tick(220) == tuple(LEFT)


def test_a_replacement_keeps_the_grace_once_the_candidate_is_back(room: Room) -> None:
    room.call("next_question")
    session = InterviewSession(make_plan(reconnect_grace_seconds=5), room.events, 40)
    session.await_return(100)
    session.candidate_joined(110)
    session.candidate_left(120)
    assert session.tick(124) == ()
    assert session.tick(125) == tuple(LEFT)


def test_a_replacement_of_a_held_interview_ends_it_well(room: Room) -> None:
    answer_all(room)
    session = InterviewSession(make_plan(), room.events, 40)
    session.await_return(100)
    assert session.tick(300) == (Finish(FinishReason.COMPLETED),)


def test_leaving_after_the_last_answer_is_a_whole_interview(room: Room) -> None:
    answer_all(room)
    room.session.candidate_left(room.now)
    assert room.wait(61) == [Finish(FinishReason.COMPLETED)]


def test_leaving_for_good_waits_for_nobody(room: Room) -> None:
    room.call("next_question")
    assert room.session.leave() == tuple(LEFT)
    assert room.session.leave() == ()


def limited(**changes: object) -> Room:
    plan = make_plan()
    first = plan.questions[0].model_copy(update={"time_limit_seconds": 30, **changes})
    return Room(InterviewSession(plan.model_copy(update={"questions": [first, *plan.questions[1:]]})))


def test_no_follow_up_past_a_questions_time() -> None:
    room = limited()
    room.call("next_question")
    room.answer(40)
    assert room.call("record_answer", summary="s", follow_up=True) is Next.LISTEN
    assert room.said[-1] == "A hobby?"


def test_a_question_past_its_time_is_left_at_the_next_pause() -> None:
    room = limited()
    room.call("next_question")
    room.session.candidate_spoke(room.now, speaking=True)
    assert room.wait(40) == [], "nobody is cut short"
    room.session.candidate_spoke(room.now, speaking=False)
    prompts = room.wait(6)
    assert len(prompts) == 1
    assert isinstance(prompts[0], Prompt)
    room.session.candidate_understood()
    room.call("next_question")
    assert room.said[-1] == f"{PHRASES.go_on} A hobby?"
    assert recorded(room) == ["why"]


def test_a_question_past_its_time_is_left_without_an_answer() -> None:
    room = limited()
    room.call("next_question")
    for _ in range(2):
        room.wait(14)
        room.cough()
    room.wait(6)
    room.call("next_question")
    assert room.said[-1] == f"{PHRASES.go_on} A hobby?"
    assert recorded(room) == []


def test_the_last_question_past_its_time_is_the_end() -> None:
    plan = make_plan()
    only = plan.questions[0].model_copy(update={"time_limit_seconds": 30})
    room = Room(InterviewSession(plan.model_copy(update={"questions": [only]})))
    room.call("next_question")
    for _ in range(2):
        room.wait(14)
        room.cough()
    room.wait(6)
    assert room.call("next_question") is Next.END_INTERVIEW
    assert room.call("end_interview", reason="completed") is Next.HANG_UP
    assert room.ended == (Finish(FinishReason.COMPLETED),)
    assert [e.question_id for e in room.events if isinstance(e, QuestionAsked)] == ["why"]


def test_a_follow_up_that_was_not_spoken_is_asked_for_again(room: Room) -> None:
    room.call("next_question")
    room.answer()
    room.session.record_answer(room.now, "s", follow_up=True)
    assert any(isinstance(action, Prompt) for action in room.wait(16))
    assert room.call("next_question") is Next.FOLLOW_UP


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
    room.session.interviewer_began(room.now)
    room.session.interviewer_said("Sorry, go ahead.")
    room.session.interviewer_ceased(room.now)
    room.answer()
    assert room.call("record_answer", summary="and more", follow_up=False) is Next.LISTEN
    assert room.said[-1] == f"{PHRASES.go_on} A hobby?"


def test_a_model_that_puts_the_question_again_of_its_own_need_not_be_given_it(room: Room) -> None:
    room.call("next_question")
    assert next_words(room) == "A hobby?"
    interrupt(room, "")
    room.session.interviewer_began(room.now)
    room.session.interviewer_said("As I was asking: do you have a hobby?")
    room.session.interviewer_ceased(room.now)
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


def test_a_question_that_was_talked_over_and_skipped_is_not_put_again(room: Room) -> None:
    room.call("next_question")
    assert next_words(room) == "A hobby?"
    room.session.interviewer_began(room.now)
    room.session.interviewer_cut_short("A", 0.3)
    room.session.interviewer_ceased(room.now)
    room.call("skip_question")
    room.answer()
    assert room.call("record_answer", summary="s", follow_up=False) is not None
    assert [words for words in room.said if words.endswith("A hobby?")] == []


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


def test_who_is_back_and_wants_to_stop_can(room: Room) -> None:
    room.call("next_question")
    room.session.candidate_left(room.now)
    room.session.candidate_joined(room.now + 5)
    room.call("end_interview", reason="candidate_stopped")
    assert room.said[-1] == PHRASES.confirm_stop
    room.answer()
    assert room.call("end_interview", reason="candidate_stopped") is Next.HANG_UP


def test_who_is_let_go_is_asked_nothing_more(room: Room) -> None:
    """They came back before the question, wanted to stop, and say goodbye."""
    room.session.next_question(room.now)
    room.session.candidate_left(room.now)
    room.session.candidate_joined(room.now + 5)
    room.call("end_interview", reason="candidate_stopped")
    room.answer()
    assert room.session.end_interview(room.now, "candidate_stopped").reply.next is Next.HANG_UP
    room.session.interviewer_began(room.now)
    room.session.interviewer_said("Goodbye.")
    room.session.interviewer_ceased(room.now)
    room.answer(1)
    assert room.session.next_question(room.now).reply.say is None


@pytest.mark.parametrize("wish", ["repeat_question", "give_time"])
def test_who_is_back_and_has_been_answered_need_not_be_welcomed_as_well(room: Room, wish: str) -> None:
    room.call("next_question")
    room.session.candidate_left(room.now)
    room.session.candidate_joined(room.now + 5)
    room.call(wish)
    room.answer()
    room.call("record_answer", summary="s", follow_up=False)
    assert recorded(room) == ["why"]


def test_an_answer_from_before_they_left_is_kept(room: Room) -> None:
    room.call("next_question")
    room.answer()
    room.session.candidate_left(room.now)
    room.session.candidate_joined(room.now + 5)
    room.call("record_answer", summary="s", follow_up=False)
    assert recorded(room) == ["why"]
    assert room.said[-1] == f"{PHRASES.welcome_back} A hobby?"


def test_who_says_they_are_back_has_not_answered(room: Room) -> None:
    """The question may not have been heard yet: they are welcomed back, and hear it."""
    room.session.next_question(room.now)
    room.session.candidate_left(room.now)
    room.session.candidate_joined(room.now + 5)
    room.session.candidate_understood()
    assert room.call("record_answer", summary="I am back", follow_up=False) is Next.LISTEN
    assert room.said == [f"{PHRASES.welcome_back} Why us?"]
    assert recorded(room) == []


def test_a_model_that_obeys_a_prompt_is_not_prompted_again_before_it_can_speak() -> None:
    room = Room(InterviewSession(make_plan(silence_nudge_seconds=20, silence_end_seconds=90)))
    room.call("next_question")
    room.answer()
    assert len(room.wait(20)) == 1, "the model has forgotten that it is its turn"
    room.session.next_question(room.now)
    assert room.wait(14) == []

"""The interview session against noise, silence, goings and a model that talks past its tools."""

import pytest
from parley_bot.engine import Finish, InterviewSession, Next, Prompt
from parley_bot.engine.ledger import Ledger
from parley_bot.engine.phrases import phrases_for
from parley_protocol import AnswerRecorded, FinishReason, QuestionAsked, Speaker, Turn, TurnSpoken
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
    room.speak("Goodbye.")
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


def test_a_sentence_of_our_own_in_other_letters_is_no_follow_up() -> None:
    """Nova writes down what it has spoken as it likes."""
    ledger = Ledger(make_plan())
    ledger.apply(QuestionAsked(question_id="why", follow_up=0))
    ledger.apply(QuestionAsked(question_id="why", follow_up=1))
    for seq, text in enumerate(("take your time, I am still listening", "Could you say more?"), start=1):
        turn = Turn(seq=seq, speaker=Speaker.INTERVIEWER, text=text, start_ms=0, end_ms=1, question_id="why")
        ledger.apply(TurnSpoken(turn=turn))
    state = ledger.current_state
    assert state is not None
    assert state.last_words == "Could you say more?"

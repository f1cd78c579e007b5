"""The end of an interview: the closing words are heard, and so is what the candidate still says."""

import pytest
from parley_bot.engine import Action, Finish, InterviewSession, Next, Prompt, TakeFloor
from parley_bot.engine.closing import ANSWER_SECONDS, FORGOTTEN_SECONDS, GOODBYE_SECONDS, OVERRUN_SECONDS
from parley_bot.engine.instructions import PROMPT_GO_ON
from parley_protocol import FinishReason, InterviewerPlan, ModelPlan
from support.engine import Room, make_plan

COMPLETED = Finish(FinishReason.COMPLETED)
CLOSING = "Thank you for your time. We will write to you within two weeks, whatever we decide. Goodbye."
# How long the candidate's words may take: the model's wait, its patience at LOW, and a second for its own work.
WITHIN = {"HIGH": 3.0, "MEDIUM": 3.0, "LOW": 7.0}


def at_the_end(sensitivity: str = "MEDIUM", **limits: int) -> Room:
    """Everything is answered, and the closing words are given out."""
    plan = make_plan(**limits)
    plan = plan.model_copy(
        update={
            "interviewer": InterviewerPlan(name="Ada", greeting="Hello, I am Ada.", closing=CLOSING),
            "model": ModelPlan.model_validate({"turnSensitivity": sensitivity}),
        }
    )
    room = Room(InterviewSession(plan))
    room.call("next_question")
    for _ in range(3):
        room.record()
    assert room.session.end_interview(room.now, "completed").reply.say == CLOSING
    return room


def tick(room: Room, seconds: float) -> list[Action]:
    """Time passes as it does for the bot, half a second at a time; what was due."""
    due: list[Action] = []
    for _ in range(round(seconds * 2)):
        room.now += 0.5
        due.extend(room.session.tick(room.now))
    return due


def close(room: Room, seconds: float = 6) -> None:
    """The closing words are spoken to their end."""
    room.session.interviewer_began(room.now)
    assert tick(room, seconds) == []
    assert room.session.interviewer_ceased(room.now) == ()


def cut(room: Room, heard: str, seconds: float) -> None:
    """The candidate speaks into the closing words, of which so much was heard, for so long."""
    room.session.interviewer_began(room.now)
    tick(room, seconds)
    room.session.candidate_spoke(room.now, speaking=True)
    room.session.interviewer_cut_short(heard, seconds)
    assert room.session.interviewer_ceased(room.now) == (), "the candidate speaks"


def until_over(room: Room) -> float:
    """How long it takes from now."""
    began = room.now
    for _ in range(200):
        if tick(room, 0.5):
            return room.now - began
    raise AssertionError("it does not end")


def test_where_nobody_answers_it_ends_soon() -> None:
    room = at_the_end()
    close(room)
    assert until_over(room) == GOODBYE_SECONDS
    assert room.session.finished is FinishReason.COMPLETED


@pytest.mark.parametrize("sensitivity", WITHIN)
def test_a_goodbye_is_heard_out_and_has_the_time_to_be_understood(sensitivity: str) -> None:
    room = at_the_end(sensitivity)
    close(room)
    tick(room, 0.5)
    room.session.candidate_spoke(room.now, speaking=True)
    assert tick(room, 10) == []
    room.session.candidate_spoke(room.now, speaking=False)
    assert until_over(room) == WITHIN[sensitivity]
    assert room.session.finished is FinishReason.COMPLETED


def test_extra_time_counts_for_the_goodbye_too() -> None:
    room = at_the_end("LOW", extra_time_percent=100)
    close(room)
    room.cough()
    assert until_over(room) == 2 + 8 + 1


def test_a_goodbye_that_was_understood_waits_only_for_an_answer() -> None:
    room = at_the_end("LOW")
    close(room)
    room.cough()
    tick(room, 2)
    room.session.candidate_understood()
    assert until_over(room) == pytest.approx(ANSWER_SECONDS, abs=0.6)


def test_the_interviewers_answer_is_spoken_to_its_end() -> None:
    room = at_the_end()
    close(room)
    room.cough()
    tick(room, 2)
    room.session.candidate_understood()
    close(room, 8)
    assert until_over(room) == GOODBYE_SECONDS


def test_who_speaks_into_the_last_words_is_not_hung_up_on() -> None:
    """They ask when they will hear back."""
    room = at_the_end()
    cut(room, CLOSING.removesuffix(" Goodbye."), 2.9)
    assert tick(room, 4) == []
    room.session.candidate_spoke(room.now, speaking=False)
    tick(room, 2)
    room.session.candidate_understood()
    close(room)
    assert until_over(room) == GOODBYE_SECONDS


@pytest.mark.parametrize(
    ("heard", "seconds"),
    [("", 0.5), ("Thank you for your time. We will", 4.0), (CLOSING.removesuffix(" Goodbye."), 1.5)],
)
def test_closing_words_that_were_not_heard_are_spoken_again(heard: str, seconds: float) -> None:
    room = at_the_end()
    cut(room, heard, seconds)
    room.session.candidate_spoke(room.now, speaking=False)
    room.session.candidate_understood()
    assert room.call("record_answer", summary="s", follow_up=False) is Next.HANG_UP
    assert room.said[-1] == CLOSING
    assert room.ended == (COMPLETED,)


def test_they_are_spoken_again_only_once() -> None:
    room = at_the_end()
    cut(room, "", 0.5)
    room.session.candidate_spoke(room.now, speaking=False)
    room.session.candidate_understood()
    assert room.session.record_answer(room.now, "s", follow_up=False).reply.say == CLOSING
    cut(room, "", 0.5)
    room.session.candidate_spoke(room.now, speaking=False)
    assert until_over(room) == WITHIN["MEDIUM"]


def test_a_question_asked_into_the_closing_words_is_answered_and_then_comes_the_goodbye() -> None:
    room = at_the_end()
    cut(room, "Thank you for your time.", 2.9)
    room.session.candidate_spoke(room.now, speaking=False)
    tick(room, 2)
    room.session.candidate_understood()
    room.speak("You will hear back within two weeks.")
    assert tick(room, WITHIN["MEDIUM"]) == [Prompt(PROMPT_GO_ON)], "what the model has answered was not the goodbye"
    assert room.call("next_question") is Next.HANG_UP
    assert room.said[-1] == CLOSING
    assert room.ended == (COMPLETED,)


@pytest.mark.parametrize(("sensitivity", "extra"), [("HIGH", 0), ("LOW", 0), ("LOW", 100)])
def test_after_a_cough_into_the_closing_words_nobody_is_left_in_silence(sensitivity: str, extra: int) -> None:
    room = at_the_end(sensitivity, extra_time_percent=extra)
    cut(room, "", 0.5)
    room.session.candidate_spoke(room.now, speaking=False)
    within = 11.0 if extra else WITHIN[sensitivity]
    assert tick(room, within - 0.5) == []
    assert tick(room, 0.5) == [Prompt(PROMPT_GO_ON)]
    assert room.call("next_question") is Next.HANG_UP


def test_a_model_that_has_understood_the_candidate_has_its_time_to_speak() -> None:
    room = at_the_end()
    cut(room, "", 0.5)
    room.session.candidate_spoke(room.now, speaking=False)
    tick(room, 2)
    room.session.candidate_understood()
    assert tick(room, FORGOTTEN_SECONDS) == []
    assert tick(room, 0.5) == [Prompt(PROMPT_GO_ON)]


def test_closing_words_that_are_forgotten_are_asked_for_once_more() -> None:
    room = at_the_end()
    assert tick(room, FORGOTTEN_SECONDS) == []
    assert tick(room, 6) == [Prompt(PROMPT_GO_ON)]
    assert room.session.next_question(room.now).reply.say == CLOSING
    assert tick(room, 10) == [COMPLETED]


def test_a_model_has_its_time_for_them_however_long_it_was_quiet_before() -> None:
    """A candidate who was waited for in mid-sentence has been silent for ten seconds then."""
    room = at_the_end()
    room.session = InterviewSession(make_plan())
    room.session.candidate_joined(room.now)
    room.call("next_question")
    for _ in range(2):
        room.record()
    room.answer()
    room.now += 10
    room.session.record_answer(room.now, "s", follow_up=False)
    room.session.end_interview(room.now, "completed")
    assert tick(room, FORGOTTEN_SECONDS) == []


@pytest.mark.parametrize("speaking", [True, False])
@pytest.mark.parametrize("spoken", [True, False])
def test_noise_does_not_hold_up_the_end(spoken: bool, speaking: bool) -> None:
    room = at_the_end()
    if spoken:
        close(room)
    room.session.candidate_spoke(room.now, speaking=speaking)
    assert [due for due in tick(room, OVERRUN_SECONDS + 1) if isinstance(due, Finish)] == [COMPLETED]


def test_long_closing_words_take_nothing_of_the_candidates_time_for_an_answer() -> None:
    room = at_the_end()
    tick(room, 0.5)
    close(room, 120)
    room.session.candidate_spoke(room.now, speaking=True)
    assert tick(room, OVERRUN_SECONDS - 2) == []
    assert tick(room, 2) == [COMPLETED]


def test_long_closing_words_are_not_cut() -> None:
    room = at_the_end()
    room.session.interviewer_began(room.now)
    assert room.wait(120) == []
    assert room.wait(500) == [COMPLETED], "not for ever either"


def test_a_model_that_does_not_come_to_an_end_is_left() -> None:
    room = at_the_end()
    close(room)
    for _ in range(60):
        room.session.interviewer_began(room.now)
        due = tick(room, 1.5)
        room.session.interviewer_ceased(room.now)
        if due := due or tick(room, 0.5):
            break
    assert due == [COMPLETED]
    assert room.session.finished is FinishReason.COMPLETED


def test_who_talks_on_past_the_end_is_no_longer_heard_and_not_waited_for() -> None:
    room = Room(InterviewSession(make_plan(duration_seconds=60, closing_notice_seconds=0)))
    room.call("next_question")
    room.session.candidate_spoke(room.now, speaking=True)
    assert room.wait(80)[0] == TakeFloor()
    room.session.next_question(room.now)
    room.session.interviewer_began(room.now)
    assert room.session.interviewer_ceased(room.now + 4) == (Finish(FinishReason.TIME_LIMIT),)


def test_words_from_before_the_call_are_not_the_closing_words() -> None:
    room = at_the_end()
    room.session.interviewer_began(room.now, given=False)
    room.now += 2
    assert room.session.interviewer_ceased(room.now) == ()
    assert tick(room, 3) == []
    assert room.session.next_question(room.now).reply.say == CLOSING
    close(room)
    assert until_over(room) == GOODBYE_SECONDS


def test_leaving_in_the_goodbye_changes_nothing() -> None:
    room = at_the_end()
    room.session.interviewer_began(room.now)
    room.session.candidate_left(room.now)
    assert tick(room, 0.5) == [COMPLETED]


def test_leaving_for_good_in_the_goodbye_is_a_whole_interview() -> None:
    room = at_the_end()
    assert room.session.leave() == (COMPLETED,)

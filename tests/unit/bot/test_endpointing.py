"""How long a pause may be within a turn, and which sound a turn of the candidate's is of."""

import pytest
from parley_bot.endpointing import HeardVoice, model_wait, patience
from parley_protocol import InterviewPlan, ModelPlan
from support.engine import make_plan


def plan(sensitivity: str, **limits: int) -> InterviewPlan:
    model = ModelPlan.model_validate({"turnSensitivity": sensitivity})
    return make_plan(**limits).model_copy(update={"model": model})


def voice(sensitivity: str, **limits: int) -> HeardVoice:
    return HeardVoice.of(plan(sensitivity, **limits))


@pytest.mark.parametrize(("sensitivity", "wait"), [("HIGH", 1.5), ("MEDIUM", 1.75), ("LOW", 2.0)])
def test_the_wait_is_novas_own_and_at_low_what_is_kept_from_it_beside(sensitivity: str, wait: float) -> None:
    asked = plan(sensitivity, extra_time_percent=100)
    assert model_wait(asked) == wait
    assert patience(asked) == (8.0 if sensitivity == "LOW" else 0.0)


@pytest.mark.parametrize(("pause", "extra"), [(3.5, 0), (4.2, 0), (7.5, 100)])
def test_a_turn_goes_on_after_a_pause_that_was_kept_from_the_model(pause: float, extra: int) -> None:
    heard = voice("LOW", extra_time_percent=extra)
    heard.began(10)
    heard.ceased(18)
    heard.pause_kept()
    heard.began(18 + pause)
    heard.ceased(24 + pause)
    assert heard.take(26 + pause) == (10, 24 + pause)


@pytest.mark.parametrize(("sensitivity", "pause", "kept"), [("HIGH", 3, False), ("LOW", 3.5, False), ("LOW", 8, True)])
def test_sound_that_the_model_has_made_no_words_of_is_not_of_the_next_turn(
    sensitivity: str, pause: float, kept: bool
) -> None:
    heard = voice(sensitivity)
    heard.began(10)
    heard.ceased(10.5)
    if kept:
        heard.pause_kept()
    heard.began(10.5 + pause)
    heard.ceased(20)
    assert heard.take(22) == (10.5 + pause, 20)


def test_a_pause_that_is_told_of_as_kept_after_its_end_makes_the_next_one_no_longer() -> None:
    heard = voice("LOW")
    heard.began(10)
    heard.ceased(10.5)
    heard.began(12)
    heard.pause_kept()
    heard.ceased(12.5)
    heard.began(16)
    heard.ceased(17)
    assert heard.take(19) == (16, 17)


@pytest.mark.parametrize(("sensitivity", "pause"), [("HIGH", 1.7), ("LOW", 4.3)])
def test_who_goes_on_just_as_the_model_takes_their_turn_begins_another(sensitivity: str, pause: float) -> None:
    heard = voice(sensitivity)
    heard.began(10)
    heard.ceased(18)
    heard.pause_kept()
    heard.began(18 + pause)
    assert heard.take(18.3 + pause) == (10, 18)
    heard.ceased(30)
    assert heard.take(32) == (18 + pause, 30)


def test_a_turn_that_is_split_while_it_is_spoken_goes_on_from_there() -> None:
    heard = voice("MEDIUM")
    heard.began(10)
    assert heard.take(20) == (10, 20)
    heard.ceased(25)
    assert heard.take(27) == (20, 25)


def test_what_is_long_spoken_again_after_a_pause_is_split_there_and_not_at_the_pause() -> None:
    heard = voice("LOW")
    heard.began(10)
    heard.ceased(18)
    heard.pause_kept()
    heard.began(21.5)
    assert heard.take(30) == (10, 30)


def test_no_pause_ends_a_turn_that_waits_for_another_session_of_the_model() -> None:
    heard = voice("HIGH")
    heard.began(10)
    heard.ceased(18)
    heard.turn_kept(True)
    heard.began(26)
    assert heard.take(27) == (10, 27), "one turn, whoever speaks on"
    heard.ceased(30)
    heard.began(40)
    heard.ceased(41)
    assert heard.take(43) == (40, 41), "and then as ever"


def test_the_interviewer_leaves_no_sound_without_words_behind() -> None:
    heard = voice("MEDIUM")
    heard.began(10)
    heard.ceased(10.5)
    heard.answered()
    heard.began(11)
    heard.answered()
    heard.ceased(12)
    assert heard.take(14) == (11, 12)


def test_what_the_model_does_not_hear_begins_no_turn() -> None:
    heard = voice("HIGH")
    heard.began(10)
    heard.ceased(10.4)
    heard.drop()
    heard.began(12.4)
    heard.ceased(15)
    assert heard.take(17) == (12.4, 15)


def test_a_voice_that_has_begun_when_a_nod_before_it_is_dropped_keeps_its_begin() -> None:
    heard = voice("HIGH")
    heard.began(10)
    heard.ceased(10.4)
    heard.began(11.5)
    heard.drop()
    heard.ceased(15)
    assert heard.take(17) == (11.5, 15)


def test_a_voice_that_was_an_echo_at_first_begins_where_it_is_none() -> None:
    heard = voice("HIGH")
    heard.drop(9)
    heard.began(10)
    heard.drop(12)
    heard.ceased(15)
    assert heard.take(17) == (12, 15)


def test_words_without_a_voice_have_the_moment_of_their_coming() -> None:
    heard = voice("MEDIUM")
    heard.ceased(5)
    assert heard.take(14) == (14, 14)

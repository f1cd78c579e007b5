"""Whose voice it is that is heard, by how loud it is."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parley_bot.pipeline.level import VOICED, WINDOW_SECONDS, Heard, OwnVoice

LOUD, BABBLE, QUIET_MICROPHONE = -18.0, -40.0, -46.0
# What the voice activity takes to believe a voice, and nothing less is one to anybody.
BELIEVED = round(0.12 / WINDOW_SECONDS)
LEVELS = st.floats(-60, 0)


def hear(own: OwnVoice, level: float, seconds: float, confidence: float = 1.0) -> list[Heard]:
    """Whose voice it was in each window: a steady one, so many dB of full scale loud."""
    return [own.hear(10 ** (level / 10), confidence) for _ in range(round(seconds / WINDOW_SECONDS))]


def quiet(own: OwnVoice, seconds: float) -> None:
    hear(own, -70, seconds, confidence=0.0)


def believed(heard: list[Heard]) -> bool:
    """Whether the voice activity would tell of the candidate."""
    runs = (len(list(run)) for who, run in itertools.groupby(heard) if who is Heard.CANDIDATE)
    return max(runs, default=0) >= BELIEVED


def in_cafe() -> OwnVoice:
    """The interviewer has greeted a candidate among people who talk, and waits for the answer."""
    own = OwnVoice()
    assert set(hear(own, BABBLE, 4)) == {Heard.OTHERS}
    assert own.company
    own.interviewer = False
    return own


def in_quiet_room() -> OwnVoice:
    own = OwnVoice()
    quiet(own, 4)
    own.interviewer = False
    return own


def test_people_who_talk_far_off_are_not_the_candidate() -> None:
    own = in_cafe()
    assert set(hear(own, BABBLE, 5)) == {Heard.OTHERS}, "who thinks before the first answer is not spoken for"
    assert set(hear(own, LOUD, 2)[1:]) == {Heard.CANDIDATE}
    assert set(hear(own, LOUD - 20, 1)[6:]) == {Heard.OTHERS}, "in the candidate's pauses"
    assert set(hear(own, BABBLE, 20)) == {Heard.OTHERS}, "and while they think"


@pytest.mark.parametrize("greeting", [2.6, 3.3])
def test_a_short_greeting_is_long_enough_to_know_of_others(greeting: float) -> None:
    """One of 3.3 s was not, where they drew breath within it, and nobody got a word in after it."""
    own = OwnVoice()
    hear(own, BABBLE, greeting / 2)
    quiet(own, 0.1 if greeting < 3 else 0.7)
    hear(own, BABBLE, greeting / 2)
    assert own.company


@pytest.mark.parametrize("thinks", [0.0, 20.0])
def test_others_who_were_not_known_of_end_no_turn_for_ever(thinks: float) -> None:
    """They came after the greeting, or it was too short; the candidate has answered, and waits."""
    own = in_quiet_room()
    hear(own, BABBLE, thinks)
    hear(own, LOUD, 3)
    hear(own, BABBLE, 6)
    quiet(own, 0.3)
    hear(own, BABBLE, 7)
    assert own.company
    assert set(hear(own, BABBLE, 5)) == {Heard.OTHERS}
    assert believed(hear(own, LOUD, 1)), "and the candidate is heard as before"


def test_who_talks_before_the_greeting_does_not_take_the_floor() -> None:
    assert Heard.CANDIDATE not in hear(OwnVoice(), BABBLE, 10)


def test_noise_is_nobody() -> None:
    assert set(hear(in_quiet_room(), LOUD, 2, confidence=VOICED - 0.1)) == {Heard.NOBODY}


def test_what_a_model_may_take_for_a_voice_is_one_of_others() -> None:
    assert hear(OwnVoice(), BABBLE, 1, confidence=VOICED - 0.1)[-1] is Heard.OTHERS


def test_a_quiet_microphone_is_heard_at_once_in_a_quiet_room() -> None:
    assert set(hear(in_quiet_room(), QUIET_MICROPHONE, 3)) == {Heard.CANDIDATE}


@pytest.mark.parametrize("level", [QUIET_MICROPHONE, -40.0, -36.0])
def test_a_prompt_answer_at_a_quiet_microphone_is_not_taken_for_anothers(level: float) -> None:
    """It begins before the room has told that the interviewer has ended; a hello and a nod came before it."""
    own = OwnVoice()
    quiet(own, 1)
    hear(own, level, 0.5)
    quiet(own, 3)
    for _ in range(5):
        hear(own, level, 0.5)
        quiet(own, 2)
        hear(own, level, 0.5)
        own.interviewer = False
        assert set(hear(own, level, 8)) == {Heard.CANDIDATE}
        own.interviewer = True
    assert not own.company


def test_who_nods_all_along_at_a_quiet_microphone_is_heard_at_once() -> None:
    own = OwnVoice()
    for _ in range(20):
        hear(own, QUIET_MICROPHONE, 0.5)
        quiet(own, 2)
    own.interviewer = False
    assert set(hear(own, QUIET_MICROPHONE, 8)) == {Heard.CANDIDATE}


@pytest.mark.parametrize("softer", [16.0, 20.0, 30.0])
def test_who_has_moved_away_in_a_quiet_room_is_heard_at_once(softer: float) -> None:
    own = in_quiet_room()
    hear(own, LOUD, 20)
    own.interviewer = True
    quiet(own, 4)
    hear(own, LOUD - softer, 0.3)
    own.interviewer = False
    assert Heard.OTHERS not in hear(own, LOUD - softer, 10)


def test_who_has_moved_away_and_pauses_for_breath_is_heard_for_ever() -> None:
    own = in_quiet_room()
    hear(own, LOUD, 20)
    for _ in range(20):
        assert set(hear(own, LOUD - 20, 8)) == {Heard.CANDIDATE}
        quiet(own, 0.5)


def test_a_soft_voice_over_two_turns_is_the_candidates() -> None:
    own = in_quiet_room()
    hear(own, LOUD, 20)
    for _ in range(5):
        assert set(hear(own, LOUD - 20, 8)) == {Heard.CANDIDATE}
        own.interviewer = True
        quiet(own, 3)
        own.interviewer = False


def test_a_soft_echo_of_the_interviewer_is_not_the_candidate() -> None:
    own = in_quiet_room()
    hear(own, LOUD, 3)
    own.interviewer = True
    assert Heard.CANDIDATE not in hear(own, LOUD - 16, 5)[6:]
    assert Heard.CANDIDATE in hear(own, LOUD - 14, 1), "and a voice that is softer than before is"


def test_an_echo_is_not_learnt_as_the_candidates_level() -> None:
    own = in_quiet_room()
    hear(own, LOUD, 3)
    own.interviewer = True
    before = own.softest
    hear(own, -5, 10)
    assert own.softest == before


@pytest.mark.parametrize("spoken", [3.0, 20.0])
def test_a_knock_at_the_microphone_makes_nobody_unheard(spoken: float) -> None:
    own = in_cafe()
    hear(own, LOUD, spoken)
    hear(own, 0, 0.1)
    assert set(hear(own, LOUD, 5)) == {Heard.CANDIDATE}


def test_others_who_have_gone_are_forgotten() -> None:
    own = in_cafe()
    hear(own, LOUD, 2)
    own.interviewer = True
    quiet(own, 20)
    assert not own.company
    own.interviewer = False
    assert Heard.OTHERS not in hear(own, LOUD - 20, 0.5), "it may be the candidate who has sat back"


def test_others_who_pause_are_not_gone() -> None:
    own = in_cafe()
    own.interviewer = True
    quiet(own, 6)
    own.interviewer = False
    assert set(hear(own, BABBLE, 5)) == {Heard.OTHERS}


def test_gaps_between_words_do_not_lower_the_level() -> None:
    own = in_cafe()
    for _ in range(20):
        hear(own, LOUD, 0.5)
        quiet(own, 0.2)
        assert Heard.CANDIDATE not in hear(own, LOUD - 17, 0.6)[6:]


def test_who_comes_back_with_another_microphone_is_heard() -> None:
    own = in_quiet_room()
    hear(own, LOUD, 10)
    own.forget()
    own.interviewer = True
    assert believed(hear(own, LOUD - 15.5, 1)), "by the bound for who is not known"


@given(st.lists(st.tuples(LEVELS, st.floats(0.1, 5), st.booleans()), max_size=20), LEVELS)
def test_a_steady_voice_is_heard_in_the_end_whatever_was_before(
    before: list[tuple[float, float, bool]], level: float
) -> None:
    own = OwnVoice()
    for loud, seconds, interviewer in before:
        own.interviewer = interviewer
        hear(own, loud, seconds)
    own.interviewer = False
    # At most 60 dB between the two, of which 15 count anyway, by 0.2 dB a second.
    hear(own, level, 45 / 0.2)
    assert believed(hear(own, level, 1))


@given(st.lists(st.tuples(LEVELS, st.floats(0.05, 1)), max_size=30))
def test_in_a_quiet_room_every_voice_in_the_candidates_turn_is_theirs(words: list[tuple[float, float]]) -> None:
    own = in_quiet_room()
    for level, seconds in words:
        assert set(hear(own, level, seconds)) <= {Heard.CANDIDATE}
        quiet(own, 0.5)

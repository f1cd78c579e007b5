"""Whose voice it is that is heard, by how loud it is."""

from hypothesis import given
from hypothesis import strategies as st
from parley_bot.pipeline.level import VOICED, WINDOW_SECONDS, Heard, OwnVoice

LOUD, BABBLE, SOFT_MICROPHONE = -18.0, -40.0, -46.0


def hear(own: OwnVoice, level: float, seconds: float, confidence: float = 1.0) -> list[Heard]:
    """Whose voice it was in each window: a steady one, so many dB of full scale loud."""
    return [own.hear(10 ** (level / 10), confidence) for _ in range(round(seconds / WINDOW_SECONDS))]


def in_cafe() -> OwnVoice:
    """The interviewer has greeted a candidate among people who talk, and waits for the answer."""
    own = OwnVoice()
    assert set(hear(own, BABBLE, 3)) <= {Heard.SOFT, Heard.OTHERS}
    own.interviewer = False
    return own


def in_quiet_room() -> OwnVoice:
    own = OwnVoice()
    hear(own, -70, 3, confidence=0.0)
    own.interviewer = False
    return own


def test_people_who_talk_far_off_are_not_the_candidate() -> None:
    own = in_cafe()
    assert set(hear(own, BABBLE, 10)) == {Heard.OTHERS}, "who thinks before the first answer is not spoken for"
    assert hear(own, LOUD, 2)[1:].count(Heard.CANDIDATE) == round(2 / WINDOW_SECONDS) - 1
    assert set(hear(own, LOUD - 20, 1)[6:]) == {Heard.OTHERS}, "in the candidate's pauses"


def test_who_talks_before_the_greeting_does_not_take_the_floor() -> None:
    assert Heard.CANDIDATE not in hear(OwnVoice(), BABBLE, 10)


def test_noise_is_nobody() -> None:
    own = in_quiet_room()
    assert set(hear(own, LOUD, 2, confidence=VOICED - 0.1)) == {Heard.NOBODY}


def test_what_a_model_may_take_for_a_voice_is_one_of_others() -> None:
    assert hear(OwnVoice(), BABBLE, 1, confidence=VOICED - 0.1)[-1] is Heard.OTHERS


def test_a_quiet_microphone_is_heard_at_once_in_a_quiet_room() -> None:
    assert set(hear(in_quiet_room(), SOFT_MICROPHONE, 3)) == {Heard.CANDIDATE}


def test_a_soft_echo_of_the_interviewer_is_not_the_candidate() -> None:
    own = in_quiet_room()
    hear(own, LOUD, 3)
    own.interviewer = True
    assert Heard.CANDIDATE not in hear(own, LOUD - 16, 5)[6:]
    assert Heard.CANDIDATE in hear(own, LOUD - 14, 1), "and a voice that is softer than before is"


def test_an_echo_is_not_learnt_as_the_candidates_level() -> None:
    own = in_quiet_room()
    hear(own, LOUD, 3)
    before = own.softest
    own.interviewer = True
    hear(own, -5, 10)
    assert own.softest == before


def test_what_is_left_of_an_echo_does_not_make_the_candidate_soft() -> None:
    own = OwnVoice()
    hear(own, BABBLE, 3)
    own.interviewer = False
    hear(own, BABBLE, 0.3)
    hear(own, LOUD, 2)
    assert set(hear(own, BABBLE, 1)[6:]) == {Heard.OTHERS}


def test_others_who_have_gone_are_forgotten() -> None:
    own = in_cafe()
    hear(own, LOUD, 2)
    own.interviewer = True
    hear(own, -70, 10, confidence=0.0)
    own.interviewer = False
    assert set(hear(own, LOUD - 20, 0.5)[6:]) == {Heard.SOFT}, "it may be the candidate who has sat back"


def test_gaps_between_words_do_not_lower_the_level() -> None:
    own = in_cafe()
    for _ in range(20):
        hear(own, LOUD, 0.5)
        hear(own, -60, 0.2, confidence=0.0)
        assert Heard.CANDIDATE not in hear(own, LOUD - 17, 0.6)[6:]


@given(st.floats(-30, -5), st.floats(0, 25), st.floats(1, 60))
def test_who_moves_away_is_heard_again(level: float, softer: float, spoken: float) -> None:
    own = in_quiet_room()
    hear(own, level, spoken)
    later = hear(own, level - softer, 11 + 0.2)
    assert later[-1] is Heard.CANDIDATE, "softer by 15 dB is theirs anyway, and by 1 dB more each second"


@given(st.lists(st.tuples(st.floats(-50, 0), st.floats(0.1, 5), st.booleans()), max_size=20), st.floats(-50, 0))
def test_a_steady_voice_is_heard_in_the_end_whatever_was_before(
    before: list[tuple[float, float, bool]], level: float
) -> None:
    own = OwnVoice()
    for loud, seconds, interviewer in before:
        own.interviewer = interviewer
        hear(own, loud, seconds)
    own.interviewer = False
    # 35 dB at 0.2 dB/s, where the voice is no louder than others were before.
    assert Heard.CANDIDATE in hear(own, level, 35 / 0.2 + 1)


@given(st.floats(-50, -5), st.lists(st.tuples(st.floats(-14, 5), st.floats(0.05, 1)), max_size=30))
def test_who_speaks_in_a_quiet_room_is_never_taken_for_another(level: float, words: list[tuple[float, float]]) -> None:
    own = in_quiet_room()
    hear(own, level, 1)
    for louder, seconds in words:
        assert Heard.OTHERS not in hear(own, level + louder, seconds)

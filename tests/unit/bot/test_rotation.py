"""When one session of the model's gives way to the next."""

from hypothesis import given
from hypothesis import strategies as st
from parley_bot.pipeline.rotation import Due, Rotation

AFTER = 360.0
LIMIT = 480.0
WAIT = 1.5


def old_session(age: float = AFTER) -> tuple[Rotation, float]:
    """A session of this age in which the interviewer has just been heard out, and the time it is."""
    rotation = Rotation(AFTER, WAIT)
    rotation.opened(0.0)
    rotation.interviewer(speaking=True)
    rotation.interviewer(speaking=False)
    rotation.answered()
    return rotation, age


def test_a_young_session_stays() -> None:
    rotation, _ = old_session()
    assert rotation.due(AFTER - 1, busy=False) is Due.NOTHING


def test_a_silent_candidate_does_not_keep_a_session_to_its_end() -> None:
    rotation, now = old_session()
    assert rotation.due(now, busy=False) is Due.HAND_OVER


def test_nobody_is_cut_short() -> None:
    rotation, now = old_session()
    rotation.interviewer(speaking=True)
    assert rotation.due(now, busy=False) is Due.NOTHING
    rotation.interviewer(speaking=False)
    assert rotation.due(now, busy=True) is Due.NOTHING
    rotation.candidate(now, speaking=True)
    assert rotation.due(now, busy=False) is Due.NOTHING


def test_a_reply_that_is_due_is_waited_for_but_not_for_ever() -> None:
    rotation, now = old_session()
    rotation.candidate(now - 2, speaking=True)
    rotation.candidate(now, speaking=False)
    assert rotation.due(now + 2, busy=False) is Due.NOTHING
    assert rotation.due(now + 11, busy=False) is Due.HAND_OVER
    rotation.asked(now + 11)
    assert rotation.due(now + 12, busy=False) is Due.NOTHING
    rotation.answered()
    assert rotation.due(now + 12, busy=False) is Due.HAND_OVER


def test_a_candidate_who_speaks_on_is_split_at_a_pause_and_in_the_end_anywhere() -> None:
    rotation, _ = old_session()
    rotation.candidate(300.0, speaking=True)
    assert rotation.due(440.0, busy=False) is Due.NOTHING
    assert rotation.due(470.0, busy=False) is Due.SPLIT
    rotation.candidate(440.0, speaking=False)
    assert rotation.due(440.2, busy=False) is Due.SPLIT


def split_session() -> Rotation:
    """A turn was split at a pause at 440."""
    rotation, _ = old_session()
    rotation.candidate(300.0, speaking=True)
    rotation.candidate(440.0, speaking=False)
    rotation.split(440.0)
    rotation.handed_over(439.0, 440.4)
    return rotation


def test_the_reply_to_a_turn_that_was_over_at_its_split_is_asked_for_at_once() -> None:
    rotation = split_session()
    assert rotation.must_ask(440.5)
    assert not rotation.must_ask(440.6), "once"


def test_who_goes_on_after_the_split_is_answered_by_the_model_itself() -> None:
    rotation = split_session()
    rotation.candidate(440.3, speaking=True)
    assert not rotation.must_ask(440.5)
    rotation.understood()
    rotation.candidate(450.0, speaking=False)
    assert not rotation.must_ask(460.0)


def test_the_reply_to_a_turn_that_was_split_in_its_last_syllable_is_asked_for_at_once() -> None:
    rotation, _ = old_session()
    rotation.candidate(440.0, speaking=True)
    rotation.split(470.0)
    rotation.handed_over(469.0, 470.2)
    assert not rotation.must_ask(470.3), "they speak"
    rotation.candidate(470.4, speaking=False)
    assert rotation.must_ask(470.5)


def test_the_words_after_a_split_are_waited_for() -> None:
    rotation, _ = old_session()
    rotation.candidate(440.0, speaking=True)
    rotation.split(470.0)
    rotation.handed_over(469.0, 470.2)
    rotation.candidate(471.0, speaking=False)
    assert not rotation.must_ask(471.1)
    rotation.understood()
    assert not rotation.must_ask(480.0)


def rest_without_words() -> Rotation:
    """A turn was split, and what came after it until 441 has no words."""
    rotation = split_session()
    rotation.candidate(440.3, speaking=True)
    rotation.candidate(441.0, speaking=False)
    return rotation


def test_what_goes_on_without_words_is_asked_for_within_a_second_after_the_models_wait() -> None:
    rotation = rest_without_words()
    assert not rotation.must_ask(443.0)
    assert rotation.must_ask(443.2)
    assert not rotation.must_ask(444.0), "once"


def test_a_model_that_thinks_about_words_that_it_has_told_of_is_not_asked() -> None:
    rotation = rest_without_words()
    rotation.understood()
    assert not rotation.must_ask(450.0)


def test_a_session_that_hears_the_rest_late_has_its_second() -> None:
    rotation = rest_without_words()
    rotation.handed_over(439.0, 445.0)
    assert not rotation.must_ask(445.5)
    assert rotation.must_ask(445.7)


def test_a_pause_that_is_kept_from_the_model_is_not_its_wait() -> None:
    rotation = rest_without_words()
    for tenth in range(4410, 4450):
        rotation.pause_kept(tenth / 10)
        assert not rotation.must_ask(tenth / 10)
    assert not rotation.must_ask(446.9)
    assert rotation.must_ask(447.1)


def test_a_session_that_took_over_owes_what_the_one_before_it_owed() -> None:
    rotation = split_session()
    rotation.handed_over(440.0 - AFTER, 440.4)
    assert rotation.due(442.0, busy=False) is Due.NOTHING
    rotation.opened(440.0 - AFTER)
    assert rotation.due(442.0, busy=False) is Due.HAND_OVER


EVENTS = st.sampled_from(["candidate", "quiet", "interviewer", "heard", "asked", "answered"])


@given(st.lists(st.tuples(EVENTS, st.floats(0.0, 40.0)), max_size=40), st.booleans())
def test_whatever_happens_a_session_changes_only_where_it_may_and_before_its_limit(
    events: list[tuple[str, float]], busy: bool
) -> None:
    rotation, now = Rotation(AFTER, WAIT), 0.0
    rotation.opened(0.0)
    candidate = interviewer = False
    for what, pause in events:
        now += pause
        match what:
            case "candidate" | "quiet":
                candidate = what == "candidate"
                rotation.candidate(now, speaking=candidate)
            case "interviewer" | "heard":
                interviewer = what == "interviewer"
                rotation.interviewer(speaking=interviewer)
            case "asked":
                rotation.asked(now)
            case _:
                rotation.answered()
        due = rotation.due(now, busy=busy)
        if now < AFTER or busy or interviewer:
            assert due is Due.NOTHING
        if due is Due.HAND_OVER:
            assert not candidate
    # Left alone, it changes in time.
    late = max(now, LIMIT - 11)
    if not busy and not interviewer:
        assert rotation.due(late, busy=False) is not Due.NOTHING or not candidate
        rotation.candidate(late, speaking=False)
        assert rotation.due(late + 10, busy=False) is not Due.NOTHING

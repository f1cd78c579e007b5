"""What of the candidate's turn is kept for a session that follows one that is lost."""

from hypothesis import given
from hypothesis import strategies as st
from parley_bot.pipeline.unheard import BYTES_PER_SECOND, KEPT_SECONDS, Unheard

PIECE = 640  # 20 ms


class Turn:
    """A candidate before a session: each piece of sound is one of its own."""

    def __init__(self, seconds: float = KEPT_SECONDS) -> None:
        self.kept = Unheard(seconds)
        self.pieces = 0
        self.live: list[int] = []
        """The numbers of the pieces that the session has heard, in its order."""

    def sound(self, seconds: float) -> list[int]:
        """So much sound; the numbers of its pieces."""
        begun = self.pieces
        for _ in range(round(seconds * 50)):
            self.pieces += 1
            self.kept.hear(self.pieces.to_bytes(2) * (PIECE // 2))
            if not self.kept.behind:
                self.live.append(self.pieces)
        return list(range(begun + 1, self.pieces + 1))

    def say(self, seconds: float, *, told_late: float = 0.1) -> list[int]:
        """A voice, of which the voice activity tells a little late; the numbers of its pieces."""
        heard = self.sound(told_late)
        self.kept.voice(speaking=True)
        heard += self.sound(seconds - told_late)
        self.sound(0.2)
        self.kept.voice(speaking=False)
        return heard

    def begin(self, seconds: float) -> list[int]:
        """The same, of one who goes on speaking."""
        self.kept.voice(speaking=True)
        return self.sound(seconds)

    def again(self) -> list[int]:
        """What a new session hears before live sound goes on."""
        self.kept.begin_again()
        heard = bytearray()
        while self.kept.behind:
            heard += self.kept.take(0.1)
        return [int.from_bytes(heard[at : at + 2]) for at in range(0, len(heard), PIECE)]


def test_a_turn_that_nobody_has_answered_is_heard_again_from_its_first_sound_on() -> None:
    turn = Turn()
    turn.sound(30)
    said = turn.say(10) + turn.say(5)
    assert turn.kept.lose() == ""
    assert turn.kept.pending
    heard = turn.again()
    assert set(said) <= set(heard)
    assert heard == sorted(set(heard)), "in order, and none twice"
    assert not turn.kept.lost


def test_who_speaks_on_meanwhile_is_heard_in_order_and_then_live() -> None:
    turn = Turn()
    said = turn.begin(10)
    turn.kept.lose()
    said += turn.sound(2)
    before = len(turn.live)
    heard = turn.again()
    said += turn.sound(1)
    assert heard + turn.live[before:] == said


def test_whoever_begins_while_there_is_no_session_is_heard() -> None:
    turn = Turn()
    turn.sound(5)
    turn.kept.lose()
    assert not turn.kept.pending
    said = turn.say(1)
    assert turn.kept.pending
    assert set(said) <= set(turn.again())


def test_what_is_in_the_transcript_is_not_heard_again() -> None:
    turn = Turn()
    turn.say(10)
    turn.sound(0.8)
    turn.kept.understood("I built a bridge.")
    turn.kept.turn_over(told=True)
    turn.kept.lose()
    assert not turn.kept.pending
    assert len(turn.again()) <= 20, "what may be a first consonant"


def test_who_adds_something_while_the_model_acts_has_begun_another_turn() -> None:
    turn = Turn()
    first = turn.say(5)
    turn.sound(0.8)
    added = turn.begin(0.5)
    turn.kept.turn_over(told=True)
    turn.kept.turn_over(told=False)  # the reply to the turn before begins
    added += turn.sound(1)
    turn.kept.lose()
    heard = turn.again()
    assert set(added) <= set(heard)
    assert not set(first) & set(heard)


def test_in_noise_that_is_taken_for_a_voice_little_is_said_again() -> None:
    turn = Turn()
    turn.begin(20)
    turn.kept.turn_over(told=True)
    turn.kept.lose()
    assert len(turn.again()) <= 3 * 50


def test_what_was_said_before_a_planned_change_is_not_said_to_the_session_after() -> None:
    turn = Turn()
    before = turn.begin(5)
    turn.kept.cut()
    after = turn.sound(1)
    turn.kept.voice(speaking=False)
    turn.kept.turn_over(told=True)
    after += turn.begin(1)
    turn.kept.lose()
    heard = turn.again()
    assert set(after) <= set(heard)
    assert not set(before) & set(heard)


def test_a_long_pause_does_not_make_two_turns_of_one() -> None:
    turn = Turn()
    turn.say(2)
    turn.sound(20)
    turn.say(2)
    turn.kept.lose()
    assert len(turn.again()) / 50 < 4 + 1.5


def test_what_is_withheld_from_the_model_is_no_voice() -> None:
    kept = Unheard()
    kept.voice(speaking=True)
    kept.hear(bytes(BYTES_PER_SECOND))
    kept.lose()
    assert not kept.pending


def test_a_cough_is_forgotten_with_the_next_reply() -> None:
    turn = Turn()
    turn.say(0.4)
    turn.kept.turn_over(told=False)
    assert turn.kept.pending, "it may be a word that the model has not acted on yet"
    turn.sound(4)
    turn.kept.turn_over(told=False)
    assert not turn.kept.pending


def test_beyond_the_bound_what_was_understood_stands_and_the_rest_is_heard_again() -> None:
    turn = Turn(seconds=20)
    first = turn.say(8)
    turn.kept.understood("one")
    second = turn.say(8)
    turn.kept.understood("two")
    third = turn.say(8)
    assert turn.kept.lose() == "one"
    assert not turn.kept.lost
    heard = turn.again()
    assert set(second + third) <= set(heard)
    assert not set(first) & set(heard)
    assert turn.kept.tentative == "two", "what there is to tell if no other session comes"


def test_beyond_the_bound_what_nobody_has_understood_is_lost_and_known_to_be() -> None:
    turn = Turn(seconds=20)
    turn.kept.understood("nothing that reaches so far")
    turn.begin(30)
    assert turn.kept.lose() == "nothing that reaches so far"
    assert turn.kept.lost
    assert len(turn.again()) == 20 * 50
    turn.kept.turn_over(told=True)
    assert not turn.kept.lost


def test_a_session_that_is_lost_while_it_is_behind_is_followed_by_one_that_hears_all_of_it() -> None:
    turn = Turn()
    said = turn.say(10)
    turn.kept.understood("a longer beginning")
    turn.kept.lose()
    turn.kept.take(3)
    turn.kept.understood("a long")
    assert turn.kept.lose() == ""
    assert turn.kept.tentative == "a longer beginning"
    assert set(said) <= set(turn.again())


def test_a_turn_that_ends_before_the_session_has_caught_up_leaves_the_rest_to_be_heard() -> None:
    turn = Turn()
    said = turn.begin(10)
    turn.kept.lose()
    turn.kept.begin_again()
    heard = len(turn.kept.take(4)) // PIECE
    turn.kept.turn_over(told=True)
    rest = bytearray()
    while turn.kept.behind:
        rest += turn.kept.take(0.1)
    assert [int.from_bytes(rest[at : at + 2]) for at in range(0, len(rest), PIECE)] == said[heard:]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("sound"), st.floats(0.02, 30)),
        st.tuples(st.sampled_from(["begin", "cease", "over", "words", "cut", "lose", "take"]), st.just(0.0)),
    ),
    max_size=40,
)


@given(STEPS)
def test_memory_is_bounded_and_a_session_is_not_behind_for_ever(steps: list[tuple[str, float]]) -> None:
    turn = Turn(seconds=10)
    for what, seconds in steps:
        match what:
            case "sound":
                turn.sound(seconds)
            case "begin" | "cease":
                turn.kept.voice(speaking=what == "begin")
            case "over":
                turn.kept.turn_over(told=True)
            case "words":
                turn.kept.understood("words")
            case "cut":
                turn.kept.cut()
            case "lose":
                turn.kept.lose()
            case "take":
                turn.kept.take(1)
        assert sum(map(len, turn.kept._pieces)) <= 10 * BYTES_PER_SECOND
        assert turn.kept._kept == sum(map(len, turn.kept._pieces))
    heard = turn.again()
    assert not turn.kept.behind
    assert heard == sorted(set(heard))

"""Where in time sound is: of the candidate by its arrival, of the interviewer by its playing."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from parley_bot.pipeline.sound import ArrivalClock, Playout, VoiceEdges, audible_span

RATE = 16_000
PIECE = 0.02
LOUD, SOFT = 8000, 100


def pcm(seconds: float, level: int, rate: int = RATE) -> bytes:
    return np.full(round(seconds * rate), level, dtype="<i2").tobytes()


def heard(*parts: tuple[float, int], delay: float = 0.0) -> tuple[VoiceEdges, float]:
    """What was spoken, (seconds, level) each, from moment 100 on, heard in pieces; and when it ended."""
    sound = b"".join(pcm(*part) for part in parts)
    edges, now, size = VoiceEdges(), 100.0, round(PIECE * RATE) * 2
    for at in range(0, len(sound), size):
        now += len(sound[at : at + size]) / 2 / RATE
        edges.hear(sound[at : at + size], RATE, now + delay)
    return edges, now


@pytest.mark.parametrize(
    ("samples", "span"),
    [([], None), ([0, 299, -299], None), ([0, -300, 0], (1, 2)), ([-32768, 0, 300, 0], (0, 3))],
)
def test_what_can_be_heard_of_a_sound(samples: list[int], span: tuple[int, int] | None) -> None:
    assert audible_span(np.array(samples, dtype="<i2").tobytes()) == span


def test_a_voice_began_where_its_sound_did_however_late_it_was_noticed() -> None:
    edges, end = heard((1.0, SOFT), (0.42, LOUD))
    assert edges.began(0.2, end) == pytest.approx(101.0, abs=0.011)


def test_the_stops_of_consonants_are_of_the_voice_and_a_click_before_it_is_not() -> None:
    edges, end = heard((0.5, 0), (0.02, LOUD), (0.3, 0), (0.2, LOUD), (0.06, 0), (0.25, LOUD))
    assert edges.began(0.2, end) == pytest.approx(100.82, abs=0.011)


def test_a_soft_onset_is_of_a_loud_voice() -> None:
    edges, end = heard((1.0, 0), (0.1, 700), (0.25, 20_000))
    assert edges.began(0.2, end) == pytest.approx(101.0, abs=0.011)


def test_in_noise_a_voice_began_when_it_was_detected() -> None:
    edges, end = heard((1.0, 900), (0.4, LOUD))
    assert edges.began(0.2, end) == pytest.approx(end - 0.2)


def test_a_voice_ended_with_its_last_sound() -> None:
    edges, end = heard((0.6, LOUD), (0.33, SOFT))
    assert edges.ceased(0.2, end) == pytest.approx(100.6, abs=0.011)


def test_in_noise_a_voice_ended_before_its_lack_was_detected() -> None:
    edges, end = heard((0.6, LOUD), (0.33, 900))
    assert edges.ceased(0.2, end) == pytest.approx(end - 0.2)


def test_a_voice_without_a_sound_is_placed_by_its_detection() -> None:
    assert VoiceEdges().began(0.2, 7.0) == VoiceEdges().ceased(0.2, 7.0) == pytest.approx(6.8)


def test_the_way_delays_a_voice_and_does_not_stretch_it() -> None:
    edges, end = heard((1.0, 0), (0.4, LOUD), delay=0.08)
    assert edges.began(0.2, end) == pytest.approx(101.08, abs=0.011)


def test_what_was_held_up_was_spoken_in_its_time() -> None:
    clock = ArrivalClock()
    for piece in range(1, 11):
        clock.place(PIECE, piece * PIECE)
    # For 400 ms nothing comes, then all of it at once.
    late = [clock.place(PIECE, 0.6) for _ in range(20)]
    assert late[0] == pytest.approx(0.22, abs=0.02)
    assert late[-1] == pytest.approx(0.6, abs=0.06)


def test_after_a_silence_of_the_microphone_time_begins_anew() -> None:
    clock = ArrivalClock()
    clock.place(PIECE, 1.0)
    assert clock.place(PIECE, 5.0) == 5.0


@given(st.lists(st.floats(0.0, 0.3), min_size=1, max_size=200))
def test_nothing_was_spoken_after_it_arrived(delays: list[float]) -> None:
    clock = ArrivalClock()
    arrivals = itertools.accumulate((n * PIECE + delay for n, delay in enumerate(delays)), max)
    for now in arrivals:
        assert clock.place(PIECE, now) <= now


def test_a_clock_that_is_slower_than_ours_is_followed() -> None:
    clock, told = ArrivalClock(), 0.0
    for piece in range(60 * 50 * 10):
        now = piece * PIECE * 1.0002
        told = clock.place(PIECE, now)
    assert now - told < 0.01


def test_what_is_sent_ahead_is_heard_one_after_the_other() -> None:
    playout = Playout()
    for _ in range(5):
        playout.play(pcm(0.04, LOUD, 24_000), 24_000, 10.0)
    assert playout.until == pytest.approx(10.2)
    assert playout.take() == pytest.approx((10.0, 10.2))
    assert playout.take() is None


def test_quiet_round_the_words_is_not_of_them() -> None:
    playout = Playout()
    playout.play(pcm(0.3, SOFT, 24_000) + pcm(0.5, LOUD, 24_000) + pcm(0.2, SOFT, 24_000), 24_000, 10.0)
    assert playout.take() == pytest.approx((10.3, 10.8))


def test_sound_that_is_quiet_as_a_whole_has_its_time_all_the_same() -> None:
    playout = Playout()
    playout.play(pcm(0.5, SOFT, 24_000), 24_000, 10.0)
    assert playout.take() == pytest.approx((10.0, 10.5))


def test_sound_that_comes_too_late_is_heard_late() -> None:
    playout = Playout()
    playout.play(pcm(0.1, LOUD, 24_000), 24_000, 10.0)
    playout.play(pcm(0.1, LOUD, 24_000), 24_000, 10.4)
    assert playout.take() == pytest.approx((10.0, 10.5))


def test_what_the_listener_drops_was_not_heard() -> None:
    playout = Playout()
    playout.play(pcm(1.0, LOUD, 24_000), 24_000, 10.0)
    assert playout.cut(10.4) == pytest.approx(0.6)
    assert playout.take() == pytest.approx((10.0, 10.4))
    playout.play(pcm(0.1, LOUD, 24_000), 24_000, 10.5)
    assert playout.cut(11.0) == 0.0
    assert playout.take() == pytest.approx((10.5, 10.6))


def test_a_cut_in_a_pause_leaves_the_end_before_the_pause() -> None:
    playout = Playout()
    for level in (LOUD, SOFT, SOFT, LOUD):
        playout.play(pcm(0.1, level, 24_000), 24_000, 10.0)
    playout.cut(10.25)
    assert playout.take() == pytest.approx((10.0, 10.1))


def test_what_is_held_back_is_heard_when_it_goes_on() -> None:
    playout = Playout()
    for _ in range(4):
        playout.play(pcm(0.1, LOUD, 24_000), 24_000, 10.0)
    assert playout.hold(10.2) == pytest.approx(0.2)
    assert playout.resume(11.0) == pytest.approx(0.2)
    playout.play(pcm(0.1, LOUD, 24_000), 24_000, 11.05)
    assert playout.take() == pytest.approx((10.0, 11.3))


def test_what_is_held_back_and_dropped_was_not_heard() -> None:
    playout = Playout()
    for _ in range(4):
        playout.play(pcm(0.1, LOUD, 24_000), 24_000, 10.0)
    playout.hold(10.2)
    assert playout.cut(10.9) == 0.0
    assert playout.resume(11.0) == 0.0
    assert playout.take() == pytest.approx((10.0, 10.2))

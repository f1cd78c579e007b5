"""Where sound is put on the clock: what came late, what was interrupted, and what lies between is silence."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from parley_bot.recording.track import SNAP_SECONDS, Heard, Played, Samples

RATE = 1000  # one sample a millisecond
CHUNK = 20


def tone(value: int, length: int = CHUNK) -> Samples:
    return np.full(length, value, np.int16)


def runs(sound: Samples) -> list[tuple[int, int]]:
    """(value, length) of each run."""
    out: list[tuple[int, int]] = []
    for value in sound.tolist():
        out = [*out[:-1], (value, out[-1][1] + 1)] if out and out[-1][0] == value else [*out, (value, 1)]
    return out


def heard(*arrivals: tuple[int, Samples]) -> Heard:
    track = Heard(RATE)
    for at, sound in arrivals:
        track.put(at, sound)
    return track


def test_sound_lies_before_its_arrival() -> None:
    assert runs(heard((100, tone(1))).take(200)) == [(0, 80), (1, 20), (0, 100)]


def test_jitter_makes_no_holes() -> None:
    late = [20, 41, 60, 95, 100, 120, 141]
    track = heard(*((at, tone(number + 1)) for number, at in enumerate(late)))
    assert [run for run in runs(track.take(200)) if run[0]] == [(n + 1, CHUNK) for n in range(len(late))]


def test_what_a_stalled_network_brings_at_once_goes_back_to_where_it_was_spoken() -> None:
    before = [(at, tone(1)) for at in range(20, 1001, 20)]
    burst = [(3000, tone(2)) for _ in range(100)]
    after = [(at, tone(3)) for at in range(3020, 3101, 20)]
    assert runs(heard(*before, *burst, *after).take(3100)) == [(1, 1000), (2, 2000), (3, 100)]


def test_a_pause_of_the_microphone_is_silence() -> None:
    first = [(at, tone(1)) for at in range(20, 101, 20)]
    second = [(at, tone(2)) for at in range(1020, 1101, 20)]
    assert runs(heard(*first, *second).take(1200)) == [(1, 100), (0, 900), (2, 100), (0, 100)]


def test_a_piece_on_the_edge_is_taken_in_two() -> None:
    track = heard((100, tone(1)))
    assert runs(track.take(90)) == [(0, 80), (1, 10)]
    assert runs(track.take(120)) == [(1, 10), (0, 20)]


def test_played_sound_queues_behind_what_is_still_to_be_played() -> None:
    track = Played(RATE)
    for value in (1, 2, 3):
        track.put(50, tone(value))
    track.put(200, tone(4))
    assert runs(track.take(230)) == [(0, 50), (1, 20), (2, 20), (3, 20), (0, 90), (4, 20), (0, 10)]


def test_what_was_cut_off_is_not_played() -> None:
    track = Played(RATE)
    for value in (1, 2, 3):
        track.put(50, tone(value))
    track.cut(80)
    track.put(90, tone(5))
    assert runs(track.take(120)) == [(0, 50), (1, 20), (2, 10), (0, 10), (5, 20), (0, 10)]


@pytest.mark.parametrize("ppm", [-300, 300])
def test_a_microphone_of_another_clock_stays_in_its_place(ppm: int) -> None:
    """Ten minutes: 300 ppm would be 180 ms off."""
    track, taken = Heard(16_000), 0
    size, each = 320, 320 / 16_000 * (1 + ppm / 1e6)
    mark = np.full(size, 7, np.int16)
    chunks, found = round(600 / each), None
    for number in range(1, chunks + 1):
        at = round(number * each * 16_000)
        track.put(at, mark if number == chunks - 300 else np.zeros(size, np.int16))
        if number % 50 == 0 or number == chunks:
            sound = track.take(at - 6 * 16_000 if number < chunks else at)
            if (sound == 7).any():
                found = taken + int(np.argmax(sound == 7)) if found is None else found
            taken += len(sound)
    assert found is not None
    spoken = (chunks - 301) * each * 16_000
    assert abs(found - spoken) <= 16_000 * (SNAP_SECONDS + 0.01)


ARRIVALS = st.lists(st.tuples(st.integers(0, 400), st.integers(1, 60)), max_size=30)


@given(ARRIVALS, st.lists(st.integers(1, 200), max_size=20))
def test_whatever_comes_when_the_tracks_run_by_the_clock(arrivals: list[tuple[int, int]], takes: list[int]) -> None:
    """Everything is taken once, as much as was asked for, and no sound of the candidate's before it was spoken."""
    for track in (Heard(RATE), Played(RATE)):
        at, until = 0, 0
        total = 0
        queue = list(arrivals)
        for step in takes:
            until += step
            while queue and at + queue[0][0] <= until:
                pause, length = queue.pop(0)
                at += pause
                track.put(at, tone(1, length))
                total += length
            sound = track.take(until)
            assert len(sound) == step
            total -= int(sound.sum())
        assert total >= 0

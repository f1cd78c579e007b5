"""The quiet that a reply's voice begins with: dropped up to a bound, however the sound is cut into pieces."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from parley_bot.pipeline.onset import Onset

RATE = 24_000
VOICE = np.full(RATE // 10, 5000, "<i2").tobytes()


def quiet(seconds: float, loudest: int = 0) -> bytes:
    samples = np.zeros(round(seconds * RATE), "<i2")
    samples[::7] = loudest
    return samples.tobytes()


def played(sound: bytes, sizes: list[int]) -> bytes:
    """What is played of a reply that comes in pieces of so many samples, the last one with all the rest."""
    onset, out = Onset(), b""
    onset.begin()
    for size in sizes:
        out += onset.take(sound[: 2 * size], RATE)
        sound = sound[2 * size :]
    return out + onset.take(sound, RATE)


def test_a_reply_begins_with_its_voice() -> None:
    heard = played(quiet(0.06) + VOICE, [960, 960])
    assert heard == quiet(0.005) + VOICE, "its first sound may be softer than what counts"


def test_a_soft_onset_is_heard_whole() -> None:
    soft = quiet(0.08, loudest=60)
    assert played(quiet(0.05) + soft + VOICE, [960]).endswith(soft + VOICE)


def test_a_long_silence_is_meant() -> None:
    assert played(quiet(2), [960] * 30) == quiet(1.7)


def test_quiet_within_a_reply_is_the_voices_own_pace() -> None:
    onset = Onset()
    onset.begin()
    assert onset.take(VOICE, RATE) == VOICE
    assert onset.take(quiet(0.2), RATE) == quiet(0.2)


def test_each_reply_is_begun_anew() -> None:
    onset = Onset()
    onset.begin()
    assert onset.take(quiet(0.04), RATE) == b""
    onset.begin()
    assert onset.take(quiet(0.29) + VOICE, RATE) == quiet(0.005) + VOICE


@given(
    st.floats(0, 0.5),
    st.integers(0, 64),
    st.lists(st.integers(0, 3000), max_size=12),
)
def test_only_quiet_is_dropped_however_it_is_cut(silence: float, loudest: int, sizes: list[int]) -> None:
    sound = quiet(silence, loudest) + VOICE
    heard = played(sound, sizes)
    assert heard == played(sound, []), "the pieces make no difference"
    dropped = np.frombuffer(sound[: len(sound) - len(heard)], "<i2")
    assert sound.endswith(heard)
    assert len(dropped) <= 0.3 * RATE
    assert not len(dropped) or int(np.abs(dropped).max()) <= 32

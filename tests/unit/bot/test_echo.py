"""What is taken for an echo of what was played: by its shape, however loud it is and however late it comes."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from parley_bot.pipeline.echo import ECHO_SECONDS, Loudspeaker

RATE_IN, RATE_OUT = 16_000, 24_000
LENGTH = round(ECHO_SECONDS * RATE_IN)


@cache
def voice(seed: int, seconds: float, rate: int) -> np.ndarray:
    """Noise below 2 kHz that swells and sinks some four times a second, as speech does; the same at every rate."""
    random = np.random.default_rng(seed)
    times = np.arange(round(seconds * rate)) / rate
    tones, phases = random.uniform(80, 2000, 40), random.random(40)
    sound = sum(np.sin(2 * np.pi * (tone * times + phase)) for tone, phase in zip(tones, phases, strict=True))
    swell = 1 + 0.8 * np.sin(2 * np.pi * (4 * times + random.random()))
    return np.asarray(sound) * swell * 600


def pcm(sound: np.ndarray) -> bytes:
    return bytes(np.clip(sound, -32767, 32767).astype("<i2").tobytes())


def playing(seed: int, seconds: float = 2.0) -> Loudspeaker:
    speaker, sound = Loudspeaker(), pcm(voice(seed, seconds, RATE_OUT))
    for at in range(0, len(sound), 1920):  # 40 ms
        speaker.play(sound[at : at + 1920], RATE_OUT)
    return speaker


@given(
    seed=st.integers(1, 9),
    late=st.floats(0.02, 1.5),
    gain=st.sampled_from([1.0, 0.5, 0.125, -0.3]),
)
def test_what_was_played_is_known_again(seed: int, late: float, gain: float) -> None:
    sound = voice(seed, 2.0, RATE_IN)
    until = len(sound) - round(late * RATE_IN)
    assert playing(seed).echoes_in(pcm(gain * sound[max(0, until - LENGTH) : until]), RATE_IN)


@given(seed=st.integers(1, 9), other=st.integers(10, 30))
def test_another_voice_is_none(seed: int, other: int) -> None:
    assert not playing(seed).echoes_in(pcm(voice(other, ECHO_SECONDS, RATE_IN)), RATE_IN)


@pytest.mark.parametrize(("louder", "echo"), [(0.5, True), (2.0, False)])
def test_of_both_at_once_the_louder_counts(louder: float, echo: bool) -> None:
    played, own = voice(7, 2.0, RATE_IN)[-2 * LENGTH : -LENGTH], voice(99, ECHO_SECONDS, RATE_IN)
    assert playing(7).echoes_in(pcm(played + louder * own), RATE_IN) is echo


def test_in_a_room_that_reverberates() -> None:
    length = round(0.4 * RATE_IN)
    tail = np.random.default_rng(5).standard_normal(length) * np.exp(-6.9 * np.arange(length) / length)
    tail /= np.sqrt(np.sum(tail**2))
    tail[0] += 1.5  # what comes straight is 3.5 dB over the rest
    heard = np.convolve(voice(3, 2.0, RATE_IN), tail)[RATE_IN : RATE_IN + LENGTH]
    assert playing(3).echoes_in(pcm(0.3 * heard), RATE_IN)


def test_nothing_is_alike_to_silence() -> None:
    assert not Loudspeaker().echoes_in(pcm(voice(1, ECHO_SECONDS, RATE_IN)), RATE_IN)
    assert not playing(1).echoes_in(bytes(2 * LENGTH), RATE_IN)
    assert not playing(1).echoes_in(b"", RATE_IN)

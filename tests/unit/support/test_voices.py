"""Noise, echo and clocks of the synthetic candidates."""

import numpy as np
import pytest
from support.guest import CHUNK
from support.voices import sounds
from support.voices.guest import Ear, ScriptedGuest, Sound, Spoken
from support.voices.script import Echo, Noise, Script

TONE = (np.sin(np.arange(sounds.RATE) / 8) * 8000).astype("<i2").tobytes()


@pytest.mark.parametrize("below", [5, 20])
def test_noise_lies_so_far_below_the_voice(below: int) -> None:
    noise = sounds.at_ratio(sounds.pink(1.0), TONE, below)
    assert 20 * np.log10(sounds.level(TONE) / sounds.level(noise)) == pytest.approx(below, abs=1.5)
    assert sounds.pink(1.0) == sounds.pink(1.0), "the same in each run"


def test_what_is_too_loud_together_is_clipped() -> None:
    loud = sounds.amplified(TONE, 12)
    assert np.abs(sounds.samples(sounds.mixed(loud, loud)).astype(int)).max() == 32767


def test_an_ear_plays_what_comes_early_in_its_order() -> None:
    ear, second = Ear(), bytes(2 * 24_000)
    ear.hear(second, 10.0)
    ear.hear(second, 10.1)
    ear.hear(second, 15.0)
    assert [(span.start, span.end) for span in ear.utterances] == [(10.0, 12.0), (15.0, 16.0)]


def test_a_loudspeaker_comes_back_later_and_quieter() -> None:
    script = Script("echo", "", echo=Echo(seconds=0.1, below=20))
    guest = ScriptedGuest(script, Sound([]))
    loud = (np.sin(np.arange(24_000) / 12) * 8000).astype("<i2").tobytes()
    guest.hear(loud)
    heard = b"".join(guest.chunk() for _ in range(60))
    assert sounds.level(heard[: 5 * CHUNK]) == 0
    assert 20 * np.log10(sounds.level(loud) / sounds.level(heard)) == pytest.approx(20, abs=1.5)


def test_words_are_said_when_their_sound_is_out() -> None:
    parts = [Spoken("one two", bytes(2 * CHUNK)), Spoken("", bytes(CHUNK)), Spoken("three", bytes(CHUNK))]
    guest = ScriptedGuest(Script("x", ""), Sound([parts]))
    guest._take({"type": "bot-stopped-speaking"})
    for _ in range(25):  # half a second before they speak
        guest.chunk()
    said = []
    for _ in range(4):
        guest.chunk()
        said.append(guest.words)
    assert said == ["", "one two", "one two", "one two three"]


def test_noise_goes_on_without_an_end() -> None:
    guest = ScriptedGuest(Script("fan", "", noise=Noise("pink", 10)), Sound([], noise=sounds.pink(0.5)))
    assert all(any(guest.chunk()) for _ in range(200))

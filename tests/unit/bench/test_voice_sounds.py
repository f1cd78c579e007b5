"""A candidate's mouth and ear, to the sample."""

import numpy as np
import pytest
from bench.voice.sounds import Ear, Heard, Line, Mouth, Record, Span

TICK = 0.02


def pcm(seconds: float, rate: int, level: int = 8000) -> bytes:
    return np.full(round(seconds * rate), level, dtype="<i2").tobytes()


def test_words_are_said_without_the_quiet_round_them_and_their_times_are_known() -> None:
    mouth = Mouth()
    mouth.say(pcm(0.5, 16_000, 0) + pcm(0.05, 16_000) + pcm(0.3, 16_000, 100))
    frames = [mouth.frame(10.0), mouth.frame(10.02), mouth.frame(10.04)]
    assert not mouth.speaking
    assert all(len(frame) == 640 for frame in frames)
    assert frames[2][320:] == bytes(320)
    (said,) = mouth.spoken
    # What is sent at a moment was spoken in the 20 ms before it.
    assert (said.began, said.ended) == pytest.approx((9.98, 10.03))
    assert mouth.frame(10.06) == bytes(640)


def test_each_utterance_has_times_of_its_own() -> None:
    mouth = Mouth()
    for at in (10.0, 20.0):
        mouth.say(pcm(0.02, 16_000))
        mouth.frame(at)
    assert [said.ended for said in mouth.spoken] == [10.0, 20.0]


def test_what_cant_be_heard_is_nothing_to_say() -> None:
    with pytest.raises(ValueError, match="can't be heard"):
        Mouth().say(pcm(1, 16_000, 100))


def test_the_ear_keeps_what_can_be_heard_and_joins_it_over_short_quiet() -> None:
    ear = Ear()
    ear.arrives(4.9, playing=False)
    ear.arrives(4.95, playing=True)
    at = 5.0
    for part in (pcm(0.01, 24_000, 0) + pcm(0.01, 24_000), pcm(0.02, 24_000), *[pcm(0.02, 24_000, 0)] * 10):
        ear.play(part, at)
        at += TICK
    ear.play(pcm(0.02, 24_000), at)
    assert len(ear.heard) == 1
    assert ear.last is not None
    assert (ear.last.began, ear.last.ended, ear.last.arrived) == pytest.approx((5.01, at + TICK, 4.9))
    ear.arrives(9.0, playing=False)
    ear.play(pcm(0.02, 24_000), 9.01)
    assert [sound.arrived for sound in ear.heard] == [4.9, 9.0]


@pytest.mark.parametrize(
    ("line", "heard", "spoken", "now", "due"),
    [
        (Line(""), None, None, 5.0, False),
        (Line(""), Heard(1, 3, 1), None, 3.5, False),
        (Line(""), Heard(1, 3, 1), None, 3.8, True),
        (Line(""), Heard(1, 3, 1), Span(4, 5), 9.0, False),
        (Line(""), Heard(6, 7, 6), Span(4, 5), 9.0, True),
        (Line("", barge_in=0.5), Heard(6, 6.4, 6), Span(4, 5), 6.4, False),
        (Line("", barge_in=0.5), Heard(6, 6.5, 6), Span(4, 5), 6.5, True),
        (Line("", barge_in=0.5), Heard(6, 6.4, 6), Span(4, 5), 6.5, False),
    ],
)
def test_when_a_line_is_due(line: Line, heard: Heard | None, spoken: Span | None, now: float, due: bool) -> None:
    assert line.is_due(heard, spoken, now) is due


def test_a_record_survives_its_process() -> None:
    record = Record([Span(1, 2)], [Heard(3, 4, 2.5)], joined=0.5, left=9, ended_by="closed", told_end="Completed")
    assert Record.of(record.as_json()) == record

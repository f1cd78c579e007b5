"""Starts, segments and ends of turns, from probabilities alone."""

from collections.abc import Iterable

import numpy as np
import pytest
from parley_emulators.speech.turns import SegmentEnded, SpeechStarted, TurnDetector, TurnEnded, TurnEvent
from parley_emulators.speech.vad import WINDOW, WINDOW_SECONDS

SILENT = np.zeros(WINDOW, dtype=np.float32)


def feed(detector: TurnDetector, *stretches: tuple[float, float]) -> list[tuple[float, TurnEvent]]:
    """Feed (seconds, probability) stretches; return (time, event)."""
    happened: list[tuple[float, TurnEvent]] = []
    at = 0
    for seconds, probability in stretches:
        for _ in range(round(seconds / WINDOW_SECONDS)):
            at += 1
            happened += [(at * WINDOW_SECONDS, event) for event in detector.feed(SILENT, probability)]
    return happened


def kinds(happened: Iterable[tuple[float, TurnEvent]]) -> list[type]:
    return [type(event) for _, event in happened]


def test_a_turn_starts_and_ends_after_the_pause() -> None:
    happened = feed(TurnDetector(pause_seconds=0.8), (1, 0.0), (2, 0.9), (2, 0.0))
    assert kinds(happened) == [SpeechStarted, SegmentEnded, TurnEnded]
    started, segment, ended = (at for at, _ in happened)
    assert started == pytest.approx(1.13, abs=0.05)
    assert segment == pytest.approx(3.32, abs=0.05)
    assert ended == pytest.approx(3.8, abs=0.05)


def test_a_short_pause_makes_segments_of_one_turn() -> None:
    happened = feed(TurnDetector(pause_seconds=0.8), (1, 0.9), (0.5, 0.0), (1, 0.9), (1, 0.0))
    assert kinds(happened) == [SpeechStarted, SegmentEnded, SpeechStarted, SegmentEnded, TurnEnded]


def test_a_dip_within_a_word_makes_nothing() -> None:
    happened = feed(TurnDetector(), (1, 0.9), (0.2, 0.1), (1, 0.9), (1, 0.0))
    assert kinds(happened) == [SpeechStarted, SegmentEnded, TurnEnded]


def test_a_click_is_no_speech() -> None:
    assert feed(TurnDetector(), (1, 0.0), (0.06, 0.9), (2, 0.0)) == []


def test_speech_about_to_be_believed_holds_the_turn_open() -> None:
    detector = TurnDetector(pause_seconds=0.8)
    happened = feed(detector, (1, 0.9), (0.77, 0.0), (0.5, 0.9), (1, 0.0))
    assert kinds(happened) == [SpeechStarted, SegmentEnded, SpeechStarted, SegmentEnded, TurnEnded]


def test_a_long_answer_is_cut_before_the_recogniser_loses_it() -> None:
    happened = feed(TurnDetector(longest_segment_seconds=5), (12, 0.9), (1, 0.0))
    segments = [event for _, event in happened if isinstance(event, SegmentEnded)]
    assert len(segments) == 3
    assert all(len(segment.samples) / 16_000 <= 5.1 for segment in segments)
    assert sum(len(segment.samples) for segment in segments) / 16_000 == pytest.approx(12.3, abs=0.3)


def test_a_segment_begins_before_the_start_was_noticed() -> None:
    detector = TurnDetector(lead_in_seconds=0.25)
    loud = np.ones(WINDOW, dtype=np.float32)
    for _ in range(40):
        detector.feed(SILENT, 0.0)
    events = [event for _ in range(40) for event in detector.feed(loud, 0.9)]
    events += [event for _ in range(40) for event in detector.feed(SILENT, 0.0)]
    segment = next(event for event in events if isinstance(event, SegmentEnded))
    assert int(segment.samples.sum()) == 40 * WINDOW, "every loud window is in it"
    assert int(np.argmax(segment.samples > 0)) == pytest.approx(0.25 * 16_000, abs=WINDOW)

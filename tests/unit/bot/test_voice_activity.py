"""What pipecat is told of the candidate's voice."""

import numpy as np
import pytest
from parley_bot.pipeline.level import VOICED, Heard, OwnVoice
from parley_bot.pipeline.voice_activity import CandidateVoiceAnalyzer
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.audio.vad.vad_analyzer import VADParams

WINDOW = 512


def tone(decibels: float) -> bytes:
    """A window so many dB of full scale loud."""
    return np.full(WINDOW, 32768 * 10 ** (decibels / 20)).astype("<i2").tobytes()


def test_only_the_candidates_voice_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    # As Silero takes a voice: with a confidence for any level.
    monkeypatch.setattr(SileroVADAnalyzer, "voice_confidence", lambda _self, _buffer: np.array([0.9], np.float32))
    own = OwnVoice()
    analyzer = CandidateVoiceAnalyzer(own, VADParams(confidence=VOICED))
    for _ in range(10):
        assert analyzer.voice_confidence(tone(-40)) == 0.0
    assert own.heard is not Heard.CANDIDATE
    own.interviewer = False
    confidence = [analyzer.voice_confidence(tone(-20)) for _ in range(10)]
    assert confidence[-1] == pytest.approx(0.9)
    assert own.heard is Heard.CANDIDATE


def test_noise_is_no_voice_however_loud() -> None:
    own = OwnVoice(interviewer=False)
    analyzer = CandidateVoiceAnalyzer(own, VADParams(confidence=VOICED))
    analyzer.set_sample_rate(16_000)
    noise = np.random.default_rng(1).normal(0, 3000, (30, WINDOW)).astype("<i2")
    assert all(analyzer.voice_confidence(window.tobytes()) < VOICED for window in noise)
    assert own.heard is Heard.NOBODY

"""pipecat's voice activity detection, for the candidate's voice alone: everybody behind it goes by what it tells."""

import numpy as np
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.audio.vad.vad_analyzer import VADParams

from parley_bot.pipeline.level import Heard, OwnVoice

_FULL_SCALE = 32768.0


class CandidateVoiceAnalyzer(SileroVADAnalyzer):
    """Silero's confidence, and none in voices that are not the candidate's.

    Args:
        own: Told of each window; it knows the candidate's voice.
        params: pipecat's, with `VOICED` for their confidence.
    """

    def __init__(self, own: OwnVoice, params: VADParams) -> None:
        super().__init__(params=params)
        self._own = own

    def voice_confidence(self, buffer: bytes) -> float:
        """How sure it is, from 0 to 1, that the next window is of the candidate's voice."""
        confidence = float(np.asarray(super().voice_confidence(buffer)).item())
        samples = np.frombuffer(buffer, "<i2").astype(np.float64) / _FULL_SCALE
        whose = self._own.hear(float(np.mean(samples**2)), confidence)
        return confidence if whose is Heard.CANDIDATE else 0.0

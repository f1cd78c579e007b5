"""Voice activity by the Silero model that pipecat-ai carries, run by onnxruntime on one thread.

pipecat's own analyser is not used: it has turn logic of its own, and importing it takes longer than loading the model.
"""

import functools
import importlib.util
from pathlib import Path
from typing import Final

import numpy as np
import onnxruntime  # type: ignore[import-untyped]  # the package has no types

from parley_emulators.speech.audio import Samples

RATE: Final = 16_000
WINDOW: Final = 512
"""Samples in one window (32 ms)."""
WINDOW_SECONDS: Final = WINDOW / RATE

_CONTEXT: Final = 64
_SILENT_STATE: Final = np.zeros((2, 1, 128), dtype=np.float32)
_SILENT_CONTEXT: Final = np.zeros((1, _CONTEXT), dtype=np.float32)
# The recurrent state drifts in long silence and then under-reports speech (pipecat's notes on the same model), so it is
# made anew every two seconds while nobody speaks.
_RESET_WINDOWS: Final = round(2.0 / WINDOW_SECONDS)
_QUIET: Final = 0.1
_QUIET_RUN: Final = 5


@functools.cache
def _session() -> onnxruntime.InferenceSession:
    spec = importlib.util.find_spec("pipecat")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("pipecat-ai, whose Silero model detects speech, is not installed")
    model = Path(spec.submodule_search_locations[0]) / "audio" / "vad" / "data" / "silero_vad.onnx"
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


class SileroVad:
    """The model with the recurrent state of one stream of sound. About 0.2 ms of CPU a window; not thread-safe."""

    def __init__(self) -> None:
        self._model = _session()
        self._quiet_run = 0
        self._windows = 0
        self._state = _SILENT_STATE
        self._context = _SILENT_CONTEXT

    def probability(self, window: Samples) -> float:
        """The probability in [0, 1] that the next window of the stream (512 samples at 16 kHz) holds speech."""
        if self._windows >= _RESET_WINDOWS and self._quiet_run >= _QUIET_RUN:
            self._reset()
        padded = np.concatenate((self._context, window[np.newaxis, :]), axis=1)
        output, self._state = self._model.run(
            None, {"input": padded, "state": self._state, "sr": np.array(RATE, dtype=np.int64)}
        )
        self._context = padded[:, -_CONTEXT:]
        probability = float(output[0, 0])
        self._windows += 1
        self._quiet_run = self._quiet_run + 1 if probability < _QUIET else 0
        return probability

    def _reset(self) -> None:
        self._state = _SILENT_STATE
        self._context = _SILENT_CONTEXT
        self._windows = 0


def load() -> None:
    """Load the model, so that the first stream does not wait for it."""
    _session()

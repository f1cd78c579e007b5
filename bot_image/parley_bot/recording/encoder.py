"""Two channels to one stream of Ogg Opus, by libsndfile and libopus; it takes time, so it belongs into a thread.

soundfile and soxr are pipecat's own requirements. libsndfile writes Ogg to what can't seek, a page a second.
"""

import io
from typing import Any, Final

import numpy as np
import soundfile  # type: ignore[import-untyped]  # neither package has types
import soxr  # type: ignore[import-untyped]

from parley_bot.pipeline.gate import SAMPLE_RATE as HEARD_RATE
from parley_bot.recording.tape import PLAYED_RATE, Block
from parley_bot.recording.track import Samples

RATE: Final = PLAYED_RATE
"""Hz of both channels, one of Opus's own; the candidate's is brought up to it."""


class _Sink(io.RawIOBase):
    """Where libsndfile writes to: it asks where it is, and goes nowhere."""

    def __init__(self) -> None:
        super().__init__()
        self._written = bytearray()
        self._total = 0

    def write(self, data: Any) -> int:
        self._written += data
        self._total += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._total

    def tell(self) -> int:
        return self._total

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def drain(self) -> bytes:
        data = bytes(self._written)
        self._written.clear()
        return data


class OggOpus:
    """An encoder of one stream. Raises soundfile.LibsndfileError where it can't go on."""

    def __init__(self) -> None:
        self._sink = _Sink()
        self._file = soundfile.SoundFile(self._sink, "w", RATE, channels=2, format="OGG", subtype="OPUS")
        self._resampler = soxr.ResampleStream(HEARD_RATE, RATE, 1, dtype="int16")
        self._heard = self._played = np.zeros(0, np.int16)

    def write(self, block: Block) -> bytes:
        """Encode a block; returns the pages that are whole by now."""
        return self._encode(block, last=False)

    def close(self, block: Block) -> bytes:
        """Encode the last block and end the stream; returns the pages that were not whole before."""
        self._encode(block, last=True)
        self._file.close()
        return self._sink.drain()

    def _encode(self, block: Block, *, last: bool) -> bytes:
        heard = self._resampler.resample_chunk(block.heard, last=last)
        # The resampler looks ahead: it is a little behind with what it gives.
        self._heard = np.concatenate([self._heard, heard])
        self._played = np.concatenate([self._played, block.played])
        if last:
            self._heard = _filled(self._heard, len(self._played))
        ready = min(len(self._heard), len(self._played))
        self._file.write(np.stack([self._heard[:ready], self._played[:ready]], axis=1))
        self._heard, self._played = self._heard[ready:], self._played[ready:]
        return b"" if last else self._sink.drain()


def _filled(sound: Samples, length: int) -> Samples:
    return np.pad(sound, (0, max(0, length - len(sound))))

"""The quiet that a reply's voice begins with is not played: who waits for the reply hears it that much sooner. Pure.

Between the sentences of a reply it is played, for it is the voice's own pace.
"""

from dataclasses import dataclass

import numpy as np

# About -60 dB of full scale: an f or an h begins below what counts as heard (sound.py), and is not to be clipped.
_SILENT = 32
_KEPT_SECONDS = 0.005
# Who is silent for longer than any voice needs to begin may mean it: from then on all is played as it comes.
_MOST_SECONDS = 0.3


@dataclass(slots=True)
class Onset:
    """Drops the quiet before the first sound of a reply."""

    _awaited: bool = False
    _dropped: int = 0
    """Bytes."""
    _kept: bytes = b""

    def begin(self) -> None:
        """A reply begins; its sound comes now."""
        self._awaited, self._dropped, self._kept = True, 0, b""

    def take(self, audio: bytes, rate: int) -> bytes:
        """What is to be played of the reply's next piece: 16-bit PCM of one channel, `rate` in Hz."""
        if not self._awaited:
            return audio
        audio = self._kept + audio
        loud = np.flatnonzero(np.abs(np.frombuffer(audio, "<i2").astype(np.int32)) > _SILENT)
        begins = 2 * int(loud[0]) if len(loud) else len(audio)
        quiet = max(0, begins - _size(_KEPT_SECONDS, rate))
        droppable = _size(_MOST_SECONDS, rate) - self._dropped
        if len(loud) or quiet >= droppable:
            self._awaited, self._kept = False, b""
            return audio[min(quiet, droppable) :]
        self._dropped += quiet
        self._kept = audio[quiet:]
        return b""


def _size(seconds: float, rate: int) -> int:
    return 2 * round(seconds * rate)

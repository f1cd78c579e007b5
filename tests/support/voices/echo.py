"""What a candidate's loudspeaker gives back to their microphone."""

import soxr  # type: ignore[import-untyped]  # the package has no types

from support.voices import sounds
from support.voices.script import Echo

HEARD_RATE = 24_000
_CHUNK = sounds.BYTES_PER_SECOND // 50


class EchoPath:
    """From the loudspeaker to the microphone: what is played comes back later and quieter."""

    def __init__(self, echo: Echo) -> None:
        self._below = echo.below
        self._resample = soxr.ResampleStream(HEARD_RATE, sounds.RATE, 1, dtype="int16")
        self._played = bytearray()
        self._in_air = bytearray(sounds.silence(echo.seconds))

    def play(self, sound: bytes) -> None:
        """The loudspeaker is given sound; it plays one piece after the other."""
        self._played += self._resample.resample_chunk(sounds.samples(sound)).tobytes()

    def fall_silent(self) -> None:
        """What was not played yet never is."""
        self._played.clear()

    def chunk(self) -> bytes:
        """What the microphone hears of it in the next 20 ms."""
        playing = bytes(self._played[:_CHUNK]).ljust(_CHUNK, b"\0")
        del self._played[:_CHUNK]
        self._in_air += playing
        heard = bytes(self._in_air[:_CHUNK])
        del self._in_air[:_CHUNK]
        return sounds.amplified(heard, -self._below)

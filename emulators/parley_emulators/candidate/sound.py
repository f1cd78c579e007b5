"""A candidate's mouth and ear in time: what goes out and what is heard in each 20 ms. Pure: time comes in ticks."""

from collections import deque

import numpy as np
import soxr  # type: ignore[import-untyped]  # the package has no types

from parley_emulators.candidate.wire import MICROPHONE_RATE, Sound
from parley_emulators.speech.audio import BYTES_PER_SAMPLE, to_pcm, to_samples

TICK_SECONDS = 0.02
EAR_RATE = 24_000
_MICROPHONE_BYTES = round(TICK_SECONDS * MICROPHONE_RATE) * BYTES_PER_SAMPLE
EAR_BYTES = round(TICK_SECONDS * EAR_RATE) * BYTES_PER_SAMPLE
# As the page's player: what comes first is played at once, for the interviewer sends ahead; where sound came too late,
# the rest is held back until there is enough that the next is not too late, too. A turn's end may be shorter.
_FIRST_BYTES = EAR_BYTES
_LATE_BYTES = round(0.12 * EAR_RATE) * BYTES_PER_SAMPLE
_LATE_TICKS = 15
_MOST_HELD_TICKS = 6
_AUDIBLE = 300


def audible(pcm: bytes) -> bool:
    """Whether there is more than noise in it (about -40 dB)."""
    return bool(len(pcm)) and int(np.abs(np.frombuffer(pcm, dtype="<i2").astype(np.int32)).max()) >= _AUDIBLE


class Microphone:
    """What the candidate says, in frames of 20 ms; silence when nothing is to be said."""

    def __init__(self) -> None:
        self._frames: deque[bytes] = deque()

    @property
    def speaking(self) -> bool:
        """Whether something is still to be said."""
        return bool(self._frames)

    def say(self, pcm: bytes) -> None:
        """Say this next (16 kHz). Silence round it is left out, so that its end is the end of the last word."""
        frames = [pcm[at : at + _MICROPHONE_BYTES] for at in range(0, len(pcm), _MICROPHONE_BYTES)]
        loud = [number for number, frame in enumerate(frames) if audible(frame)]
        if loud:
            spoken = frames[loud[0] : loud[-1] + 1]
            self._frames.extend(frame.ljust(_MICROPHONE_BYTES, b"\0") for frame in spoken)

    def stop(self) -> None:
        """Say no more."""
        self._frames.clear()

    def tick(self) -> bytes:
        """The next 20 ms."""
        return self._frames.popleft() if self._frames else bytes(_MICROPHONE_BYTES)


class Playback:
    """What reaches the ear: sound is played in the order of its coming, each 20 ms once, gaps as silence."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._playing = False
        self._held = 0
        self._silent = _LATE_TICKS
        self._rate = EAR_RATE
        self._resampler: soxr.ResampleStream | None = None

    @property
    def empty(self) -> bool:
        """Whether all that came has been played."""
        return not self._buffer

    def put(self, sound: Sound) -> None:
        """Take a piece of sound."""
        if sound.rate != self._rate:
            self._rate = sound.rate
            same = sound.rate == EAR_RATE
            self._resampler = None if same else soxr.ResampleStream(sound.rate, EAR_RATE, 1, dtype="float32")
        if self._resampler is None:
            self._buffer += sound.pcm
        else:
            self._buffer += to_pcm(self._resampler.resample_chunk(to_samples(sound.pcm)))

    def clear(self) -> None:
        """Drop what has not been played."""
        self._buffer.clear()
        self._playing, self._silent = False, _LATE_TICKS

    def tick(self) -> bytes:
        """The next 20 ms at 24 kHz."""
        if not self._playing:
            self._held = self._held + 1 if self._buffer else 0
            needed = _LATE_BYTES if self._silent < _LATE_TICKS else _FIRST_BYTES
            self._playing = len(self._buffer) >= needed or self._held >= _MOST_HELD_TICKS
            if not self._playing:
                self._silent += not self._buffer
                return bytes(EAR_BYTES)
        heard = bytes(self._buffer[:EAR_BYTES])
        del self._buffer[:EAR_BYTES]
        if len(heard) < EAR_BYTES:
            self._playing, self._held, self._silent = False, 0, 0
        return heard.ljust(EAR_BYTES, b"\0")

"""Tells the echo of the interviewer's own voice by its likeness to what was played. Pure.

A browser takes the echo out where it can. Where it can't (a loudspeaker of its own, a second device in the room), what
comes back is as loud as a voice, but it has the shape of what was played a moment before.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

ECHO_SECONDS = 0.4
"""So much of the candidate's sound is compared."""
# How long ago what comes back may have been sent: a player's buffer, the network both ways, the room.
_REMEMBERED_SECONDS = 3.0
# The correlation at the best delay. Measured over 0.4 s: voices that have nothing to do with each other reach 0.43 at
# most (99 % of them 0.33), echoes of a small and a large room in noise 0.69 and more in 95 % of cases. Half and half of
# voice and echo are 0.7; a voice twice as strong as its echo is one.
_LIKENESS = 0.55
# Speech is told by what lies below 4 kHz: all is compared at this rate, in Hz, a divisor of every rate in use.
_RATE = 8000
# Where so little was played there is nothing to be alike to.
_QUIET_SHARE = 1e-3

type _Signal = npt.NDArray[np.float32]


@dataclass(slots=True)
class Loudspeaker:
    """What was played of the interviewer of late."""

    _played: _Signal = field(default_factory=lambda: np.zeros(round(_REMEMBERED_SECONDS * _RATE), np.float32))

    def play(self, audio: bytes, rate: int) -> None:
        """A piece has been sent to be played: 16-bit PCM of one channel, `rate` in Hz."""
        piece = _signal(audio, rate)[-len(self._played) :]
        self._played = np.concatenate((self._played[len(piece) :], piece))

    def echoes_in(self, audio: bytes, rate: int) -> bool:
        """Whether most of the last `ECHO_SECONDS` of this sound of the candidate's is what was played."""
        heard = np.diff(_signal(audio, rate)[-round(ECHO_SECONDS * _RATE) :], prepend=np.float32(0))
        played = np.diff(self._played, prepend=np.float32(0))
        return bool(len(heard)) and _likeness(heard, played) >= _LIKENESS


def _signal(audio: bytes, rate: int) -> _Signal:
    samples = np.frombuffer(audio, "<i2").astype(np.float32)
    step = rate // _RATE
    return samples[: len(samples) // step * step].reshape(-1, step).mean(axis=1, dtype=np.float32)


def _likeness(short: _Signal, long: _Signal) -> float:
    """The greatest correlation of `short` with any stretch of `long`: 0 for none, 1 where it is that stretch scaled."""
    size = 1 << (len(short) + len(long) - 1).bit_length()
    products = np.fft.irfft(np.fft.rfft(long, size) * np.conj(np.fft.rfft(short, size)), size)
    products = products[: len(long) - len(short) + 1]
    sums = np.concatenate((np.zeros(1), np.cumsum(long.astype(np.float64) ** 2)))
    powers = sums[len(short) :] - sums[: -len(short)]
    own = float(np.sum(short.astype(np.float64) ** 2))
    loud = powers > powers.max() * _QUIET_SHARE
    if not own or not loud.any():
        return 0.0
    return float(np.max(np.abs(products[loud]) / np.sqrt(powers[loud] * own)))

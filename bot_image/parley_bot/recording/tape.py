"""Both channels of a recording on one clock, taken off as far as nothing can come any more that belongs before."""

from typing import Final, NamedTuple

import numpy as np

from parley_bot.pipeline.gate import BURST_SECONDS
from parley_bot.pipeline.gate import SAMPLE_RATE as HEARD_RATE
from parley_bot.recording.track import Heard, Played, Samples

PLAYED_RATE: Final = 24_000
"""Hz of the interviewer's voice, as the model sends it and the room plays it."""
SETTLE_SECONDS: Final = BURST_SECONDS + 1.0
"""How long sound is held until its place is certain: longer than the gate lets a candidate's sound come late."""
HELD_SECONDS: Final = 60.0
"""How much of each channel is held at most: more than that, and nobody takes it off."""


class Block(NamedTuple):
    """The same time of both channels, each at its own rate."""

    heard: Samples
    played: Samples


class TapeFullError(Exception):
    """More sound than there is room for: whoever takes it off does not keep up."""


class Tape:
    """What was heard of the candidate and played of the interviewer since `start`, of the monotonic clock (seconds)."""

    def __init__(self, start: float) -> None:
        self.start = start
        self._heard, self._played = Heard(HEARD_RATE), Played(PLAYED_RATE)

    def heard(self, audio: bytes, moment: float) -> None:
        """Sound of the candidate's has come: 16-bit PCM. Raises TapeFullError."""
        _require_room(self._heard.held, HEARD_RATE)
        self._heard.put(self._position(moment, HEARD_RATE), np.frombuffer(audio, np.int16))

    def played(self, audio: bytes, moment: float) -> None:
        """Sound of the interviewer's has gone out: 16-bit PCM. Raises TapeFullError."""
        _require_room(self._played.held, PLAYED_RATE)
        self._played.put(self._position(moment, PLAYED_RATE), np.frombuffer(audio, np.int16))

    def cut(self, moment: float) -> None:
        """The interviewer was interrupted, or the connection has ended: nothing that was sent is played any more."""
        self._played.cut(self._position(moment, PLAYED_RATE))

    def take(self, moment: float) -> Block:
        """What is certain at this moment and was not taken yet."""
        return self.take_all(moment - SETTLE_SECONDS)

    def take_all(self, moment: float) -> Block:
        """What there is up to this moment and was not taken yet."""
        return Block(
            self._heard.take(self._position(moment, HEARD_RATE)),
            self._played.take(self._position(moment, PLAYED_RATE)),
        )

    def _position(self, moment: float, rate: int) -> int:
        return max(0, round((moment - self.start) * rate))


def _require_room(held: int, rate: int) -> None:
    if held > HELD_SECONDS * rate:
        raise TapeFullError(f"more than {HELD_SECONDS:g} s of sound wait to be encoded")

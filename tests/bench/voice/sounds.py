"""When a candidate's words were spoken and when the interviewer was heard, to the sample. Pure: time is told."""

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from parley_emulators.candidate.sound import EAR_RATE, TICK_SECONDS
from parley_emulators.candidate.wire import MICROPHONE_RATE

AUDIBLE = 300
"""About -40 dB of full scale."""
FRAME_BYTES = 2 * round(TICK_SECONDS * MICROPHONE_RATE)
# Quiet within a turn: between clauses and sentences. Between turns there is more.
PAUSE_SECONDS = 0.5
# Who has been heard so lately is in the midst of a word.
_SOUNDING_SECONDS = 0.03


@dataclass(frozen=True)
class Span:
    """From when to when, in seconds of the monotonic clock."""

    began: float
    ended: float


@dataclass(frozen=True)
class Heard(Span):
    """A stretch in which the interviewer could be heard; `arrived` is when its first sound, maybe quiet, had come."""

    arrived: float


def audible_samples(pcm: bytes) -> tuple[int, int] | None:
    """The first audible sample and the one after the last, if any."""
    loud = np.flatnonzero(np.abs(np.frombuffer(pcm, "<i2").astype(np.int32)) >= AUDIBLE)
    return (int(loud[0]), int(loud[-1]) + 1) if len(loud) else None


@dataclass
class Ear:
    """Takes what is played, 20 ms at a time, and keeps the stretches that can be heard."""

    heard: list[Heard] = field(default_factory=list)
    _arrived: float | None = None

    def arrives(self, now: float, *, playing: bool) -> None:
        """Sound has come; `playing` says that there is more before it that is still to be played."""
        if not playing or self._arrived is None:
            self._arrived = now

    def play(self, pcm: bytes, at: float) -> None:
        """These samples (24 kHz) are played from this moment on."""
        span = audible_samples(pcm)
        if span is None:
            return
        began, ended = at + span[0] / EAR_RATE, at + span[1] / EAR_RATE
        if self.heard and began - self.heard[-1].ended < PAUSE_SECONDS:
            self.heard[-1] = Heard(self.heard[-1].began, ended, self.heard[-1].arrived)
        else:
            self.heard.append(Heard(began, ended, min(self._arrived or began, began)))

    @property
    def last(self) -> Heard | None:
        """The latest stretch; it may go on."""
        return self.heard[-1] if self.heard else None


@dataclass
class Mouth:
    """A microphone: frames of 20 ms, of words or of silence, and when the words of each utterance were spoken."""

    spoken: list[Span] = field(default_factory=list)
    _left: bytes = b""
    _begins: bool = False

    def say(self, pcm: bytes) -> None:
        """Say this (16 kHz), from its first audible sample to its last."""
        span = audible_samples(pcm)
        if span is None:
            raise ValueError("an utterance that can't be heard")
        self._left, self._begins = pcm[2 * span[0] : 2 * span[1]], True

    @property
    def speaking(self) -> bool:
        """Whether something is still to be said."""
        return bool(self._left)

    def frame(self, at: float) -> bytes:
        """The 20 ms that end at this moment, which is when they can be sent."""
        sound, self._left = self._left[:FRAME_BYTES], self._left[FRAME_BYTES:]
        if sound:
            began = at - TICK_SECONDS
            ended = began + len(sound) / 2 / MICROPHONE_RATE
            if self._begins:
                self.spoken.append(Span(began, ended))
            else:
                self.spoken[-1] = Span(self.spoken[-1].began, ended)
            self._begins = False
        return sound.ljust(FRAME_BYTES, b"\0")


@dataclass(frozen=True)
class Line:
    """Something to say.

    Attributes:
        pcm: The file with its sound, 16 kHz.
        after: Said when the interviewer has been quiet for so many seconds.
        barge_in: Said so many seconds after the interviewer's first sound, or later, over a word; None: not so.
    """

    pcm: str
    after: float = 0.7
    barge_in: float | None = None

    def is_due(self, heard: Heard | None, spoken: Span | None, now: float) -> bool:
        """Whether it is to be said now: after something of the interviewer's that came after the last utterance."""
        if heard is None or (spoken is not None and heard.began < spoken.ended):
            return False
        if self.barge_in is not None:
            return now - heard.began >= self.barge_in and now - heard.ended < _SOUNDING_SECONDS
        return now - heard.ended >= self.after


@dataclass
class Record:
    """What a candidate has said and heard, and how its connections ended."""

    spoken: list[Span] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    joined: float = 0.0
    left: float = 0.0
    ended_by: str = ""
    told_end: str | None = None
    latest_tick: float = 0.0
    """By how much the candidate's own clock was late at most: figures are as good as that, seconds."""

    def as_json(self) -> dict[str, Any]:
        """For the process's output."""
        return asdict(self)

    @classmethod
    def of(cls, data: dict[str, Any]) -> "Record":
        """From the process's output."""
        spoken = [Span(**span) for span in data.pop("spoken")]
        heard = [Heard(**span) for span in data.pop("heard")]
        return cls(spoken=spoken, heard=heard, **data)

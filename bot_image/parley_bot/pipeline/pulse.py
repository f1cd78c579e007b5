"""Whether the pipeline still lives: a pulse is sent through it, and what it speaks has to be heard.

Pure: told of what happens, with moments of one monotonic clock in seconds, it says what is stuck.
"""

from dataclasses import dataclass
from enum import StrEnum

# Between two looks no more time than this counts: a machine that stood still has not let the pipeline move either.
_LOOK_SECONDS = 5.0
# The model's service may open its session again and again before it lets anything through.
_FIRST_SECONDS = 120.0
_NEXT_SECONDS = 20.0
_SILENT_SECONDS = 20.0


class Stuck(StrEnum):
    """What does not move any more."""

    HEARING = "nothing gets from the room to the model"
    SPEAKING = "the interviewer's words do not reach the room"


@dataclass(slots=True)
class Pulse:
    """Of one pipeline."""

    _sent: float | None = None
    _arrived: bool = False
    _speaking_since: float | None = None
    _looked: float | None = None

    def send(self, now: float) -> bool:
        """Whether a pulse is to be sent now: not while one is under way."""
        if self._sent is not None:
            return False
        self._sent = now
        return True

    def arrive(self) -> None:
        """The pulse has come through."""
        self._sent, self._arrived = None, True

    def speaking(self, now: float, *, speaking: bool) -> None:
        """The interviewer began or ceased to speak in the room."""
        self._speaking_since = now if speaking else None

    def sounded(self, now: float) -> None:
        """A piece of the interviewer's words went out."""
        if self._speaking_since is not None:
            self._speaking_since = now

    def stuck(self, now: float) -> Stuck | None:
        """What is stuck at `now`, if anything; asked again and again."""
        self._discount(now)
        if self._sent is not None and now - self._sent >= (_NEXT_SECONDS if self._arrived else _FIRST_SECONDS):
            return Stuck.HEARING
        if self._speaking_since is not None and now - self._speaking_since >= _SILENT_SECONDS:
            return Stuck.SPEAKING
        return None

    def _discount(self, now: float) -> None:
        stood_still = 0.0 if self._looked is None else max(0.0, now - self._looked - _LOOK_SECONDS)
        self._looked = now
        if self._sent is not None:
            self._sent += stood_still
        if self._speaking_since is not None:
            self._speaking_since += stood_still

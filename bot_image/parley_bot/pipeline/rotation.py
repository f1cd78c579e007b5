"""When a session of the model's gives way to a fresh one: Nova ends each after eight minutes, whatever is being said.

Pure: told of what happens, with moments of one monotonic clock in seconds, it answers what is due.
"""

from dataclasses import dataclass
from enum import StrEnum

# Of the age from which a quiet moment is used: from here on a turn that goes on is split at its next pause, …
_SPLIT_AT_PAUSE = 1.2
# … and from here on wherever it is: 468 of Nova's 480 seconds.
_SPLIT_NOW = 1.3
# A reply that has not come after this time is not waited for.
_OWED_SECONDS = 10.0
# What is left of a turn that was split may have no words in it: a new session that has told of none so long after the
# turn's end (the voice activity tells of that 0.2 s late) answers nothing by itself. It tells of words before it thinks
# of an answer, however long; and one that is asked as it does so gets the same next words twice, which skips nothing.
_WORDS_SECONDS = 0.6
# A voice that is told of as ceased so soon after a split (some 0.2 s late) was in the turn's last syllable.
_SYLLABLE_SECONDS = 0.5


class Due(StrEnum):
    """What is to be done about the session."""

    NOTHING = "nothing"
    HAND_OVER = "hand over"
    """Nobody speaks, and nobody is about to: another session can take over unnoticed."""
    SPLIT = "split"
    """The candidate goes on and on: this session is to say what it has understood, another one hears the rest."""


@dataclass(slots=True)
class Rotation:
    """Watches one session at a time.

    Args:
        after_seconds: The session's age from which another one takes over in the next quiet moment.
        model_wait: The pause by which the model takes a turn as ended.
    """

    after_seconds: float
    model_wait: float
    _opened: float | None = None
    _interviewer_speaking: bool = False
    _owed_since: float | None = None
    _unheard: bool = False
    _rest: bool = False
    _split_at: float | None = None
    _took_over_at: float = 0.0
    candidate_speaking: bool = False

    def opened(self, now: float) -> None:
        """A session was opened in place of one that was lost, or as the first: it owes nothing yet."""
        self._opened = now
        self._owed_since, self._unheard, self._rest = None, self.candidate_speaking, False
        self._split_at = None

    def handed_over(self, opened: float, now: float) -> None:
        """A session that was opened then has taken over, with what the one before it owed, and has heard all of it."""
        self._opened, self._took_over_at = opened, now

    def split(self, now: float) -> None:
        """What the candidate says from now on is for the next session, which owes the reply to the whole turn."""
        self._unheard, self._rest, self._owed_since = self.candidate_speaking, True, now
        self._split_at = now if self.candidate_speaking else None

    def understood(self) -> None:
        """The model has understood words of the candidate's, and will answer them."""
        self._rest = False

    def must_ask(self, now: float) -> bool:
        """Whether the model has to be told to answer a turn that was split: at once where nothing came after it."""
        if not self._rest or self.candidate_speaking or self._owed_since is None:
            return False
        ended = max(self._owed_since + self.model_wait, self._took_over_at)
        if self._unheard and now - ended < _WORDS_SECONDS:
            return False
        self._rest, self._owed_since = False, now
        return True

    def candidate(self, now: float, *, speaking: bool) -> None:
        """The candidate began or ceased to speak, by the voice activity: a reply is due."""
        self.candidate_speaking = speaking
        if speaking:
            self._unheard = True
        else:
            self._owed_since = now
            if self._split_at is not None and now - self._split_at <= _SYLLABLE_SECONDS:
                self._unheard = False
        self._split_at = None

    def pause_kept(self, now: float) -> None:
        """The pause that the candidate's voice has left is kept from the model: it waits from its end on."""
        if self._owed_since is not None and not self.candidate_speaking:
            self._owed_since = now

    def interviewer(self, *, speaking: bool) -> None:
        """The interviewer's words began or ceased to be heard."""
        self._interviewer_speaking = speaking

    def asked(self, now: float) -> None:
        """The model was told to speak, by a prompt or a tool's result."""
        self._owed_since = now

    def answered(self) -> None:
        """The model has said what it had to say, or was cut short."""
        self._owed_since, self._unheard, self._rest = None, self.candidate_speaking, False

    def due(self, now: float, *, busy: bool) -> Due:
        """What is due; `busy`: the model is in the middle of a reply or waits for a tool."""
        age = 0.0 if self._opened is None else now - self._opened
        if age < self.after_seconds or busy or self._interviewer_speaking:
            return Due.NOTHING
        owed = self._owed_since is not None and now - self._owed_since < _OWED_SECONDS
        if not owed and not self.candidate_speaking:
            return Due.HAND_OVER
        if not self._unheard or age < _SPLIT_AT_PAUSE * self.after_seconds:
            return Due.NOTHING
        at_pause = not self.candidate_speaking
        return Due.SPLIT if at_pause or age >= _SPLIT_NOW * self.after_seconds else Due.NOTHING

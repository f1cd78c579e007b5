"""Where a turn of the candidate's begins and ends: how long a pause in it may be, and which sound it is of.

Pure. Moments are those of one monotonic clock, in seconds.
"""

from dataclasses import dataclass, field
from math import inf

from parley_protocol import InterviewPlan

PATIENCE_SECONDS = 4.0
"""How long an unfinished sentence is waited for: twice as long as Nova itself waits at LOW."""
# https://docs.aws.amazon.com/nova/latest/nova2-userguide/sonic-turn-taking.html
_MODEL_WAITS = {"HIGH": 1.5, "MEDIUM": 1.75, "LOW": 2.0}
# The model's ear and ours put the edges of a voice, and the pause between two, a little apart.
_EARS_APART_SECONDS = 1.0
# The model's word that a turn is over comes so long after the turn's end at most: a voice that began before is another.
_TOLD_SECONDS = 2.0


def model_wait(plan: InterviewPlan) -> float:
    """The pause in seconds by which Nova Sonic takes a turn as ended."""
    return _MODEL_WAITS[plan.model.turn_sensitivity]


def patience(plan: InterviewPlan) -> float:
    """How many seconds of a pause in mid-sentence are kept from the model; 0: none are."""
    return plan.limits.longer(PATIENCE_SECONDS) if plan.model.turn_sensitivity == "LOW" else 0.0


@dataclass(slots=True)
class _Voice:
    """From when to when a voice was heard; it goes on where `ended` is None."""

    began: float
    ended: float | None = None


@dataclass(slots=True)
class HeardVoice:
    """The candidate's voice that the model has told no words of yet.

    Args:
        model_wait: The pause in seconds by which the model takes a turn as ended.
        patience: How many seconds of a pause may be kept from it beside.
    """

    model_wait: float
    patience: float
    _voices: list[_Voice] = field(default_factory=list)
    _pause_kept: bool = False
    _turn_kept: bool = False

    @classmethod
    def of(cls, plan: InterviewPlan) -> "HeardVoice":
        """With the times of this interview."""
        return cls(model_wait(plan), patience(plan))

    def began(self, moment: float) -> None:
        """The candidate's voice began."""
        if self._voices:
            ended = self._voices[-1].ended
            if ended is None:
                return
            if moment - ended > self._longest_pause:
                self._voices.clear()  # the turn that was is over, and no words have come of it
        self._voices.append(_Voice(moment))
        self._pause_kept = False

    def ceased(self, moment: float) -> None:
        """The candidate's voice ceased."""
        if self._voices:
            self._voices[-1].ended = moment

    def pause_kept(self) -> None:
        """The pause that has begun is kept from the model, as long as patience lasts. Told late, it changes nothing."""
        self._pause_kept = bool(self._voices) and self._voices[-1].ended is not None

    def turn_kept(self, kept: bool) -> None:
        """The turn is kept for another session of the model's, or not any more: meanwhile no pause ends it."""
        self._turn_kept = kept

    def answered(self) -> None:
        """The interviewer speaks: of what was said before, no words come any more."""
        self._turn_kept = False
        if self._voices and self._voices[-1].ended is not None:
            self._voices.clear()

    def drop(self, going_on_from: float | None = None) -> None:
        """The model hears nothing of the voices that have ceased: a nod over the interviewer's, or the echo of that.

        `going_on_from`: nor of the one that goes on, from before this moment.
        """
        self._voices = [voice for voice in self._voices if voice.ended is None]
        if self._voices and going_on_from is not None:
            self._voices = [_Voice(going_on_from)]

    def forget(self) -> None:
        """Another connection: what was heard on the former one is not gone on with."""
        self._voices.clear()

    def take(self, now: float) -> tuple[float, float]:
        """From when to when the turn was spoken whose words have come now; what is not of it is left for the next."""
        turn, left = self._told(now)
        self._turn_kept = False
        if not turn:
            return now, now
        ended = turn[-1].ended
        # A turn that is split while it is spoken goes on from here.
        self._voices = left if ended is not None else [_Voice(now)]
        return turn[0].began, now if ended is None else max(turn[0].began, ended)

    def _told(self, now: float) -> tuple[list[_Voice], list[_Voice]]:
        """What the words are of, and what it is too early for."""
        before, last = self._voices[:-1], self._voices[-1:]
        if self._turn_kept or not before or last[0].ended is not None or now - last[0].began > _TOLD_SECONDS:
            return self._voices, []
        began_after = last[0].began - (before[-1].ended or last[0].began)
        return (before, last) if began_after >= self.model_wait else (self._voices, [])

    @property
    def _longest_pause(self) -> float:
        """Voices that are further apart are not of one turn."""
        if self._turn_kept:
            return inf
        return self.model_wait + _EARS_APART_SECONDS + (self.patience if self._pause_kept else 0.0)

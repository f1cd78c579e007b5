"""The end of an interview: the closing words, and what the candidate still says.

It is over when the closing words were heard and nobody speaks any more. Who speaks into them or after them is heard
out, so that their words are understood and kept, within bounds.
"""

from dataclasses import dataclass

from parley_protocol import FinishReason, LimitsPlan

from parley_bot.engine import instructions as instruct
from parley_bot.engine.clock import InterviewClock
from parley_bot.engine.replies import Finish, Prompt

# How long the end may take in all, the closing words aside: for the model to begin them, and the candidate to answer.
OVERRUN_SECONDS = 45
# The longest closing words that a template can hold take about five minutes.
LONGEST_CLOSING_SECONDS = 600
# A model that owes words and has not begun to speak after this time has forgotten them: it is asked for them once.
FORGOTTEN_SECONDS = 8
OBEY_SECONDS = 12
# In such a silence after the closing words a candidate begins to answer them, or does not.
GOODBYE_SECONDS = 1.0
# How soon after the candidate's words the model has begun to answer them, if it does.
ANSWER_SECONDS = 3.0


@dataclass(slots=True)
class Closing:
    """From the giving out of the closing words to the end. Times in seconds.

    Args:
        limits: The interview's, for the candidate's extra time.
        words_within: How long after the candidate's voice its words may come.
    """

    limits: LimitsPlan
    words_within: float
    reason: FinishReason | None = None
    """Why the interview ends; None while it does not."""
    owed: bool = False
    """Whether the closing words were cut short and not given out again: what is spoken meanwhile is not them."""
    heard: bool = False
    """Whether the closing words were heard, or enough of them."""
    _repeated: bool = False
    _model_owes: bool = False
    _candidate_answers: bool = False
    _understood: bool = False
    _prompted: bool = False
    _given_at: float | None = None
    _waits_since: float | None = None
    _began_at: float | None = None

    def give(self, reason: FinishReason) -> None:
        """The closing words are given out for the first time."""
        self.reason, self._model_owes, self._prompted = reason, True, False
        self._waits_since = self._began_at = None  # what was said before is no part of the end

    def give_again(self) -> None:
        """They are given out again, where they were cut short."""
        if self.owed:
            self.owed, self._model_owes, self._prompted, self._waits_since = False, True, False, None

    def interviewer_began(self, now: float) -> None:
        """A sentence of the interviewer's is to be heard."""
        self._began_at = now if self._began_at is None else self._began_at
        self._prompted = False

    def interviewer_ceased(self, clock: InterviewClock, now: float, *, waiting: bool, cut: bool, missed: bool) -> bool:
        """The interviewer is silent; the answer is whether the closing words are to be spoken again, which is so once.

        `waiting`: those words are still to come, and something else was spoken; `cut`: the candidate has cut in;
        `missed`: so early that the closing words were not heard. Who talks on when the time is up has been told so.
        """
        began, self._began_at = self._began_at, None
        self._model_owes = waiting and not self.owed
        self._candidate_answers, self._understood, self._waits_since = cut or clock.candidate_speaking, False, now
        if waiting:
            return False
        if not self.heard and self._given_at is not None and began is not None:
            self._given_at += now - began
        if cut and missed and not self.heard and not self._repeated and self.reason is FinishReason.COMPLETED:
            self._repeated = self.owed = True
            return True
        self.heard = True
        return False

    def candidate_began(self, clock: InterviewClock) -> None:
        """The candidate's voice began."""
        if not clock.interviewer_speaking:
            self._candidate_answers, self._understood = True, False

    def candidate_understood(self, clock: InterviewClock) -> None:
        """The model has understood words of the candidate's: it is about to answer them."""
        self._understood = not clock.candidate_speaking
        self._model_owes, self._prompted, self._waits_since = True, False, None

    def check(self, clock: InterviewClock, now: float, *, waiting: bool) -> Prompt | Finish | None:
        """What is due at `now`; `waiting`: the closing words were given out and are not spoken yet.

        Raises:
            ValueError: they were not given out.
        """
        if self.reason is None:
            raise ValueError("the interview is not at its end")
        self._given_at = now if self._given_at is None else self._given_at
        self._waits_since = now if self._waits_since is None else self._waits_since
        limit = LONGEST_CLOSING_SECONDS if clock.interviewer_speaking else self.limits.longer(OVERRUN_SECONDS)
        idle = min(clock.quiet(now), now - self._waits_since)
        if now - self._given_at >= limit or self._is_over(clock.quiet(now), idle, waiting=waiting):
            return Finish(self.reason)
        if waiting and not self._prompted and idle >= self._words_due:
            self._prompted = True
            return Prompt(instruct.PROMPT_GO_ON)
        return None

    @property
    def _words_due(self) -> float:
        """After how long a silence words that wait are asked for: where the model owes none, nobody breaks it."""
        return FORGOTTEN_SECONDS if self._model_owes else self.words_within

    def _is_over(self, quiet: float, idle: float, *, waiting: bool) -> bool:
        if waiting or not self.heard:
            return idle >= self._words_due + OBEY_SECONDS
        if not self._candidate_answers:
            return quiet >= GOODBYE_SECONDS
        return idle >= (ANSWER_SECONDS if self._understood else self.words_within)

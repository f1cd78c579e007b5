"""What time alone brings about: nudges, the end of a silence, of the grace for a lost connection, and of the time."""

from parley_protocol import FinishReason, InterviewPlan, LimitsPlan

from parley_bot.endpointing import model_wait, patience
from parley_bot.engine import instructions as instruct
from parley_bot.engine.absence import Absence
from parley_bot.engine.clock import InterviewClock
from parley_bot.engine.closing import OVERRUN_SECONDS, Closing
from parley_bot.engine.replies import Action, Finish, Prompt, TakeFloor

# How long past the end a candidate may take for the sentence that they are in.
TALKING_ON_SECONDS = 20
# How long the model may take to obey a prompt, before it is asked again.
PROMPT_AGAIN_SECONDS = 15
# A pause in which a candidate who has talked past the question's time is asked to go on, or told that little is left.
PAUSE_SECONDS = 3
# The pause that a candidate gets who has asked for a moment.
THINKING_SECONDS = 60
# The model's own time until it acts on a turn that has ended.
_MODEL_SECONDS = 1.0


def words_within(plan: InterviewPlan) -> float:
    """How many seconds after the candidate's voice its words have come, or will not: the model waits as long."""
    return max(plan.limits.longer(PAUSE_SECONDS), model_wait(plan) + patience(plan) + _MODEL_SECONDS)


class Watch:
    """Looks at the clock for the session and says what is due."""

    def __init__(self, limits: LimitsPlan) -> None:
        self._limits = limits
        self._last_prompt: float | None = None
        self.absence = Absence(limits)
        self.nudges = 0
        self.nudging = False
        self._thinking = False
        self.floor_taken = False
        """Whether the interviewer speaks over a candidate who is no longer heard."""

    def reset(self) -> None:
        """Something new was put to the candidate: the silence begins anew."""
        self.nudges, self.nudging, self._thinking, self._last_prompt = 0, False, False, None

    def give_time(self) -> None:
        """The candidate has asked for a moment: the next silence is longer."""
        self._thinking = True

    def candidate_returned(self) -> None:
        """The candidate is here, and the silence begins anew."""
        self.floor_taken = False
        self.absence.end()
        self.reset()

    def candidate_spoke(self) -> None:
        """The silence is broken."""
        self.nudges, self.nudging, self._thinking = 0, False, False

    def check(
        self,
        clock: InterviewClock,
        now: float,
        *,
        closing: Closing,
        say_something: bool,
        words_waiting: bool,
    ) -> Action | None:
        """What is due at `now`; at most one thing.

        `closing` has a reason once the closing words were given out; `say_something` that there is something to be
        said in the next pause: the current question has had its time, or little is left; `words_waiting` that words
        were given out and are not spoken yet.
        """
        if clock.left_at is not None:
            if closing.reason is not None:
                return Finish(closing.reason)
            return Finish(FinishReason.CANDIDATE_LEFT) if self.absence.is_over(now) else None
        if not clock.candidate_present:
            return None
        clock.settle(now)
        if closing.reason is not None:
            return closing.check(clock, now, waiting=words_waiting)
        return self._time_over(clock, now) or self._silence(clock, now, say_something=say_something)

    def _time_over(self, clock: InterviewClock, now: float) -> Action | None:
        over = clock.used(now) - self._limits.duration_seconds
        if over < 0:
            return None
        if over >= self._limits.longer(OVERRUN_SECONDS):
            return Finish(FinishReason.TIME_LIMIT)
        # Nobody is cut short at once: the words being spoken may come to their end.
        if clock.interviewer_speaking:
            return None
        if clock.candidate_speaking and not self.floor_taken:
            if over < self._limits.longer(TALKING_ON_SECONDS):
                return None
            self.floor_taken, self._last_prompt = True, now  # the model acts on their turn's end by itself
            return TakeFloor()
        return self._prompt(instruct.PROMPT_TIME_OVER, now)

    def _silence(self, clock: InterviewClock, now: float, *, say_something: bool) -> Prompt | Finish | None:
        quiet = clock.quiet(now)
        granted = self._limits.longer(THINKING_SECONDS) if self._thinking and clock.floor_is_candidates else 0.0
        if quiet >= granted + self._limits.silence_end_seconds:
            # Where it was the model's turn, the silence is not the candidate's.
            return Finish(FinishReason.SILENCE if clock.floor_is_candidates else FinishReason.TECHNICAL_FAULT)
        # Where the candidate was understood, the model is about to go on by itself.
        if say_something and quiet >= self._limits.longer(PAUSE_SECONDS) and clock.floor_is_candidates:
            return self._prompt(instruct.PROMPT_GO_ON, now)
        if quiet < granted + self._limits.silence_nudge_seconds * (2**self.nudges):
            return None
        if not clock.floor_is_candidates:
            return self._prompt(instruct.PROMPT_GO_ON, now)
        prompt = self._prompt(instruct.PROMPT_SILENCE, now)
        if prompt is not None:
            self.nudges += 1
            self.nudging = True
        return prompt

    def _prompt(self, text: str, now: float) -> Prompt | None:
        """Not again before the model had time to obey."""
        if self._last_prompt is not None and now - self._last_prompt < PROMPT_AGAIN_SECONDS:
            return None
        self._last_prompt = now
        return Prompt(text)

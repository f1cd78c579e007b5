"""What time alone brings about: nudges, the end of a silence, of the grace for a lost connection, and of the time."""

from parley_protocol import FinishReason, LimitsPlan

from parley_bot.engine import instructions as instruct
from parley_bot.engine.clock import InterviewClock
from parley_bot.engine.replies import Finish, Prompt

# How long the model may take over the closing words, or to obey a prompt, before it is given up or asked again.
OVERRUN_SECONDS = 45
CLOSING_SECONDS = 20
PROMPT_AGAIN_SECONDS = 15


class Watch:
    """Looks at the clock for the session and says what is due."""

    def __init__(self, limits: LimitsPlan) -> None:
        self._limits = limits
        self._last_prompt: float | None = None
        self.nudges = 0
        self.nudging = False

    def reset(self) -> None:
        """Something new was put to the candidate: the silence begins anew."""
        self.nudges, self.nudging, self._last_prompt = 0, False, None

    def candidate_spoke(self) -> None:
        """The silence is broken."""
        self.nudges, self.nudging = 0, False

    def check(self, clock: InterviewClock, now: float, *, ending: FinishReason | None) -> Prompt | Finish | None:
        """What is due at `now`; at most one thing."""
        if clock.left_at is not None:
            gone = now - clock.left_at
            return Finish(FinishReason.CANDIDATE_LEFT) if gone >= self._limits.reconnect_grace_seconds else None
        if not clock.candidate_present:
            return None
        quiet = clock.quiet(now)
        if ending is not None:
            return Finish(ending) if quiet >= CLOSING_SECONDS else None
        return self._time_over(clock, now) or self._silence(clock, now, quiet)

    def _time_over(self, clock: InterviewClock, now: float) -> Prompt | Finish | None:
        over = clock.used(now) - self._limits.duration_seconds
        if over < 0:
            return None
        if over >= OVERRUN_SECONDS:
            return Finish(FinishReason.TIME_LIMIT)
        # Nobody is cut short at once: the words being spoken may come to their end.
        if clock.candidate_speaking or clock.interviewer_speaking:
            return None
        return self._prompt(instruct.PROMPT_TIME_OVER, now)

    def _silence(self, clock: InterviewClock, now: float, quiet: float) -> Prompt | Finish | None:
        if quiet >= self._limits.silence_end_seconds:
            # Where it was the model's turn, the silence is not the candidate's.
            return Finish(FinishReason.SILENCE if clock.floor_is_candidates else FinishReason.TECHNICAL_FAULT)
        if quiet < self._limits.silence_nudge_seconds * (2**self.nudges):
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

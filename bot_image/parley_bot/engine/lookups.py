"""Calls of the template's own tools: one at a time, a bounded number, and no answer that comes late is lost."""

import json
from collections import deque

from parley_protocol import ToolAnswer, ToolOutcome

from parley_bot.engine import instructions as instruct
from parley_bot.engine.clock import InterviewClock
from parley_bot.engine.phrases import Phrases
from parley_bot.engine.replies import Next, Prompt, Reply

MOST_CALLS = 40
"""How many calls a bot makes in all: a model that calls on and on would hold up the interview, and the webhook."""
PATIENCE_SECONDS = 5.0
"""How long an answer waits for words that were given out, or for what the model makes of the answer told before it, and
are not spoken; then it is told all the same."""


class Lookups:
    """What is being looked up, and what was found and the model has not been told. Times in seconds.

    Args:
        phrases: The sentences of the interview's language.
    """

    def __init__(self, phrases: Phrases) -> None:
        self._phrases = phrases
        self._calls = 0
        self.running = self._detached = False
        # At most `MOST_CALLS` of both: what is to be told, and what was, until the interviewer speaks.
        self._found: deque[Reply] = deque()
        self._told: list[Reply] = []
        self._since = 0.0

    def begin(self) -> tuple[Reply, str] | None:
        """A call is asked for: None, and it goes out, or what to do instead and why."""
        if self.running:
            return Reply(Next.LISTEN, instruct.STILL_LOOKING), "still-looking"
        if self._calls >= MOST_CALLS:
            return self._not_found(), "too-many-calls"
        self._calls += 1
        self.running, self._detached = True, False
        return None

    def slow(self) -> Reply:
        """Words for meanwhile: the model does not wait any more."""
        self.detach()
        return Reply(Next.LISTEN, instruct.SAY_AND_WAIT, self._phrases.one_moment)

    def detach(self) -> None:
        """Nobody waits for the call's result: the model was told to go on."""
        self._detached = True

    def end(self, answer: ToolAnswer, now: float) -> Reply:
        """The call has ended. Where nobody waits, the reply is kept for when it can be told."""
        reply = self._not_found()
        if answer.outcome is ToolOutcome.OK:
            reply = Reply(Next.ANSWER, instruct.ANSWER_FROM_RESULT, result=answer.result)
        self.running = False
        if self._detached:
            self._found.append(reply)
            self._since = now
        return reply

    def due(self, clock: InterviewClock, now: float, *, words_waiting: bool) -> tuple[Prompt, ...]:
        """What is to be told now, once: when nobody speaks, and after the words that were given out before it."""
        quiet = clock.candidate_present and not clock.candidate_speaking and not clock.interviewer_speaking
        first = not words_waiting and not self._told
        if not self._found or not quiet or not (first or now - self._since >= PATIENCE_SECONDS):
            return ()
        reply = self._found.popleft()
        self._told.append(reply)
        self._since = now
        return (Prompt(_as_text(reply)),)

    def answered(self) -> None:
        """The interviewer speaks: what the model was told has reached it."""
        self._told.clear()

    def lost(self) -> None:
        """The model's session is gone, or who it spoke to: what was told and not answered is to be told again."""
        self.detach()
        self._found.extendleft(reversed(self._told))
        self._told.clear()

    def untold(self, text: str) -> None:
        """This prompt has not reached the model; who waits for a call still does."""
        lost = next((reply for reply in self._told if text == _as_text(reply)), None)
        if lost is not None:
            self._told.remove(lost)
            self._found.appendleft(lost)

    def _not_found(self) -> Reply:
        return Reply(Next.LISTEN, instruct.SAY_AND_LISTEN, self._phrases.not_found)


def _as_text(reply: Reply) -> str:
    return json.dumps(reply.as_result(), ensure_ascii=False)

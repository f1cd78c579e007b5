"""How long the candidate waits for the reply, and who takes that time."""

import time
from collections.abc import Callable

from loguru import logger


class TurnLatency:
    """Logs one line `turn_latency` for each reply, in milliseconds.

    total: the end of the candidate's speech (by the voice activity) to the first sound we send that can be heard.
    Of it, wait: until the model takes the turn as ended; webhook: what a tool of the template's own took; ours: all
    else of tool calls, and from the model's first sound to the one we send; model: the rest, with what is played of the
    silence that its sound begins with (most of it is not: `pipeline/onset.py`).

    Args:
        clock: Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._silent_since: float | None = None
        self._begin_reply()

    def _begin_reply(self) -> None:
        self._turn_taken: float | None = None
        self._model_sounded: float | None = None
        self._we_sounded: float | None = None
        self._quiet = 0.0
        self._audible = False
        self._tools = self._webhook = 0.0

    def candidate_spoke(self, moment: float, *, speaking: bool) -> None:
        """The candidate began or ceased to speak."""
        self._silent_since = None if speaking else moment
        self._begin_reply()

    def turn_taken(self) -> None:
        """The model takes the candidate's turn as ended."""
        self._turn_taken = self._turn_taken or self._clock()

    def tool_ran(self, seconds: float) -> None:
        """A tool call was answered in this time."""
        self._tools += seconds

    def webhook_ran(self, seconds: float) -> None:
        """Of a tool call, a webhook has taken this time, which is its owner's."""
        self._webhook += seconds

    @property
    def awaits_sound(self) -> bool:
        """Whether nothing that can be heard has come of the reply yet; what comes after it need not be looked at."""
        return not self._audible

    def model_sounded(self, quiet: float, *, audible: bool) -> None:
        """Sound came from the model: so many seconds of quiet, and then something `audible`, or nothing."""
        if self._model_sounded is None:
            self._model_sounded = self._clock()
        if self.awaits_sound:
            self._quiet += quiet
            self._audible = audible
        self._tell()

    def we_sounded(self) -> None:
        """The first sound of a reply goes out."""
        if self._we_sounded is None:
            self._we_sounded = self._clock()
        self._tell()

    def _tell(self) -> None:
        """Log, unless nobody was waiting for it or something of it has yet to come."""
        came, sent = self._model_sounded, self._we_sounded
        if self._silent_since is None or came is None or sent is None or not self._audible:
            return
        total = sent + self._quiet - self._silent_since
        ours = self._tools - self._webhook + sent - came
        wait = max(0.0, (self._turn_taken or came) - self._silent_since)
        logger.bind(
            total_ms=round(total * 1000),
            wait_ms=round(wait * 1000),
            model_ms=round(max(0.0, total - wait - self._webhook - ours) * 1000),
            webhook_ms=round(self._webhook * 1000),
            ours_ms=round(ours * 1000, 1),
            tools_ms=round(self._tools * 1000, 1),
        ).info("turn_latency")
        self._silent_since = None

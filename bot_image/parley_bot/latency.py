"""How long the candidate waits for the reply, and who takes that time."""

import time

from loguru import logger


class TurnLatency:
    """Logs one line `turn_latency` for each reply, in milliseconds.

    total: the end of the candidate's speech (by the voice activity) to the first sound we send. Of it, wait: until
    the model takes the turn as ended; ours: tool calls, and from the model's first sound to the one we send; model:
    the rest.
    """

    def __init__(self) -> None:
        self._silent_since: float | None = None
        self._turn_taken: float | None = None
        self._sounded: float | None = None
        self._tools = 0.0

    def candidate_spoke(self, moment: float, *, speaking: bool) -> None:
        """The candidate began or ceased to speak."""
        self._silent_since = None if speaking else moment
        self._turn_taken = self._sounded = None
        self._tools = 0.0

    def turn_taken(self) -> None:
        """The model takes the candidate's turn as ended."""
        self._turn_taken = self._turn_taken or time.monotonic()

    def tool_ran(self, seconds: float) -> None:
        """A tool call was answered in this time."""
        self._tools += seconds

    def model_sounded(self) -> None:
        """Sound came from the model."""
        if self._sounded is None:
            self._sounded = time.monotonic()

    def we_sounded(self) -> None:
        """The first sound of a reply goes out: log, unless nobody was waiting for it."""
        now = time.monotonic()
        if self._silent_since is None or self._sounded is None:
            return
        total = now - self._silent_since
        ours = self._tools + now - self._sounded
        wait = max(0.0, (self._turn_taken or self._sounded) - self._silent_since)
        logger.bind(
            total_ms=round(total * 1000),
            wait_ms=round(wait * 1000),
            model_ms=round(max(0.0, total - wait - ours) * 1000),
            ours_ms=round(ours * 1000, 1),
            tools_ms=round(self._tools * 1000, 1),
        ).info("turn_latency")
        self._silent_since = None

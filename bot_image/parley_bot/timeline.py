"""The interview's own time: milliseconds since the candidate's first joining, alike for every attempt."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from parley_protocol import Assignment, ConnectionChanged, NumberedEvent


class Timeline:
    """Places moments of the monotonic clock (seconds) on the interview's time."""

    def __init__(self, started_at: datetime | None = None) -> None:
        self._wall, self._monotonic = datetime.now(UTC), time.monotonic()
        self._started: float | None = None
        if started_at is not None:
            self._started = self._monotonic - (self._wall - started_at).total_seconds()

    @property
    def started(self) -> bool:
        """Whether the candidate has ever joined."""
        return self._started is not None

    def start(self, moment: float) -> None:
        """The candidate joined; only the first time counts."""
        if self._started is None:
            self._started = moment

    def at(self, moment: float) -> datetime:
        """The wall clock's time of a moment, by a clock that is never set back while the bot runs."""
        return self._wall + timedelta(seconds=moment - self._monotonic)

    def ms(self, moment: float) -> int:
        """Milliseconds from the start of the interview; 0 before it."""
        return 0 if self._started is None else max(0, round((moment - self._started) * 1000))


def flatten(assignment: Assignment) -> list[NumberedEvent]:
    """The stored events of all attempts, in order."""
    attempts = sorted(assignment.history, key=lambda entry: entry.attempt)
    return [event for entry in attempts for event in sorted(entry.events, key=lambda numbered: numbered.n)]


def started_at(assignment: Assignment, history: Sequence[NumberedEvent]) -> datetime | None:
    """When the candidate first joined: as the API has it, or as the events tell."""
    return assignment.started_at or next((e.at for e in history if _joins(e)), None)


def used_seconds(history: Sequence[NumberedEvent]) -> float:
    """How much of the interview's time is used: from the candidate's comings to their goings, or the last event after.

    The time between a bot's death and its replacement is nobody's.
    """
    used, since, last = 0, None, 0
    for event in history:
        change = event.event
        if isinstance(change, ConnectionChanged) and change.who == "model":
            pass  # the candidate is there all the same
        elif isinstance(change, ConnectionChanged) and change.what == "joined":
            # A new bot, or the candidate in a new connection: what lay before ended with the last event seen.
            if since is not None:
                used += max(0, last - since)
                since = None
            if change.who == "candidate":
                since = event.at_ms
        elif isinstance(change, ConnectionChanged) and since is not None:
            used, since = used + max(0, event.at_ms - since), None
        last = event.at_ms
    if since is not None:
        used += max(0, last - since)
    return used / 1000


def _joins(numbered: NumberedEvent) -> bool:
    change = numbered.event
    return isinstance(change, ConnectionChanged) and change.who == "candidate" and change.what == "joined"

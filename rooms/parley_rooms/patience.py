"""How long a provider asks to be left alone, and that everybody in this process keeps to it."""

import math
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from parley_rooms.errors import RoomUnavailableError

LONGEST_SECONDS: Final = 600.0
"""The most that is believed: a provider's slip must not keep every interview away from it for days."""


def retry_after(value: str, now: datetime) -> float | None:
    """A Retry-After header in seconds from `now`, at most `LONGEST_SECONDS`; None where it says nothing of use.

    Both forms of RFC 9110 are read: a number of seconds, and a date. A date that is past asks for nothing.
    """
    try:
        seconds = float(value)
    except ValueError:
        seconds = _until(value, now)
    if not math.isfinite(seconds) or seconds < 0:
        return None
    return min(seconds, LONGEST_SECONDS)


def _until(value: str, now: datetime) -> float:
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return math.nan
    # The header's dates are GMT; one without a zone is read as such.
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return (aware - now).total_seconds()


class HoldOff:
    """What was asked for by one answer holds for every call of its kind: the next one would be refused just the same.

    Kinds are apart, since a provider limits them apart: who may not delete for half a minute may still make a room.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: dict[str, float] = {}

    def keep_away(self, kind: str, seconds: float) -> None:
        """Notes that calls of this kind are unwelcome for so long."""
        self._until[kind] = max(self._until.get(kind, 0.0), self._clock() + min(seconds, LONGEST_SECONDS))

    def require_welcome(self, kind: str) -> None:
        """Lets a call of this kind through.

        Raises:
            RoomUnavailableError: not yet; `retry_after` is what is left of the time that was asked for.
        """
        left = self._until.get(kind, 0.0) - self._clock()
        if left > 0:
            raise RoomUnavailableError("the provider asked to be left alone for a while", retry_after=left)

"""What a check finds."""

from dataclasses import dataclass
from enum import StrEnum

from parley_cli.doctor.facts import Reading


class Level(StrEnum):
    """How bad it is: an error keeps Parley from working, a warning keeps something of it from working for you."""

    OK = "ok"
    UNKNOWN = "unknown"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class Finding:
    """One check: what was looked at, what is so, and what to do about it."""

    level: Level
    check: str
    message: str
    remedy: str = ""


def unknown(check: str, reading: Reading) -> Finding:
    """The finding about what can't be seen."""
    return Finding(Level.UNKNOWN, check, f"can't be seen ({reading.why})")

"""What is offered: so many a second for a time, or all at once."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Load:
    """`count` creates, `rate` a second (None: at once), and how many seconds all of it may take at most."""

    count: int
    rate: float | None
    limit_seconds: float

    @property
    def name(self) -> str:
        """As the table shows it."""
        return f"burst of {self.count:,}" if self.rate is None else f"{self.rate:g} a second"

    @property
    def is_burst(self) -> bool:
        """Whether all is offered at once."""
        return self.rate is None

    def due(self, number: int) -> float:
        """Seconds from the start at which the create of this number, from 0, is offered."""
        return 0.0 if self.rate is None else number / self.rate


def steady(rate: float, seconds: float, drain_seconds: float) -> Load:
    """So many a second for so long; what is not done `drain_seconds` later is given up."""
    return Load(max(1, round(rate * seconds)), rate, seconds + drain_seconds)


def burst(count: int, limit_seconds: float) -> Load:
    """All at once; what is not done after `limit_seconds` is given up."""
    return Load(count, None, limit_seconds)

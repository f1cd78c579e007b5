"""Who may act, told by one Lease: the decisions, after client-go's leader election.

No two machines' clocks are compared. A candidate that waits measures, on its own clock, for how long the record has
been the same since it saw it change; the holder measures from before it sent what renewed it. What the holder measures
began earlier than what any other does, and it gives up sooner, so no two hold the Lease at once. Only the clocks' rates
have to agree, to `renew_within / duration`.
"""

from dataclasses import dataclass, replace

JITTER = 0.2
"""By how much of itself a pause may be longer, so that candidates do not ask in step."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The Lease's times in seconds.

    Raises:
        ValueError: a holder would not have given up before another takes over, or not have tried twice.
    """

    duration: float = 15.0
    """For how long an unchanged record keeps others out."""
    renew_within: float = 10.0
    """After how long without a renewal the holder stops."""
    retry: float = 2.0
    """The pause between two renewals."""
    look: float = 1.0
    """The pause between two looks at another's Lease: what a standby sees late, it takes over late."""
    call: float = 5.0
    """How long one attempt may take."""

    def __post_init__(self) -> None:
        if not self.duration > self.renew_within > 2 * self.retry * (1 + JITTER) > 0:
            raise ValueError(f"a Lease's times must fall: duration, renew_within, two retries; not {self}")


@dataclass(frozen=True, slots=True)
class Record:
    """What the Lease says. The times are others' clocks', so they are for people, and to see a change by."""

    holder: str
    """Empty: it was released."""
    duration: float | None = None
    acquired: str = ""
    renewed: str = ""
    transitions: int = 0


@dataclass(frozen=True, slots=True)
class Seen:
    """A record (None: there is no Lease), its resourceVersion, and since when this candidate has seen it so."""

    record: Record | None
    version: str | None
    since: float


@dataclass(frozen=True, slots=True)
class Claim:
    """Write this record, where the Lease still has this resourceVersion (None: where there is no Lease)."""

    record: Record
    version: str | None


@dataclass(frozen=True, slots=True)
class Wait:
    """Another holds the Lease, for so many seconds more unless it is renewed."""

    seconds: float
    holder: str


def see(former: Seen | None, record: Record | None, version: str | None, now: float) -> Seen:
    """What is known after a look at the Lease. A write that leaves the record as it was is no renewal."""
    unchanged = former is not None and former.record == record
    return Seen(record, version, former.since if former is not None and unchanged else now)


def decide(seen: Seen, now: float, me: str, written: str, terms: Terms) -> Claim | Wait:
    """What a candidate does. `now` is of the clock of `seen.since`; `written` is the time of day for the record."""
    record = seen.record
    if record is not None and record.holder not in ("", me):
        left = seen.since + (record.duration or terms.duration) - now
        if left > 0:
            return Wait(left, record.holder)
    return Claim(_claimed(record, me, written, terms), seen.version)


def release(record: Record, written: str) -> Record:
    """The record of a holder that goes: whoever sees it takes over at once."""
    return replace(record, holder="", duration=1.0, renewed=written)


def held_until(sent: float, terms: Terms) -> float:
    """Until when a claim that succeeded holds. `sent` is from before it was sent."""
    return sent + terms.renew_within


def _claimed(former: Record | None, me: str, written: str, terms: Terms) -> Record:
    if former is not None and former.holder == me:
        return replace(former, duration=terms.duration, renewed=written)
    transitions = 0 if former is None else former.transitions + 1
    return Record(me, terms.duration, acquired=written, renewed=written, transitions=transitions)

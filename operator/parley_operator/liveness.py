"""Whether the operator works, judged by what its main loop last told of itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field

SILENT_SECONDS = 15.0
"""How long the main loop may not have told of itself. It has lost the Lease by then."""
STUCK_SECONDS = 300.0
"""How long work may be queued while no reconcile ends. One that can't reach anything ends after about a minute."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """What the main loop told at `at`; every time is in seconds of one clock, which other threads read too."""

    at: float
    active: bool = False
    """Whether this replica holds the Lease."""
    holder: str = ""
    """Who holds it; empty: nobody that is known."""
    queued: int = 0
    """How many interviews wait for a worker."""
    oldest_wait: float = 0.0
    """For how many seconds the oldest of them has waited."""
    running: int = 0
    ended: int = 0
    """How many reconciles have ended."""
    progress: float = 0.0
    """When one last ended, or nothing was queued."""
    ended_watches: tuple[str, ...] = ()
    heard: Mapping[str, float] = field(default_factory=dict)
    """When each watch last told of something."""


def progressed(former: Pulse, queued: int, ended: int, now: float) -> float:
    """Since when work is queued and nothing has ended; `now` where it is not so."""
    return former.progress if queued and ended == former.ended else now


def fault(pulse: Pulse, now: float) -> str | None:
    """What is wrong, in words; None: nothing."""
    if now - pulse.at > SILENT_SECONDS:
        return f"the main loop has been blocked for {now - pulse.at:.0f} s"
    if pulse.ended_watches:
        return f"the watch of {', '.join(pulse.ended_watches)} ended"
    if pulse.at - pulse.progress > STUCK_SECONDS:
        return f"{pulse.queued} interviews wait, and no reconcile ended for {pulse.at - pulse.progress:.0f} s"
    return None


def role(pulse: Pulse) -> str:
    """What this replica is, in words."""
    if pulse.active:
        return "active"
    return f"standby, {pulse.holder or 'nobody'} is active"

"""Every reason that the record of an attempt can end with: the closed set that metrics and runbook are held to."""

from parley_operator.plan import attempts, hindrances
from parley_operator.plan.cleanup import KEY_REFUSED

LOSSES = frozenset(
    {
        *attempts.EXIT_REASONS.values(),
        *attempts.OWN,
        *attempts.INFRASTRUCTURE.values(),
        *hindrances.REASONS,
        attempts.EXITED,
        KEY_REFUSED,
        # What the plan finds by itself: of a pod, of the time that it took, of what an attempt needs.
        *("NotReady", "PodDeleted", "PodLost", "StartDeadlineExceeded"),
        *("InputsLost", "InputsNotCreated", "PodNotCreated", "RoomNotMade"),
    }
)
"""`status.attempts.history[].reason`, as this version writes it. The plan's tests fail on one that is not here."""

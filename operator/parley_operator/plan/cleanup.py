"""Taking away what was made for an interview, in the one order that loses nothing: pods, room, ledger."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from parley_operator.actions import Action, DeletePod, DeleteRoom
from parley_operator.snapshot import Children, InputsSecret, Pod, Step

SHORT_GRACE_SECONDS = 5
"""How long a bot that is not needed any more may take to say what it has left to the API."""
STUCK_SECONDS = 30
"""After how long beyond its grace a pod that does not go is removed without its node's answer."""
type Steps = list[tuple[Step, Action]]
"""Steps outside Kubernetes with their actions."""

GIVE_UP_SECONDS = 300
"""After how long a step outside Kubernetes that fails is let go: a room's own end closes it."""


def remove_pods(
    pods: Iterable[Pod], now: datetime, grace: int = SHORT_GRACE_SECONDS
) -> tuple[list[Action], list[datetime]]:
    """Deletes pods and removes those that are stuck; with the times to look again."""
    actions: list[Action] = []
    wakes: list[datetime] = []
    for pod in pods:
        if pod.dead and pod.deleted_at is None:
            actions.append(DeletePod(pod.name, pod.uid, 0))
        elif pod.deleted_at is None:
            actions.append(DeletePod(pod.name, pod.uid, grace))
        elif now >= (limit := pod.deleted_at + timedelta(seconds=STUCK_SECONDS)):
            actions.append(DeletePod(pod.name, pod.uid, 0))
        elif pod.grace is not None and pod.grace > grace:
            # Somebody else's deletion gives it longer than what is left to do is worth.
            actions.append(DeletePod(pod.name, pod.uid, grace))
        else:
            wakes.append(limit)
    return actions, wakes


def remove_room(ledger: InputsSecret | None) -> Steps:
    """Removes the room that the ledger tells of. A WebSocket room is its bot: nothing else is there to remove."""
    room = None if ledger is None or ledger.inputs is None else ledger.inputs.room
    return [("room", DeleteRoom(room.provider, room.name))] if room is not None and room.provider == "daily" else []


def given_up(
    children: Children, step: Step, now: datetime, *, since: datetime | None = None, patience: float = GIVE_UP_SECONDS
) -> bool:
    """Whether a step has failed for so long (`patience`, in seconds) that it is let go.

    `since`, where the end began, counts too, so that an operator that restarts does not start over; but the step must
    have failed in this process at least once.
    """
    trouble = children.troubles.get(step)
    if trouble is None:
        return False
    return now - min(trouble.since, since or trouble.since) >= timedelta(seconds=patience)


def in_order(
    steps: Steps,
    children: Children,
    now: datetime,
    *,
    since: datetime | None = None,
    keep: frozenset[Step] = frozenset(),
) -> tuple[list[Action], Steps]:
    """The steps to do, failing ones last so that they hold up nothing else; and those that are let go.

    A step in `keep` is never let go.
    """
    dropped = [item for item in steps if item[0] not in keep and given_up(children, item[0], now, since=since)]
    kept = sorted((item for item in steps if item not in dropped), key=lambda item: item[0] in children.troubles)
    return [action for _, action in kept], dropped

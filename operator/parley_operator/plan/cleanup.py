"""Taking away what was made for an interview, in the one order that loses nothing: pods, room, ledger."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from parley_crds import ConditionType
from parley_rooms.errors import RoomAuthError

from parley_operator.actions import Action, DeletePod, DeleteRoom, step_of
from parley_operator.snapshot import Children, InputsSecret, Pod, Step, StepName, Trouble

SHORT_GRACE_SECONDS = 5
"""How long a bot that is not needed any more may take to say what it has left to the API."""
STUCK_SECONDS = 30
"""After how long beyond its grace a pod that does not go is removed without its node's answer."""

GIVE_UP_SECONDS = 300
"""After how long what is outside the operator's reach is let go: a step outside Kubernetes that fails (a room's own end
closes it), a pod that somebody else's finalizer keeps."""
TOLD = 3
"""How many of what keeps something are named."""
SEEN_SECONDS = 60
"""How much of that this process must have seen: after its own absence, what it needs may just be starting, too."""


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
        elif pod.grace == 0:
            # Only somebody else's finalizer keeps it: there is nothing left to ask for.
            wakes.append(now + timedelta(seconds=STUCK_SECONDS))
        elif now >= (limit := pod.deleted_at + timedelta(seconds=STUCK_SECONDS)):
            actions.append(DeletePod(pod.name, pod.uid, 0))
        elif pod.grace is not None and pod.grace > grace:
            # Somebody else's deletion gives it longer than what is left to do is worth.
            actions.append(DeletePod(pod.name, pod.uid, grace))
        else:
            wakes.append(limit)
    return actions, wakes


def kept(pods: Iterable[Pod], now: datetime) -> str | None:
    """The pods that only somebody else's finalizers keep, and which these are, in words; None: there is no such pod."""
    stuck = [pod for pod in pods if _kept_for(pod, now) >= STUCK_SECONDS]
    told = [f"{pod.name}: only its finalizers keep it: {', '.join(pod.finalizers[:TOLD])}" for pod in stuck[:TOLD]]
    return "; ".join(told) or None


def awaited(children: Children, now: datetime) -> Children:
    """The children without the pods that somebody else's finalizer has kept for too long to be waited for.

    Without it they would have been gone when they were to go at once. Kubernetes removes each with its last finalizer,
    whoever is there to see it.
    """
    return replace(children, pods=tuple(pod for pod in children.pods if _kept_for(pod, now) < GIVE_UP_SECONDS))


def _kept_for(pod: Pod, now: datetime) -> float:
    """For how many seconds only finalizers have kept a pod: it was to go at once, so nothing is left to ask for."""
    if pod.grace != 0 or pod.deleted_at is None or not pod.finalizers:
        return 0
    return (now - pod.deleted_at).total_seconds()


def remove_room(ledger: InputsSecret | None) -> list[Action]:
    """Removes the room that the ledger tells of. A WebSocket room is its bot: nothing else is there to remove."""
    room = None if ledger is None or ledger.inputs is None else ledger.inputs.room
    return [DeleteRoom(room.provider, room.name)] if room is not None and room.provider == "daily" else []


KEY_REFUSED = "RoomKeyRefused"


def key_refused(trouble: Trouble) -> bool:
    """Whether a step fails by the provider's key: people have to mend it, and the trouble's message says where."""
    return trouble.kind == RoomAuthError.__name__


def given_up(
    children: Children, step: Step, now: datetime, *, since: datetime | None = None, patience: float = GIVE_UP_SECONDS
) -> bool:
    """Whether a step has failed for so long (`patience`, in seconds) that it is let go.

    `since`, where the end began, counts too, so that an operator that restarts does not start over; but this process
    must have seen it fail for a while.
    """
    trouble = children.troubles.get(step)
    if trouble is None:
        return False
    seen, whole = now - trouble.since, now - min(trouble.since, since or trouble.since)
    return whole >= timedelta(seconds=patience) and seen >= timedelta(seconds=min(patience, SEEN_SECONDS))


@dataclass(frozen=True, slots=True)
class Ordered:
    """Steps to do, and those that are let go, each with what troubles it."""

    actions: list[Action]
    troubled: list[Trouble]
    dropped: list[tuple[Step, Trouble]]

    def explained(self, reason: str, message: str = "") -> tuple[ConditionType, str, str] | None:
        """The condition that tells what troubles the steps: type, reason, message. None where nothing does.

        `reason` and `message` are those of what the steps are done for; what only people can mend goes before.
        """
        if not self.troubled:
            return None
        trouble = next((one for one in self.troubled if key_refused(one)), self.troubled[0])
        told = f"{message}. {trouble.message}" if message else trouble.message
        if key_refused(trouble):
            return ConditionType.STALLED, KEY_REFUSED, told
        return ConditionType.RECONCILING, reason, told


def in_order(
    actions: list[Action],
    children: Children,
    now: datetime,
    *,
    since: datetime | None = None,
    keep: frozenset[StepName] = frozenset(),
) -> Ordered:
    """The steps in the order to do them; a step in `keep` is never let go.

    Failing ones are last, so that they hold up nothing else, and among them the one that was tried least recently is
    first: a failure ends the run, and each is to have its turn.
    """
    kept: list[tuple[datetime, Action]] = []
    ordered = Ordered([], [], [])
    for action in actions:
        step = step_of(action)
        trouble = None if step is None else children.troubles.get(step)
        if step is None or trouble is None:
            ordered.actions.append(action)
        elif step.name not in keep and given_up(children, step, now, since=since):
            ordered.dropped.append((step, trouble))
        else:
            ordered.troubled.append(trouble)
            kept.append((trouble.last, action))
    ordered.actions.extend(action for _, action in sorted(kept, key=lambda item: item[0]))
    return ordered

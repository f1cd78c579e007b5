"""One bot after another: what became of the current one, its pod, and its successor."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from parley_crds import Attempt, ConditionType, find_condition
from parley_crds.names import pod_name
from parley_protocol import BotInputs

from parley_operator.actions import CreatePod, DeletePod, EjectBot, MarkPod, UpdateInputs
from parley_operator.bot_pod import bot_pod
from parley_operator.manifests import changed_inputs
from parley_operator.plan.attempts import (
    EXITED,
    Fate,
    closed,
    fate_of,
    foretold,
    last_line,
    record_of,
    recorded,
    retry_at,
)
from parley_operator.plan.cleanup import KEY_REFUSED, SHORT_GRACE_SECONDS, STUCK_SECONDS, given_up, key_refused
from parley_operator.plan.draft import Draft
from parley_operator.plan.hindrances import hindrance_of
from parley_operator.snapshot import InputsSecret, Pod, Step

EJECT_PATIENCE_SECONDS = 30
"""A candidate waits meanwhile, so a room that does not let go of the former bot is not waited for longer."""
SILENT_NODE_SECONDS = 30
"""How long a node may be silent under a conversation, beyond the 40 s or so after which its controller says so."""
NOT_READY_SECONDS = 660
"""How long a bot that was in its room may be out of it: for ten minutes it tells its last words to an API that is away,
and nobody else has them. One that hangs is ended by its liveness probe long before."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Why no bot is in the room yet: a condition's reason and message. `stalled`: nobody expects it to mend soon."""

    reason: str
    message: str
    stalled: bool = False


STARTING = Hold("BotStarting", "The bot is on its way into the room")


def note_fate(draft: Draft) -> Fate | None:
    """Brings the attempts' record up to what is observed, and says how the current one ended, if it did."""
    ledger = draft.children.inputs
    if ledger is None or ledger.inputs is None:
        return None
    number = ledger.inputs.attempt
    pod = pod_of(draft, number)
    record = record_of(draft.attempts, number)
    if record is None and pod is not None:
        record = Attempt(attempt=number, pod_name=pod.name, started_at=min(pod.created_at, draft.second))
    if record is not None and pod is not None and pod.ready and pod.deleted_at is None:
        draft.ready_at = draft.ready_at or draft.second
        record = record.model_copy(update={"ready_at": record.ready_at or draft.second})
    if record is not None and pod is not None:
        record = foretold(record, pod)
    fate = fate_of(record, pod, draft.second)
    if fate is not None:
        record = closed(record, number, pod_name(draft.observed.child, number), fate)
    if record is not None:
        draft.attempts = recorded(draft.attempts, record, ledger.failures)
    return fate


def tell_of_losses(draft: Draft) -> None:
    """Tells of each bot that this plan records as lost. Asked where the interview goes on: an end says itself why."""
    for record in [] if draft.attempts is None else draft.attempts.history:
        told = record_of(draft.status.attempts, record.attempt)
        known = told is not None and told.ended_at is not None
        if record.ended_at is not None and not known and record.reason != EXITED:
            draft.notice("BotLost", f"Attempt {record.attempt} is over: {record.reason}: {record.message}")


def pod_of(draft: Draft, number: int) -> Pod | None:
    """The pod of an attempt."""
    return next((pod for pod in draft.children.pods if pod.attempt == number), None)


def hold_of(draft: Draft, step: Step, reason: str) -> Hold:
    """What a step holds up: nothing worth telling, as long as it has not failed."""
    trouble = draft.children.troubles.get(step)
    if trouble is None:
        return STARTING
    if key_refused(trouble):
        return Hold(KEY_REFUSED, trouble.message, stalled=True)
    patience = timedelta(seconds=draft.observed.installation.start_deadline_seconds)
    return Hold(reason, trouble.message, stalled=draft.now - trouble.since >= patience)


def give_attempt_up(draft: Draft, ledger: InputsSecret, inputs: BotInputs, step: Step, reason: str) -> bool:
    """Counts an attempt as lost whose room or pod can't be had while the candidate waits for it."""
    if not note_in_vain(draft, step, reason, ledger.failures):
        return False
    replace(draft, ledger, inputs, in_room=False)
    return True


def note_in_vain(draft: Draft, step: Step, reason: str, failures: int) -> bool:
    """Ends an attempt's record, where its step has failed for the start deadline while the candidate waits for it.

    So the wait ends, by `backoffLimit`. Where nobody waits, what fails is told and tried for as long as it takes.
    """
    trouble, patience = draft.children.troubles.get(step), draft.observed.installation.start_deadline_seconds
    if trouble is None or draft.arrived_at is None:
        return False
    if draft.now < max(trouble.since, draft.arrived_at) + timedelta(seconds=patience):
        return False
    fate = Fate(draft.second, reason, trouble.message)
    record = closed(Attempt(attempt=step.attempt), step.attempt, "", fate)
    draft.attempts = recorded(draft.attempts, record, failures)
    return True


def create_pod(draft: Draft, ledger: InputsSecret, inputs: BotInputs) -> Hold:
    """Creates the current attempt's pod, when its time has come."""
    start = retry_at(draft.attempts, ledger, draft.now)
    if start is not None and draft.now < start:
        draft.look_again(start)
        return STARTING
    step = Step("pod", inputs.attempt)
    hold = hold_of(draft, step, "PodNotCreated")
    if give_attempt_up(draft, ledger, inputs, step, hold.reason):
        return hold
    spec, number = draft.observed.interview.spec, inputs.attempt
    manifest = bot_pod(
        draft.observed.installation,
        ledger.placement.bot,
        inputs,
        ledger.uid,
        now=draft.now,
        not_before=spec.window.not_before if spec.window else None,
        no_show_seconds=draft.no_show_seconds,
        deadline=draft.deadline,
        in_interview=draft.session.started_at is not None,
    )
    if step in draft.children.troubles:
        # Told first: as long as it fails, nothing that comes after it is reached. The pod itself tells that it worked.
        draft.act_after_status(CreatePod(manifest, number))
        return hold
    draft.act(CreatePod(manifest, number))
    record = Attempt(attempt=number, pod_name=pod_name(draft.observed.child, number), started_at=draft.second)
    draft.attempts = recorded(draft.attempts, record, ledger.failures)
    return hold


def watch_over(draft: Draft, pod: Pod, ledger: InputsSecret) -> Hold | None:
    """None while the current pod is in the room; one that hangs or is stuck in its deletion is removed."""
    if pod.deleted_at is not None:
        _remove_stuck(draft, pod)
        return STARTING
    if pod.ready:
        if draft.session.started_at is not None and not pod.marked:
            # After the status: where it fails, people are told of the conversation all the same.
            draft.act_after_status(MarkPod(pod.name, pod.uid))
        return None
    record = record_of(draft.attempts, pod.attempt)
    was_ready = record is not None and record.ready_at is not None
    patience, reason, said = _patience(draft, pod, was_ready=was_ready)
    limit = _settled_at(draft, pod, record) + timedelta(seconds=patience)
    draft.look_again(limit)
    if draft.now >= limit:
        told = f": {pod.reason} {last_line(pod.message)}".rstrip() if pod.reason or pod.message else ""
        fate = Fate(draft.second, reason, f"{pod.name} {said} {patience} s{told}")
        record = closed(record, pod.attempt, pod.name, fate)
        draft.attempts = recorded(draft.attempts, record, ledger.failures)
        draft.act_after_status(DeletePod(pod.name, pod.uid, SHORT_GRACE_SECONDS))
        return STARTING
    return STARTING if was_ready else _hindered(draft, pod)


def _settled_at(draft: Draft, pod: Pod, record: Attempt | None) -> datetime:
    """Since when a pod that is not ready is so. It is told by a node's clock, so what is known by ours bounds it.

    Of one that is ahead it is read again with each plan, so a bound must not be the present: it would go on with it.
    """
    ours = [] if record is None else [record.started_at, record.ready_at]
    known = [time for time in ours if time is not None and time <= draft.now]
    if pod.settled_at <= draft.now:
        return max([pod.settled_at, *known])
    if known and record is not None and record.ready_at is None:
        return max(known)
    told = find_condition(draft.status.conditions, ConditionType.RECONCILING)
    return max([draft.now if told is None else told.last_transition_time, *known])


def _hindered(draft: Draft, pod: Pod) -> Hold:
    """What keeps a pod from starting, told at once and once: its words may change with each try."""
    hindrance = hindrance_of(pod)
    if hindrance is None:
        return STARTING
    type_ = ConditionType.STALLED if hindrance.lasting else ConditionType.RECONCILING
    told = find_condition(draft.status.conditions, type_)
    if told is not None and told.reason == hindrance.reason and told.message.startswith(f"{pod.name}: "):
        return Hold(told.reason, told.message, stalled=hindrance.lasting)
    draft.notice(hindrance.reason, hindrance.message)
    return Hold(hindrance.reason, hindrance.message, stalled=hindrance.lasting)


def _patience(draft: Draft, pod: Pod, *, was_ready: bool) -> tuple[int, str, str]:
    """How long (seconds) a pod may not be ready, and what is said of one that was not for longer."""
    deadline = draft.observed.installation.start_deadline_seconds
    if pod.unreachable:
        return min(SILENT_NODE_SECONDS, deadline), "NodeLost", "was on a node that was not heard of for"
    if was_ready:
        return NOT_READY_SECONDS, "NotReady", "was not ready any more for"
    hindrance = hindrance_of(pod)
    return deadline, "StartDeadlineExceeded" if hindrance is None else hindrance.reason, "was not ready within"


def _remove_stuck(draft: Draft, pod: Pod) -> None:
    if pod.deleted_at is None:
        return
    if pod.grace == 0:
        # Only somebody else's finalizer keeps it: there is nothing left to ask for.
        draft.look_again_in(STUCK_SECONDS)
        return
    limit = pod.deleted_at + timedelta(seconds=STUCK_SECONDS)
    draft.look_again(limit)
    if draft.now >= limit:
        draft.act_after_status(DeletePod(pod.name, pod.uid, 0))


def replace(draft: Draft, ledger: InputsSecret, inputs: BotInputs, *, in_room: bool = True) -> None:
    """Ends the current attempt for good: from this write on the API refuses the former bot, whatever it still says.

    The room is ensured again for the next one: it may be what was lost.
    """
    room, number = inputs.room, inputs.attempt
    patience, step = EJECT_PATIENCE_SECONDS, Step("ejection", number)
    if in_room and room.provider == "daily" and not given_up(draft.children, step, draft.now, patience=patience):
        draft.act_after_status(EjectBot(room.provider, room.name, number))
    following = inputs.model_copy(update={"attempt": number + 1, "room": room.model_copy(update={"url": None})})
    manifest = changed_inputs(draft.observed.installation, ledger, following, failures=ledger.failures + 1)
    draft.act_after_status(UpdateInputs(manifest))

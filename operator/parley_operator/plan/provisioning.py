"""From an accepted interview to a bot in its room: the link, the time, the inputs, the room, the pod."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from parley_crds import Attempt, ConditionType, InterviewTemplateSpec, Phase, RoomStatus
from parley_crds.names import link_secret_name, pod_name
from parley_protocol import BotInputs
from parley_rooms.provider import room_name

from parley_operator.actions import (
    ApplyLink,
    CreateInputs,
    CreatePod,
    DeleteInputs,
    DeletePod,
    EjectBot,
    EnsureRoom,
    UpdateInputs,
)
from parley_operator.bot_plan import bot_inputs
from parley_operator.bot_pod import bot_pod
from parley_operator.manifests import inputs_manifest, link_manifest, wanted_link
from parley_operator.plan.acceptance import provider_of
from parley_operator.plan.attempts import (
    Fate,
    closed,
    fate_of,
    last_line,
    next_number,
    record_of,
    recorded,
    retry_at,
)
from parley_operator.plan.cleanup import SHORT_GRACE_SECONDS, STUCK_SECONDS, given_up, remove_pods
from parley_operator.plan.draft import Draft
from parley_operator.plan.ending import EXITED
from parley_operator.snapshot import InputsSecret, Pod

EJECT_PATIENCE_SECONDS = 30
"""A candidate waits meanwhile, so a room that does not let go of the former bot is not waited for longer."""
ROOM_SLACK_SECONDS = 3600
"""How long past the longest interview a room stays before it closes itself."""


def note_fate(draft: Draft) -> Fate | None:
    """Brings the attempts' record up to what is observed, and says how the current one ended, if it did."""
    ledger = draft.children.inputs
    if ledger is None or ledger.inputs is None:
        return None
    number = ledger.inputs.attempt
    pod = _pod_of(draft, number)
    record = record_of(draft.attempts, number)
    if record is None and pod is not None:
        record = Attempt(attempt=number, pod_name=pod.name, started_at=pod.created_at)
    if pod is not None and pod.ready and pod.deleted_at is None:
        draft.ready_at = draft.ready_at or draft.second
    fate = fate_of(record, pod, ledger, draft.second)
    if fate is not None:
        record = closed(record, number, pod_name(draft.observed.child, number), fate)
    if record is not None:
        draft.attempts = recorded(draft.attempts, record, ledger.failures)
    return fate


@dataclass(frozen=True, slots=True)
class _Timing:
    """When the link opens and whether the bot is due."""

    opens_at: datetime | None
    due: bool


def progress(draft: Draft, content: InterviewTemplateSpec, fate: Fate | None) -> None:
    """Goes one step from an accepted interview towards the conversation."""
    _offer_link(draft)
    timing = _timing(draft, content)
    opened = timing.opens_at is None or draft.now >= timing.opens_at
    if opened:
        draft.opened_at = draft.opened_at or draft.second
    else:
        draft.condition(ConditionType.JOINABLE, False, "NotOpenYet", f"The link opens at {timing.opens_at}")
    if draft.children.inputs is None and not timing.due:
        draft.phase = Phase.OPEN if opened else Phase.SCHEDULED
        if opened:
            draft.condition(
                ConditionType.JOINABLE, True, "Open", "The link works; the bot starts when the candidate agrees"
            )
        return
    ready = _provision(draft, content, fate)
    _summarise(draft, ready, opened)


def _offer_link(draft: Draft) -> None:
    interview = draft.observed.interview
    wanted = wanted_link(draft.observed.installation, interview)
    if draft.observed.link != wanted:
        draft.act(ApplyLink(link_manifest(draft.observed.installation, interview, wanted)))
    draft.link_secret_name = link_secret_name(draft.observed.child)


def _timing(draft: Draft, content: InterviewTemplateSpec) -> _Timing:
    spec = draft.observed.interview.spec
    opens_at = spec.window.not_before if spec.window else None
    if (spec.start or content.start) == "OnArrival":
        if opens_at is not None:
            draft.look_again(opens_at)
        return _Timing(opens_at, draft.arrived)
    if opens_at is None:
        return _Timing(None, True)
    starts_at = opens_at - timedelta(seconds=draft.observed.installation.lead_seconds)
    draft.look_again(starts_at)
    draft.look_again(opens_at)
    return _Timing(opens_at, draft.now >= starts_at)


def _summarise(draft: Draft, ready: bool, opened: bool) -> None:
    if draft.session.started_at is not None:
        draft.phase = Phase.IN_PROGRESS
    else:
        draft.phase = Phase.READY if ready else Phase.PROVISIONING
    if not ready:
        draft.condition(ConditionType.RECONCILING, True, "BotStarting", "The bot is on its way into the room")
    if opened:
        reason, message = ("BotReady", "The bot is in the room") if ready else ("BotStarting", "The bot is starting")
        draft.condition(ConditionType.JOINABLE, True, reason, message)


def _provision(draft: Draft, content: InterviewTemplateSpec, fate: Fate | None) -> bool:
    """One step towards a bot in the room; whether one is."""
    ledger = draft.children.inputs
    others = [pod for pod in draft.children.pods if ledger is None or _number(ledger) != pod.attempt]
    actions, wakes = remove_pods(others, draft.now)
    draft.act_after_status(*actions)
    for wake in wakes:
        draft.look_again(wake)
    if ledger is None:
        _create_inputs(draft, content)
        return False
    if ledger.inputs is None:
        # What nobody can read helps nobody; the interview's own state has all to make it anew.
        draft.act_after_status(DeleteInputs(ledger.uid))
        return False
    draft.room = RoomStatus(provider=ledger.inputs.room.provider, name=ledger.inputs.room.name)
    if ledger.inputs.room.provider == "daily" and ledger.inputs.room.url is None:
        _ensure_room(draft, content, ledger, ledger.inputs)
        return False
    if fate is not None:
        if fate.reason != EXITED:
            _replace(draft, ledger, ledger.inputs)
        return False
    pod = _pod_of(draft, ledger.inputs.attempt)
    if pod is not None:
        return _watch_over(draft, pod, ledger)
    if all(other.dead for other in others):
        _create_pod(draft, content, ledger, ledger.inputs)
    return False


def _create_inputs(draft: Draft, content: InterviewTemplateSpec) -> None:
    observed = draft.observed
    inputs = bot_inputs(
        observed.interview,
        content,
        observed.context if isinstance(observed.context, str) else None,
        attempt=next_number(draft.attempts),
        room=room_name(observed.installation.name, observed.child),
        provider=provider_of(draft, content),
        link_key=observed.installation.link_key,
    )
    draft.act(CreateInputs(inputs_manifest(observed.installation, inputs, failures=0)))


def _ensure_room(draft: Draft, content: InterviewTemplateSpec, ledger: InputsSecret, inputs: BotInputs) -> None:
    spec = draft.observed.interview.spec
    opens_at = spec.window.not_before if spec.window else None
    longest = 2 * spec.no_show_seconds + inputs.plan.limits.duration_seconds + ROOM_SLACK_SECONDS
    draft.act(
        EnsureRoom(
            provider=inputs.room.provider,
            name=inputs.room.name,
            closes_at=max(opens_at or draft.now, draft.now) + timedelta(seconds=longest),
            geo=content.room.geo,
            inputs=inputs,
            failures=ledger.failures,
            resource_version=ledger.resource_version,
        )
    )


def _create_pod(draft: Draft, content: InterviewTemplateSpec, ledger: InputsSecret, inputs: BotInputs) -> None:
    start = retry_at(draft.attempts, ledger)
    if start is not None and draft.now < start:
        draft.look_again(start)
        return
    spec, number = draft.observed.interview.spec, inputs.attempt
    draft.act(
        CreatePod(
            bot_pod(
                draft.observed.installation,
                content.bot,
                inputs,
                ledger.uid,
                now=draft.now,
                not_before=spec.window.not_before if spec.window else None,
                no_show_seconds=spec.no_show_seconds,
            )
        )
    )
    record = Attempt(attempt=number, pod_name=pod_name(draft.observed.child, number), started_at=draft.second)
    draft.attempts = recorded(draft.attempts, record, ledger.failures)


def _watch_over(draft: Draft, pod: Pod, ledger: InputsSecret) -> bool:
    """Whether the current pod is in the room; one that hangs or is stuck in its deletion is removed."""
    if pod.deleted_at is not None:
        limit = pod.deleted_at + timedelta(seconds=STUCK_SECONDS)
        draft.look_again(limit)
        if draft.now >= limit:
            draft.act_after_status(DeletePod(pod.name, pod.uid, 0))
        return False
    if pod.ready:
        return True
    patience = draft.observed.installation.start_deadline_seconds
    limit = pod.settled_at + timedelta(seconds=patience)
    draft.look_again(limit)
    if draft.now >= limit:
        told = f": {pod.reason} {last_line(pod.message)}".rstrip() if pod.reason or pod.message else ""
        fate = Fate(draft.second, "StartDeadlineExceeded", f"{pod.name} was not ready within {patience} s{told}")
        record = closed(record_of(draft.attempts, pod.attempt), pod.attempt, pod.name, fate)
        draft.attempts = recorded(draft.attempts, record, ledger.failures)
        draft.act_after_status(DeletePod(pod.name, pod.uid, SHORT_GRACE_SECONDS))
    return False


def _replace(draft: Draft, ledger: InputsSecret, inputs: BotInputs) -> None:
    """Ends the current attempt for good: from this write on the API refuses the former bot, whatever it still says."""
    room = inputs.room
    if room.provider == "daily" and not given_up(draft.children, "eject", draft.now, patience=EJECT_PATIENCE_SECONDS):
        draft.act_after_status(EjectBot(room.provider, room.name, inputs.attempt))
    following = inputs.model_copy(update={"attempt": inputs.attempt + 1})
    manifest = inputs_manifest(
        draft.observed.installation, following, ledger.failures + 1, resource_version=ledger.resource_version
    )
    draft.act_after_status(UpdateInputs(manifest))


def _pod_of(draft: Draft, number: int) -> Pod | None:
    return next((pod for pod in draft.children.pods if pod.attempt == number), None)


def _number(ledger: InputsSecret) -> int | None:
    return None if ledger.inputs is None else ledger.inputs.attempt

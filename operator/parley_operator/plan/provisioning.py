"""From an accepted interview to a bot in its room: the link, the time, the inputs, the room, the pod."""

from datetime import datetime, timedelta

from parley_crds import WAITING_FOR_CAPACITY, ConditionType, InterviewTemplateSpec, Phase, RoomStatus
from parley_crds.names import link_secret_name
from parley_protocol import BotInputs
from parley_rooms.names import room_name

from parley_operator.actions import ApplyLink, CreateInputs, DeleteInputs, EnsureRoom, UpdateInputs
from parley_operator.bot_plan import bot_inputs
from parley_operator.manifests import changed_inputs, inputs_manifest, link_manifest, wanted_link
from parley_operator.placement import placement_of
from parley_operator.plan.acceptance import provider_of
from parley_operator.plan.attempts import EXITED, Fate, closed, next_number, recorded
from parley_operator.plan.bots import (
    STARTING,
    Hold,
    create_pod,
    give_attempt_up,
    hold_of,
    note_in_vain,
    pod_of,
    replace,
    watch_over,
)
from parley_operator.plan.cleanup import remove_pods
from parley_operator.plan.draft import Draft, zulu
from parley_operator.plan.queueing import created_at, must_wait
from parley_operator.plan.withdrawal import withdraw
from parley_operator.snapshot import InputsSecret, LinkSecret, ReferenceProblem, Step

ROOM_SLACK_SECONDS = 3600
"""How long past the longest interview a room stays before it closes itself."""


def progress(draft: Draft, content: InterviewTemplateSpec | None, fate: Fate | None) -> None:
    """Goes one step from an accepted interview towards the conversation. Without `content` it has begun already."""
    offer_link(draft)
    window = draft.observed.interview.spec.window
    opens_at = window.not_before if window else None
    opened, opening = True, "The link works"
    if opens_at is None or draft.now >= opens_at:
        draft.opened_at = draft.opened_at or draft.second
    else:
        draft.look_again(opens_at)
        opened, opening = False, f"The link opens at {zulu(opens_at)}"
        draft.condition(ConditionType.JOINABLE, False, "NotOpenYet", opening)
    if not draft.begun and content is not None:
        due = _due_at(draft, content, opens_at)
        if due is None or draft.now < due:
            _keep_open(draft, opened, "Open", "The link works; the bot starts when the candidate agrees")
            if not draft.started:
                # Its window was postponed, or its start left to the candidate, while no pod could be had.
                withdraw(draft, "Postponing")
            return
        if must_wait(draft, content, due):
            message = "The link works; the bot starts when it is this interview's turn"
            _keep_open(draft, opened, WAITING_FOR_CAPACITY, message)
            return
    hold = _provision(draft, content, fate)
    _summarise(draft, hold)
    _tell_of_bot(draft, hold, opened, opening)


def offer_link(draft: Draft) -> None:
    """Has the link's Secret hold the link of the current epoch."""
    interview = draft.observed.interview
    wanted = wanted_link(draft.observed.installation, interview)
    if draft.observed.link != wanted:
        known = isinstance(draft.observed.link, LinkSecret)
        draft.act(ApplyLink(link_manifest(draft.observed.installation, interview, wanted), known))
    draft.link_secret_name = link_secret_name(draft.observed.child)


def _keep_open(draft: Draft, opened: bool, reason: str, message: str) -> None:
    draft.phase = Phase.OPEN if opened else Phase.SCHEDULED
    if opened:
        draft.condition(ConditionType.JOINABLE, True, reason, message)


def _due_at(draft: Draft, content: InterviewTemplateSpec, opens_at: datetime | None) -> datetime | None:
    """When it is time for the first bot; None while that depends on the candidate. Other clocks' times are past."""
    asked_at = None
    if (draft.observed.interview.spec.start or content.start) == "OnArrival":
        if draft.arrived_at is None:
            return None
        asked_at = min(draft.arrived_at, draft.now)
    if opens_at is None:
        return asked_at or created_at(draft)
    # A candidate who came may have been put off since: the window was postponed.
    starts_at = opens_at - timedelta(seconds=draft.observed.installation.lead_seconds)
    draft.look_again(starts_at)
    return max(asked_at, starts_at) if asked_at else starts_at


def _summarise(draft: Draft, hold: Hold | None) -> None:
    if draft.session.started_at is not None:
        draft.phase = Phase.IN_PROGRESS
    else:
        draft.phase = Phase.PROVISIONING if hold else Phase.READY
    if hold is not None:
        type_ = ConditionType.STALLED if hold.stalled else ConditionType.RECONCILING
        draft.condition(type_, True, hold.reason, hold.message)


def _tell_of_bot(draft: Draft, hold: Hold | None, opened: bool, opening: str) -> None:
    """Says beside the link what the bot is up to. Lists show this reason: of a bot that is kept, what keeps it."""
    if hold is not None and hold.reason != STARTING.reason:
        draft.condition(ConditionType.JOINABLE, opened, hold.reason, f"{opening}. {hold.message}")
    elif opened and hold is not None:
        draft.condition(ConditionType.JOINABLE, True, hold.reason, "The bot is starting")
    elif opened:
        draft.condition(ConditionType.JOINABLE, True, "BotReady", "The bot is in the room")


def _provision(draft: Draft, content: InterviewTemplateSpec | None, fate: Fate | None) -> Hold | None:
    """One step towards a bot in the room; why none is there yet, or None where one is."""
    ledger = draft.children.inputs
    number = None if ledger is None or ledger.inputs is None else ledger.inputs.attempt
    others = [pod for pod in draft.children.pods if pod.attempt != number]
    actions, wakes = remove_pods(others, draft.now)
    draft.act_after_status(*actions)
    for wake in wakes:
        draft.look_again(wake)
    if ledger is None:
        return STARTING if content is None else _create_inputs(draft, content)
    if ledger.inputs is None:
        # What nobody can read helps nobody; the interview's own state has all to make it anew.
        draft.act_after_status(DeleteInputs(ledger.uid))
        return STARTING
    inputs = ledger.inputs
    draft.room = RoomStatus(provider=inputs.room.provider, name=inputs.room.name)
    if content is not None and (edited := _edited(draft, content, inputs)) is not None:
        draft.act_after_status(UpdateInputs(changed_inputs(draft.observed.installation, ledger, edited)))
        return STARTING
    if fate is not None:
        if fate.reason != EXITED:
            replace(draft, ledger, inputs)
        return STARTING
    if inputs.room.provider == "daily" and inputs.room.url is None:
        return _ensure_room(draft, ledger, inputs)
    pod = pod_of(draft, inputs.attempt)
    if pod is not None:
        return watch_over(draft, pod, ledger)
    return create_pod(draft, ledger, inputs) if all(other.dead for other in others) else STARTING


def _create_inputs(draft: Draft, content: InterviewTemplateSpec) -> Hold:
    """Creates the ledger. Where one was lost, so is its bot, and every one before it counts as it did."""
    failures = 0
    if draft.attempts is not None and draft.attempts.history:
        last = draft.attempts.history[-1]
        failures = last.attempt
        fate = Fate(draft.second, "InputsLost", "The bot's inputs were removed")
        record = last if last.ended_at is not None else closed(last, last.attempt, last.pod_name or "", fate)
        draft.attempts = recorded(draft.attempts, record, failures)
    number = next_number(draft.attempts)
    step = Step("inputs Secret", number)
    hold = hold_of(draft, step, "InputsNotCreated")
    if note_in_vain(draft, step, hold.reason, failures=number):
        return hold
    inputs, installation = _fresh_inputs(draft, content, attempt=number), draft.observed.installation
    manifest = inputs_manifest(installation, inputs, placement_of(content, installation.daily_geo), failures)
    draft.act_after_status(CreateInputs(manifest, number))
    return hold


def _fresh_inputs(draft: Draft, content: InterviewTemplateSpec, *, attempt: int) -> BotInputs:
    observed = draft.observed
    keys = {} if isinstance(observed.tool_keys, ReferenceProblem) else observed.tool_keys
    return bot_inputs(
        observed.interview,
        content,
        observed.context if isinstance(observed.context, str) else None,
        attempt=attempt,
        room=room_name(observed.installation.link_key, observed.installation.name, observed.child),
        provider=provider_of(draft, content),
        link_key=observed.installation.link_key,
        tool_keys=keys,
    )


def _edited(draft: Draft, content: InterviewTemplateSpec, inputs: BotInputs) -> BotInputs | None:
    """The inputs as the Interview asks for them now, where that is another thing and no bot has read the old ones.

    Until the status tells of a bot, admission takes edits, so they have to count. The room stays the one that may have
    been made, and is brought to the new times.
    """
    told = draft.status.attempts is not None or any(pod.phase != "Pending" for pod in draft.children.pods)
    unread = isinstance(draft.observed.context, ReferenceProblem)
    if told or unread or isinstance(draft.observed.tool_keys, ReferenceProblem):
        return None
    fresh = _fresh_inputs(draft, content, attempt=inputs.attempt).model_copy(update={"room": inputs.room})
    if fresh.to_json() == inputs.to_json():
        return None
    return fresh.model_copy(update={"room": inputs.room.model_copy(update={"url": None})})


def _ensure_room(draft: Draft, ledger: InputsSecret, inputs: BotInputs) -> Hold:
    step = Step("room", inputs.attempt)
    hold = hold_of(draft, step, "RoomNotMade")
    if give_attempt_up(draft, ledger, inputs, step, hold.reason):
        return hold
    spec = draft.observed.interview.spec
    opens_at = spec.window.not_before if spec.window else None
    longest = 2 * draft.no_show_seconds + inputs.plan.limits.duration_seconds + ROOM_SLACK_SECONDS
    closes_at = max(opens_at or draft.now, draft.now) + timedelta(seconds=longest)
    draft.act_after_status(EnsureRoom(closes_at, inputs, ledger))
    return hold

"""Every way an interview ends, each with a reason of its own, and the winding up that is the same for all."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from parley_crds import Attempt, Condition, ConditionType, Phase, find_condition

from parley_operator.actions import DeleteInputs, DeleteLink, Seal
from parley_operator.plan.attempts import EXITED, Fate
from parley_operator.plan.cleanup import in_order, kept, remove_pods, remove_room
from parley_operator.plan.draft import Draft, zulu
from parley_operator.plan.expiry import expire
from parley_operator.snapshot import InputsSecret

FINISHED = {
    "Completed": "Every question was asked",
    "CandidateLeft": "The candidate left",
    "TimeLimit": "The time was over",
    "Silence": "The candidate was silent for too long",
}
"""The conversation's own ends, each a completed interview."""

FAULTS = {"RecordingFailed": "The interview is to be recorded, and its recording failed"}
"""Failures that the bot itself has ended the conversation for, where more is known than that."""

GOODBYE_SECONDS = 15
"""How long a bot whose interview is finished may take to end by itself, and the API to say that it is finished."""
DEADLINE_EXCEEDED = "DeadlineExceeded"


@dataclass(frozen=True, slots=True)
class End:
    """An end. `seal` is the transcript's reason where the operator has to ask for it; None when it is stored."""

    phase: Phase
    type: ConditionType
    reason: str
    message: str
    seal: str | None = None


def final_condition(draft: Draft) -> Condition | None:
    """The condition that made the interview final."""
    for type_ in (ConditionType.COMPLETE, ConditionType.FAILED):
        condition = find_condition(draft.status.conditions, type_)
        if condition is not None and condition.status == "True":
            return condition
    return None


def decide(draft: Draft, fate: Fate | None) -> End | None:
    """The end that is due, if one is, decided by what outlasts the winding up: a repetition decides alike."""
    finished = find_condition(draft.status.conditions, ConditionType.SESSION_FINISHED)
    reason = finished.reason if finished is not None and finished.status == "True" else None
    if reason in FINISHED:
        return End(Phase.COMPLETED, ConditionType.COMPLETE, reason, FINISHED[reason])
    sealed = reason is not None
    return (
        _out_of_bots(draft, sealed)
        or _cancelled(draft, reason)
        or _deadline_exceeded(draft, reason)
        or _no_show(draft, reason)
        or (None if reason is None else _fault(reason))
        or _window_closed(draft)
        or _exited(draft, fate)
    )


def _out_of_bots(draft: Draft, sealed: bool) -> End | None:
    last = draft.attempts.history[-1] if draft.attempts and draft.attempts.history else None
    failures = _failures(draft.children.inputs, last)
    if failures <= draft.observed.interview.spec.backoff_limit:
        return None
    why = "" if last is None or last.reason is None else f"; the last: {last.reason}, {last.message or ''}"
    count = "the bot was" if failures == 1 else f"{failures} bots were"
    message = f"{count} lost{why}"
    seal = None if sealed else "TechnicalFault"
    return End(Phase.FAILED, ConditionType.FAILED, "BackoffLimitExceeded", message[0].upper() + message[1:], seal)


def _failures(ledger: InputsSecret | None, last: Attempt | None) -> int:
    """How many bots were lost. Where the ledger was, so was the last bot, and every one before it counts as it did."""
    if ledger is not None:
        return ledger.failures
    return 0 if last is None or last.ended_at is None else last.attempt


def _cancelled(draft: Draft, reason: str | None) -> End | None:
    if not draft.observed.interview.spec.cancel and reason != "Cancelled":
        return None
    seal = None if reason is not None else "Cancelled"
    return End(Phase.CANCELLED, ConditionType.FAILED, "Cancelled", "The interview was called off", seal)


def _deadline_exceeded(draft: Draft, reason: str | None) -> End | None:
    """The interview's own deadline; a conversation that came to another end before is left that end."""
    if reason not in (None, DEADLINE_EXCEEDED):
        return None
    if reason is None:
        limit = None if draft.started_at is None else draft.deadline
        if limit is None:
            return None
        draft.look_again(limit)
        if draft.now < limit:
            return None
    message = "The interview was not over within spec.activeDeadlineSeconds of its first bot's start"
    seal = None if reason is not None else DEADLINE_EXCEEDED
    return End(Phase.FAILED, ConditionType.FAILED, DEADLINE_EXCEEDED, message, seal)


def _no_show(draft: Draft, reason: str | None) -> End | None:
    limit = _no_show_limit(draft)
    if reason != "NoShow" and (limit is None or draft.now < limit):
        return None
    message = f"The candidate did not come within {draft.no_show_seconds} s"
    return End(Phase.EXPIRED, ConditionType.FAILED, "NoShow", message, None if reason is not None else "NoShow")


def _no_show_limit(draft: Draft) -> datetime | None:
    """Until when the bot waits for the candidate; None while none waits, or when the candidate has come.

    A bot that was dismissed for it has waited: its dismissal was told before it was done.
    """
    record = draft.attempts.history[-1] if draft.attempts and draft.attempts.history else None
    if record is None or record.ready_at is None or draft.session.started_at is not None:
        return None
    joinable = find_condition(draft.status.conditions, ConditionType.JOINABLE)
    if record.ended_at is not None and (joinable is None or joinable.reason != "NoShow"):
        return None
    window = draft.observed.interview.spec.window
    since = [record.ready_at, window.not_before if window else None, draft.arrived_at]
    limit = max(time for time in since if time) + timedelta(seconds=draft.no_show_seconds)
    draft.look_again(limit)
    return limit


def _fault(reason: str) -> End:
    message = FAULTS.get(reason, "The interview could not be brought to its end")
    return End(Phase.FAILED, ConditionType.FAILED, reason, message)


def _window_closed(draft: Draft) -> End | None:
    """The window's end: nobody can begin any more. A candidate who came in time is let through."""
    window = draft.observed.interview.spec.window
    if window is None or window.expires_at is None or draft.session.started_at is not None:
        return None
    # Under a suspension no bot is on its way, so there is nothing to be patient with.
    arrived = draft.arrived and not draft.suspended
    patience = draft.no_show_seconds + draft.observed.installation.start_deadline_seconds if arrived else 0
    limit = window.expires_at + timedelta(seconds=patience)
    draft.look_again(limit)
    if draft.now < limit:
        return None
    if arrived and not _has_bot(draft):
        message = f"The candidate came, and no bot was ready until {zulu(limit)}"
        return End(Phase.FAILED, ConditionType.FAILED, "NoBot", message, "TechnicalFault")
    who = "The candidate did not join" if arrived else "Nobody came"
    if draft.suspended:
        who = "The interview was on hold, and not resumed"
    message = f"{who} before the window closed at {zulu(window.expires_at)}"
    return End(Phase.EXPIRED, ConditionType.FAILED, "WindowClosed", message, "NoShow")


def _has_bot(draft: Draft) -> bool:
    """Whether the latest bot was in the room, for the candidate to join."""
    record = draft.attempts.history[-1] if draft.attempts and draft.attempts.history else None
    return record is not None and record.ready_at is not None


def _exited(draft: Draft, fate: Fate | None) -> End | None:
    """A bot that says it has finished, where the API does not say so: what is stored is made the transcript."""
    if fate is None or fate.reason != EXITED:
        return None
    limit = fate.ended_at + timedelta(seconds=GOODBYE_SECONDS)
    draft.look_again(limit)
    if draft.now < limit:
        return None
    return End(Phase.COMPLETED, ConditionType.COMPLETE, "Sealed", "The bot ended the interview", "Completed")


def wind_up(draft: Draft, end: End) -> None:
    """Takes away pod and room, has the transcript sealed, makes the end final, then removes what led there."""
    if _says_goodbye(draft, end):
        draft.stay_as_told()
        return
    draft.phase = draft.status.phase or Phase.PENDING
    draft.condition(ConditionType.JOINABLE, False, end.reason, end.message)
    if draft.children.pods and not _ended_by_itself(draft, end):
        _dismiss(draft, end)
        return
    # After the status: how the bot ended is known from its pod alone.
    draft.act_after_status(*remove_pods(draft.children.pods, draft.now)[0])
    ledger = draft.children.inputs
    steps = remove_room(ledger)
    if end.seal is not None and (ledger is not None or draft.started):
        steps.append(Seal(end.seal))
    outside = in_order(steps, draft.children, draft.now, keep=frozenset({"seal"}))
    if (told := outside.explained("Ending", end.message)) is not None:
        # Told first: as long as it fails, nothing that comes after it is reached.
        type_, reason, message = told
        draft.condition(type_, True, reason, message)
        draft.act_after_status(*outside.actions)
        return
    for step, trouble in outside.dropped:
        draft.notice("CleanupAbandoned", f"Gave up on the {step}: {trouble.message}")
    draft.act(*outside.actions)
    draft.end(end.phase, end.type, end.reason, end.message)
    _remove_secrets(draft)


def _says_goodbye(draft: Draft, end: End) -> bool:
    """Whether a bot whose interview is stored as finished may still end by itself."""
    if end.seal is not None or all(pod.dead for pod in draft.children.pods):
        return False
    finished = find_condition(draft.status.conditions, ConditionType.SESSION_FINISHED)
    finished_at = draft.session.finished_at or (finished.last_transition_time if finished else None)
    if finished_at is None:
        return False
    goodbye = finished_at + timedelta(seconds=GOODBYE_SECONDS)
    draft.look_again(goodbye)
    return draft.now < goodbye


def _ended_by_itself(draft: Draft, end: End) -> bool:
    """Whether nothing has to be told before the pods go: the end is stored, and they go at once."""
    return end.seal is None and all(pod.dead and pod.deleted_at is None for pod in draft.children.pods)


def _dismiss(draft: Draft, end: End) -> None:
    held = kept(draft.children.pods, draft.now)
    draft.condition(ConditionType.RECONCILING, True, "Ending", f"{end.message}. {held}" if held else end.message)
    actions, wakes = remove_pods(draft.children.pods, draft.now)
    draft.act_after_status(*actions)
    for wake in wakes:
        draft.look_again(wake)


def settle(draft: Draft, final: Condition) -> None:
    """A final interview: nothing changes any more, and whatever is left over goes."""
    draft.phase = draft.status.phase or Phase.FAILED
    draft.condition(ConditionType.JOINABLE, False, final.reason, final.message)
    actions, wakes = remove_pods(draft.children.pods, draft.now)
    draft.act_after_status(*actions)
    for wake in wakes:
        draft.look_again(wake)
    if not draft.children.pods:
        _remove_secrets(draft)
        if draft.children.inputs is None:
            expire(draft, final)


def _remove_secrets(draft: Draft) -> None:
    draft.link_secret_name = None
    draft.room = None
    if draft.children.inputs is not None:
        draft.act_after_status(DeleteInputs(draft.children.inputs.uid))
    if draft.observed.link is not None:
        # Before the status: nobody looks for the link of an interview that is final.
        draft.act(DeleteLink())

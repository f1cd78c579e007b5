"""The Interview was deleted: everything of it goes, then the finalizer. Only an erasure that fails holds it."""

from dataclasses import replace
from datetime import datetime

from parley_crds import ConditionType, Phase, is_true
from parley_crds.names import FINALIZER

from parley_operator.actions import (
    Action,
    CollectRevision,
    DeleteInputs,
    DeleteLink,
    EmitEvent,
    Erase,
    Plan,
    Seal,
    SetFinalizer,
)
from parley_operator.plan.cleanup import awaited, in_order, kept, remove_pods, remove_room
from parley_operator.plan.draft import Draft
from parley_operator.plan.ending import final_condition
from parley_operator.plan.expiry import former_uid, is_recalled
from parley_operator.snapshot import Children, Snapshot, StepName


def plan_deletion(observed: Snapshot, now: datetime) -> Plan:
    """Bot first, so that it can say what it has left; then transcript or erasure, room, Secrets, finalizer."""
    if FINALIZER not in observed.interview.metadata.finalizers:
        return Plan([])
    actions: list[Action] = [] if observed.link is None else [DeleteLink()]
    every_pod = observed.children.pods
    observed = replace(observed, children=awaited(observed.children, now))
    pods, wakes = remove_pods(observed.children.pods, now)
    if observed.children.pods:
        held = kept(observed.children.pods, now)
        told = None if held is None else (ConditionType.RECONCILING, "Deleting", f"{_explained(observed)}. {held}")
        return Plan([*actions, *_told(observed, now, told), *pods], min(wakes, default=None))
    since = observed.interview.metadata.deletion_timestamp
    # A room's own end closes it, and what was stored stays; but nobody else keeps a promise to erase. Whoever wants the
    # Interview gone all the same changes its deletionPolicy to Retain.
    keep: frozenset[StepName] = frozenset({"erasure"})
    draft = Draft(observed, now)
    outside = in_order(_steps(draft), observed.children, now, since=since, keep=keep)
    if (left := kept(every_pod, now)) is not None:
        actions.append(
            EmitEvent(
                "Warning", "CleanupAbandoned", f"The deletion goes on without waiting for what others keep. {left}"
            )
        )
    actions += [*_told(observed, now, outside.explained("Deleting", _explained(observed))), *outside.actions]
    for step, trouble in outside.dropped:
        message = f"The Interview is let go, though the {step} still fails: {trouble.message}"
        actions.append(EmitEvent("Warning", "CleanupAbandoned", message))
    if (unreached := _unreached(draft)) is not None:
        actions.append(EmitEvent("Warning", "CleanupAbandoned", unreached))
    if observed.children.inputs is not None:
        actions.append(DeleteInputs(observed.children.inputs.uid))
    if observed.interview.status.template is not None:
        actions.append(CollectRevision(observed.interview.status.template.revision))
    return Plan([*actions, SetFinalizer(present=False)])


def _steps(draft: Draft) -> list[Action]:
    ledger = draft.children.inputs
    steps = remove_room(ledger)
    if draft.observed.interview.spec.deletion_policy == "Erase":
        # The former before this one: no proof says that all is erased before what was said is.
        former = former_uid(draft)
        return [*steps, *([] if former is None else [Erase(former)]), Erase()]
    # What was said is stored, whatever has become of the inputs; an end has had it sealed already.
    stored = is_true(draft.status.conditions, ConditionType.SESSION_FINISHED) or final_condition(draft) is not None
    if (ledger is not None or draft.started) and not stored:
        steps.append(Seal("Cancelled"))
    return steps


def _unreached(draft: Draft) -> str | None:
    """What an erasure does not reach, in words: of an Interview that was put back, what it was before."""
    if draft.observed.interview.spec.deletion_policy != "Erase" or not is_recalled(draft):
        return None
    final = final_condition(draft)
    if final is None or former_uid(draft) is not None:
        return None
    return f"What was said is not erased, for nothing tells under which uid it is stored any more. {final.message}"


def _explained(observed: Snapshot) -> str:
    message = "The Interview is being deleted"
    if observed.interview.spec.deletion_policy == "Erase":
        message += " and stays until it is erased, or its deletionPolicy is changed to Retain"
    return message


def _told(observed: Snapshot, now: datetime, told: tuple[ConditionType, str, str] | None) -> list[Action]:
    """Tells in the status what holds the deletion up. Where nothing does, nobody reads it any more, and it stays."""
    if told is None:
        return []
    draft = Draft(observed, now)
    draft.phase = draft.status.phase or Phase.PENDING
    draft.link_secret_name = None
    draft.condition(ConditionType.JOINABLE, False, "Deleting", "The Interview is being deleted")
    type_, reason, message = told
    draft.condition(type_, True, reason, message)
    # One of an older schema may be refused whatever is written to it, and has to go all the same.
    return [] if (news := draft.news()) is None else [replace(news, needed=False)]


def plan_orphan(children: Children, now: datetime) -> Plan:
    """What is left of an Interview that is gone: its finalizer was taken off by hand."""
    children = awaited(children, now)
    actions, wakes = remove_pods(children.pods, now)
    if children.pods:
        return Plan(actions, min(wakes, default=None))
    if children.inputs is None:
        return Plan([])
    outside = in_order(remove_room(children.inputs), children, now).actions
    return Plan([*outside, DeleteInputs(children.inputs.uid)])

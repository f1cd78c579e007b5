"""The one pure function that decides what happens to an interview.

`plan(observed, now)` has no state and does no I/O: whatever happened before, the next actions follow from what is
there. The shell repeats observe, plan, act until nothing is left to do, and again at every event and wake-up.
"""

from dataclasses import replace
from datetime import datetime

from parley_crds.names import FINALIZER

from parley_operator.actions import Plan, SetFinalizer
from parley_operator.plan.acceptance import accept, stay_accepted
from parley_operator.plan.attempts import Fate
from parley_operator.plan.bots import note_fate, tell_of_losses
from parley_operator.plan.cleanup import awaited
from parley_operator.plan.deletion import plan_deletion, plan_orphan
from parley_operator.plan.draft import Draft
from parley_operator.plan.ending import decide, final_condition, settle, wind_up
from parley_operator.plan.expiry import recall
from parley_operator.plan.provisioning import progress
from parley_operator.plan.suspension import suspend, tell_of_suspension
from parley_operator.snapshot import Snapshot

__all__ = ["plan", "plan_orphan"]


def plan(observed: Snapshot, now: datetime) -> Plan:
    """The next actions for an interview, in order, and when to look again. `now` is aware of its zone."""
    if observed.interview.metadata.deletion_timestamp is not None:
        return plan_deletion(observed, now)
    observed = replace(observed, children=awaited(observed.children, now))
    if FINALIZER not in observed.interview.metadata.finalizers:
        # Alone: it changes the Interview, and a status that pins has to find it as it was observed.
        return Plan([SetFinalizer(present=True)])
    draft = Draft(observed, now)
    if (final := final_condition(draft)) is not None:
        settle(draft, final)
        return draft.plan()
    fate = note_fate(draft)
    if recall(draft):
        return draft.plan()
    if (end := decide(draft, fate)) is not None:
        wind_up(draft, end)
    elif draft.suspended:
        suspend(draft)
    else:
        _go_on(draft, fate)
    return draft.plan()


def _go_on(draft: Draft, fate: Fate | None) -> None:
    tell_of_suspension(draft)
    if draft.begun:
        progress(draft, stay_accepted(draft), fate)
    elif (content := accept(draft)) is not None:
        progress(draft, content, fate)
    tell_of_losses(draft)

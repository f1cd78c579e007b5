"""Taking back what was made for a start that is not to be now: as long as it stands it holds a slot, and a room."""

from parley_operator.actions import DeleteInputs
from parley_operator.plan.cleanup import in_order, remove_pods, remove_room
from parley_operator.plan.draft import Draft


def withdraw(draft: Draft, reason: str) -> None:
    """Has pods, room and inputs go, in this order; what holds that up is told by `reason`.

    Asked only before a bot was started: a candidate may be talking to it.
    """
    draft.room = None
    actions, wakes = remove_pods(draft.children.pods, draft.now)
    draft.act_after_status(*actions)
    for wake in wakes:
        draft.look_again(wake)
    ledger = draft.children.inputs
    if ledger is None or draft.children.pods:
        return
    outside = in_order(remove_room(ledger), draft.children, draft.now)
    draft.act_after_status(*outside.actions)
    if (told := outside.explained(reason)) is not None:
        # As long as it fails, nothing that comes after it is reached.
        type_, why, message = told
        draft.condition(type_, True, why, message)
    for step, trouble in outside.dropped:
        draft.notice("CleanupAbandoned", f"Gave up on the {step}: {trouble.message}")
    draft.act_after_status(DeleteInputs(ledger.uid))

"""`spec.suspend`: nothing is started as long as it is set, and what was prepared without a bot goes.

A bot that was started is not held: a candidate may be talking to it. `Suspended` is a Job's condition of that name.
"""

from parley_crds import ConditionType, Phase, find_condition

from parley_operator.plan.draft import Draft
from parley_operator.plan.provisioning import offer_link
from parley_operator.plan.withdrawal import withdraw

ALREADY_STARTED = "AlreadyStarted"
RESUMED = "Resumed"


def suspend(draft: Draft) -> None:
    """Holds the interview. Its link stays, so that the candidate's one works when it goes on; the API tells of it."""
    message = "The interview is on hold: nothing is started until spec.suspend is false"
    draft.phase = Phase.SUSPENDED
    draft.condition(ConditionType.SUSPENDED, True, "Suspended", message)
    draft.condition(ConditionType.JOINABLE, False, "Suspended", message)
    if draft.template is not None:
        offer_link(draft)
    withdraw(draft, "Suspending")


def tell_of_suspension(draft: Draft) -> None:
    """Says of an interview that goes on why `spec.suspend` does not hold it, or that it was resumed."""
    old = find_condition(draft.status.conditions, ConditionType.SUSPENDED)
    if draft.observed.interview.spec.suspend:
        message = "A bot was started before spec.suspend was set, so the interview goes on; set spec.cancel to end it"
        draft.condition(ConditionType.SUSPENDED, False, ALREADY_STARTED, message)
        if old is None or old.reason != ALREADY_STARTED:
            draft.notice(ALREADY_STARTED, message)
    elif old is not None and old.reason != ALREADY_STARTED:
        draft.condition(ConditionType.SUSPENDED, False, RESUMED, "The interview goes on")

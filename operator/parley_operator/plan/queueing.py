"""An interview that is due and has to wait for a slot: what it asks for, and what people are told of its place.

A waiting interview is as an open one: its link works, and the candidate may agree on the page and wait there. It is
`Reconciling`, since it goes on by itself; it is no failure, so nothing is `Stalled`.
"""

from datetime import datetime

from parley_crds import WAITING_FOR_CAPACITY, ConditionType, InterviewTemplateSpec, find_condition

from parley_operator.capacity import Place, SlotRequest, place_seconds
from parley_operator.plan.draft import Draft


def must_wait(draft: Draft, content: InterviewTemplateSpec, due: datetime) -> bool:
    """Whether there is no slot for the first bot yet.

    What has begun is never queued: an interview whose inputs were lost goes on beside the limit.
    """
    installation = draft.observed.installation
    if not installation.capacity.limited or _has_begun(draft):
        return False
    priority_class = content.bot.priority_class_name or installation.bot.priority_class_name
    draft.wants = SlotRequest(due, created_at(draft), draft.arrived, priority_class)
    turn = draft.observed.turn
    if isinstance(turn, Place):
        _tell(draft, turn)
    elif turn is None:
        _let_stand(draft)
    return turn is None or isinstance(turn, Place)


def created_at(draft: Draft) -> datetime:
    """When the Interview was created: not after now, whatever the API server's clock says."""
    return min(draft.observed.interview.metadata.creation_timestamp or draft.now, draft.now)


def _has_begun(draft: Draft) -> bool:
    children = draft.children
    return draft.started or children.inputs is not None or bool(children.pods)


def _let_stand(draft: Draft) -> None:
    """Soon after a start nobody's turn is known: what was told before stands."""
    old = find_condition(draft.status.conditions, ConditionType.RECONCILING)
    if old is not None and old.reason == WAITING_FOR_CAPACITY:
        draft.condition(ConditionType.RECONCILING, True, WAITING_FOR_CAPACITY, old.message)
    draft.look_again_in(place_seconds(1))


def _tell(draft: Draft, place: Place) -> None:
    where = "this installation"
    if place.reason == "NamespaceFull":
        where = f"the namespace {draft.observed.namespace}"
    message = f"Place {place.place} of {place.of}: {place.taken} of {place.limit} interviews of {where} run"
    old = find_condition(draft.status.conditions, ConditionType.RECONCILING)
    draft.condition(ConditionType.RECONCILING, True, WAITING_FOR_CAPACITY, message)
    if old is None or old.reason != WAITING_FOR_CAPACITY:
        draft.notice(WAITING_FOR_CAPACITY, message, "Normal")
    draft.look_again_in(place_seconds(place.place))

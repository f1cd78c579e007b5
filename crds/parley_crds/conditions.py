"""Conditions as a map by type: pure helpers that both writers of a status use."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal

from parley_crds.status import Condition

ConditionStatus = Literal["True", "False", "Unknown"]


def find_condition(conditions: Iterable[Condition], type_: str) -> Condition | None:
    """The condition of this type, or None."""
    return next((condition for condition in conditions if condition.type == type_), None)


def is_true(conditions: Iterable[Condition], type_: str) -> bool:
    """Whether the condition is there and its status is "True"."""
    condition = find_condition(conditions, type_)
    return condition is not None and condition.status == "True"


def set_condition(
    conditions: Sequence[Condition],
    type_: str,
    status: bool | ConditionStatus,
    reason: str,
    message: str = "",
    *,
    now: datetime,
    observed_generation: int | None = None,
) -> list[Condition]:
    """The conditions with this one set; `last_transition_time` moves only when the status changes.

    A message longer than the schema allows is cut, so that a long error of somebody else's can't fail an apply.
    """
    wanted: ConditionStatus = ("True" if status else "False") if isinstance(status, bool) else status
    old = find_condition(conditions, type_)
    since = old.last_transition_time if old is not None and old.status == wanted else now
    new = Condition(
        type=type_,
        status=wanted,
        observed_generation=observed_generation,
        last_transition_time=since,
        reason=reason,
        message=message if len(message) <= 1024 else message[:1023] + "…",
    )
    if old is None:
        return [*conditions, new]
    return [new if condition is old else condition for condition in conditions]

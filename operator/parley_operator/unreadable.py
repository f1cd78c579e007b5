"""An Interview that was stored under an older schema and is not valid any more: what its status tells of that.

Nothing is planned for it, so its status is made of what is stored, without being parsed.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from parley_crds import API_CONDITIONS, Condition, ConditionType, Phase, set_condition
from pydantic import ValidationError

type Json = dict[str, Any]

NOT_VALID = "InterviewNotValid"
_MOMENTARY = (ConditionType.STALLED, ConditionType.RECONCILING)


def unreadable_status(found: Mapping[str, Any], problem: str, now: datetime) -> Json | None:
    """The operator's part of the status, with `Stalled`; None where it says so already, or the interview is over.

    What is stored is carried over as it is, readable or not: what an apply leaves out is removed, and the version that
    has written it may come back. `problem` names the field.
    """
    stored: Json = found.get("status") or {}
    if _is_over(stored):
        return None
    generation = found["metadata"].get("generation")
    conditions: list[Json] = stored.get("conditions") or []
    own = [condition for condition in conditions if condition.get("type") not in API_CONDITIONS]
    message = f"{problem}. Nothing is done for the interview until it is mended"
    (stalled,) = set_condition(
        _old(own),
        ConditionType.STALLED,
        True,
        NOT_VALID,
        message,
        now=now.astimezone(UTC).replace(microsecond=0),
        observed_generation=generation,
    )
    lasting = [{**one, "observedGeneration": generation} for one in own if one.get("type") not in _MOMENTARY]
    rest = {key: value for key, value in stored.items() if key != "session"}
    told = {
        "phase": str(Phase.PENDING),
        **rest,
        "observedGeneration": generation,
        "conditions": _in_order([*lasting, stalled.to_dict()]),
    }
    return None if told == {**rest, "conditions": _in_order(own)} else told


def _is_over(stored: Json) -> bool:
    return any(phase.is_final and phase == stored.get("phase") for phase in Phase)


def _old(conditions: list[Json]) -> list[Condition]:
    """What was told by `Stalled` before, for the time since when it has been so."""
    try:
        return [Condition.model_validate(one) for one in conditions if one.get("type") == ConditionType.STALLED]
    except ValidationError:
        return []


def _in_order(conditions: list[Json]) -> list[Json]:
    return sorted(conditions, key=lambda condition: str(condition.get("type")))

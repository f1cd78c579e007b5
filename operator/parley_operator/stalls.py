"""Interviews that do not go on by themselves, and by what reason: for metrics alone, told from their status."""

from collections.abc import Mapping
from typing import Any

from parley_crds import ConditionType

from parley_operator.plan.cleanup import KEY_REFUSED
from parley_operator.plan.hindrances import LASTING
from parley_operator.unreadable import NOT_VALID

type Raw = Mapping[str, Any]

NOT_OBSERVED = "NotObserved"
"""Of one whose status nobody has written yet, which no condition can say."""
IN_VAIN = frozenset({"InputsNotCreated", "RoomNotMade", "PodNotCreated"})
"""Steps towards a bot that fail. They are `Reconciling` until the start deadline, and while nobody waits for the bot no
attempt is given up for them: no end, no lost bot and no finished start would ever tell of them."""
OF_AUTHORS = frozenset(
    {
        *("TemplateNotFound", "OverridesNotValid", "InputsTooLong"),
        *("ContextNotFound", "ContextNotReadable", "ContextTooLong"),
        *("ToolKeyNotFound", "ToolKeyNotReadable", "ToolKeyNotValid"),
    }
)
"""What who wrote the Interview, or its template, has named and is not there, or does not fit."""
OF_THE_INSTALLATION = frozenset(
    {
        *IN_VAIN,
        *LASTING.values(),
        *("TemplateNotAllowed", "TemplateNotValid", "RoomProviderNotConfigured", "SnapshotLost"),
        *(KEY_REFUSED, NOT_VALID, NOT_OBSERVED),
    }
)
"""What the platform team has to mend."""
STALLS = OF_AUTHORS | OF_THE_INSTALLATION
"""Every reason, as this version writes it: `Stalled`'s, and of `Reconciling` those of `IN_VAIN`."""


def stalled_by(interview: Raw) -> str | None:
    """The reason why an Interview does not go on by itself, as its status tells; None where it does, or is over."""
    status = interview.get("status") or {}
    if "phase" not in status:
        return NOT_OBSERVED
    told = {one.get("type"): one for one in status.get("conditions") or () if one.get("status") == "True"}
    if (stalled := told.get(ConditionType.STALLED)) is not None:
        return str(stalled.get("reason", ""))
    reason = told.get(ConditionType.RECONCILING, {}).get("reason", "")
    return reason if reason in IN_VAIN else None

"""What people are told by Events of a change of an interview's status: one a change that they care about.

A start that goes well is told by its conversation: each Event is a write, and the status has the times.
"""

from collections.abc import Set
from typing import Literal

from parley_crds import ConditionType, Interview, InterviewStatus, Phase, find_condition

from parley_operator.actions import EmitEvent

_WARNINGS = frozenset({Phase.PENDING, Phase.FAILED})
_UNTOLD = frozenset({Phase.PROVISIONING, Phase.READY})


def told_of(interview: Interview, new: InterviewStatus, noticed: Set[str]) -> list[EmitEvent]:
    """The Events of a change to this status: its phase, and what is stalled.

    Args:
        interview: As it was observed.
        new: The status that is written.
        noticed: Reasons of which people are told already by what is done with it.
    """
    occasion = interview.metadata.generation or 0
    events = _of_phase(interview.status, new, occasion)
    stalled = _stalled(new)
    # What a refusal says already is not said again; and only the words may change while it lasts.
    known = {event.reason for event in events} | noticed | {reason for reason, _ in _stalled(interview.status)}
    return events + [EmitEvent("Warning", reason, said, occasion) for reason, said in stalled if reason not in known]


def _of_phase(old: InterviewStatus, new: InterviewStatus, occasion: int) -> list[EmitEvent]:
    told = _explanation(new)
    if new.phase == old.phase and told == _explanation(old):
        return []
    if told is None and new.phase in _UNTOLD:
        return []
    reason, message = told or (str(new.phase), "")
    kind: Literal["Normal", "Warning"] = "Warning" if new.phase in _WARNINGS and told else "Normal"
    return [EmitEvent(kind, reason, message or f"The interview is {new.phase} now", occasion)]


def _explanation(status: InterviewStatus) -> tuple[str, str] | None:
    """The reason and message that explain the phase, where a condition does: of an end its own, whatever else lasts."""
    wanted = [(ConditionType.COMPLETE, "True"), (ConditionType.FAILED, "True")]
    if status.phase == Phase.PENDING:
        wanted.append((ConditionType.ACCEPTED, "False"))
    told = (found for found in status.conditions if (found.type, found.status) in wanted)
    return next(((found.reason, found.message) for found in told), None)


def _stalled(status: InterviewStatus) -> list[tuple[str, str]]:
    """Reason and message of what nobody expects to mend itself, where that is so."""
    found = find_condition(status.conditions, ConditionType.STALLED)
    return [(found.reason, found.message)] if found is not None and found.status == "True" else []

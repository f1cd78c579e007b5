"""Interviews as lines for people. A field that another version of the operator wrote is shown as it is."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from parley_crds import Phase

Document = Mapping[str, Any]

HEADER = ("NAME", "PHASE", "TEMPLATE", "CANDIDATE", "EXPIRES", "AGE")
WIDE = ("ROOM", "ATTEMPT", "STARTED", "REASON", "STALLED")
STYLES: Mapping[str, str] = {
    Phase.IN_PROGRESS: "green",
    Phase.READY: "cyan",
    Phase.OPEN: "cyan",
    Phase.FAILED: "red",
    Phase.EXPIRED: "yellow",
    Phase.CANCELLED: "dim",
    Phase.COMPLETED: "dim",
}


def header(*, wide: bool, all_namespaces: bool) -> tuple[str, ...]:
    """The table's first line."""
    return ("NAMESPACE",) * all_namespaces + HEADER + (WIDE if wide else ())


def row(interview: Document, now: datetime, *, wide: bool, all_namespaces: bool) -> tuple[str, ...]:
    """An Interview's line."""
    metadata, spec, status = interview["metadata"], interview.get("spec") or {}, interview.get("status") or {}
    cells: tuple[Any, ...] = (
        metadata["name"],
        phase_of(interview),
        _at(spec, "templateRef", "name"),
        _at(spec, "candidate", "name"),
        _at(spec, "window", "expiresAt"),
        age(metadata.get("creationTimestamp"), now),
    )
    if all_namespaces:
        cells = (str(metadata.get("namespace") or ""), *cells)
    if wide:
        cells += (
            _at(status, "room", "provider"),
            _at(status, "attempts", "current"),
            _at(status, "session", "startedAt"),
            reason_of(interview),
            stalled_by(interview),
        )
    return tuple(str(cell) for cell in cells)


def phase_of(interview: Document) -> str:
    """The phase; that of one which the operator has not seen is Pending."""
    return str((interview.get("status") or {}).get("phase") or Phase.PENDING)


def is_over(interview: Document) -> bool:
    """Whether it has ended."""
    phase = phase_of(interview)
    return phase in Phase and Phase(phase).is_final


def condition(interview: Document, kind: str) -> Document | None:
    """The condition of this type."""
    conditions = (interview.get("status") or {}).get("conditions") or []
    return next((each for each in conditions if each.get("type") == kind), None)


def reason_of(interview: Document) -> str:
    """Why it can be joined or not, or what keeps its bot from starting; once over, why it ended."""
    found = condition(interview, "Joinable")
    return str((found or {}).get("reason") or "")


def stalled_by(interview: Document) -> str:
    """What somebody has to mend, in a word; empty: nothing."""
    found = condition(interview, "Stalled") or {}
    return str(found.get("reason") or "") if found.get("status") == "True" else ""


def age(created: str | None, now: datetime) -> str:
    """How long ago, in the two largest units at most, as kubectl has it."""
    if not created:
        return ""
    seconds = max(0, int((now - datetime.fromisoformat(created)).total_seconds()))
    if seconds < 120:
        return f"{seconds}s"
    if seconds < 7200:
        return f"{seconds // 60}m"
    if seconds < 172_800:
        return f"{seconds // 3600}h"
    return f"{seconds // 86_400}d"


def now() -> datetime:
    """The time, with its zone."""
    return datetime.now(UTC)


def _at(document: Document, *path: str) -> Any:
    value: Any = document
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return "" if value is None else value

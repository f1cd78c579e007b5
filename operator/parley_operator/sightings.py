"""What became of interviews, told from one state that a watch brought to the next: for metrics and the log alone."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from parley_crds import Phase

from parley_operator.plan.expiry import ALREADY_FINISHED
from parley_operator.stalls import NOT_OBSERVED, stalled_by

type Raw = Mapping[str, Any]

_PHASES = {str(phase): phase for phase in Phase}
_ENDS = ("Complete", "Failed")
UNOBSERVED = timedelta(seconds=60)
"""How long a new Interview may be without a status: in a burst some always are."""


class Told(Protocol):
    """Who counts it."""

    def started(self, start: str, seconds: float) -> None:
        """A bot is ready for the first time, so long after it was due."""

    def ended(self, phase: str, reason: str) -> None:
        """An interview is over."""

    def lost_bot(self, reason: str) -> None:
        """A bot was lost."""


@dataclass(frozen=True, slots=True)
class _Seen:
    phase: Phase
    ready: bool = False
    failures: int = 0


@dataclass(frozen=True, slots=True)
class _Stall:
    reason: str
    counts_from: datetime


class Sightings:
    """Feed it on one event loop. What had happened before an interview was first seen is not told of."""

    def __init__(self, told: Told, lead_seconds: float) -> None:
        """`lead_seconds`: how long before `notBefore` an Immediate bot is due."""
        self._told = told
        self._lead = timedelta(seconds=lead_seconds)
        self._seen: dict[str, _Seen] = {}
        self._stalls: dict[str, _Stall] = {}

    def saw(self, interview: Raw) -> str | None:
        """An Interview as it is listed, added or changed. Gives why it failed, where it has since it was last seen."""
        uid, status = interview["metadata"]["uid"], interview.get("status") or {}
        self._note_stall(uid, interview)
        old = self._seen.get(uid)
        attempts = status.get("attempts") or {}
        phase = _PHASES.get(status.get("phase", ""), Phase.PENDING)
        new = self._seen[uid] = _Seen(phase, "readyAt" in status, attempts.get("failures", 0))
        return None if old is None else self._tell(old, new, interview)

    def gone(self, uid: str) -> None:
        """An Interview is there no more."""
        self._seen.pop(uid, None)
        self._stalls.pop(uid, None)

    def stalled(self, now: datetime) -> Mapping[str, int]:
        """How many Interviews do not go on by themselves, by reason (`stalls.STALLS`). Another thread may ask."""
        # Copied in one step of the interpreter: the event loop may change it meanwhile.
        return Counter(stall.reason for stall in tuple(self._stalls.values()) if stall.counts_from <= now)

    def _note_stall(self, uid: str, interview: Raw) -> None:
        if (reason := stalled_by(interview)) is None:
            self._stalls.pop(uid, None)
            return
        created = _time(interview["metadata"]["creationTimestamp"])
        self._stalls[uid] = _Stall(reason, created + UNOBSERVED if reason == NOT_OBSERVED else created)

    def _tell(self, old: _Seen, new: _Seen, interview: Raw) -> str | None:
        status = interview["status"] if new != old else {}
        if new.ready and not old.ready:
            self._told.started(*start_of(interview, self._lead))
        if new.failures > old.failures:
            history = (status.get("attempts") or {}).get("history") or []
            ended = [attempt["reason"] for attempt in history if attempt.get("reason")]
            for reason in ended[old.failures - new.failures :] or ["unknown"]:
                self._told.lost_bot(reason)
        if not new.phase.is_final or old.phase.is_final:
            return None
        reason = _reason_of_end(status)
        self._told.ended(str(new.phase), reason)
        # One that was put back after its end failed then, and was told of then.
        return reason if new.phase is Phase.FAILED and reason != ALREADY_FINISHED else None


def start_of(interview: Raw, lead: timedelta) -> tuple[str, float]:
    """How a bot was started, and how many seconds after it was due the first one was ready.

    Which start the template says is not in the status: without the interview's own word, a pod that was made after the
    candidate's consent was started by it.
    """
    metadata, spec, status = interview["metadata"], interview.get("spec") or {}, interview["status"]
    ready = _time(status["readyAt"])
    consented = _time_or_none((status.get("session") or {}).get("consentedAt"))
    made = _time_or_none(status.get("startedAt")) or ready
    start = spec.get("start") or ("OnArrival" if consented is not None and consented <= made else "Immediate")
    due = _time(metadata["creationTimestamp"])
    not_before = _time_or_none((spec.get("window") or {}).get("notBefore"))
    if start == "OnArrival" and consented is not None:
        due = consented
    elif not_before is not None:
        due = max(due, not_before - lead)
    return start, max(0.0, (ready - due).total_seconds())


def _reason_of_end(status: Raw) -> str:
    for condition in status.get("conditions") or []:
        if condition["type"] in _ENDS and condition["status"] == "True":
            return str(condition["reason"])
    return "unknown"


def _time(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _time_or_none(text: str | None) -> datetime | None:
    return None if text is None else _time(text)

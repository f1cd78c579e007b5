"""Every Interview that the watch has seen, a few words about each: for what needs to know of all of them at once.

It only counts and sorts; no interview is acted on by it. Of what is final, which most are, the phase alone is kept.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from parley_crds import ConditionType, Phase
from parley_protocol import InterviewRef

from parley_operator.shell.turns.places import Urgency

type Raw = Mapping[str, Any]

_FINAL = {str(phase): phase for phase in Phase if phase.is_final}
_RUNNING = frozenset({Phase.PROVISIONING, Phase.READY, Phase.IN_PROGRESS})


@dataclass(frozen=True, slots=True)
class Record:
    """An Interview that is not final."""

    ref: InterviewRef
    template: str
    phase: Phase
    leaving: bool
    """Whether it is being deleted, or was called off."""
    arrived: bool
    """Whether its candidate has come to the page."""

    @property
    def urgency(self) -> Urgency:
        """How urgent its reconcile is."""
        return Urgency.RUNNING if self.leaving or self.arrived or self.phase in _RUNNING else Urgency.NEW


class Census:
    """Feed it on one event loop.

    `changed` is told of each template whose count of active interviews changed, `left` of each uid that is there no
    more: by the watch, or found so by a list.
    """

    def __init__(
        self,
        changed: Callable[[str, str], None] = lambda _namespace, _template: None,
        left: Callable[[str], None] = lambda _uid: None,
    ) -> None:
        self._changed = changed
        self._left = left
        self._active: dict[str, Record] = {}
        self._final: dict[str, Phase] = {}
        self._seen: dict[str, int] = {}
        self._mark = 0
        self._phases: Counter[Phase] = Counter()
        self._templates: Counter[tuple[str, str]] = Counter()

    def saw(self, interview: Raw) -> None:
        """An Interview as it is listed, added or changed."""
        metadata = interview["metadata"]
        uid = metadata["uid"]
        old = self._active.get(uid)
        self._drop(uid)
        self._enter(interview)
        new = self._active.get(uid)
        for record in (old, new):
            if record is not None and _counts(old) != _counts(new):
                self._changed(record.ref.namespace, record.template)

    def _enter(self, interview: Raw) -> None:
        metadata = interview["metadata"]
        uid = metadata["uid"]
        self._seen[uid] = self._mark
        phase = _FINAL.get((interview.get("status") or {}).get("phase", ""))
        if phase is not None and "deletionTimestamp" not in metadata:
            self._final[uid] = phase
            self._phases[phase] += 1
            return
        record = _record(interview)
        self._active[uid] = record
        self._phases[record.phase] += 1
        if not record.phase.is_final:
            self._templates[record.ref.namespace, record.template] += 1

    def gone(self, uid: str) -> None:
        """An Interview is there no more."""
        record = self._active.get(uid)
        self._drop(uid)
        self._left(uid)
        if record is not None:
            self._changed(record.ref.namespace, record.template)

    def mark(self) -> None:
        """A list of all Interviews begins: what is seen from now on may be missing from it."""
        self._mark += 1

    def reconcile(self, present: Collection[str]) -> list[InterviewRef]:
        """Takes over the uids of the list since the mark: a watch that was cut tells of no deletion.

        Gives the interviews whose end went unnoticed.
        """
        known = set(present)
        lost = [uid for uid, seen in self._seen.items() if uid not in known and seen < self._mark]
        refs = [self._active[uid].ref for uid in lost if uid in self._active]
        for uid in lost:
            self.gone(uid)
        return refs

    def by_phase(self) -> Mapping[str, int]:
        """How many Interviews are in each phase; one that the operator has not looked at yet is Pending."""
        return {str(phase): self._phases[phase] for phase in Phase}

    def active(self, namespace: str, template: str) -> int:
        """How many interviews of a template are not over."""
        return self._templates[namespace, template]

    def urgency(self, ref: InterviewRef) -> Urgency:
        """How urgent an interview's reconcile is. What is not known any more has something to be cleaned up."""
        record = self._active.get(ref.uid)
        if record is None:
            return Urgency.NEW if ref.uid in self._final else Urgency.RUNNING
        return record.urgency

    def _drop(self, uid: str) -> None:
        self._seen.pop(uid, None)
        if (final := self._final.pop(uid, None)) is not None:
            self._phases[final] -= 1
        if (record := self._active.pop(uid, None)) is None:
            return
        self._phases[record.phase] -= 1
        if not record.phase.is_final:
            key = record.ref.namespace, record.template
            self._templates[key] -= 1
            if not self._templates[key]:
                del self._templates[key]


def _counts(record: Record | None) -> str | None:
    """The template that an interview counts for."""
    return None if record is None or record.phase.is_final else record.template


def _record(interview: Raw) -> Record:
    metadata, spec, status = interview["metadata"], interview.get("spec") or {}, interview.get("status") or {}
    told = str(status.get("phase", ""))
    return Record(
        ref=InterviewRef(namespace=metadata["namespace"], name=metadata["name"], uid=metadata["uid"]),
        template=str((spec.get("templateRef") or {}).get("name", "")),
        phase=Phase(told) if told in Phase else Phase.PENDING,
        leaving="deletionTimestamp" in metadata or spec.get("cancel") is True,
        arrived=any(
            condition.get("type") == ConditionType.CANDIDATE_ARRIVED and condition.get("status") == "True"
            for condition in status.get("conditions") or ()
        ),
    )

"""The operator's world, where no action may be done at the wrong time: for the plan's state machine."""

from datetime import timedelta

from parley_crds import ConditionType, is_true
from parley_crds.names import child_name
from parley_operator.actions import (
    Action,
    ApplyLink,
    ApplyStatus,
    CreateInputs,
    CreatePod,
    DeleteInterview,
    EmitEvent,
    EnsureRoom,
    MarkPod,
    PinTemplate,
    Plan,
    RemoveTombstone,
    Seal,
    SetFinalizer,
)
from parley_operator.plan.rooms import orphans, own_rooms
from parley_operator.tombstones import spec_hash
from parley_rooms.provider import FoundRoom

from support.operator_world import World

PROVISIONING = (PinTemplate, ApplyLink, CreateInputs, EnsureRoom, CreatePod)


class WatchedWorld(World):
    """A world that no action may be done to at the wrong time."""

    recalled = False
    """Whether the Interview is the same as one that ended and was removed."""
    over: frozenset[str] = frozenset()
    """The specs by which that one is known, by their hashes: as it was accepted first, and as it was at the end."""
    accepted_as: frozenset[str] = frozenset()
    sealed_uids: frozenset[str] = frozenset()
    """The Interviews whose seal was done, or given up with an Event."""

    @property
    def has_to_wait(self) -> bool:
        """Whether there is no slot for it."""
        return self.installation.capacity.limited and self.turn != "MayTake"

    def plan(self) -> Plan:
        step = super().plan()
        for status in (action.status for action in step.actions if isinstance(action, ApplyStatus)):
            if status.phase is not None and status.phase.is_final and status.phase != self.status.phase:
                ends = [c.reason for c in status.conditions if c.type in ("Complete", "Failed") and c.status == "True"]
                assert ends == [action.reason for action in step.actions if isinstance(action, EmitEvent)][:1]
        return step

    def perform(self, action: Action) -> None:
        if self.recalled:
            assert not isinstance(action, PROVISIONING), action
        match action:
            case CreateInputs():
                session = self.status.session
                started = self.status.attempts is not None or (session is not None and session.started_at is not None)
                assert started or self.pods or not self.has_to_wait, "it begins beside the limit"
            case ApplyStatus(status, version) if version in (None, self._version()):
                if status.accepted_at is not None and self.status.accepted_at is None:
                    self.accepted_as = frozenset({spec_hash(self.require_interview().spec)})
            case RemoveTombstone():
                self.over = frozenset()
            case CreatePod():
                self._expect_a_pod()
            case SetFinalizer(present=False):
                self._expect_a_transcript()
            case EmitEvent(reason="CleanupAbandoned", message=message) if "the seal" in message:
                self.sealed_uids |= {self._uid}
            case MarkPod():
                session = self.status.session
                assert session is not None
                assert session.started_at is not None, "a bot that waits is kept from moving"
            case DeleteInterview(version) if version == self._version():
                found = self.found_tombstone(self.installation.name, "jane")
                assert found is not None
                assert found.end is not None
                present = spec_hash(self.require_interview().spec)
                assert found.end.spec_hash == present
                self.over = frozenset({present}) | (self.accepted_as if self.status.accepted_at else frozenset())
        super().perform(action)
        if isinstance(action, Seal):
            self.sealed_uids |= {self._uid}

    @property
    def _uid(self) -> str:
        return self.require_interview().metadata.uid or ""

    def sweep_rooms(self) -> None:
        """The sweep of orphaned rooms, as the shell does it."""
        interview, in_use = self.interview, set() if self.inputs is None else {self.inputs["metadata"]["name"]}
        if interview is not None and not (interview.status.phase is not None and interview.status.phase.is_final):
            in_use.add(child_name(interview.metadata.name, interview.metadata.uid or ""))
        found = [FoundRoom(name, self.rooms_made.get(name)) for name in self.rooms]
        self.rooms -= set(orphans(own_rooms(self.installation, found, self.now), in_use, ()))

    def _expect_a_pod(self) -> None:
        spec, status = self.require_interview().spec, self.status
        started = status.attempts is not None or (status.session is not None and status.session.started_at is not None)
        assert started or not spec.suspend, "a bot is started on hold"
        if status.started_at is not None and spec.active_deadline_seconds is not None:
            assert self.now < status.started_at + timedelta(seconds=spec.longer(spec.active_deadline_seconds))

    def _expect_a_transcript(self) -> None:
        """What is to be kept is stored, or was sealed, before its Interview goes, or people are told that it is not."""
        interview = self.require_interview()
        session = interview.status.session
        if interview.spec.deletion_policy != "Retain" or session is None or session.started_at is None:
            return
        stored = is_true(interview.status.conditions, ConditionType.SESSION_FINISHED)
        assert stored or self._uid in self.sealed_uids, "a conversation goes without its transcript"

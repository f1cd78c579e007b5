"""The operator's world, where no action may be done at the wrong time: for the plan's state machine."""

from datetime import timedelta

from parley_operator.actions import (
    Action,
    ApplyLink,
    CreateInputs,
    CreatePod,
    DeleteInterview,
    EnsureRoom,
    PinTemplate,
)
from parley_operator.tombstones import spec_hash

from support.operator_world import World

PROVISIONING = (PinTemplate, ApplyLink, CreateInputs, EnsureRoom, CreatePod)


class WatchedWorld(World):
    """A world that no action may be done to at the wrong time."""

    recalled = False
    """Whether the Interview is the same as one that ended and was removed."""

    def perform(self, action: Action) -> None:
        if self.recalled:
            assert not isinstance(action, PROVISIONING), action
        match action:
            case CreatePod():
                self._expect_a_pod()
            case DeleteInterview(version) if version == self._version():
                found = self.found_tombstone(self.installation.name, "jane")
                assert found is not None
                assert found.end is not None
                assert found.end.spec_hash == spec_hash(self.require_interview().spec)
        super().perform(action)

    def _expect_a_pod(self) -> None:
        spec, status = self.require_interview().spec, self.status
        started = status.attempts is not None or (status.session is not None and status.session.started_at is not None)
        assert started or not spec.suspend, "a bot is started on hold"
        if status.started_at is not None and spec.active_deadline_seconds is not None:
            assert self.now < status.started_at + timedelta(seconds=spec.active_deadline_seconds)

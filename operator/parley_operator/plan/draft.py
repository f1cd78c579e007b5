"""A plan in the making: actions in order, the status as it will be, and the times to look again.

The order is the plan's memory: what is known from an object alone goes into the status before the object goes.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from parley_crds import (
    API_CONDITIONS,
    Attempts,
    Condition,
    ConditionType,
    InterviewStatus,
    Phase,
    PinnedTemplate,
    RoomStatus,
    Session,
    find_condition,
    set_condition,
)

from parley_operator.actions import Action, ApplyStatus, EmitEvent, Plan
from parley_operator.capacity import SlotRequest
from parley_operator.plan.telling import told_of
from parley_operator.snapshot import Children, Snapshot


@dataclass
class Draft:
    """Starts from the observed status; what the plan does not touch stays as it was.

    Conditions that describe the moment (Joinable, Suspended, Reconciling, Stalled) are made anew by each plan: those
    that it does not set are dropped.
    """

    observed: Snapshot
    now: datetime
    before: list[Action] = field(default_factory=list)
    after: list[Action] = field(default_factory=list)
    notices: list[EmitEvent] = field(default_factory=list)
    wakes: list[datetime] = field(default_factory=list)
    awaits_template: str | None = None
    wants: SlotRequest | None = None
    phase: Phase = Phase.PENDING

    def __post_init__(self) -> None:
        status = self.status
        self.template: PinnedTemplate | None = status.template
        self.attempts: Attempts | None = status.attempts
        self.room: RoomStatus | None = status.room
        self.link_secret_name: str | None = status.link_secret_name
        self.accepted_at = status.accepted_at
        self.accepted_spec_hashes: list[str] | None = status.accepted_spec_hashes
        self.opened_at = status.opened_at
        self.ready_at = status.ready_at
        self.finished_at = status.finished_at
        lasting = (ConditionType.ACCEPTED, ConditionType.COMPLETE, ConditionType.FAILED)
        self._old = [condition for condition in status.conditions if condition.type not in API_CONDITIONS]
        self._set: dict[str, Condition] = {}
        self._keep(old for old in self._old if old.type in lasting)

    @property
    def status(self) -> InterviewStatus:
        """The status as observed."""
        return self.observed.interview.status

    @property
    def session(self) -> Session:
        """What the API knows of the conversation."""
        return self.status.session or Session()

    @property
    def children(self) -> Children:
        """What is in the bots' namespace."""
        return self.observed.children

    @property
    def arrived_at(self) -> datetime | None:
        """When the candidate came to the page and agreed to what it asks for; None before."""
        condition = find_condition(self.status.conditions, ConditionType.CANDIDATE_ARRIVED)
        return condition.last_transition_time if condition is not None and condition.status == "True" else None

    @property
    def arrived(self) -> bool:
        """Whether the candidate has come to the page."""
        return self.arrived_at is not None

    @property
    def started_at(self) -> datetime | None:
        """When the first bot was started; None before. Once told it is fixed: the attempts' history is bounded."""
        history = [] if self.attempts is None else self.attempts.history
        times = [record.started_at for record in history if record.started_at is not None]
        return self.status.started_at or min(times, default=None)

    @property
    def deadline(self) -> datetime | None:
        """When `spec.activeDeadlineSeconds` are over, counted from now while no bot was started; None without.

        This and the next have the candidate's extra time in them.
        """
        spec = self.observed.interview.spec
        if (seconds := spec.active_deadline_seconds) is None:
            return None
        return (self.started_at or self.second) + timedelta(seconds=spec.longer(seconds))

    @property
    def no_show_seconds(self) -> int:
        """How long a bot that is ready waits for the candidate."""
        return self.observed.interview.spec.longer(self.observed.interview.spec.no_show_seconds)

    @property
    def started(self) -> bool:
        """Whether there was a bot, told in the status or not yet."""
        return self.attempts is not None or self.session.started_at is not None

    @property
    def suspended(self) -> bool:
        """Whether `spec.suspend` holds the interview: it does until a bot was started."""
        return self.observed.interview.spec.suspend and not self.started

    @property
    def begun(self) -> bool:
        """Whether a bot was started, or the conversation is under way, by inputs that can be read."""
        ledger = self.children.inputs
        return self.started and ledger is not None and ledger.inputs is not None

    @property
    def second(self) -> datetime:
        """The time for a status: whole seconds, as Kubernetes writes them."""
        return self.now.astimezone(UTC).replace(microsecond=0)

    def act(self, *actions: Action) -> None:
        """Adds actions that come before the status: it tells of them once they are done."""
        self.before += actions

    def act_after_status(self, *actions: Action) -> None:
        """Adds actions that come after the status: they take away what the decision was made by."""
        self.after += actions

    def look_again(self, at: datetime) -> None:
        """Wakes the interview at this time at the latest. A time that is past already means the plan has used it."""
        if at > self.now:
            self.wakes.append(at)

    def look_again_in(self, seconds: float) -> None:
        """Wakes the interview after this time at the latest."""
        self.wakes.append(self.now + timedelta(seconds=seconds))

    def notice(self, reason: str, message: str, type_: Literal["Normal", "Warning"] = "Warning") -> None:
        """Tells people by an Event."""
        self.notices.append(EmitEvent(type_, reason, message, self.observed.interview.metadata.generation or 0))

    def stay_as_told(self) -> None:
        """Keeps phase and conditions as they were last told: what happens now is over before people read of it."""
        self.phase = self.status.phase or Phase.PENDING
        self._keep(self._old)

    def _keep(self, conditions: Iterable[Condition]) -> None:
        # They hold for the present generation, too: who waits for one asks whether it is about what was edited since.
        present = {"observed_generation": self.observed.interview.metadata.generation}
        self._set |= {old.type: old.model_copy(update=present) for old in conditions}

    def condition(self, type_: ConditionType, status: bool, reason: str, message: str = "") -> None:
        """Sets one of the operator's conditions."""
        old = [condition for condition in self._old if condition.type == type_]
        generation = self.observed.interview.metadata.generation
        (self._set[type_],) = set_condition(
            old, type_, status, reason, message, now=self.second, observed_generation=generation
        )

    def end(self, phase: Phase, type_: ConditionType, reason: str, message: str) -> None:
        """Makes the interview final."""
        self.phase = phase
        self.finished_at = self.finished_at or self.second
        self.condition(type_, True, reason, message)
        self.condition(ConditionType.JOINABLE, False, reason, message)

    def plan(self) -> Plan:
        """The plan: what the status tells of, the status where it differs, its Events, and what it must outlive."""
        told: list[Action] = []
        if (news := self.news()) is not None:
            told = [news, *told_of(self.observed.interview, news.status, {notice.reason for notice in self.notices})]
        actions = [*self.before, *told, *self.notices, *self.after]
        return Plan(actions, min(self.wakes, default=None), self.awaits_template, self.wants)

    def news(self) -> ApplyStatus | None:
        """The status, where it differs from the observed one."""
        status = self._new_status()
        return ApplyStatus(status, self._version_for(status)) if status != _owned(self.status) else None

    def _version_for(self, status: InterviewStatus) -> str | None:
        """The version that this status may be written to; None where it fixes nothing of the spec, so to any."""
        old = self.status
        fixes = status.accepted_at != old.accepted_at or (old.attempts is None and status.attempts is not None)
        return self.observed.interview.metadata.resource_version if fixes else None

    def _new_status(self) -> InterviewStatus:
        return InterviewStatus(
            observed_generation=self.observed.interview.metadata.generation,
            phase=self.phase,
            conditions=sorted(self._set.values(), key=lambda condition: condition.type),
            template=self.template,
            attempts=self.attempts,
            room=self.room,
            link_secret_name=self.link_secret_name,
            accepted_at=self.accepted_at,
            accepted_spec_hashes=self.accepted_spec_hashes,
            opened_at=self.opened_at,
            ready_at=self.ready_at,
            started_at=self.started_at,
            finished_at=self.finished_at,
        )


def zulu(moment: datetime) -> str:
    """A time as people read it in messages: UTC, as Kubernetes writes times."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _owned(status: InterviewStatus) -> InterviewStatus:
    """The operator's part of a status, in the form that plans have it."""
    own = [condition for condition in status.conditions if condition.type not in API_CONDITIONS]
    return status.model_copy(update={"session": None, "conditions": sorted(own, key=lambda condition: condition.type)})

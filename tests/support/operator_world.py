"""A cluster in memory for the operator's plan: it takes actions as the real one does, and lets everything go wrong.

It is the surroundings of the thing under test, never the thing itself: the plan sees it through a Snapshot, as the
shell would build it from the API server's answers.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from parley_crds import (
    API_CONDITIONS,
    Interview,
    InterviewStatus,
    InterviewTemplateSpec,
)
from parley_crds.names import FINALIZER
from parley_operator.actions import (
    Action,
    ApplyLink,
    ApplyStatus,
    CollectRevision,
    CreateInputs,
    CreatePod,
    DeleteInputs,
    DeleteInterview,
    DeleteLink,
    DeletePod,
    DeleteRoom,
    EjectBot,
    EmitEvent,
    EnsureRoom,
    Erase,
    MarkPod,
    PinTemplate,
    Plan,
    RemoveTombstone,
    Seal,
    SetFinalizer,
    UpdateInputs,
    WriteTombstone,
    step_of,
)
from parley_operator.capacity import Turn
from parley_operator.installation import Installation
from parley_operator.manifests import changed_inputs
from parley_operator.plan import plan, plan_orphan
from parley_operator.plan.losses import LOSSES
from parley_operator.shell.reconcile.observe import awaits_link, inputs_of, pod_of
from parley_operator.snapshot import (
    Children,
    LinkSecret,
    ReferenceProblem,
    Revision,
    Snapshot,
    Step,
    StepName,
    ToolKeys,
    Trouble,
    troubled,
)
from parley_protocol import BotInputs

from support.operator_bots import START
from support.operator_installation import INSTALLATION, template
from support.operator_owners import goes_with
from support.operator_people import People


class StepDownError(Exception):
    """A step does not work at the moment."""


class LostRaceError(Exception):
    """The Interview is not the one that was observed any more."""


@dataclass
class World(People):
    """One interview and everything around it."""

    spec: dict[str, Any] = field(default_factory=dict)
    installation: Installation = INSTALLATION
    template: InterviewTemplateSpec | None = field(default_factory=template)
    template_problem: str | None = None
    context: str | ReferenceProblem | None = None
    tool_keys: ToolKeys | ReferenceProblem = field(default_factory=dict)
    revisions: dict[str, InterviewTemplateSpec] = field(default_factory=dict)
    link: dict[str, Any] | None = None
    link_remembered: bool = False
    """Whether the operator has made or read the link since it was started."""
    tried: list[StepName] = field(default_factory=list)
    rooms: set[str] = field(default_factory=set)
    rooms_made: dict[str, datetime] = field(default_factory=dict)
    down: set[StepName] = field(default_factory=set)
    down_kind: str = "DownError"
    """The error of a step that is down."""
    troubles: dict[Step, Trouble] = field(default_factory=dict)
    sealed: list[str] = field(default_factory=list)
    erased_uids: list[str] = field(default_factory=list)
    ejected: list[int] = field(default_factory=list)
    events: list[EmitEvent] = field(default_factory=list)
    phases: list[str] = field(default_factory=list)
    performed: set[type] = field(default_factory=set)
    """The kinds of actions that were taken."""
    fell_back: bool = False
    wake_at: datetime | None = None
    turn: Turn = "MayTake"
    """What an interview that asks for a slot is told."""
    meanwhile: Callable[[], object] | None = None
    """What happens once between the next observation and what is done about it."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._versioned: tuple[Interview | None, str] = (None, "")
        self.created = 0
        self.create(**self.spec)

    def create(self, **spec: Any) -> None:
        """Creates the Interview, or one of its name once it is gone."""
        self.created += 1
        self.link_remembered = False
        uid = f"11111111-2222-{3332 + self.created}"
        metadata = {"name": "jane", "namespace": "hiring", "uid": uid, "generation": 1}
        self.interview = Interview.model_validate(
            {"metadata": metadata, "spec": {"templateRef": {"name": "backend"}, **spec}}
        )

    # What the shell does

    def observe(self) -> Snapshot:
        """The snapshot that the shell would read."""
        interview = self.require_interview()
        metadata = interview.metadata.model_copy(update={"resource_version": self._version()})
        interview = interview.model_copy(update={"metadata": metadata})
        pinned = interview.status.template
        content = None if pinned is None else self.revisions.get(pinned.revision)
        return Snapshot(
            installation=self.installation,
            interview=interview,
            template=self.template if content is None else None,
            template_problem=self.template_problem,
            revision=None if pinned is None or content is None else Revision(pinned.revision, content),
            context=self.context,
            tool_keys=self.tool_keys,
            link=self._observe_link(interview),
            tombstone=self.found_tombstone(self.installation.name, interview.metadata.name),
            children=self.children(),
        )

    def _observe_link(self, interview: Interview) -> LinkSecret | Literal["Unread"] | None:
        if awaits_link(interview) and not self.link_remembered:
            return "Unread"
        self.link_remembered = True
        return None if self.link is None else LinkSecret(self.link["url"], self.link["token"])

    def children(self) -> Children:
        """What is in the bots' namespace."""
        return Children(
            inputs=None if self.inputs is None else inputs_of(self.inputs),
            pods=tuple(pod_of(pod) for pod in self.pods.values()),
            troubles=dict(self.troubles),
        )

    def plan(self) -> Plan:
        """The plan for what is there now."""
        if self.interview is None:
            return plan_orphan(self.children(), self.now)
        step = plan(self.observe(), self.now)
        return step if step.wants is None else plan(replace(self.observe(), turn=self.turn), self.now)

    def reconcile(self, crash_after: int | None = None, passes: int = 25) -> int:
        """Observes, plans and acts until nothing is left to do; gives the number of passes.

        With `crash_after`, the operator dies after that many actions, and forgets its troubles.
        """
        left = crash_after
        for count in range(1, passes + 1):
            step = self.plan()
            self.wake_at = step.wake_at
            if self.meanwhile is not None:
                happens, self.meanwhile = self.meanwhile, None
                happens()
            for action in step.actions:
                if left == 0:
                    self.troubles.clear()
                    self.link_remembered = False
                    return count
                if not self._try(action):
                    return count
                left = None if left is None else left - 1
            if all(isinstance(action, ApplyStatus | EmitEvent) for action in step.actions):
                return count
        raise AssertionError(f"no rest after {passes} passes, at last: {step.actions}")

    def _try(self, action: Action) -> bool:
        step = step_of(action)
        try:
            self.perform(action)
        except LostRaceError:
            return False
        except StepDownError:
            assert step is not None
            self.troubles[step] = troubled(self.troubles.get(step), self.now, self.down_kind, f"{step} is down")
            self.tried.append(step.name)
            return False
        if step is not None:
            self.troubles.pop(step, None)
        elif isinstance(action, DeleteInputs):
            self.troubles.clear()
        return True

    # What the cluster and the services do

    def perform(self, action: Action) -> None:
        """Takes an action as the real world would."""
        step = step_of(action)
        if step is not None and step.name in self.down:
            raise StepDownError
        self.performed.add(type(action))
        if (manifest := getattr(action, "manifest", None)) is not None:
            uid = None if self.inputs is None else self.inputs["metadata"]["uid"]
            assert goes_with(self.require_interview(), manifest, self.installation.name, uid), action
        match action:
            case PinTemplate(manifest):
                self.revisions.setdefault(
                    manifest["metadata"]["name"], InterviewTemplateSpec.model_validate(manifest["data"])
                )
            case ApplyLink(manifest):
                self.link = dict(manifest["stringData"])
                self.link_remembered = True
            case DeleteLink():
                self.link = None
                self.link_remembered = True
            case CollectRevision(name):
                self.revisions.pop(name, None)
            case EmitEvent():
                self.events.append(action)
            case SetFinalizer(present):
                self._set_finalizer(present)
            case ApplyStatus(status, resource_version):
                if resource_version not in (None, self._version()):
                    raise LostRaceError
                self._apply_status(status)
            case WriteTombstone() | RemoveTombstone():
                self.perform_on_tombstone(action)
            case DeleteInterview(version):
                if version == self._version():
                    self.delete()
            case CreateInputs() | UpdateInputs() | DeleteInputs() | CreatePod() | MarkPod() | DeletePod():
                self.perform_on_bots(action)
            case EnsureRoom() | EjectBot() | DeleteRoom() | Seal() | Erase():
                self._perform_outside(action)

    def _perform_outside(self, action: EnsureRoom | EjectBot | DeleteRoom | Seal | Erase) -> None:
        match action:
            case EnsureRoom():
                room = action.inputs.room
                if room.name not in self.rooms:
                    self.rooms_made[room.name] = self.now
                self.rooms.add(room.name)
                room = room.model_copy(update={"url": f"https://daily.example.com/{room.name}"})
                inputs = action.inputs.model_copy(update={"room": room})
                self.perform_on_bots(UpdateInputs(changed_inputs(self.installation, action.ledger, inputs)))
            case EjectBot(_, _, attempt):
                self.ejected.append(attempt)
            case DeleteRoom(_, name):
                self.rooms.discard(name)
            case Seal(reason):
                self.sealed.append(reason)
                if self.interview is not None and self.created_pods:
                    self.finish(reason)
            case Erase(former):
                self.erased_uids.append(former or self.require_interview().metadata.uid or "")

    def _version(self) -> str:
        """The Interview's resourceVersion: another one whenever it is another object."""
        if self.interview is not self._versioned[0]:
            self._versioned = (self.interview, str(next(self.numbers)))
        return self._versioned[1]

    def _set_finalizer(self, present: bool) -> None:
        interview = self.require_interview()
        metadata = interview.metadata.model_copy(update={"finalizers": [FINALIZER] if present else []})
        gone = metadata.deletion_timestamp is not None and not present
        self.interview = None if gone else interview.model_copy(update={"metadata": metadata})
        if gone:
            self.link = None  # the garbage collector's work

    def _apply_status(self, status: InterviewStatus) -> None:
        interview = self.require_interview()
        stored = InterviewStatus.model_validate_json(status.model_dump_json(by_alias=True))
        theirs = [item for item in interview.status.conditions if item.type in API_CONDITIONS]
        merged = stored.model_copy(
            update={"session": interview.status.session, "conditions": [*stored.conditions, *theirs]}
        )
        history = merged.attempts.history if merged.attempts else []
        assert len(history) <= 10
        assert {attempt.reason for attempt in history} <= {None, *LOSSES}
        ledger = self.children().inputs
        readable = ledger is not None and ledger.inputs is not None
        self.fell_back |= readable and (interview.status.phase, merged.phase) == ("InProgress", "Pending")
        self.interview = interview.model_copy(update={"status": merged})
        self.phases.append(str(merged.phase))

    # What tests ask

    @property
    def erased(self) -> bool:
        """Whether something was erased."""
        return bool(self.erased_uids)

    @property
    def bot_inputs(self) -> BotInputs:
        """What the current bot is given."""
        ledger = self.children().inputs
        assert ledger is not None
        assert ledger.inputs is not None
        return ledger.inputs

    def daily(self) -> "World":
        """The same world with Daily as its provider."""
        self.installation = replace(self.installation, default_room_provider="daily")
        return self


def ready(world: World) -> World:
    """The world with its bot in the room."""
    world.reconcile()
    world.ready_pod(world.pod)
    world.reconcile()
    return world


def in_progress(world: World) -> World:
    """The world in the middle of the conversation."""
    ready(world)
    world.arrive()
    world.join()
    world.reconcile()
    return world


def window(not_before: float | None = None, expires_at: float | None = None) -> dict[str, dict[str, str]]:
    """A spec's window, in seconds from the start."""
    times = {"notBefore": not_before, "expiresAt": expires_at}
    return {
        "window": {
            key: (START + timedelta(seconds=value)).isoformat() for key, value in times.items() if value is not None
        }
    }

"""A cluster in memory for the operator's plan: it takes actions as the real one does, and lets everything go wrong.

It is the surroundings of the thing under test, never the thing itself: the plan sees it through a Snapshot, as the
shell would build it from the API server's answers.
"""

import base64
import itertools
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from parley_crds import API_CONDITIONS, Interview, InterviewStatus, InterviewTemplateSpec, Session, set_condition
from parley_crds.names import FINALIZER
from parley_operator.actions import (
    Action,
    ApplyLink,
    ApplyStatus,
    CollectRevision,
    CreateInputs,
    CreatePod,
    DeleteInputs,
    DeleteLink,
    DeletePod,
    DeleteRoom,
    EjectBot,
    EmitEvent,
    EnsureRoom,
    Erase,
    PinTemplate,
    Plan,
    Seal,
    SetFinalizer,
    UpdateInputs,
)
from parley_operator.installation import BotDefaults, Installation
from parley_operator.manifests import inputs_manifest
from parley_operator.plan import plan, plan_orphan
from parley_operator.shell.act import step_of
from parley_operator.shell.observe import inputs_of, pod_of
from parley_operator.snapshot import Children, ContextProblem, LinkSecret, Revision, Snapshot, Step, Trouble

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
INSTALLATION = Installation(
    name="test",
    bots_namespace="bots",
    link_key=b"k" * 32,
    link_base_url="https://talk.example.com",
    api_url="https://api.example.com:8443",
    bot=BotDefaults(image="parley/bot:test"),
    room_providers=frozenset({"websocket", "daily"}),
)
TEMPLATE: dict[str, Any] = {
    "title": "Backend engineer",
    "interviewer": {"name": "Ada", "greeting": "Hello.", "closing": "Goodbye."},
    "questions": [{"id": "why", "text": "Why this job?", "followUps": 1, "timeLimitSeconds": 100}],
    "consent": {"text": "An AI interviews you.", "version": "1"},
}


class StepDownError(Exception):
    """An outside step does not work at the moment."""


def template(**changes: Any) -> InterviewTemplateSpec:
    """A template's content."""
    return InterviewTemplateSpec.model_validate({**TEMPLATE, **changes})


@dataclass
class World:
    """One interview and everything around it."""

    spec: dict[str, Any] = field(default_factory=dict)
    now: datetime = START
    installation: Installation = INSTALLATION
    template: InterviewTemplateSpec | None = field(default_factory=template)
    template_problem: str | None = None
    context: str | ContextProblem | None = None
    interview: Interview | None = None
    revisions: dict[str, InterviewTemplateSpec] = field(default_factory=dict)
    link: dict[str, Any] | None = None
    inputs: dict[str, Any] | None = None
    pods: dict[str, dict[str, Any]] = field(default_factory=dict)
    rooms: set[str] = field(default_factory=set)
    down: set[Step] = field(default_factory=set)
    troubles: dict[Step, Trouble] = field(default_factory=dict)
    sealed: list[str] = field(default_factory=list)
    erased: bool = False
    ejected: list[int] = field(default_factory=list)
    events: list[EmitEvent] = field(default_factory=list)
    created_pods: list[str] = field(default_factory=list)
    phases: list[str] = field(default_factory=list)
    wake_at: datetime | None = None

    def __post_init__(self) -> None:
        self._numbers = itertools.count(1)
        metadata = {"name": "jane", "namespace": "hiring", "uid": "11111111-2222-3333", "generation": 1}
        self.interview = Interview.model_validate(
            {"metadata": metadata, "spec": {"templateRef": {"name": "backend"}, **self.spec}}
        )

    # What the shell does

    def observe(self) -> Snapshot:
        """The snapshot that the shell would read."""
        interview = self.require_interview()
        pinned = interview.status.template
        content = None if pinned is None else self.revisions.get(pinned.revision)
        return Snapshot(
            installation=self.installation,
            interview=interview,
            template=self.template if content is None else None,
            template_problem=self.template_problem,
            revision=None if pinned is None or content is None else Revision(pinned.revision, content),
            context=self.context,
            link=None if self.link is None else LinkSecret(self.link["url"], self.link["token"]),
            children=self.children(),
        )

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
        return plan(self.observe(), self.now)

    def reconcile(self, crash_after: int | None = None, passes: int = 25) -> int:
        """Observes, plans and acts until nothing is left to do; gives the number of passes.

        With `crash_after`, the operator dies after that many actions, and forgets its troubles.
        """
        left = crash_after
        for count in range(1, passes + 1):
            step = self.plan()
            self.wake_at = step.wake_at
            for action in step.actions:
                if left == 0:
                    self.troubles.clear()
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
        except StepDownError:
            assert step is not None
            old = self.troubles.get(step)
            self.troubles[step] = Trouble(since=old.since if old else self.now, message=f"{step} is down")
            return False
        if step is not None:
            self.troubles.pop(step, None)
        return True

    # What the cluster and the services do

    def perform(self, action: Action) -> None:
        """Takes an action as the real world would."""
        step = step_of(action)
        if step is not None and step in self.down:
            raise StepDownError
        match action:
            case PinTemplate(manifest):
                self.revisions.setdefault(
                    manifest["metadata"]["name"], InterviewTemplateSpec.model_validate(manifest["data"])
                )
            case ApplyLink(manifest):
                self.link = dict(manifest["stringData"])
            case DeleteLink():
                self.link = None
            case CollectRevision(name):
                self.revisions.pop(name, None)
            case EmitEvent():
                self.events.append(action)
            case SetFinalizer(present):
                self._set_finalizer(present)
            case ApplyStatus(status):
                self._apply_status(status)
            case CreateInputs() | UpdateInputs() | DeleteInputs() | CreatePod() | DeletePod():
                self._perform_on_bots(action)
            case EnsureRoom() | EjectBot() | DeleteRoom() | Seal() | Erase():
                self._perform_outside(action)

    def _perform_on_bots(self, action: CreateInputs | UpdateInputs | DeleteInputs | CreatePod | DeletePod) -> None:
        match action:
            case CreateInputs(manifest):
                if self.inputs is None:
                    self._store_inputs(manifest, f"secret-{next(self._numbers)}")
            case UpdateInputs(manifest):
                assert self.inputs is not None
                assert manifest["metadata"]["resourceVersion"] == self.inputs["metadata"]["resourceVersion"]
                self._store_inputs(manifest, self.inputs["metadata"]["uid"])
            case DeleteInputs(uid):
                if self.inputs is not None and self.inputs["metadata"]["uid"] == uid:
                    self.inputs = None
            case CreatePod(manifest):
                self._create_pod(manifest)
            case DeletePod(name, uid, grace):
                pod = self.pods.get(name)
                if pod is not None and pod["metadata"]["uid"] == uid:
                    self.delete_pod(name, grace)

    def _perform_outside(self, action: EnsureRoom | EjectBot | DeleteRoom | Seal | Erase) -> None:
        match action:
            case EnsureRoom():
                self.rooms.add(action.name)
                room = action.inputs.room.model_copy(update={"url": f"https://daily.example.com/{action.name}"})
                inputs = action.inputs.model_copy(update={"room": room})
                self._perform_on_bots(
                    UpdateInputs(inputs_manifest(self.installation, inputs, action.failures, action.resource_version))
                )
            case EjectBot(_, _, attempt):
                self.ejected.append(attempt)
            case DeleteRoom(_, name):
                self.rooms.discard(name)
            case Seal(reason):
                self.sealed.append(reason)
                if self.interview is not None and self.created_pods:
                    self.finish(reason)
            case Erase():
                self.erased = True

    def _store_inputs(self, manifest: dict[str, Any], uid: str) -> None:
        metadata = {**manifest["metadata"], "uid": uid, "resourceVersion": str(next(self._numbers))}
        data = {key: base64.b64encode(value.encode()).decode() for key, value in manifest["stringData"].items()}
        self.inputs = {"metadata": metadata, "data": data}

    def _create_pod(self, manifest: dict[str, Any]) -> None:
        name = manifest["metadata"]["name"]
        if name in self.pods:
            return
        assert self.inputs is not None, "a pod without its owner is collected at once"
        self.created_pods.append(name)
        created = _stamp(self.now)
        metadata = {**manifest["metadata"], "uid": f"pod-{next(self._numbers)}", "creationTimestamp": created}
        self.pods[name] = {**manifest, "metadata": metadata, "status": {"phase": "Pending"}}

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
        assert len(merged.attempts.history if merged.attempts else []) <= 10
        self.interview = interview.model_copy(update={"status": merged})
        self.phases.append(str(merged.phase))

    # What happens by itself or by others

    def require_interview(self) -> Interview:
        """The Interview, which must be there."""
        assert self.interview is not None
        return self.interview

    def advance(self, seconds: float) -> None:
        """Lets time pass; terminating pods end when their grace is over, and the garbage collector works."""
        self.now += timedelta(seconds=seconds)
        for name, pod in list(self.pods.items()):
            deleted = pod["metadata"].get("deletionTimestamp")
            lost = pod["status"].get("reason") == "NodeLost"
            if deleted is not None and datetime.fromisoformat(deleted) <= self.now and not lost:
                del self.pods[name]
        self.collect()

    def collect(self) -> None:
        """The garbage collector: a pod whose owner is gone is deleted."""
        for name, pod in list(self.pods.items()):
            owner = pod["metadata"]["ownerReferences"][0]["uid"]
            if self.inputs is None or self.inputs["metadata"]["uid"] != owner:
                self.delete_pod(name, 30)

    def delete_pod(self, name: str, grace: int) -> None:
        """Deletes a pod as the API server does: at once without grace or a node, else it terminates."""
        pod = self.pods[name]
        if grace == 0:
            del self.pods[name]
            return
        until = self.now + timedelta(seconds=grace)
        old = pod["metadata"].get("deletionTimestamp")
        if old is None or datetime.fromisoformat(old) > until:
            stamps = {"deletionTimestamp": _stamp(until), "deletionGracePeriodSeconds": grace}
            self.pods[name] = {**pod, "metadata": {**pod["metadata"], **stamps}}

    def set_pod(self, name: str, **status: Any) -> None:
        """Writes a pod's status, as the kubelet does."""
        self.pods[name] = {**self.pods[name], "status": status}

    def ready_pod(self, name: str) -> None:
        """The bot is in the room."""
        ready = {"type": "Ready", "status": "True", "lastTransitionTime": _stamp(self.now)}
        self.set_pod(name, phase="Running", conditions=[ready])

    def kill_pod(self, name: str, exit_code: int | None, reason: str = "") -> None:
        """The container ended."""
        ended = {"exitCode": exit_code, "reason": reason or "Error", "finishedAt": _stamp(self.now)}
        phase = "Succeeded" if exit_code == 0 else "Failed"
        states = [] if exit_code is None else [{"name": "bot", "state": {"terminated": ended}}]
        self.set_pod(name, phase=phase, containerStatuses=states, **({"reason": reason} if reason else {}))

    def _change_status(self, **changes: Any) -> None:
        interview = self.require_interview()
        self.interview = interview.model_copy(update={"status": interview.status.model_copy(update=changes)})

    def arrive(self) -> None:
        """The candidate agrees on the page."""
        status = self.require_interview().status
        session = (status.session or Session()).model_copy(update={"consented_at": self.now, "consent_version": "1"})
        conditions = set_condition(status.conditions, "CandidateArrived", True, "Consented", now=self.now)
        self._change_status(session=session, conditions=conditions)

    def join(self) -> None:
        """The candidate joins the room."""
        status = self.require_interview().status
        session = status.session or Session()
        started = session.started_at or self.now
        self._change_status(session=session.model_copy(update={"started_at": started, "joined_at": self.now}))

    def finish(self, reason: str) -> None:
        """The API has stored the transcript; the first end stands."""
        status = self.require_interview().status
        if any(item.type == "SessionFinished" for item in status.conditions):
            return
        session = (status.session or Session()).model_copy(update={"finished_at": self.now, "reason": reason})
        conditions = set_condition(status.conditions, "SessionFinished", True, reason, now=self.now)
        self._change_status(session=session, conditions=conditions)

    def edit(self, **spec: Any) -> None:
        """Changes the Interview's spec."""
        interview = self.require_interview()
        generation = (interview.metadata.generation or 0) + 1
        self.interview = interview.model_copy(
            update={
                "spec": interview.spec.model_copy(update=spec),
                "metadata": interview.metadata.model_copy(update={"generation": generation}),
            }
        )

    def delete(self) -> None:
        """Deletes the Interview."""
        interview = self.require_interview()
        if not interview.metadata.finalizers:
            self.interview = None
        elif interview.metadata.deletion_timestamp is None:
            metadata = interview.metadata.model_copy(update={"deletion_timestamp": self.now})
            self.interview = interview.model_copy(update={"metadata": metadata})

    # What tests ask

    @property
    def status(self) -> InterviewStatus:
        """The Interview's status."""
        return self.require_interview().status

    @property
    def phase(self) -> str:
        """The Interview's phase."""
        return str(self.status.phase)

    @property
    def live_pods(self) -> list[str]:
        """The pods whose container runs or may yet run."""
        return [name for name, pod in self.pods.items() if pod["status"]["phase"] not in ("Succeeded", "Failed")]

    @property
    def pod(self) -> str:
        """The one pod."""
        (name,) = self.pods
        return name

    def condition(self, type_: str) -> tuple[str, str] | None:
        """A condition's status and reason."""
        found = [item for item in self.status.conditions if item.type == type_]
        return (found[0].status, found[0].reason) if found else None

    def daily(self) -> "World":
        """The same world with Daily as its provider."""
        self.installation = replace(self.installation, default_room_provider="daily")
        return self


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

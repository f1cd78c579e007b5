"""What the shell makes of objects as the API server gives them."""

import base64
from typing import Any

import pytest
from parley_crds import CONTEXT_LENGTH
from parley_operator.plan.attempts import last_line
from parley_operator.shell.client.kube import CONFIG_MAPS, Resource
from parley_operator.shell.reconcile.observe import Observer, UnreadableInterviewError, inputs_of, interview_of, pod_of
from parley_operator.snapshot import ReferenceProblem
from support.operator_world import INSTALLATION, START, World

METADATA = {
    "name": "itv-jane-1-2",
    "uid": "pod-uid",
    "creationTimestamp": "2026-11-22T12:00:00Z",
    "labels": {"parley.dev/attempt": "2"},
}

ENDED = {"name": "bot", "state": {"terminated": {"exitCode": 143, "reason": "Error", "message": "bye"}}}


def interview(spec: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {"metadata": {"name": "jane", "namespace": "hiring", "uid": "u", **metadata}, "spec": spec}


def test_a_pod_without_a_status_yet() -> None:
    pod = pod_of({"metadata": METADATA})
    assert (pod.attempt, pod.phase, pod.ready, pod.dead) == (2, "Pending", False, False)
    assert pod.settled_at == pod.created_at == START


def test_a_disruption_goes_before_what_the_container_says() -> None:
    status = {
        "phase": "Failed",
        "conditions": [{"type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI"}],
        "containerStatuses": [ENDED],
    }
    pod = pod_of({"metadata": METADATA, "status": status})
    assert (pod.reason, pod.exit_code, pod.message) == ("EvictionByEvictionAPI", 143, "bye")


def test_what_the_kubelet_ended_is_told_by_its_own_word() -> None:
    kubelet = {"type": "DisruptionTarget", "status": "True", "reason": "TerminationByKubelet", "message": "terminated"}
    evicted = {"reason": "Evicted", "message": "The node was low on resource: memory."}
    status = {"phase": "Failed", "conditions": [kubelet], "containerStatuses": [ENDED]}
    pod = pod_of({"metadata": METADATA, "status": {**status, **evicted}})
    assert (pod.reason, pod.message) == ("Evicted", "The node was low on resource: memory.")
    assert pod_of({"metadata": METADATA, "status": status}).reason == "TerminationByKubelet"


def test_a_disruption_that_did_not_come_is_none() -> None:
    averted = {"type": "DisruptionTarget", "status": "False", "reason": "PreemptionByScheduler", "message": "no"}
    pod = pod_of({"metadata": METADATA, "status": {"phase": "Running", "conditions": [averted]}})
    assert (pod.reason, pod.message) == ("", "")


def test_an_ended_bot_is_dead_while_its_sandbox_is_torn_down() -> None:
    sidecar = {"name": "mesh", "state": {"terminated": {"exitCode": 0}}}
    running = {"name": "bot", "state": {"running": {}}}
    alive = pod_of({"metadata": METADATA, "status": {"phase": "Running", "containerStatuses": [sidecar, running]}})
    assert not alive.dead
    ended = pod_of({"metadata": METADATA, "status": {"phase": "Running", "containerStatuses": [sidecar, ENDED]}})
    assert (ended.dead, ended.exit_code) == (True, 143)


def test_a_pod_that_cannot_be_scheduled_says_so() -> None:
    message = "0/1 nodes are available"
    scheduled = {"type": "PodScheduled", "status": "False", "message": message}
    assert pod_of({"metadata": METADATA, "status": {"conditions": [scheduled]}}).message == message


@pytest.mark.parametrize("data", [{}, {"inputs.json": "!"}, {"inputs.json": base64.b64encode(b"{}").decode()}])
def test_inputs_that_nobody_can_read(data: dict[str, str]) -> None:
    ledger = inputs_of({"metadata": {"name": "x", "uid": "u", "resourceVersion": "1"}, "data": data})
    assert (ledger.inputs, ledger.failures) == (None, 0)


def test_an_interview_of_an_older_schema_is_told_of_and_can_be_deleted() -> None:
    spec = {"templateRef": {"name": "backend"}, "withdrawn": 1, "deletionPolicy": "Erase"}
    with pytest.raises(UnreadableInterviewError, match=r"spec\.withdrawn"):
        interview_of(interview(spec))
    deleted = interview_of(interview(spec, deletionTimestamp="2026-11-22T12:00:00Z"))
    assert deleted.spec.deletion_policy == "Erase"


def test_a_deleted_interview_is_read_whatever_it_holds() -> None:
    found = interview({"templateRef": {"name": "No Name"}, "cancel": "?"}, deletionTimestamp="2026-11-22T12:00:00Z")
    finished = {
        "type": "SessionFinished",
        "status": "True",
        "reason": "Completed",
        "message": "",
        "lastTransitionTime": "2026-11-22T12:00:00Z",
    }
    found["status"] = {"phase": "Forgotten", "attempts": {"current": -1}, "conditions": [finished]}
    deleted = interview_of(found)
    assert (deleted.spec.deletion_policy, deleted.status.phase, deleted.status.attempts) == ("Retain", None, None)
    assert [condition.reason for condition in deleted.status.conditions] == ["Completed"]


def test_a_status_that_is_not_valid_is_not_called_a_spec() -> None:
    found = {**interview({"templateRef": {"name": "backend"}}), "status": {"phase": "Forgotten"}}
    with pytest.raises(UnreadableInterviewError, match=r"^it is not valid: status\.phase"):
        interview_of(found)


COMPLETE = {
    "type": "Complete",
    "status": "True",
    "reason": "Completed",
    "message": "",
    "lastTransitionTime": "2026-11-22T12:00:00Z",
}


class Objects:
    """An API server that holds these objects by their plural, and keeps what was read."""

    def __init__(self, **objects: dict[str, Any]) -> None:
        self._objects = objects
        self.read: list[str] = []
        self.unheard_of = True

    async def get(self, resource: Resource, namespace: str, name: str) -> dict[str, Any] | None:
        self.read.append(f"{resource.plural}/{name}")
        return self._objects.get(resource.plural)

    recall = get

    def is_unheard_of(self, resource: Resource, namespace: str, name: str) -> bool:
        return self.unheard_of

    async def ledger(self, name: str) -> dict[str, Any] | None:
        return self._objects.get("secrets")

    async def bots(self, uid: str) -> list[dict[str, Any]]:
        return []


def accepted(world: World, **spec: Any) -> dict[str, Any]:
    """The Interview of a world that has come to rest, with this spec beside its own."""
    stored = world.require_interview().model_dump(mode="json", by_alias=True, exclude_none=True)
    return {**stored, "spec": {**stored["spec"], **spec}}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({}, None),
        ({"title": "Another title"}, "The ControllerRevision {} is not what was pinned: delete it"),
        ({"title": ""}, "The template is not valid: title: "),
    ],
)
async def test_a_snapshot_is_held_against_its_hash(change: dict[str, Any], problem: str | None) -> None:
    world = World(spec={"start": "OnArrival"})
    world.reconcile()
    ((name, content),) = world.revisions.items()
    kube: Any = Objects(controllerrevisions={"data": {**content.to_dict(), **change}})
    observed = await Observer(kube, INSTALLATION).snapshot(interview_of(accepted(world)), {})
    if problem is None:
        assert observed.revision is not None
        assert observed.template_problem is None
    else:
        assert observed.revision is None
        assert (observed.template_problem or "").startswith(problem.format(name))


async def test_a_context_that_the_bot_has_is_not_read_again() -> None:
    world = World()
    world.reconcile()
    world.reconcile()
    assert world.status.attempts is not None
    context = {"secretKeyRef": {"name": "cv", "key": "text"}}
    kube: Any = Objects(secrets=world.inputs or {})
    await Observer(kube, INSTALLATION).snapshot(interview_of(accepted(world, context=context)), {})
    assert "secrets/cv" not in kube.read
    lost: Any = Objects()
    await Observer(lost, INSTALLATION).snapshot(interview_of(accepted(world, context=context)), {})
    assert "secrets/cv" in lost.read, "who has to make the inputs anew needs it"


@pytest.mark.parametrize(
    ("unheard_of", "changed", "read"),
    [
        (True, {}, False),
        (False, {}, True),
        (True, {"deletionTimestamp": "2026-11-22T12:00:00Z"}, True),
        (True, {"linkSecretName": "itv-jane-link"}, True),
        (True, {"phase": "Completed", "conditions": [COMPLETE]}, True),
    ],
    ids=["new", "made or doubted a moment ago", "leaving", "told", "over"],
)
async def test_a_link_that_nobody_has_told_of_is_not_read(
    unheard_of: bool, changed: dict[str, Any], read: bool
) -> None:
    leaves = "deletionTimestamp" in changed
    found = interview({"templateRef": {"name": "backend"}}, **(changed if leaves else {}))
    kube: Any = Objects()
    kube.unheard_of = unheard_of
    found["status"] = {} if leaves else changed
    observed = await Observer(kube, INSTALLATION).snapshot(interview_of(found), {})
    assert any(name.startswith("secrets/") for name in kube.read) == read
    assert observed.link == (None if read else "Unread")


class Documents:
    """An API server that holds one ConfigMap and nothing else."""

    def __init__(self, config_map: dict[str, Any]) -> None:
        self._config_map = config_map

    async def get(self, resource: Resource, namespace: str, name: str) -> dict[str, Any] | None:
        return self._config_map if resource is CONFIG_MAPS else None

    recall = get

    def is_unheard_of(self, resource: Resource, namespace: str, name: str) -> bool:
        return True

    async def ledger(self, name: str) -> None:
        return None

    async def bots(self, uid: str) -> list[dict[str, Any]]:
        return []


@pytest.mark.parametrize(
    ("labels", "length", "reason"),
    [
        ({"parley.dev/readable": "true"}, CONTEXT_LENGTH, None),
        ({"parley.dev/readable": "true"}, CONTEXT_LENGTH + 1, "ContextTooLong"),
        ({"parley.dev/readable": "false"}, 1, "ContextNotReadable"),
    ],
)
async def test_a_context_elsewhere_is_bounded_as_one_inline_is(
    labels: dict[str, str], length: int, reason: str | None
) -> None:
    text = "ü" * length
    kube: Any = Documents({"metadata": {"labels": labels}, "data": {"cv": text}})
    spec = {"templateRef": {"name": "backend"}, "context": {"configMapKeyRef": {"name": "jane", "key": "cv"}}}
    observed = await Observer(kube, INSTALLATION).snapshot(interview_of(interview(spec)), {})
    if reason is None:
        assert observed.context == text
    else:
        assert isinstance(observed.context, ReferenceProblem)
        assert observed.context.reason == reason
        assert "ü" not in observed.context.message


def test_a_template_of_an_older_schema_is_told_of() -> None:
    world = World(spec={"start": "OnArrival"})
    world.template_problem = "The template is not valid: title: missing"
    world.reconcile()
    assert world.condition("Accepted") == ("False", "TemplateNotValid")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", ""),
        ("\x1b[0;93mwarning\x1b[m\n\n", "warning"),
        ('first\n{"level": "ERROR", "message": "the model refused"}\n', "the model refused"),
        ("Traceback\nValueError: no\n", "ValueError: no"),
        ("[1, 2]", "[1, 2]"),
        ("x" * 999, "x" * 300),
    ],
)
def test_a_containers_last_words(text: str, line: str) -> None:
    assert last_line(text) == line

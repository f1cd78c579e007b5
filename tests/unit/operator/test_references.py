"""What is referred to by Secret: the keys of a template's tools, read only where they are marked."""

import base64
from typing import Any

import pytest
from parley_crds import InterviewTemplateSpec, Tool
from parley_operator.bot_plan import LONGEST_TOOL_KEY
from parley_operator.shell.client.kube import REVISIONS, SECRETS, TEMPLATES, Resource
from parley_operator.shell.reconcile.observe import Observer, interview_of
from parley_operator.shell.reconcile.references import read_tool_keys
from parley_operator.snapshot import ReferenceProblem
from support.operator_world import INSTALLATION, World, template

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MARKED = {"parley.dev/readable": "true"}
TOOL: dict[str, Any] = {
    "name": "salary",
    "description": "Look it up.",
    "inputSchema": {"type": "object"},
    "webhook": {"url": "https://tools.example/", "secretRef": {"name": "tools", "key": "salary"}},
}
WITH_TOOL = template(tools=[TOOL])


class Secrets:
    """An API server that holds Secrets of one namespace, and perhaps a template; `asked` are the Secrets read."""

    def __init__(self, *secrets: dict[str, Any], template: InterviewTemplateSpec | None = None) -> None:
        self._secrets = {secret["metadata"]["name"]: secret for secret in secrets}
        self._template = template
        self.asked: list[str] = []

    async def get(self, resource: Resource, namespace: str, name: str) -> dict[str, Any] | None:
        if resource is TEMPLATES:
            return None if self._template is None else {"spec": self._template.to_dict()}
        assert (resource, namespace) == (SECRETS, "hiring")
        self.asked.append(name)
        return self._secrets.get(name)

    async def recall(self, resource: Resource, namespace: str, name: str) -> dict[str, Any] | None:
        assert resource in (SECRETS, REVISIONS)
        return None

    def is_unheard_of(self, resource: Resource, namespace: str, name: str) -> bool:
        return True

    async def ledger(self, name: str) -> None:
        return None

    async def bots(self, uid: str) -> list[dict[str, Any]]:
        return []


def secret(labels: dict[str, str], **data: str | bytes) -> dict[str, Any]:
    encoded = {
        key: base64.b64encode(value.encode() if isinstance(value, str) else value).decode()
        for key, value in data.items()
    }
    return {"metadata": {"name": "tools", "labels": labels}, "data": encoded}


async def keys(*secrets: dict[str, Any]) -> Any:
    kube: Any = Secrets(*secrets)
    return await read_tool_keys(kube, "hiring", [Tool.model_validate(TOOL)])


@pytest.mark.parametrize(
    "text", [KEY, KEY + "\n", "whsec_MfKQ9r8GKYqrTwjU8ILPZIo2LaLaSw", "sixteen letters!", "ü" * 16]
)
async def test_a_marked_key_is_read(text: str) -> None:
    assert await keys(secret(MARKED, salary=text)) == {"salary": text.strip()}


@pytest.mark.parametrize(
    ("secrets", "reason", "words"),
    [
        ([], "ToolKeyNotFound", "Tool salary: There is no Secret tools in this namespace"),
        ([secret({}, salary=KEY)], "ToolKeyNotReadable", "is not marked with the label parley.dev/readable"),
        ([secret({"parley.dev/readable": "false"}, salary=KEY)], "ToolKeyNotReadable", "is not marked"),
        ([secret(MARKED, other=KEY)], "ToolKeyNotFound", "has no key salary with text"),
        ([secret(MARKED, salary=b"\xff\xfe" * 20)], "ToolKeyNotFound", "has no key salary with text"),
        ([secret(MARKED, salary="short")], "ToolKeyNotValid", "has 5 characters, 16 to 1024 are allowed"),
        ([secret(MARKED, salary="x" * (LONGEST_TOOL_KEY + 1))], "ToolKeyNotValid", "has 1025 characters"),
        ([secret(MARKED, salary="whsec_not base64, no")], "ToolKeyNotValid", "is not base64"),
    ],
)
async def test_what_cannot_be_read_is_told_without_the_key(
    secrets: list[dict[str, Any]], reason: str, words: str
) -> None:
    problem = await keys(*secrets)
    assert isinstance(problem, ReferenceProblem)
    assert problem.reason == reason
    assert words in problem.message
    assert "MfKQ" not in problem.message


async def test_the_keys_are_read_with_the_template_and_not_once_it_is_over() -> None:
    spec = {"templateRef": {"name": "backend"}}
    document = {"metadata": {"name": "jane", "namespace": "hiring", "uid": "u"}, "spec": spec}
    kube: Any = Secrets(secret(MARKED, salary=KEY), template=WITH_TOOL)
    observed = await Observer(kube, INSTALLATION).snapshot(interview_of(document), {})
    assert observed.tool_keys == {"salary": KEY}
    assert KEY not in repr(observed)
    over = {"type": "Failed", "status": "True", "reason": "NoShow", "message": "", "observedGeneration": 1}
    over["lastTransitionTime"] = "2026-11-22T12:00:00Z"
    kube = Secrets(secret(MARKED, salary=KEY), template=WITH_TOOL)
    await Observer(kube, INSTALLATION).snapshot(interview_of({**document, "status": {"conditions": [over]}}), {})
    assert kube.asked == []


def webhooks(world: World) -> list[tuple[str, str, str, int]]:
    inputs = world.children().inputs
    assert inputs is not None
    assert inputs.inputs is not None
    return [(hook.name, hook.url, hook.key, hook.timeout_seconds) for hook in inputs.inputs.webhooks]


def test_the_inputs_hold_each_tools_webhook_beside_the_plan() -> None:
    world = World(template=WITH_TOOL, tool_keys={"salary": KEY})
    world.reconcile()
    assert webhooks(world) == [("salary", "https://tools.example/", KEY, 5)]
    inputs = world.children().inputs
    assert inputs is not None
    assert inputs.inputs is not None
    assert [tool.name for tool in inputs.inputs.plan.tools] == ["salary"]
    assert KEY not in inputs.inputs.plan.to_json().decode()
    assert KEY not in repr(inputs.inputs)


@pytest.mark.parametrize("reason", ["ToolKeyNotFound", "ToolKeyNotReadable", "ToolKeyNotValid"])
def test_a_key_that_cannot_be_had_is_waited_for(reason: str) -> None:
    world = World(template=WITH_TOOL, tool_keys=ReferenceProblem(reason, "No."))
    world.reconcile()
    assert world.condition("Accepted") == ("False", reason)
    assert world.wake_at is not None
    world.tool_keys = {"salary": KEY}
    world.reconcile()
    assert world.condition("Accepted") == ("True", "Accepted")
    assert len(webhooks(world)) == 1

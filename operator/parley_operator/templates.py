"""What can be said of a template alone: whether this installation can use it, and its status."""

from dataclasses import dataclass
from datetime import datetime

from parley_crds import (
    Condition,
    ConditionType,
    Interview,
    InterviewTemplateSpec,
    InterviewTemplateStatus,
    ObjectMeta,
    set_condition,
)

from parley_operator.bot_plan import LONGEST_TOOL_KEY, bot_inputs
from parley_operator.installation import Installation, bounds_problem
from parley_operator.manifests import pin

INPUTS_BYTES = 1_000_000
"""The longest inputs: a Secret holds 1 MiB, and its other keys and the later changes want their part."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why an interview can't be accepted: a condition's reason and message."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class TemplateSnapshot:
    """A template as observed. `content` is None where it is not valid under this schema; `invalid` then says why."""

    metadata: ObjectMeta
    status: InterviewTemplateStatus
    content: InterviewTemplateSpec | None
    invalid: str = ""


def room_provider(content: InterviewTemplateSpec, installation: Installation) -> str:
    """The room provider: the template's, else the installation's default."""
    return content.room.provider or installation.default_room_provider


def template_problem(content: InterviewTemplateSpec, installation: Installation) -> Problem | None:
    """Why this installation can't use a template, whoever is interviewed: what the schema can't know."""
    provider = room_provider(content, installation)
    if provider not in installation.room_providers:
        return Problem("RoomProviderNotConfigured", f"This installation has no account for {provider} rooms")
    if (outside := bounds_problem(content.bot, installation.bot)) is not None:
        return Problem("TemplateNotAllowed", outside)
    return None


def length_problem(
    content: InterviewTemplateSpec, installation: Installation, interview: Interview, context: str | None
) -> Problem | None:
    """Why template and context do not fit into the bot's inputs."""
    inputs = bot_inputs(
        interview,
        content,
        context,
        attempt=1,
        room="",
        provider="websocket",
        link_key=installation.link_key,
        tool_keys=dict.fromkeys((tool.name for tool in content.tools), "x" * LONGEST_TOOL_KEY),
    )
    size = len(inputs.to_json())
    if size <= INPUTS_BYTES:
        return None
    message = f"Template and context make {size} bytes of inputs for the bot, {INPUTS_BYTES} are allowed"
    return Problem("InputsTooLong", message)


def template_status(
    template: TemplateSnapshot, installation: Installation, active: int, now: datetime
) -> InterviewTemplateStatus:
    """What the status should be. A template that can't be used is Stalled: by itself it does not come right."""
    metadata, content = template.metadata, template.content
    problem = _problem(template, installation)
    conditions: list[Condition] = []
    for type_, status in ((ConditionType.ACCEPTED, problem is None), (ConditionType.STALLED, True)):
        if type_ is ConditionType.STALLED and problem is None:
            continue
        old = [condition for condition in template.status.conditions if condition.type == type_]
        reason, message = ("Accepted", "") if problem is None else (problem.reason, problem.message)
        conditions += set_condition(
            old, type_, status, reason, message, now=now, observed_generation=metadata.generation
        )
    return InterviewTemplateStatus(
        observed_generation=metadata.generation,
        conditions=conditions,
        revision=None if content is None else pin(metadata.name, content).name,
        active_interviews=active,
    )


def _problem(template: TemplateSnapshot, installation: Installation) -> Problem | None:
    content = template.content
    if content is None:
        return Problem("TemplateNotValid", f"The template is not valid: {template.invalid}")
    name = template.metadata.name
    nobody = Interview.model_validate({"metadata": {"name": "x"}, "spec": {"templateRef": {"name": name}}})
    return template_problem(content, installation) or length_problem(content, installation, nobody, None)

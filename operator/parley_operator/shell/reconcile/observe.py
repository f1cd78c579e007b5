"""Gathers the state of one interview: what is watched from the mirror, the rest from the API server."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from parley_crds import (
    Interview,
    InterviewStatus,
    InterviewTemplateSpec,
    PinnedTemplate,
    is_true,
)
from parley_crds.names import (
    INPUTS_KEY,
    LABEL_ATTEMPT,
    LABEL_IN_INTERVIEW,
    LINK_TOKEN_KEY,
    LINK_URL_KEY,
    child_name,
    link_secret_name,
    tombstone_name,
)
from parley_protocol import BotInputs, InterviewRef
from pydantic import ValidationError

from parley_operator.bot_pod import CONTAINER as BOT_CONTAINER
from parley_operator.installation import Installation
from parley_operator.manifests import ANNOTATION_FAILURES, PLACEMENT_KEY, is_what_was_pinned
from parley_operator.placement import Placement
from parley_operator.shell.client.kube import REVISIONS, SECRETS, TEMPLATES, Json
from parley_operator.shell.reconcile.references import read_context, read_tool_keys, text_data
from parley_operator.shell.watch.mirror import Mirror
from parley_operator.snapshot import (
    Children,
    InputsSecret,
    LinkSecret,
    Pod,
    ReferenceProblem,
    Revision,
    Snapshot,
    Step,
    ToolKeys,
    Trouble,
)
from parley_operator.tombstones import Tombstone, tombstone_of

logger = logging.getLogger(__name__)

type Troubles = Mapping[Step, Trouble]


class UnreadableInterviewError(Exception):
    """An Interview that was stored under an older schema and is not valid any more; the message names the field."""

    def __init__(self, message: str, found: Json) -> None:
        super().__init__(message)
        self.found = found


@dataclass(frozen=True, slots=True)
class _Template:
    """What was found of an interview's template."""

    content: InterviewTemplateSpec | None = None
    revision: Revision | None = None
    problem: str | None = None


class Observer:
    """Observes interviews through `kube`."""

    def __init__(self, kube: Mirror, installation: Installation) -> None:
        self._kube = kube
        self._installation = installation

    async def interview(self, ref: InterviewRef) -> Interview | None:
        """The Interview of this uid; None when it is gone, whatever has its name now."""
        found = await self._kube.interview(ref)
        return None if found is None else interview_of(found)

    async def snapshot(self, interview: Interview, troubles: Troubles) -> Snapshot:
        """All that the plan decides by."""
        metadata, namespace = interview.metadata, interview.metadata.namespace or ""
        ref = InterviewRef(namespace=namespace, name=metadata.name, uid=metadata.uid or "")
        children, link, template, tombstone = await asyncio.gather(
            self.children(ref, troubles),
            self._link(interview),
            self._template(interview),
            self._tombstone(interview),
        )
        # Once a bot was started, the inputs hold the context: it is read anew only where they are lost.
        started = interview.status.attempts is not None and interview.status.attempts.current > 0
        held = started and children.inputs is not None and children.inputs.inputs is not None
        context: str | ReferenceProblem | None = None
        tool_keys: ToolKeys | ReferenceProblem = {}
        if not held and metadata.deletion_timestamp is None and not _final(interview):
            context = await read_context(self._kube, interview)
            content = template.content if template.revision is None else template.revision.content
            if content is not None and content.tools:
                tool_keys = await read_tool_keys(self._kube, namespace, content.tools)
        return Snapshot(
            installation=self._installation,
            interview=interview,
            template=template.content,
            template_problem=template.problem,
            revision=template.revision,
            context=context,
            tool_keys=tool_keys,
            link=link,
            tombstone=tombstone,
            children=children,
        )

    async def children(self, ref: InterviewRef, troubles: Troubles) -> Children:
        """What is in the bots' namespace for an interview, whether or not the Interview is still there."""
        secret = await self._kube.ledger(child_name(ref.name, ref.uid))
        pods = await self._kube.bots(ref.uid)
        inputs = None if secret is None else inputs_of(secret)
        return Children(inputs=inputs, pods=tuple(pod_of(pod) for pod in pods), troubles=dict(troubles))

    async def _link(self, interview: Interview) -> LinkSecret | Literal["Unread"] | None:
        namespace, uid = interview.metadata.namespace or "", interview.metadata.uid or ""
        name = link_secret_name(child_name(interview.metadata.name, uid))
        if awaits_link(interview) and self._kube.is_unheard_of(SECRETS, namespace, name):
            return "Unread"
        secret = await self._kube.recall(SECRETS, namespace, name)
        if secret is None:
            return None
        data = text_data(secret)
        return LinkSecret(url=data.get(LINK_URL_KEY, ""), token=data.get(LINK_TOKEN_KEY, ""))

    async def _template(self, interview: Interview) -> "_Template":
        """The pinned snapshot; the template itself where none is pinned, or it is lost. Nothing once it is over."""
        namespace, pinned = interview.metadata.namespace or "", interview.status.template
        if interview.metadata.deletion_timestamp is not None or _final(interview):
            return _Template()
        try:
            if pinned is not None:
                found = await self._kube.recall(REVISIONS, namespace, pinned.revision)
                if found is not None:
                    return _snapshot_of(found, pinned)
            template = await self._kube.get(TEMPLATES, namespace, interview.spec.template_ref.name)
            content = None if template is None else InterviewTemplateSpec.model_validate(template["spec"])
            return _Template(content=content)
        except ValidationError as error:
            return _Template(problem=f"The template is not valid: {_first_of(error)}")

    async def _tombstone(self, interview: Interview) -> Tombstone | None:
        """What was left of an Interview of this name, where the plan asks for it.

        That is at the beginning, at the TTL, and where one that may have been put back is to be erased.
        """
        spec, status, metadata = interview.spec, interview.status, interview.metadata
        if metadata.deletion_timestamp is not None:
            asked = spec.deletion_policy == "Erase" and status.accepted_at is None
        else:
            asked = spec.ttl_seconds_after_finished is not None if _final(interview) else status.accepted_at is None
        if not asked:
            return None
        found = await self._kube.recall(REVISIONS, metadata.namespace or "", tombstone_name(metadata.name))
        return None if found is None else tombstone_of(self._installation.name, metadata.name, found)


def awaits_link(interview: Interview) -> bool:
    """Whether an Interview has no link yet, as far as its status tells, and may still get one."""
    status, leaves = interview.status, interview.metadata.deletion_timestamp is not None
    return (status.link_secret_name, status.accepted_at) == (None, None) and not leaves and not _final(interview)


def inputs_of(secret: Json) -> InputsSecret:
    """The ledger, from the inputs Secret."""
    metadata, data = secret["metadata"], text_data(secret)
    failures = metadata.get("annotations", {}).get(ANNOTATION_FAILURES, "0")
    try:
        inputs = BotInputs.model_validate_json(data.get(INPUTS_KEY, ""))
    except ValidationError as error:
        # Its content holds a person's data: the count tells enough for a log.
        logger.warning("Secret %s has unreadable inputs (%d errors)", metadata["name"], error.error_count())
        inputs = None
    return InputsSecret(
        uid=metadata["uid"],
        resource_version=metadata["resourceVersion"],
        inputs=inputs,
        failures=int(failures) if failures.isdecimal() else 0,
        placement=_placement(data.get(PLACEMENT_KEY, "{}"), metadata["name"]),
    )


def _placement(text: str, name: str) -> Placement:
    """What is kept of the template; what can't be read would be no reason to let a conversation go without a bot."""
    try:
        return Placement.model_validate_json(text)
    except ValidationError as error:
        logger.warning("Secret %s has an unreadable placement: %s; the defaults hold", name, _first_of(error))
        return Placement()


def pod_of(pod: Json) -> Pod:
    """A bot's pod, from its object."""
    metadata, status = pod["metadata"], pod.get("status", {})
    conditions = {item["type"]: item for item in status.get("conditions") or []}
    ready: Json = conditions.get("Ready", {})
    disruption: Json = conditions.get("DisruptionTarget", {})
    bot: Json = next((item for item in status.get("containerStatuses") or [] if item["name"] == BOT_CONTAINER), {})
    state = bot.get("state", {})
    ended, waiting = state.get("terminated", {}), state.get("waiting", {})
    scheduled: Json = conditions.get("PodScheduled", {})
    unscheduled = scheduled if scheduled.get("status") == "False" else {}
    disrupted = disruption if disruption.get("status") == "True" else {}
    # Of what the kubelet ended (an eviction, a shutdown, a preemption) its own word in the status tells which it was.
    by_kubelet = disrupted.get("reason") == "TerminationByKubelet"
    causes = (status, disrupted) if by_kubelet else (disrupted, status)
    cause = next((part for part in causes if part.get("reason")), {})
    told = (cause, ended, waiting, unscheduled)
    created = _time(metadata["creationTimestamp"])
    labels = metadata.get("labels", {})
    attempt = labels.get(LABEL_ATTEMPT, "0")
    return Pod(
        name=metadata["name"],
        uid=metadata["uid"],
        attempt=int(attempt) if attempt.isdecimal() else 0,
        phase=status.get("phase", "Pending"),
        created_at=created,
        settled_at=_time(ready["lastTransitionTime"]) if ready.get("lastTransitionTime") else created,
        ready=ready.get("status") == "True",
        # Of a node that is silent the node controller takes Ready alone; the kubelet writes both.
        unreachable=ready.get("status") == "False" and conditions.get("ContainersReady", {}).get("status") == "True",
        marked=labels.get(LABEL_IN_INTERVIEW) == "true",
        deleted_at=_time(metadata["deletionTimestamp"]) if "deletionTimestamp" in metadata else None,
        grace=metadata.get("deletionGracePeriodSeconds"),
        ended_at=_time(ended["finishedAt"]) if ended.get("finishedAt") else None,
        exit_code=ended.get("exitCode"),
        reason=next((part["reason"] for part in told if part.get("reason")), ""),
        message=next((part["message"] for part in (*told, *causes) if part.get("message")), ""),
        finalizers=tuple(metadata.get("finalizers", ())),
    )


def _snapshot_of(found: Json, pinned: PinnedTemplate) -> _Template:
    """What a ControllerRevision holds: others may make one under the name that a snapshot will have.

    Raises:
        ValidationError: it is no template.
    """
    content = InterviewTemplateSpec.model_validate(found["data"])
    if is_what_was_pinned(found["data"], content, pinned.hash):
        return _Template(revision=Revision(pinned.revision, content))
    return _Template(problem=f"The ControllerRevision {pinned.revision} is not what was pinned: delete it")


def interview_of(found: Json) -> Interview:
    """The Interview, from its object. One that is being deleted is read whatever it holds, for it has to go.

    Raises:
        UnreadableInterviewError: its spec or status is not valid.
    """
    try:
        return Interview.model_validate(found)
    except ValidationError as error:
        if "deletionTimestamp" not in found["metadata"]:
            raise UnreadableInterviewError(f"it is not valid: {_first_of(error)}", found) from error
        return _remains_of(found)


def _remains_of(found: Json) -> Interview:
    """What a deletion goes by: the policy, and what of the status is valid."""
    policy = "Erase" if found.get("spec", {}).get("deletionPolicy") == "Erase" else "Retain"
    status: Json = found.get("status") or {}
    valid = {key: value for key, value in status.items() if _is_valid({key: value})}
    spec = {"templateRef": {"name": "unknown"}, "deletionPolicy": policy}
    return Interview.model_validate({**found, "spec": spec, "status": valid})


def _is_valid(status: Json) -> bool:
    try:
        InterviewStatus.model_validate(status)
    except ValidationError:
        return False
    return True


def _first_of(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"


def _final(interview: Interview) -> bool:
    return any(is_true(interview.status.conditions, kind) for kind in ("Complete", "Failed"))


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)

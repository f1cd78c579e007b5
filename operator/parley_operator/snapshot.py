"""What the operator observed of one interview: the whole input of the plan, beside the time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from parley_crds import Interview, InterviewTemplateSpec
from parley_crds.names import child_name
from parley_protocol import BotInputs, InterviewRef

from parley_operator.installation import Installation

Step = Literal["room", "eject", "seal", "erase"]
"""A step outside Kubernetes, which can fail for long while everything else works."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """An outside step that fails: since when (this process), and the last error."""

    since: datetime
    message: str


@dataclass(frozen=True, slots=True)
class ContextProblem:
    """Why the context can't be read: a condition's reason and message."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Revision:
    """A pinned template's content, as the ControllerRevision holds it."""

    name: str
    content: InterviewTemplateSpec


@dataclass(frozen=True, slots=True)
class LinkSecret:
    """The Secret with the candidate's link, in the Interview's namespace."""

    url: str
    token: str


@dataclass(frozen=True, slots=True)
class InputsSecret:
    """The Secret with the bot's inputs: the ledger of what exists for the interview outside its namespace.

    It is made before the room and the pod and removed after them, so whatever exists is found through it. `failures`
    counts the bots that were lost. `inputs` is None when its content can't be read.
    """

    uid: str
    resource_version: str
    inputs: BotInputs | None
    failures: int


@dataclass(frozen=True, slots=True)
class Pod:
    """A bot's pod. `settled_at` is when its readiness last changed, `deleted_at` when its deletion's `grace` ends."""

    name: str
    uid: str
    attempt: int
    phase: str
    created_at: datetime
    settled_at: datetime
    ready: bool = False
    deleted_at: datetime | None = None
    grace: int | None = None
    ended_at: datetime | None = None
    exit_code: int | None = None
    reason: str = ""
    message: str = ""

    @property
    def dead(self) -> bool:
        """Whether its container will never run again: its end is told before the phase, which waits for the sandbox."""
        return self.phase in ("Succeeded", "Failed") or self.exit_code is not None


@dataclass(frozen=True, slots=True)
class Children:
    """What is there in the bots' namespace for one interview."""

    inputs: InputsSecret | None = None
    pods: tuple[Pod, ...] = ()
    troubles: Mapping[Step, Trouble] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that the plan decides by.

    `template` is read until the interview is accepted, `context` until it is over; they are None otherwise. `context`
    is also None where the interview names none. `template_problem` tells of a template, or a snapshot of one, that is
    there and not valid any more: it was stored under an older schema.
    """

    installation: Installation
    interview: Interview
    template: InterviewTemplateSpec | None = None
    template_problem: str | None = None
    revision: Revision | None = None
    context: str | ContextProblem | None = None
    link: LinkSecret | None = None
    children: Children = Children()

    @property
    def uid(self) -> str:
        """The Interview's uid."""
        return self.interview.metadata.uid or ""

    @property
    def namespace(self) -> str:
        """The Interview's namespace."""
        return self.interview.metadata.namespace or ""

    @property
    def ref(self) -> InterviewRef:
        """Which Interview."""
        return InterviewRef(namespace=self.namespace, name=self.interview.metadata.name, uid=self.uid)

    @property
    def child(self) -> str:
        """The name that the Interview's children share."""
        return child_name(self.interview.metadata.name, self.uid)

"""What the operator observed of one interview: the whole input of the plan, beside the time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from parley_crds import Interview, InterviewTemplateSpec
from parley_crds.names import child_name
from parley_protocol import BotInputs, InterviewRef

from parley_operator.capacity import Turn
from parley_operator.installation import Installation
from parley_operator.placement import Placement
from parley_operator.tombstones import Tombstone

StepName = Literal["room", "room's removal", "ejection", "seal", "erasure", "inputs Secret", "pod"]


@dataclass(frozen=True, slots=True)
class Step:
    """A step that can fail for long while everything else works: the trouble of one is never taken for another's.

    `attempt` is the bot's that it is for; 0: the interview's.
    """

    name: StepName
    attempt: int = 0

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Trouble:
    """A step that fails: since when and when last (in this process), the error's kind, and what it says.

    The message is the first of its kind: one that changes with each try would be a status write with each try.
    """

    since: datetime
    last: datetime
    kind: str
    message: str


def troubled(old: Trouble | None, now: datetime, kind: str, message: str) -> Trouble:
    """The trouble of a step that has just failed (again)."""
    if old is None:
        return Trouble(now, now, kind, message)
    return Trouble(old.since, now, kind, old.message if old.kind == kind else message)


@dataclass(frozen=True, slots=True)
class ReferenceProblem:
    """Why a context or a tool's key can't be read: a condition's reason and message."""

    reason: str
    message: str


type ToolKeys = Mapping[str, str]
"""The keys that sign the calls of a template's tools, by the tool's name."""


@dataclass(frozen=True, slots=True)
class Revision:
    """A pinned template's content, as the ControllerRevision holds it."""

    name: str
    content: InterviewTemplateSpec


@dataclass(frozen=True, slots=True)
class LinkSecret:
    """The Secret with the candidate's link, in the Interview's namespace."""

    url: str = field(repr=False)
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class InputsSecret:
    """The Secret with the bot's inputs: the ledger of what exists for the interview outside its namespace.

    It is made before the room and the pod and removed after them, so whatever exists is found through it. `failures`
    counts the bots that were lost. `inputs` is None when its content can't be read; a `placement` that can't is the
    installation's default.
    """

    uid: str
    resource_version: str
    inputs: BotInputs | None = field(repr=False)
    failures: int
    placement: Placement = field(default_factory=Placement)


@dataclass(frozen=True, slots=True)
class Pod:
    """A bot's pod. `settled_at` is when its readiness last changed, `deleted_at` when its deletion's `grace` ends.

    `unreachable` means that it is its node that is not heard of, so that nothing it says of the pod is news. `marked`:
    a drain waits for it. `finalizers` keep it once it is deleted; all of them are somebody else's.
    """

    name: str
    uid: str
    attempt: int
    phase: str
    created_at: datetime
    settled_at: datetime
    ready: bool = False
    unreachable: bool = False
    marked: bool = False
    deleted_at: datetime | None = None
    grace: int | None = None
    ended_at: datetime | None = None
    exit_code: int | None = None
    reason: str = ""
    message: str = ""
    finalizers: tuple[str, ...] = ()

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

    `template` is read until the interview is accepted, `context` and `tool_keys` until a bot has them; otherwise they
    are None, or empty. `context` is also None where the interview names none. `template_problem` tells of a template,
    or a snapshot of one, that is there and not valid any more: it was stored under an older schema. `tombstone` is read
    before acceptance, of a final Interview that has a TTL, and where one that was never accepted is to be erased.
    `link` is "Unread" until the status tells of one: what a crash has left of it is found when it is made, or unmade.
    `turn` is None until the plan has asked for a slot.
    """

    installation: Installation
    interview: Interview = field(repr=False)
    template: InterviewTemplateSpec | None = None
    template_problem: str | None = None
    revision: Revision | None = None
    context: str | ReferenceProblem | None = field(default=None, repr=False)
    tool_keys: ToolKeys | ReferenceProblem = field(default_factory=dict, repr=False)
    link: LinkSecret | Literal["Unread"] | None = None
    tombstone: Tombstone | None = None
    children: Children = Children()
    turn: Turn | None = None

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

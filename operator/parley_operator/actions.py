"""What the operator can do to the world. Each action is safe to repeat, and says all that doing it needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from parley_crds import InterviewStatus
from parley_protocol import BotInputs

type Json = dict[str, Any]
type Provider = Literal["websocket", "daily"]


@dataclass(frozen=True, slots=True)
class SetFinalizer:
    """Puts Parley's finalizer on the Interview, or takes it off."""

    present: bool


@dataclass(frozen=True, slots=True)
class PinTemplate:
    """Creates the ControllerRevision that holds the template's content; one that exists holds the same."""

    manifest: Json


@dataclass(frozen=True, slots=True)
class ApplyLink:
    """Applies the Secret that holds the candidate's link."""

    manifest: Json


@dataclass(frozen=True, slots=True)
class CreateInputs:
    """Creates the inputs Secret."""

    manifest: Json


@dataclass(frozen=True, slots=True)
class UpdateInputs:
    """Replaces the inputs Secret's content, unless it changed since it was observed."""

    manifest: Json


@dataclass(frozen=True, slots=True)
class EnsureRoom:
    """Has the provider hold the room, and writes its address into the inputs Secret (observed as `manifest`'s)."""

    provider: Provider
    name: str
    closes_at: datetime
    geo: str | None
    inputs: BotInputs
    failures: int
    resource_version: str


@dataclass(frozen=True, slots=True)
class EjectBot:
    """Puts the former bot out of the room, so that its successor does not meet it there."""

    provider: Provider
    name: str
    attempt: int


@dataclass(frozen=True, slots=True)
class CreatePod:
    """Creates the bot's pod."""

    manifest: Json


@dataclass(frozen=True, slots=True)
class DeletePod:
    """Deletes a pod with this grace (seconds); 0 removes it at once, whether its node answers or not."""

    name: str
    uid: str
    grace: int


@dataclass(frozen=True, slots=True)
class Seal:
    """Has the API write the transcript from what is stored."""

    reason: str


@dataclass(frozen=True, slots=True)
class Erase:
    """Has the API remove every artifact of the interview."""


@dataclass(frozen=True, slots=True)
class DeleteRoom:
    """Has the provider remove the room."""

    provider: Provider
    name: str


@dataclass(frozen=True, slots=True)
class DeleteInputs:
    """Deletes the inputs Secret."""

    uid: str


@dataclass(frozen=True, slots=True)
class DeleteLink:
    """Deletes the link's Secret."""


@dataclass(frozen=True, slots=True)
class CollectRevision:
    """Deletes a ControllerRevision unless another Interview names it."""

    name: str


@dataclass(frozen=True, slots=True)
class ApplyStatus:
    """Applies the operator's whole part of the status."""

    status: InterviewStatus


@dataclass(frozen=True, slots=True)
class EmitEvent:
    """Tells people. It is no part of the state: when it fails, nothing is repeated for it."""

    type: Literal["Normal", "Warning"]
    reason: str
    message: str


type Action = (
    SetFinalizer
    | PinTemplate
    | ApplyLink
    | CreateInputs
    | UpdateInputs
    | EnsureRoom
    | EjectBot
    | CreatePod
    | DeletePod
    | Seal
    | Erase
    | DeleteRoom
    | DeleteInputs
    | DeleteLink
    | CollectRevision
    | ApplyStatus
    | EmitEvent
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do now, in this order, and when to look again at the latest (None: only when something changes).

    The first action that fails ends the run; the next one plans anew. `awaits_template` names the template whose
    appearance is waited for.
    """

    actions: Sequence[Action]
    wake_at: datetime | None = None
    awaits_template: str | None = None

"""What the operator can do to the world. Each action is safe to repeat, and says all that doing it needs.

Manifests and inputs hold links, keys and people's words, so no repr shows them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from parley_crds import InterviewStatus
from parley_protocol import BotInputs

from parley_operator.capacity import SlotRequest
from parley_operator.snapshot import InputsSecret, Step

type Json = dict[str, Any]
type Provider = Literal["websocket", "daily"]


@dataclass(frozen=True, slots=True)
class SetFinalizer:
    """Puts Parley's finalizer on the Interview, or takes it off."""

    present: bool


@dataclass(frozen=True, slots=True)
class PinTemplate:
    """Creates the ControllerRevision that holds the template's content; one that exists holds the same."""

    manifest: Json = field(repr=False)


@dataclass(frozen=True, slots=True)
class ApplyLink:
    """Has the Secret hold the candidate's link; `known` where it was seen to be there, so that none is created."""

    manifest: Json = field(repr=False)
    known: bool


@dataclass(frozen=True, slots=True)
class CreateInputs:
    """Creates the inputs Secret, for an attempt's bot."""

    manifest: Json = field(repr=False)
    attempt: int


@dataclass(frozen=True, slots=True)
class UpdateInputs:
    """Replaces the inputs Secret's content, unless it changed since it was observed."""

    manifest: Json = field(repr=False)


@dataclass(frozen=True, slots=True)
class EnsureRoom:
    """Has the provider hold the inputs' room, and writes its address into the inputs Secret, observed as `ledger`."""

    closes_at: datetime
    inputs: BotInputs = field(repr=False)
    ledger: InputsSecret = field(repr=False)


@dataclass(frozen=True, slots=True)
class EjectBot:
    """Puts the former bot out of the room, so that its successor does not meet it there."""

    provider: Provider
    name: str
    attempt: int


@dataclass(frozen=True, slots=True)
class CreatePod:
    """Creates an attempt's pod."""

    manifest: Json = field(repr=False)
    attempt: int


@dataclass(frozen=True, slots=True)
class MarkPod:
    """Marks a pod as one that a candidate talks with: a drain has to wait for it."""

    name: str
    uid: str


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
    """Has the API remove every artifact of the interview, or of `former`: the uid of the one that this is, put back."""

    former: str | None = None


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
class WriteTombstone:
    """Creates the tombstone of an Interview that is about to be deleted by its TTL."""

    manifest: Json


@dataclass(frozen=True, slots=True)
class RemoveTombstone:
    """Deletes the tombstone of this uid that has the Interview's name."""

    uid: str


@dataclass(frozen=True, slots=True)
class DeleteInterview:
    """Deletes the Interview, only as it was observed: a TTL that was raised meanwhile counts."""

    resource_version: str


@dataclass(frozen=True, slots=True)
class ApplyStatus:
    """Applies the operator's whole part of the status; with `resource_version` only to the Interview as observed.

    A status that fixes a part of the spec must not fix another spec than it was decided on. Where it only tells people
    (not `needed`), what follows is done though it is refused.
    """

    status: InterviewStatus
    resource_version: str | None = None
    needed: bool = True


@dataclass(frozen=True, slots=True)
class EmitEvent:
    """Tells people. It is no part of the state: when it fails, nothing is repeated for it.

    What is told in the same words of the same `occasion` is told once.
    """

    type: Literal["Normal", "Warning"]
    reason: str
    message: str
    occasion: int = 0
    """The Interview's generation where it was edited into what is told; 0 where the words alone tell it apart."""


type Action = (
    SetFinalizer
    | PinTemplate
    | ApplyLink
    | CreateInputs
    | UpdateInputs
    | EnsureRoom
    | EjectBot
    | CreatePod
    | MarkPod
    | DeletePod
    | Seal
    | Erase
    | DeleteRoom
    | DeleteInputs
    | DeleteLink
    | CollectRevision
    | WriteTombstone
    | RemoveTombstone
    | DeleteInterview
    | ApplyStatus
    | EmitEvent
)


def step_of(action: Action) -> Step | None:
    """Which step an action is, of those whose troubles are kept."""
    match action:
        case CreateInputs(attempt=attempt):
            return Step("inputs Secret", attempt)
        case EnsureRoom(inputs=inputs):
            return Step("room", inputs.attempt)
        case CreatePod(attempt=attempt):
            return Step("pod", attempt)
        case EjectBot(attempt=attempt):
            return Step("ejection", attempt)
        case DeleteRoom():
            return Step("room's removal")
        case Seal():
            return Step("seal")
        case Erase():
            return Step("erasure")
    return None


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do now, in this order, and when to look again at the latest (None: only when something changes).

    The first action that fails ends the run; the next one plans anew. `awaits_template` names the template whose
    appearance is waited for. `wants` asks for a slot: the plan is made again with the turn that the interview has.
    """

    actions: Sequence[Action]
    wake_at: datetime | None = None
    awaits_template: str | None = None
    wants: SlotRequest | None = None

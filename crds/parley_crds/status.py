"""`Interview.status`: what was observed. Nothing in it opens a door.

Two writers share it by server-side apply: the API owns `session` and the conditions CandidateArrived and
SessionFinished, the operator owns the rest. No field has a default here: a default would belong to neither. Only a
status that nobody has written yet says so, by its observedGeneration.
"""

from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import Field

from parley_crds.base import INT32_MAX, ConsentVersion, Message, Reason, StatusModel, Time
from parley_crds.rules import LIST_ATOMIC, list_map

Count = Annotated[int, Field(ge=0, le=INT32_MAX)]
Generation = Annotated[int, Field(ge=0, le=2**53 - 1)]
UNSEEN: Final = -1
"""The observedGeneration of what its controller has never seen. The API server writes it at the creation: without it
kstatus, which asks whether the generation was observed, would call a new object Current."""
ObservedGeneration = Annotated[int, Field(ge=UNSEEN, le=2**53 - 1)]
Name = Annotated[str, Field(max_length=253)]
SpecHash = Annotated[str, Field(max_length=64)]
SPEC_HASHES: Final = 10
"""How many specs an Interview is remembered by: the first and the latest."""


class Phase(StrEnum):
    """Where an interview is: the summary of its conditions for people, never a thing to program against."""

    PENDING = "Pending"
    SCHEDULED = "Scheduled"
    OPEN = "Open"
    PROVISIONING = "Provisioning"
    READY = "Ready"
    IN_PROGRESS = "InProgress"
    COMPLETED = "Completed"
    FAILED = "Failed"
    CANCELLED = "Cancelled"
    EXPIRED = "Expired"
    SUSPENDED = "Suspended"

    @property
    def is_final(self) -> bool:
        """Whether nothing follows it."""
        return self in _FINAL


_FINAL = frozenset({Phase.COMPLETED, Phase.FAILED, Phase.CANCELLED, Phase.EXPIRED})


class ConditionType(StrEnum):
    """The conditions of an Interview. There is no Ready: kstatus would call a scheduled interview in progress."""

    ACCEPTED = "Accepted"
    JOINABLE = "Joinable"
    COMPLETE = "Complete"
    FAILED = "Failed"
    RECONCILING = "Reconciling"
    STALLED = "Stalled"
    SUSPENDED = "Suspended"
    CANDIDATE_ARRIVED = "CandidateArrived"
    SESSION_FINISHED = "SessionFinished"


WAITING_FOR_CAPACITY = "WaitingForCapacity"
"""The reason of Reconciling while an interview that is due has no slot for its bot."""
API_CONDITIONS = frozenset({ConditionType.CANDIDATE_ARRIVED, ConditionType.SESSION_FINISHED})
"""The conditions that the API applies; every other is the operator's."""


class Condition(StatusModel):
    """One observation, by Kubernetes' conventions."""

    type: Annotated[str, Field(min_length=1, max_length=63, pattern=r"^[A-Z][A-Za-z]*$")] = Field(
        description="What is observed."
    )
    status: Literal["True", "False", "Unknown"] = Field(description="Whether it is so.")
    observed_generation: Generation | None = Field(
        default=None, description="The metadata.generation that the observation is about."
    )
    last_transition_time: Time = Field(description="When status last changed.")
    reason: Reason = Field(description="Why, in one word for programs.")
    message: Message = Field(default="", description="Why, in a sentence for people.")


class PinnedTemplate(StatusModel):
    """The template's content that the interview was accepted with."""

    name: Name = Field(description="The template's name.")
    revision: Name = Field(description="The ControllerRevision that holds the content.")
    hash: Annotated[str, Field(max_length=64)] = Field(description="The content's hash.")


class Attempt(StatusModel):
    """One bot."""

    attempt: Count = Field(description="Its number, from 1.")
    pod_name: Name | None = Field(default=None, description="Its pod, in the bots' namespace.")
    started_at: Time | None = Field(default=None, description="When the pod was created.")
    ready_at: Time | None = Field(default=None, description="When it was first in the room.")
    ended_at: Time | None = Field(default=None, description="When it ended.")
    reason: Reason | None = Field(default=None, description="Why it ended, in one word.")
    message: Message | None = Field(default=None, description="Why it ended, in a sentence.")


class Attempts(StatusModel):
    """The bots of this interview."""

    current: Count = Field(default=0, description="The number of the current bot, from 1; 0: none was started.")
    failures: Count = Field(
        default=0, description="How many were lost; more than spec.backoffLimit fails the interview."
    )
    history: list[Attempt] = Field(
        default=[],
        max_length=10,
        description="The latest attempts, at most ten.",
        json_schema_extra=list_map("attempt"),
    )


class RoomStatus(StatusModel):
    """The room that was made ready."""

    provider: Literal["websocket", "daily"] = Field(description="Who serves it.")
    name: Annotated[str, Field(max_length=128)] = Field(description="Its name there.")


class Session(StatusModel):
    """What the API knows of the conversation."""

    consented_at: Time | None = Field(default=None, description="When the candidate agreed.")
    consent_version: ConsentVersion | None = Field(default=None, description="The version agreed to.")
    joined_at: Time | None = Field(default=None, description="When the candidate last joined the room.")
    started_at: Time | None = Field(default=None, description="When the candidate first joined the room.")
    finished_at: Time | None = Field(default=None, description="When the final transcript was stored.")
    reason: Reason | None = Field(default=None, description="Why the conversation ended.")
    attempt: Count | None = Field(default=None, description="The attempt that finished it.")


class InterviewStatus(StatusModel):
    """What was observed of the interview."""

    observed_generation: ObservedGeneration | None = Field(
        default=None, description="The metadata.generation that the operator last acted on; -1: none yet."
    )
    phase: Phase | None = Field(default=None, description="The summary for people; programs read the conditions.")
    conditions: list[Condition] = Field(
        default=[], max_length=16, description="What is so, and why.", json_schema_extra=list_map("type")
    )
    template: PinnedTemplate | None = Field(default=None, description="The pinned template.")
    attempts: Attempts | None = Field(default=None, description="The bots of this interview.")
    room: RoomStatus | None = Field(default=None, description="The room.")
    link_secret_name: Name | None = Field(
        default=None, description="The Secret in this namespace with the candidate's link, key url."
    )
    accepted_at: Time | None = Field(default=None, description="When the template was pinned.")
    accepted_spec_hashes: Annotated[list[SpecHash], Field(max_length=SPEC_HASHES)] | None = Field(
        default=None,
        description="SHA-256 of each spec that the interview was accepted with, without the fields that say only how it"
        " is held (suspend, cancel, linkEpoch, backoffLimit, activeDeadlineSeconds, ttlSecondsAfterFinished,"
        " deletionPolicy): the first and the latest edits, ten at most. One that is created again with any of them,"
        " once its TTL has removed it, is not held a second time.",
        json_schema_extra=LIST_ATOMIC,
    )
    opened_at: Time | None = Field(default=None, description="When the link began to work.")
    ready_at: Time | None = Field(default=None, description="When a bot was first in the room.")
    started_at: Time | None = Field(
        default=None, description="When the first bot was started; spec.activeDeadlineSeconds counts from here."
    )
    finished_at: Time | None = Field(
        default=None,
        description="When the interview ended, for whatever reason; spec.ttlSecondsAfterFinished counts from here.",
    )
    session: Session | None = Field(default=None, description="What the API knows of the conversation.")

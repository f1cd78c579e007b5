"""What people send and receive: `/v1`."""

from typing import Annotated, Self

from parley_crds import (
    Condition,
    Interview,
    InterviewSpec,
    Phase,
    Session,
    Start,
    Window,
)
from parley_protocol import Turn
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

Label = Annotated[str, Field(max_length=63)]


class Wire(BaseModel):
    """camelCase on the wire."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)


class NewInterview(Wire):
    """An Interview to create: a name of your own, or the beginning of one that the API server completes."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=253)] | None = None
    generate_name: Annotated[str, Field(min_length=1, max_length=240)] | None = None
    labels: dict[str, Label] = Field(default={}, max_length=64)
    spec: InterviewSpec

    @model_validator(mode="after")
    def _named(self) -> Self:
        if (self.name is None) == (self.generate_name is None):
            raise ValueError("give exactly one of name and generateName")
        return self


class InterviewSummary(Wire):
    """An Interview, without its context."""

    namespace: str
    name: str
    uid: str
    created_at: AwareDatetime | None
    labels: dict[str, str]
    template: str = Field(description="The InterviewTemplate's name.")
    candidate_name: str | None
    candidate_external_id: str | None
    start: Start | None
    window: Window | None
    cancel: bool
    deleting: bool
    phase: Phase | None = Field(description="A summary for people; programs read the conditions.")
    conditions: list[Condition]
    attempt: int = Field(description="The number of the current bot; 0: none was started.")
    failures: int = Field(description="How many bots were lost.")
    session: Session | None

    @classmethod
    def of(cls, interview: Interview) -> Self:
        """The summary of an Interview as read."""
        metadata, spec, status = interview.metadata, interview.spec, interview.status
        return cls(
            namespace=metadata.namespace or "",
            name=metadata.name,
            uid=metadata.uid or "",
            created_at=metadata.creation_timestamp,
            labels=metadata.labels,
            template=spec.template_ref.name,
            candidate_name=spec.candidate.name,
            candidate_external_id=spec.candidate.external_id,
            start=spec.start,
            window=spec.window,
            cancel=spec.cancel,
            deleting=metadata.deletion_timestamp is not None,
            phase=status.phase,
            conditions=status.conditions,
            attempt=status.attempts.current if status.attempts else 0,
            failures=status.attempts.failures if status.attempts else 0,
            session=status.session,
        )


class UnreadableInterview(Wire):
    """An Interview that this version of the API can't read: another version wrote it."""

    name: str
    fields: list[str]


class InterviewPage(Wire):
    """A page of a list. `continue` is given back as a query parameter to get the next page; null at the end."""

    items: list[InterviewSummary]
    unreadable: list[UnreadableInterview] = Field(description="What could not be listed, and the fields that say why.")
    continue_: str | None = Field(alias="continue")


class InterviewLink(Wire):
    """The candidate's link. Who has it is the candidate."""

    url: str
    opens_at: AwareDatetime | None
    expires_at: AwareDatetime | None


class StoredTurn(Wire):
    """A turn of the stream: which attempt of the bot reported it, and the turn itself."""

    attempt: int
    turn: Turn

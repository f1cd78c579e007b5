"""What the candidates' pages receive and send: `/join/v1`."""

from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class Answer(BaseModel):
    """camelCase on the wire."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)


class JoinState(StrEnum):
    """Where the interview is, as the candidate's page needs it."""

    SCHEDULED = "scheduled"
    OPEN = "open"
    QUEUED = "queued"
    PREPARING = "preparing"
    READY = "ready"
    IN_PROGRESS = "in_progress"
    FINISHED = "finished"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    FAILED = "failed"

    @property
    def is_over(self) -> bool:
        """Whether nobody can join any more."""
        return self in (JoinState.FINISHED, JoinState.EXPIRED, JoinState.CANCELLED, JoinState.FAILED)


class ConsentView(Answer):
    """What the candidate is asked to agree to, and whether they did (to this very version)."""

    text: str
    version: str
    required: bool
    given: bool


class JoinView(Answer):
    """What the link opens."""

    title: str
    interviewer_name: str
    language: str = Field(description="Of the conversation and of the pages: a BCP 47 tag, such as en-US.")
    state: JoinState
    opens_at: AwareDatetime | None = Field(description="Before this time nobody can join.")
    expires_at: AwareDatetime | None = Field(description="After this time nobody can begin.")
    consent: ConsentView
    recording: bool = Field(
        description="Whether the conversation is recorded, where the candidate agrees to the consent."
    )
    questions: int = Field(description="How many questions are planned.")
    duration_seconds: int = Field(description="How long the conversation may last; extra time is added already.")


class ConsentGiven(BaseModel):
    """The candidate agrees to this version of the consent."""

    model_config = ConfigDict(extra="forbid")

    version: str = Field(min_length=1, max_length=63)


class WebsocketConnection(Answer):
    """Where pipecat's WebSocket transport connects to: `<wsUrl>?token=<token>`, within 30 s."""

    ws_url: str
    token: str


class DailyConnection(BaseModel):
    """The room and token that pipecat's Daily transport joins with, in Daily's own names."""

    model_config = ConfigDict(frozen=True)

    room_url: str
    token: str

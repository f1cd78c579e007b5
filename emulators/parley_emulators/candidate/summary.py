"""What a candidate takes down of its interview: times in seconds since it opened the link."""

from pydantic import AwareDatetime, BaseModel, Field


class Reply(BaseModel):
    """From the end of the candidate's last word to the first sound of the reply at its ear."""

    answer: int = Field(description="The answer's number, from 0.")
    spoke_until: float
    first_sound: float
    wait: float = Field(description="first_sound - spoke_until.")


class Caption(BaseModel):
    """A line of the conversation as the room showed it."""

    speaker: str
    text: str
    at: float


class Summary(BaseModel):
    """The interview as the candidate had it."""

    began: AwareDatetime = Field(description="When the link was opened; all else is in seconds since then.")
    consent: float | None = Field(None, description="The consent was taken.")
    connected: float | None = Field(None, description="The room's WebSocket was open.")
    bot_ready: float | None = Field(None, description="The interviewer said that it is ready.")
    first_sound: float | None = Field(None, description="The interviewer's first sound at the ear.")
    ended: float | None = None
    reason: str | None = Field(None, description="Why it ended, as the server said; `left` when the candidate did.")
    rejoined: int = Field(0, description="How often the connection was lost and the room joined again.")
    answers_given: int = 0
    replies: list[Reply] = []
    captions: list[Caption] = []

"""The times of a conversation: whole in a template, each one optional in an interview's overrides."""

from typing import Annotated

from pydantic import ConfigDict, Field

from parley_crds.base import SpecModel
from parley_crds.rules import Rule, validations

Duration = Annotated[int, Field(ge=60, le=14_400)]
ClosingNotice = Annotated[int, Field(ge=0, le=1_800)]
SilenceNudge = Annotated[int, Field(ge=3, le=600)]
SilenceEnd = Annotated[int, Field(ge=5, le=3_600)]
ReconnectGrace = Annotated[int, Field(ge=5, le=900)]

DURATION = "How long the conversation may last, in seconds, from the candidate's joining."
CLOSING_NOTICE = (
    "How many seconds before the end the interviewer begins to close the conversation. Less than durationSeconds."
)
SILENCE_NUDGE = (
    "After how many seconds of silence the interviewer tells the candidate to take their time. After twice as many it"
    " repeats the question, and so again each time that the silence has doubled."
)
SILENCE_END = "After how many seconds of silence the interview ends. More than silenceNudgeSeconds."
RECONNECT_GRACE = (
    "How many seconds a candidate whose connection broke has to come back before the interview ends. Where the bot was"
    " replaced, or Parley's API was away meanwhile (that time does not count), it is 120 at least: the candidate's page"
    " has to find the way first."
)


class Limits(SpecModel):
    """The times of the conversation, in seconds."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            Rule(
                "self.closingNoticeSeconds < self.durationSeconds",
                "limits.closingNoticeSeconds must be less than limits.durationSeconds",
                ".closingNoticeSeconds",
            ),
            Rule(
                "self.silenceNudgeSeconds < self.silenceEndSeconds",
                "limits.silenceNudgeSeconds must be less than limits.silenceEndSeconds",
                ".silenceNudgeSeconds",
            ),
        )
    )

    duration_seconds: Duration = Field(default=1800, description=DURATION)
    closing_notice_seconds: ClosingNotice = Field(default=120, description=CLOSING_NOTICE)
    silence_nudge_seconds: SilenceNudge = Field(default=15, description=SILENCE_NUDGE)
    silence_end_seconds: SilenceEnd = Field(default=120, description=SILENCE_END)
    reconnect_grace_seconds: ReconnectGrace = Field(default=60, description=RECONNECT_GRACE)


class LimitsOverride(SpecModel):
    """Times that replace the template's for this interview, in seconds; one left out stays the template's."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            Rule(
                "!has(self.closingNoticeSeconds) || !has(self.durationSeconds)"
                " || self.closingNoticeSeconds < self.durationSeconds",
                "overrides.limits.closingNoticeSeconds must be less than overrides.limits.durationSeconds",
                ".closingNoticeSeconds",
            ),
            Rule(
                "!has(self.silenceNudgeSeconds) || !has(self.silenceEndSeconds)"
                " || self.silenceNudgeSeconds < self.silenceEndSeconds",
                "overrides.limits.silenceNudgeSeconds must be less than overrides.limits.silenceEndSeconds",
                ".silenceNudgeSeconds",
            ),
        )
    )

    duration_seconds: Duration | None = Field(default=None, description=DURATION)
    closing_notice_seconds: ClosingNotice | None = Field(default=None, description=CLOSING_NOTICE)
    silence_nudge_seconds: SilenceNudge | None = Field(default=None, description=SILENCE_NUDGE)
    silence_end_seconds: SilenceEnd | None = Field(default=None, description=SILENCE_END)
    reconnect_grace_seconds: ReconnectGrace | None = Field(default=None, description=RECONNECT_GRACE)

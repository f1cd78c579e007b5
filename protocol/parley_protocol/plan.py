"""What the bot is to do: the pinned template with the interview's overrides already applied.

The rubric has no place here, so it can't reach the model by any path.
"""

from typing import Any, Literal

from pydantic import Field

from parley_protocol.model import Message


class InterviewerPlan(Message):
    """Who speaks: the interviewer's name, voice (a Nova Sonic voice id) and manner."""

    name: str
    voice: str = "tiffany"
    style: str = ""
    greeting: str
    closing: str


class QuestionPlan(Message):
    """One planned question. `follow_ups` is the budget of further questions on its answer."""

    id: str
    text: str
    expectation: str = ""
    required: bool = True
    follow_ups: int = 0
    time_limit_seconds: int | None = None


class LimitsPlan(Message):
    """Times of the conversation, in seconds, extra time for the candidate already added.

    `extra_time_percent` is that extra time, for what has no limit of its own here.
    """

    duration_seconds: int = 1800
    closing_notice_seconds: int = 120
    silence_nudge_seconds: int = 15
    silence_end_seconds: int = 120
    reconnect_grace_seconds: int = 60
    extra_time_percent: int = Field(default=0, ge=0)

    def longer(self, seconds: float) -> float:
        """So many seconds, and the candidate's extra time."""
        return seconds * (100 + self.extra_time_percent) / 100


class InferenceSettings(Message):
    """Sampling settings as Nova Sonic's `inferenceConfiguration` takes them; None leaves the model's default."""

    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None


class ModelPlan(Message):
    """Which model speaks, and how eagerly it takes the end of a candidate's turn."""

    id: str = "amazon.nova-2-5-sonic"
    region: str | None = None
    inference: InferenceSettings = InferenceSettings()
    turn_sensitivity: Literal["LOW", "MEDIUM", "HIGH"] = "MEDIUM"


class RecordingPlan(Message):
    """Whether the interview is to be recorded, where its candidate agrees; a ticket tells of each connection.

    `required`: an interview whose recording fails is ended.
    """

    wanted: bool = False
    required: bool = False


class ToolPlan(Message):
    """A tool of the template's own as the model sees it; its webhook and key stay with the API."""

    name: str
    description: str
    input_schema: dict[str, Any]


class InterviewPlan(Message):
    """The whole plan of one interview."""

    title: str
    language: str = "en-US"
    candidate_name: str | None = None
    interviewer: InterviewerPlan
    questions: list[QuestionPlan] = Field(min_length=1)
    facts: list[str] = Field(default=[])
    context: str | None = Field(default=None, repr=False)
    limits: LimitsPlan = LimitsPlan()
    model: ModelPlan = ModelPlan()
    tools: list[ToolPlan] = Field(default=[])
    recording: RecordingPlan = RecordingPlan()
    second_tab: Literal["TakeOver", "Refuse"] = "TakeOver"

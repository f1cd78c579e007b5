"""`InterviewTemplate`: what every interview of a kind has in common."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from parley_crds.base import (
    ApiModel,
    ConsentVersion,
    ItemId,
    LanguageTag,
    Line,
    ObjectMeta,
    Paragraph,
    SpecModel,
)
from parley_crds.bot import BotSettings
from parley_crds.group import API_VERSION, TEMPLATE_KIND
from parley_crds.limits import Limits
from parley_crds.rules import LIST_ATOMIC, Rule, list_map, validations
from parley_crds.status import UNSEEN
from parley_crds.template_status import InterviewTemplateStatus
from parley_crds.tools import Tool
from parley_crds.voices import TOLD_ACCENTS, Voice, language_rule, voice_rule

Start = Literal["Immediate", "OnArrival"]
SecondTab = Literal["TakeOver", "Refuse"]
# `geo` of https://docs.daily.co/reference/rest-api/rooms/config: a region that Daily does not know would fail an
# interview only when its room is made, with the candidate waiting.
DailyRegion = Literal[
    "af-south-1",
    "ap-northeast-2",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "eu-central-1",
    "eu-west-2",
    "sa-east-1",
    "us-east-1",
    "us-west-2",
]
RoomProviderName = Literal["websocket", "daily"]


class Interviewer(SpecModel):
    """Who interviews: the name it gives itself, its voice and manner, and its first and last words."""

    name: Line = Field(description="The name that the interviewer gives itself.")
    voice: Voice = Field(
        default="tiffany",
        description="A voice of Nova Sonic; tiffany and matthew speak every language, others their own. Its accent is"
        f" its own, too, whatever the language's region ({TOLD_ACCENTS}).",
    )
    style: Annotated[str, Field(max_length=2000)] = Field(
        default="", description="How it speaks, in plain words for the model: warm, brief, formal."
    )
    greeting: Paragraph = Field(description="Spoken word for word when the candidate has joined.")
    closing: Paragraph = Field(description="Spoken word for word before the interviewer hangs up.")


class Question(SpecModel):
    """One planned question."""

    id: ItemId = Field(description="Names the question in the transcript; unique within the template.")
    text: Paragraph = Field(description="The question, spoken word for word.")
    expectation: Annotated[str, Field(max_length=4000)] = Field(
        default="", description="What a good answer holds: guides the follow-up questions and is never spoken."
    )
    required: bool = Field(default=True, description="Whether it is asked even when the time is short.")
    follow_ups: int = Field(
        default=0, ge=0, le=5, description="How many further questions the interviewer may ask on the answer."
    )
    time_limit_seconds: Annotated[int, Field(ge=10, le=3600)] | None = Field(
        default=None, description="How long this question and its follow-ups may take, in seconds."
    )


class Consent(SpecModel):
    """What the candidate agrees to before the interview."""

    text: Annotated[str, Field(min_length=1, max_length=10_000)] = Field(
        description="What the page shows: that an AI interviews, what is stored and for how long."
    )
    version: ConsentVersion = Field(
        description="The text's version; which one was agreed to, and when, is kept with the transcript: consent in"
        " manifest.json."
    )
    required: bool = Field(default=True, description="Whether nobody is let into the room without agreeing.")


class Recording(SpecModel):
    """Whether the conversation is recorded. Without the candidate's consent it never is."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            Rule(
                "!self.required || self.enabled",
                "recording.required needs recording.enabled",
                ".required",
            )
        )
    )

    enabled: bool = Field(
        default=False,
        description="Record the conversation of a candidate who has agreed to the consent: two channels of sound beside"
        " the transcript; in a Daily room Daily's cloud recording, which Daily keeps.",
    )
    required: bool = Field(
        default=False,
        description="Let nobody in who has not agreed, and end the interview when its recording fails, as Failed with"
        " the reason RecordingFailed.",
    )


class Inference(SpecModel):
    """Sampling settings of the model; one left out is the model's default."""

    temperature: Annotated[float, Field(ge=0, le=1)] | None = Field(
        default=None, description="How freely the model words its turns."
    )
    top_p: Annotated[float, Field(ge=0, le=1)] | None = Field(
        default=None, description="The share of likely words that the model chooses from."
    )
    max_tokens: Annotated[int, Field(ge=1, le=65_536)] | None = Field(
        default=None, description="The longest turn, in tokens."
    )


class ModelSettings(SpecModel):
    """Which model speaks."""

    id: Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[a-zA-Z0-9][a-zA-Z0-9.:_/-]*$")] = Field(
        default="amazon.nova-2-5-sonic", description="The model's id at Amazon Bedrock."
    )
    region: Annotated[str, Field(max_length=32, pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$")] | None = Field(
        default=None, description="The AWS region to call the model in; unset, the installation's."
    )
    inference: Inference = Field(default=Inference(), description="Sampling settings.")
    turn_sensitivity: Literal["LOW", "MEDIUM", "HIGH"] = Field(
        default="MEDIUM",
        description="How soon a pause counts as the end of the candidate's turn: HIGH is the soonest. LOW also hears"
        " whether a sentence sounded finished, and waits up to four seconds for the rest of one that did not.",
    )


class RoomSettings(SpecModel):
    """Where the conversation takes place."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            Rule(
                "!has(self.geo) || has(self.provider) && self.provider == 'daily'",
                "room.geo needs room.provider daily: no other room has a place of its own",
                ".geo",
            )
        )
    )

    provider: RoomProviderName | None = Field(
        default=None, description="websocket (served by the bot) or daily; unset, the installation's default."
    )
    geo: DailyRegion | None = Field(
        default=None, description="The region of a Daily room, such as eu-central-1; unset, the nearest."
    )


class RubricLevel(SpecModel):
    """One level of a competency."""

    level: int = Field(ge=0, le=10, description="The level, higher is better; unique within the competency.")
    anchor: Paragraph = Field(description="What an answer at this level sounds like.")


class Competency(SpecModel):
    """One thing that the interview is to show."""

    id: ItemId = Field(description="Names the competency; unique within the rubric.")
    name: Line = Field(description="The competency in a few words.")
    description: Annotated[str, Field(max_length=2000)] = Field(default="", description="What is meant by it.")
    levels: list[RubricLevel] = Field(
        default=[], max_length=11, description="Anchored levels.", json_schema_extra=list_map("level")
    )


class Rubric(SpecModel):
    """By what the people who read the transcript judge it."""

    competencies: list[Competency] = Field(
        default=[], max_length=30, description="What to judge.", json_schema_extra=list_map("id")
    )


class InterviewTemplateSpec(SpecModel):
    """The plan of the interviews that name this template. Each interview pins the content it was accepted with."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            Rule(
                "self.questions.all(q, !has(q.timeLimitSeconds) || q.timeLimitSeconds <= self.limits.durationSeconds)",
                "questions[].timeLimitSeconds must not be more than limits.durationSeconds",
                ".questions",
            ),
            language_rule("language"),
            voice_rule(),
        )
    )

    title: Line = Field(description="What the interview is for, as the candidate reads it.")
    language: LanguageTag = Field(
        default="en-US",
        description="The language of the interview and of the candidate's pages, which is to be one of Nova Sonic's:"
        " a BCP 47 tag such as en-US. Its region may be any, also one that no voice is from (en-ZA, pt-PT): it tells"
        " the model and the pages which words and formats to use, and the accent is the voice's.",
    )
    interviewer: Interviewer = Field(description="Who interviews.")
    questions: list[Question] = Field(
        min_length=1, max_length=50, description="The questions, in order.", json_schema_extra=list_map("id")
    )
    facts: list[Annotated[str, Field(min_length=1, max_length=1000)]] = Field(
        default=[],
        max_length=100,
        description="What the interviewer may tell about the job when it is asked; it tells nothing else.",
        json_schema_extra=LIST_ATOMIC,
    )
    limits: Limits = Field(default=Limits(), description="The times of the conversation.")
    consent: Consent = Field(description="What the candidate agrees to before the interview.")
    recording: Recording = Field(default=Recording(), description="Whether the conversation is recorded.")
    model: ModelSettings = Field(default=ModelSettings(), description="Which model speaks.")
    room: RoomSettings = Field(default=RoomSettings(), description="Where the conversation takes place.")
    tools: list[Tool] = Field(
        default=[],
        max_length=16,
        description="What else the interviewer can call to answer the candidate: webhooks, called by Parley's API.",
        json_schema_extra=list_map("name"),
    )
    rubric: Rubric | None = Field(
        default=None,
        description="By what people judge the transcript. Pinned with the interview, never given to the model.",
    )
    retention_days: Annotated[int, Field(ge=1, le=3650)] | None = Field(
        default=None,
        description="For how many days an interview's artifacts are to be kept: deleteAfter in manifest.json.",
    )
    second_tab: SecondTab = Field(
        default="TakeOver", description="What a second tab of the candidate does: take the room over, or be refused."
    )
    start: Start = Field(
        default="Immediate",
        description="When the bot is started: as soon as the link opens (Immediate), or when the candidate"
        " has agreed on the page (OnArrival). An interview's own start goes before it.",
    )
    bot: BotSettings = Field(
        default=BotSettings(), description="What the bot's pod needs, within the installation's bounds."
    )


class InterviewTemplate(ApiModel):
    """The common plan of interviews of one kind: interviewer, questions, limits, consent, model and room."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            Rule(
                "self.metadata.name.size() <= 240",
                "metadata.name must have at most 240 characters: snapshots are named after it",
            )
        )
    )

    api_version: Literal["parley.dev/v1alpha1"] = API_VERSION
    kind: Literal["InterviewTemplate"] = TEMPLATE_KIND
    metadata: ObjectMeta = Field(default=ObjectMeta(), description="The object's metadata.")
    spec: InterviewTemplateSpec = Field(description="The plan.")
    status: InterviewTemplateStatus = Field(
        default=InterviewTemplateStatus(observed_generation=UNSEEN), description="What was observed."
    )

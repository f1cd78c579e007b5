"""`Interview`: one candidate's interview, from the invitation to the transcript."""

from math import ceil
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from parley_crds.base import (
    INT32_MAX,
    ApiModel,
    DataKey,
    LanguageTag,
    ObjectMeta,
    ObjectName,
    SpecModel,
    Time,
)
from parley_crds.group import API_VERSION, INTERVIEW_KIND
from parley_crds.limits import LimitsOverride
from parley_crds.rules import Rule, validations
from parley_crds.status import UNSEEN, InterviewStatus
from parley_crds.template import Start
from parley_crds.tools import SecretKeyRef
from parley_crds.voices import Voice, language_rule

DeletionPolicy = Literal["Retain", "Erase"]
CONTEXT_LENGTH = 32_768
"""The longest context, in characters, wherever it stands: the bot's inputs have to fit into one Secret."""


class TemplateRef(SpecModel):
    """A template in the same namespace."""

    name: Annotated[ObjectName, Field(max_length=240)] = Field(description="The InterviewTemplate's name.")


class Candidate(SpecModel):
    """Who is interviewed."""

    name: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        default=None, description="How the interviewer addresses the candidate."
    )
    external_id: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        default=None, description="The candidate in your own system; kept with the interview, never spoken."
    )
    locale: LanguageTag | None = Field(
        default=None,
        description="The candidate's own locale, a BCP 47 tag. The interview's language is the template's or"
        " overrides.language.",
    )
    extra_time_percent: int = Field(
        default=0,
        ge=0,
        le=200,
        description="Extra time for this candidate, in percent of every limit: those of the conversation and of its"
        " questions, noShowSeconds and activeDeadlineSeconds.",
    )


class ConfigMapKeyRef(SpecModel):
    """A key of a ConfigMap in the same namespace, which must carry the label parley.dev/readable: "true"."""

    name: ObjectName = Field(description="The ConfigMap's name.")
    key: DataKey = Field(description="The key within it.")


class Context(SpecModel):
    """What the interviewer knows of the candidate or the job beforehand, from one source."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            Rule(
                "[has(self.inline), has(self.configMapKeyRef), has(self.secretKeyRef)].filter(s, s).size() == 1",
                "context needs exactly one of inline, configMapKeyRef and secretKeyRef",
            )
        )
    )

    inline: Annotated[str, Field(min_length=1, max_length=CONTEXT_LENGTH)] | None = Field(
        default=None, description="The text itself.", repr=False
    )
    config_map_key_ref: ConfigMapKeyRef | None = Field(default=None, description="A ConfigMap that holds the text.")
    secret_key_ref: SecretKeyRef | None = Field(default=None, description="A Secret that holds the text.")


def _of_this_millennium(field: str) -> Rule:
    """Bounds a time that the operator adds to: its calendar ends where a time that stands for `never` begins."""
    return Rule(
        f"!has(self.{field}) || self.{field} >= timestamp('2000-01-01T00:00:00Z')"
        f" && self.{field} < timestamp('3000-01-01T00:00:00Z')",
        f"window.{field} must be of the years 2000 to 2999; leave it out for no bound",
        f".{field}",
    )


class Window(SpecModel):
    """When the link works."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            Rule(
                "!has(self.notBefore) || !has(self.expiresAt) || self.notBefore < self.expiresAt",
                "window.expiresAt must be later than window.notBefore",
                ".expiresAt",
            ),
            _of_this_millennium("notBefore"),
            _of_this_millennium("expiresAt"),
        )
    )

    not_before: Time | None = Field(default=None, description="When the link begins to work; unset: at once.")
    expires_at: Time | None = Field(
        default=None, description="After when nobody can start the interview any more; unset: no end."
    )


class RecordingOverride(SpecModel):
    """Turns recording off for this interview; nothing here can turn it on."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            Rule(
                "!self.enabled",
                "overrides.recording.enabled can only be false: the template alone can turn recording on",
                ".enabled",
            )
        )
    )

    enabled: bool = Field(default=False, description="Must be false.")


class Overrides(SpecModel):
    """What differs from the template for this interview; one left out stays the template's."""

    model_config = ConfigDict(json_schema_extra=validations(language_rule("overrides.language")))

    voice: Voice | None = Field(default=None, description="The interviewer's voice; it has to speak the language.")
    language: LanguageTag | None = Field(
        default=None, description="The language of the interview and of its pages; any region, as in the template."
    )
    limits: LimitsOverride | None = Field(default=None, description="The times of the conversation.")
    recording: RecordingOverride | None = Field(default=None, description="Turns recording off.")


class InterviewSpec(SpecModel):
    """Who is interviewed, by which template, and when."""

    template_ref: TemplateRef = Field(
        description="The template. Its content is pinned when the interview is accepted, and this can't change then."
    )
    candidate: Candidate = Field(default=Candidate(), description="Who is interviewed.")
    context: Context | None = Field(
        default=None, description="What the interviewer knows beforehand: a CV, a job advertisement."
    )
    window: Window | None = Field(default=None, description="When the link works; unset: always.")
    start: Start | None = Field(default=None, description="When the bot is started; unset: as the template says.")
    no_show_seconds: int = Field(
        default=900,
        ge=30,
        le=86_400,
        description="How long a bot that is ready waits for the candidate, in seconds, before the interview ends.",
    )
    overrides: Overrides | None = Field(default=None, description="What differs from the template.")
    suspend: bool = Field(
        default=False,
        description="Hold the interview before its first bot: nothing is started, and the link says that it is on hold,"
        " until this is false again. The window closes all the same. Once a bot was started it does nothing but set the"
        " condition Suspended=False, reason AlreadyStarted: use cancel.",
    )
    cancel: bool = Field(default=False, description="Call the interview off; it can't be called on again.")
    link_epoch: int = Field(
        default=0, ge=0, le=INT32_MAX, description="Raise it to revoke the link and make a new one; it never goes down."
    )
    backoff_limit: int = Field(
        default=2, ge=0, le=10, description="How many lost bots are replaced before the interview fails."
    )
    active_deadline_seconds: Annotated[int, Field(ge=60, le=86_400)] | None = Field(
        default=None,
        description="How long the interview may take from its first bot's start (status.startedAt), in seconds; then it"
        " ends as Failed, reason DeadlineExceeded, and what was said is kept. Unset: only the conversation's own limits"
        " hold. Once a bot was started it can only be lowered.",
    )
    ttl_seconds_after_finished: Annotated[int, Field(ge=0, le=INT32_MAX)] | None = Field(
        default=None,
        description="How long after its end (status.finishedAt) the Interview is deleted, in seconds, by its"
        " deletionPolicy; 0: at once; unset: never. It can be changed after the end, too. One that is created again"
        " by the same name as the same interview, as GitOps does, is not held a second time: it is over at once, with"
        " the reason AlreadyFinished, and stays.",
    )
    deletion_policy: DeletionPolicy = Field(
        default="Retain",
        description="What deleting the Interview does with its stored artifacts: Retain keeps them, Erase erases them,"
        " and of one that is AlreadyFinished those of the interview that it was, too.",
    )

    def longer(self, seconds: int) -> int:
        """So many seconds, and the candidate's extra time; whole ones, rounded up."""
        return ceil(seconds * (100 + self.candidate.extra_time_percent) / 100)


_PINNED = "has(oldSelf.status) && has(oldSelf.status.acceptedAt)"
_STARTED = "has(oldSelf.status) && has(oldSelf.status.attempts) && oldSelf.status.attempts.current > 0"
_OVER = "has(oldSelf.status) && has(oldSelf.status.finishedAt)"


def _unchanged(*path: str) -> str:
    """CEL: the optional field at this path of the spec is there or not, and is what it is, as before.

    Spelled out with `has`, since the API server can't bound the cost of comparing CEL's optional values.
    """
    steps = [".".join(path[: end + 1]) for end in range(len(path))]
    there, before = (" && ".join(f"has({root}.spec.{step})" for step in steps) for root in ("self", "oldSelf"))
    field = steps[-1]
    return f"(({there}) ? ({before}) && self.spec.{field} == oldSelf.spec.{field} : !({before}))"


def _fixed_once_started(*path: str) -> Rule:
    """A rule that holds a field of the spec as it is when a bot was started: the bot has been given it already.

    Once the interview is over, with or without a bot, the change would be ignored in silence.
    """
    field = ".".join(path)
    return Rule(
        f"!({_STARTED}) && !({_OVER}) || {_unchanged(*path)}",
        f"spec.{field} can't change once the interview's bot was started or it is over: create another Interview",
        f".spec.{path[0]}",
    )


class Interview(ApiModel):
    """One candidate's spoken interview, from the invitation to the transcript."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            Rule(
                f"!({_PINNED}) && !({_OVER}) || self.spec.templateRef == oldSelf.spec.templateRef",
                "spec.templateRef can't change once the interview was accepted: its template is pinned",
                ".spec.templateRef",
            ),
            _fixed_once_started("candidate"),
            _fixed_once_started("context"),
            _fixed_once_started("start"),
            _fixed_once_started("overrides"),
            _fixed_once_started("noShowSeconds"),
            _fixed_once_started("window", "notBefore"),
            Rule(
                f"!({_OVER}) || {_unchanged('window', 'expiresAt')}",
                "spec.window.expiresAt can't change once the interview is over: create another Interview",
                ".spec.window",
            ),
            # As a pod's own deadline, which it is the bound of.
            Rule(
                f"!({_STARTED}) || !has(oldSelf.spec.activeDeadlineSeconds) || (has(self.spec.activeDeadlineSeconds)"
                " && self.spec.activeDeadlineSeconds <= oldSelf.spec.activeDeadlineSeconds)",
                "spec.activeDeadlineSeconds can only be lowered once the interview's bot was started",
                ".spec.activeDeadlineSeconds",
            ),
            Rule("!oldSelf.spec.cancel || self.spec.cancel", "spec.cancel can't be taken back", ".spec.cancel"),
            Rule(
                "self.spec.linkEpoch >= oldSelf.spec.linkEpoch",
                "spec.linkEpoch can't go down: a revoked link would work again",
                ".spec.linkEpoch",
            ),
        )
    )

    api_version: Literal["parley.dev/v1alpha1"] = API_VERSION
    kind: Literal["Interview"] = INTERVIEW_KIND
    metadata: ObjectMeta = Field(default=ObjectMeta(), description="The object's metadata.")
    spec: InterviewSpec = Field(description="Who is interviewed, by which template, and when.")
    status: InterviewStatus = Field(
        default=InterviewStatus(observed_generation=UNSEEN), description="What was observed."
    )

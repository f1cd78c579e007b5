"""The bot's plan: the pinned template with the Interview's overrides and extra time, as the bot is told it."""

import base64
from collections.abc import Mapping

from parley_crds import Interview, InterviewSpec, InterviewTemplateSpec, Limits, Overrides
from parley_crds.voices import voice_problem
from parley_protocol import (
    BotInputs,
    InferenceSettings,
    InterviewerPlan,
    InterviewPlan,
    InterviewRef,
    LimitsPlan,
    ModelPlan,
    QuestionPlan,
    RecordingPlan,
    RoomInputs,
    ToolPlan,
    ToolWebhook,
)
from parley_rooms.links import ticket_key

LONGEST_TOOL_KEY = 1024
"""Characters of a key that signs tool calls."""


def effective_limits(template: InterviewTemplateSpec, spec: InterviewSpec) -> Limits:
    """The template's limits with the Interview's overrides, without extra time."""
    override = None if spec.overrides is None else spec.overrides.limits
    changed = {} if override is None else override.model_dump(exclude_none=True)
    return template.limits.model_copy(update=changed)


def overrides_problem(template: InterviewTemplateSpec, spec: InterviewSpec) -> str | None:
    """Why template and overrides do not fit together: what no schema can see, for each is valid alone."""
    overrides = spec.overrides or Overrides()
    language, voice = overrides.language or template.language, overrides.voice or template.interviewer.voice
    if (problem := voice_problem(language, voice)) is not None:
        return f"overrides: with the template's counted in, {problem}"
    limits = effective_limits(template, spec)
    longest = max(question.time_limit_seconds or 0 for question in template.questions)
    if longest > limits.duration_seconds:
        return f"overrides.limits.durationSeconds must not be less than a question's timeLimitSeconds ({longest})"
    if limits.closing_notice_seconds >= limits.duration_seconds:
        return (
            "overrides.limits: closingNoticeSeconds must be less than durationSeconds, with the template's counted in"
        )
    if limits.silence_nudge_seconds >= limits.silence_end_seconds:
        return (
            "overrides.limits: silenceNudgeSeconds must be less than silenceEndSeconds, with the template's counted in"
        )
    return None


def interview_plan(template: InterviewTemplateSpec, spec: InterviewSpec, context: str | None) -> InterviewPlan:
    """What the bot is to do. Extra time lengthens every limit, those of single questions too."""
    overrides = spec.overrides or Overrides()
    return InterviewPlan(
        title=template.title,
        language=overrides.language or template.language,
        candidate_name=spec.candidate.name,
        interviewer=InterviewerPlan(
            name=template.interviewer.name,
            voice=overrides.voice or template.interviewer.voice,
            style=template.interviewer.style,
            greeting=template.interviewer.greeting,
            closing=template.interviewer.closing,
        ),
        questions=[
            QuestionPlan(
                id=question.id,
                text=question.text,
                expectation=question.expectation,
                required=question.required,
                follow_ups=question.follow_ups,
                time_limit_seconds=None
                if question.time_limit_seconds is None
                else spec.longer(question.time_limit_seconds),
            )
            for question in template.questions
        ],
        facts=template.facts,
        context=context,
        limits=_limits_plan(effective_limits(template, spec), spec),
        model=_model_plan(template, extra_time=spec.candidate.extra_time_percent > 0),
        tools=[
            ToolPlan(name=tool.name, description=tool.description, input_schema=tool.input_schema)
            for tool in template.tools
        ],
        recording=_recording_plan(template, overrides),
        second_tab=template.second_tab,
    )


def bot_inputs(
    interview: Interview,
    template: InterviewTemplateSpec,
    context: str | None,
    *,
    attempt: int,
    room: str,
    provider: str,
    link_key: bytes,
    tool_keys: Mapping[str, str],
) -> BotInputs:
    """The inputs Secret's content. A Daily room's address is added when the provider has told it.

    `tool_keys` signs the calls of the template's tools, by their names. A tool without one can't be called: so it is
    where inputs were lost under a conversation, and the key's Secret since.
    """
    metadata = interview.metadata
    uid = metadata.uid or ""
    room_inputs = (
        RoomInputs(provider="daily", name=room)
        if provider == "daily"
        else RoomInputs(
            provider="websocket", name=room, ticket_key=base64.b64encode(ticket_key(link_key, uid)).decode()
        )
    )
    return BotInputs(
        interview=InterviewRef(namespace=metadata.namespace or "", name=metadata.name, uid=uid),
        attempt=attempt,
        template=interview.spec.template_ref.name,
        plan=interview_plan(template, interview.spec, context),
        room=room_inputs,
        webhooks=[
            ToolWebhook(
                name=tool.name,
                url=tool.webhook.url,
                key=tool_keys[tool.name],
                timeout_seconds=tool.webhook.timeout_seconds,
                output_schema=tool.output_schema,
            )
            for tool in template.tools
            if tool.name in tool_keys
        ],
        retention_days=template.retention_days,
    )


def _limits_plan(limits: Limits, spec: InterviewSpec) -> LimitsPlan:
    return LimitsPlan(
        duration_seconds=spec.longer(limits.duration_seconds),
        closing_notice_seconds=spec.longer(limits.closing_notice_seconds),
        silence_nudge_seconds=spec.longer(limits.silence_nudge_seconds),
        silence_end_seconds=spec.longer(limits.silence_end_seconds),
        reconnect_grace_seconds=spec.longer(limits.reconnect_grace_seconds),
        extra_time_percent=spec.candidate.extra_time_percent,
    )


def _recording_plan(template: InterviewTemplateSpec, overrides: Overrides) -> RecordingPlan:
    if overrides.recording is not None and not overrides.recording.enabled:
        return RecordingPlan()
    return RecordingPlan(wanted=template.recording.enabled, required=template.recording.required)


def _model_plan(template: InterviewTemplateSpec, *, extra_time: bool) -> ModelPlan:
    """The model. Whoever has extra time is waited for in each pause, too, for as long as the model can."""
    model = template.model
    return ModelPlan(
        id=model.id,
        region=model.region,
        inference=InferenceSettings(
            temperature=model.inference.temperature,
            top_p=model.inference.top_p,
            max_tokens=model.inference.max_tokens,
        ),
        turn_sensitivity="LOW" if extra_time else model.turn_sensitivity,
    )

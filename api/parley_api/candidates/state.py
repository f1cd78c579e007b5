"""What a candidate may do now: pure functions over an Interview as read and the time."""

from datetime import datetime

from parley_crds import (
    WAITING_FOR_CAPACITY,
    ConditionType,
    Interview,
    InterviewTemplateSpec,
    Phase,
    find_condition,
    is_true,
)
from parley_protocol import FinishReason

from parley_api.candidates.models import ConsentView, JoinState, JoinView
from parley_api.problems import ProblemError
from parley_api.session_status import timestamp

_STATES = {
    Phase.PENDING: JoinState.SCHEDULED,
    Phase.SCHEDULED: JoinState.SCHEDULED,
    Phase.SUSPENDED: JoinState.SCHEDULED,
    Phase.OPEN: JoinState.OPEN,
    Phase.PROVISIONING: JoinState.PREPARING,
    Phase.READY: JoinState.READY,
    Phase.IN_PROGRESS: JoinState.IN_PROGRESS,
    Phase.COMPLETED: JoinState.FINISHED,
    Phase.FAILED: JoinState.FAILED,
    Phase.CANCELLED: JoinState.CANCELLED,
    Phase.EXPIRED: JoinState.EXPIRED,
}
# The ends of a session that are no ordinary ones, until the operator's phase says so.
_ENDS: dict[str, JoinState] = {
    FinishReason.NO_SHOW: JoinState.EXPIRED,
    FinishReason.CANCELLED: JoinState.CANCELLED,
    FinishReason.TECHNICAL_FAULT: JoinState.FAILED,
    FinishReason.RECORDING_FAILED: JoinState.FAILED,
    "DeadlineExceeded": JoinState.FAILED,
}


def join_state(interview: Interview, now: datetime) -> JoinState:
    """The state as the candidate is told it; the spec goes before a phase that the operator has yet to write."""
    phase = interview.status.phase or Phase.PENDING
    state = _STATES[phase]
    if state.is_over:
        return state
    if interview.spec.cancel or interview.metadata.deletion_timestamp is not None:
        return JoinState.CANCELLED
    session = interview.status.session
    if session is not None and session.finished_at is not None:
        return _ENDS.get(session.reason or "", JoinState.FINISHED)
    window = interview.spec.window
    # Who came in time is let through, however long the bot takes: the operator ends that patience.
    came = is_true(interview.status.conditions, ConditionType.CANDIDATE_ARRIVED)
    if window and window.expires_at and window.expires_at <= now and not came:
        return JoinState.EXPIRED
    if _on_hold(interview) or (window and window.not_before and window.not_before > now):
        return JoinState.SCHEDULED
    return JoinState.QUEUED if state is JoinState.OPEN and _in_queue(interview) else state


def _in_queue(interview: Interview) -> bool:
    """Whether all is ready but a slot for the bot."""
    reconciling = find_condition(interview.status.conditions, ConditionType.RECONCILING)
    return reconciling is not None and reconciling.reason == WAITING_FOR_CAPACITY


def _on_hold(interview: Interview) -> bool:
    """Whether `spec.suspend` holds the interview: only until its first bot is started."""
    attempts, session = interview.status.attempts, interview.status.session
    started = (attempts is not None and attempts.current > 0) or (
        session is not None and session.started_at is not None
    )
    return interview.spec.suspend and not started


def _opens_at(interview: Interview) -> datetime | None:
    """When the link begins to work, where that is known: nobody knows of an interview that is on hold."""
    window = interview.spec.window
    return None if window is None or _on_hold(interview) else window.not_before


def consent_given(interview: Interview, template: InterviewTemplateSpec) -> bool:
    """Whether the candidate agreed to the consent text of this very version."""
    session = interview.status.session
    return session is not None and session.consent_version == template.consent.version


def recording_wanted(interview: Interview, template: InterviewTemplateSpec) -> bool:
    """Whether the conversation is to be recorded, where the candidate agrees."""
    overrides = interview.spec.overrides
    switched_off = overrides is not None and overrides.recording is not None and not overrides.recording.enabled
    return template.recording.enabled and not switched_off


def recorded(interview: Interview, template: InterviewTemplateSpec) -> bool:
    """Whether who joins now is recorded: the template asks for it, and they agreed to its consent's very version."""
    return recording_wanted(interview, template) and consent_given(interview, template)


def consent_needed(interview: Interview, template: InterviewTemplateSpec) -> bool:
    """Whether nobody may join who has not agreed: also where a recording is required, for it needs consent."""
    return template.consent.required or (template.recording.required and recording_wanted(interview, template))


def join_view(interview: Interview, template: InterviewTemplateSpec, now: datetime) -> JoinView:
    """All that the link opens."""
    spec = interview.spec
    overrides = spec.overrides
    limits = overrides.limits if overrides else None
    duration = (limits.duration_seconds if limits else None) or template.limits.duration_seconds
    return JoinView(
        title=template.title,
        interviewer_name=template.interviewer.name,
        language=(overrides.language if overrides else None) or template.language,
        state=join_state(interview, now),
        opens_at=_opens_at(interview),
        expires_at=spec.window.expires_at if spec.window else None,
        consent=ConsentView(
            text=template.consent.text,
            version=template.consent.version,
            required=consent_needed(interview, template),
            given=consent_given(interview, template),
        ),
        recording=recording_wanted(interview, template),
        questions=len(template.questions),
        duration_seconds=spec.longer(duration),
    )


def require_open(interview: Interview, now: datetime) -> JoinState:
    """The state, where the candidate may consent and join.

    Raises:
        ProblemError: 410 `interview-over`, or 403 `not-yet-open` with `opensAt`.
    """
    state = join_state(interview, now)
    if state.is_over:
        raise interview_over(state)
    if state is JoinState.SCHEDULED:
        opens_at = _opens_at(interview)
        when = f"at {timestamp(opens_at)}" if opens_at else "soon"
        message = f"The interview opens {when}; the link works from then on."
        raise ProblemError(
            403,
            "not-yet-open",
            "The interview is on hold; the link works again when it goes on." if _on_hold(interview) else message,
            members={"opensAt": timestamp(opens_at)} if opens_at else None,
        )
    return state


def interview_over(state: JoinState) -> ProblemError:
    """410: what became of the interview."""
    became = {
        JoinState.FINISHED: "The interview is finished.",
        JoinState.EXPIRED: "The time for this interview is over.",
        JoinState.CANCELLED: "The interview was called off.",
        JoinState.FAILED: "The interview had to be ended for a technical reason.",
    }
    return ProblemError(410, "interview-over", became[state], members={"state": state.value})

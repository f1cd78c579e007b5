"""Let the candidate into the room: a ticket or a token, made at this moment, for the bot that is there now."""

import base64
from datetime import datetime

from parley_crds import Interview, InterviewTemplateSpec
from parley_protocol import BotInputs
from parley_protocol.tickets import mint_ticket

from parley_api import daily, session_status
from parley_api.bot_pods import bot_inputs, ready_pod
from parley_api.candidates.models import DailyConnection, JoinState, WebsocketConnection
from parley_api.candidates.state import consent_given, consent_needed, recorded, require_open
from parley_api.problems import ProblemError
from parley_api.services import Services

RETRY_SECONDS = 1
QUEUE_RETRY_SECONDS = 5
"""In the queue minutes pass, and many wait: so nobody has to ask each second."""


async def connect(services: Services, interview: Interview, now: datetime) -> WebsocketConnection | DailyConnection:
    """Where and with what to connect.

    Raises:
        ProblemError: 410 `interview-over`, 403 `not-yet-open` or `consent-required`, 409 `not-ready` with Retry-After.
    """
    state = require_open(interview, now)
    template = await services.templates.pinned(interview)
    await _require_arrival(services, interview, template, now)
    inputs = await _inputs_of_ready_bot(services, interview, state)
    if inputs.room.provider == "daily":
        return await _daily(services, interview, template, inputs, now)
    return _ticket(services, inputs, now, record=recorded(interview, template))


async def _require_arrival(
    services: Services, interview: Interview, template: InterviewTemplateSpec, now: datetime
) -> None:
    """Consent first, where it is required; where it is not, asking to connect is how the candidate arrives."""
    if consent_given(interview, template):
        return
    if consent_needed(interview, template):
        raise ProblemError(
            403, "consent-required", f"Agree to the consent, version {template.consent.version}, before you join."
        )
    metadata = interview.metadata
    await session_status.update(
        services.kube, metadata.namespace or "", metadata.name, metadata.uid or "", session_status.arrived(now)
    )


async def _inputs_of_ready_bot(services: Services, interview: Interview, state: JoinState) -> BotInputs:
    namespace = services.settings.bots_namespace
    if state in (JoinState.READY, JoinState.IN_PROGRESS):
        pod = await ready_pod(services.kube, namespace, interview)
        inputs = await bot_inputs(services.kube, namespace, interview) if pod else None
        # Between a lost bot and its successor the inputs name one attempt and the status another.
        if pod and inputs and inputs.attempt == pod.attempt:
            return inputs
    queued = state is JoinState.QUEUED
    raise ProblemError(
        409,
        "not-ready",
        "Every interviewer is in a conversation; the next one is free soon."
        if queued
        else "The interviewer is on its way into the room; ask again in a moment.",
        headers={"Retry-After": str(QUEUE_RETRY_SECONDS if queued else RETRY_SECONDS)},
        members={"state": state.value},
    )


async def _daily(
    services: Services, interview: Interview, template: InterviewTemplateSpec, inputs: BotInputs, now: datetime
) -> DailyConnection:
    await daily.make_way(services.daily, inputs, take_over=template.second_tab == "TakeOver")
    if recorded(interview, template):
        await daily.record(services.daily, inputs, required=template.recording.required)
    name = interview.spec.candidate.name or "Candidate"
    token = await daily.mint(services.daily, inputs, "candidate", name, now)
    return DailyConnection(room_url=inputs.room.url or "", token=token)


def _ticket(services: Services, inputs: BotInputs, now: datetime, *, record: bool) -> WebsocketConnection:
    uid = inputs.interview.uid
    key = base64.b64decode(inputs.room.ticket_key or "")
    token = mint_ticket(key, uid, inputs.attempt, now=now.timestamp(), record=record)
    return WebsocketConnection(ws_url=f"{services.settings.room_url}/rooms/{uid}/ws", token=token)

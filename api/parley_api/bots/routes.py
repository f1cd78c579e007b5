"""/bot/v1: what a bot is given, what it reports, and its last word."""

import asyncio
from datetime import UTC, datetime

from fastapi import APIRouter
from parley_protocol import (
    Assignment,
    EventAck,
    EventBatch,
    FinishRequest,
    ToolAnswer,
    ToolOutcome,
    ToolRequest,
)
from starlette.responses import Response

from parley_api import session_status
from parley_api.bot_directory import Bot, stale_attempt
from parley_api.bots.access import CallingBot, FreshBot
from parley_api.bots.ending import conclude
from parley_api.bots.rooms import grant
from parley_api.bots.routing import StoreRoute
from parley_api.problems import ProblemError, problem_responses
from parley_api.services import Services, ServicesOf
from parley_api.transcripts.archive import keep_plan, published
from parley_api.transcripts.assemble import candidate_joined, started_at
from parley_api.transcripts.event_log import (
    EventConflictError,
    EventGapError,
    EventLogError,
    LogClosedError,
    LogFullError,
    UnorderedBatchError,
)
from parley_api.transcripts.sealing import Sealing, close_log, sealing_of
from parley_api.webhooks import ToolCall

bot_router = APIRouter(
    prefix="/bot/v1", tags=["bots"], route_class=StoreRoute, responses=problem_responses(401, 403, 409)
)


@bot_router.get("/assignment", response_model_exclude_none=True)
async def assignment(services: ServicesOf, bot: FreshBot) -> Assignment:
    """All that the bot needs to begin, or to go on. The room's token is minted for this answer."""
    inputs = bot.inputs
    ref = inputs.interview
    await _require_open(services, bot)
    await keep_plan(services.store, inputs)
    history = await services.event_log.read(ref.namespace, ref.uid)
    return Assignment(
        interview=ref,
        attempt=inputs.attempt,
        plan=inputs.plan,
        room=await grant(services.daily, inputs, datetime.now(UTC)),
        started_at=started_at(history),
        history=history,
    )


@bot_router.post("/events")
async def events(services: ServicesOf, bot: CallingBot, batch: EventBatch) -> EventAck:
    """Store a batch; the answer's number is durable. Sending it again changes nothing.

    A 4xx is the last word: nothing that this bot could send would be taken. A 5xx is to be sent again.
    """
    _require_current(bot, batch.attempt)
    ref = bot.inputs.interview
    try:
        appended = await services.event_log.append(ref.namespace, ref.uid, batch)
    except EventLogError as error:
        raise _refusal(error) from error
    if appended.new:
        services.news.ring(ref.uid)
    await _note_joining(services, bot, batch)
    return EventAck(acknowledged=appended.acknowledged)


@bot_router.post("/tools/{name}", response_model_exclude_none=True, responses=problem_responses(404))
async def tools(services: ServicesOf, bot: CallingBot, name: str, request: ToolRequest) -> ToolAnswer:
    """Call a tool of the template's own, and answer what became of it: a webhook that fails is no error of the bot's.

    Sent again under the same `callId`, it calls the webhook again under the same `webhook-id`.
    """
    _require_current(bot, request.attempt)
    inputs = bot.inputs
    tool = next((tool for tool in inputs.plan.tools if tool.name == name), None)
    if tool is None:
        raise ProblemError(404, "tool-unknown", f"This interview has no tool named {name[:64]!r}.")
    webhook = next((webhook for webhook in inputs.webhooks if webhook.name == name), None)
    if webhook is None:
        return ToolAnswer(outcome=ToolOutcome.UNREACHABLE)
    call = ToolCall(inputs.interview, bot.attempt, request.call_id, request.arguments)
    return await services.webhooks.call(tool, webhook, call)


@bot_router.post("/finish", status_code=204)
async def finish(services: ServicesOf, bot: FreshBot, request: FinishRequest) -> Response:
    """The bot's last word: store the transcript, then tell the operator. Again: the same, changing nothing."""
    _require_current(bot, request.attempt)
    ref = bot.inputs.interview
    try:
        durable = await services.event_log.highest(ref.namespace, ref.uid, request.attempt)
    except LogClosedError as error:
        raise _refusal(error) from error
    if durable < request.last_event:
        raise _refusal(EventGapError(durable + 1, request.last_event))
    now = datetime.now(UTC)
    asked = Sealing(closed_at=now, reason=request.reason.value, attempt=bot.attempt, finished_at=now)
    sealing = await close_log(services.store, ref, asked)
    history = await services.event_log.read(ref.namespace, ref.uid)
    await conclude(services, ref, bot.inputs, sealing, history)
    return Response(status_code=204)


async def _require_open(services: Services, bot: Bot) -> None:
    """Send away a bot whose interview is over; an end that was broken off before its transcript is completed first.

    Else that bot's successors would be tried for nothing, and the end told by none.
    """
    ref = bot.inputs.interview
    sealing, transcript = await asyncio.gather(sealing_of(services.store, ref), published(services.store, ref))
    if sealing is None and transcript is None:
        return
    if sealing is not None and transcript is None:
        history = await services.event_log.read(ref.namespace, ref.uid)
        if history:
            await conclude(services, ref, bot.inputs, sealing, history)
    raise ProblemError(409, "interview-finished", "The interview is over: stop.")


async def _note_joining(services: Services, bot: Bot, batch: EventBatch) -> None:
    """Write the candidate's joining into the status, also for a repeat: the first may have failed after storing."""
    for item in batch.events:
        if candidate_joined(item):
            await session_status.mark_started(services.kube, bot.inputs.interview, at=item.at)


def _require_current(bot: Bot, attempt: int) -> None:
    if attempt != bot.attempt:
        raise stale_attempt(attempt, bot.attempt)


def _refusal(error: EventLogError) -> ProblemError:
    """The problem that ends the bot; its members tell who reads the log why."""
    detail = f"{str(error)[:1].upper()}{str(error)[1:]}."
    if isinstance(error, EventGapError):
        return ProblemError(409, "event-gap", detail, members={"expected": error.expected})
    if isinstance(error, EventConflictError):
        return ProblemError(409, "event-conflict", detail, members={"n": error.n})
    if isinstance(error, LogFullError):
        return ProblemError(409, "log-full", detail)
    if isinstance(error, UnorderedBatchError):
        return ProblemError(422, "invalid", detail)
    if isinstance(error, LogClosedError):
        return ProblemError(409, f"interview-{error.why}", detail)
    raise AssertionError(f"no problem is written for {type(error).__name__}")

"""PUT /bot/v1/recording/{part}: the sound of an interview that is recorded, as it comes."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from parley_protocol import RecordingPart
from parley_protocol.recording import CONTENT_TYPE, MAX_PARTS
from starlette.responses import Response

from parley_api.bot_directory import stale_attempt
from parley_api.bots.access import CallingBot
from parley_api.bots.routing import StoreRoute
from parley_api.problems import ProblemError, problem_responses
from parley_api.recordings.parts import PartConflictError, PartInvalidError, PartLateError, keep
from parley_api.services import ServicesOf

recording_router = APIRouter(prefix="/bot/v1", tags=["bots"], route_class=StoreRoute)


@recording_router.put(
    "/recording/{part}",
    status_code=204,
    responses=problem_responses(401, 403, 409, 413, 422),
    openapi_extra={"requestBody": {"content": {CONTENT_TYPE: {}}, "required": True}},
)
async def recording(
    request: Request,
    services: ServicesOf,
    bot: CallingBot,
    part: Annotated[int, Path(ge=1, le=MAX_PARTS)],
    about: Annotated[RecordingPart, Query()],
) -> Response:
    """Store a part of the recording; the answer says that it is durable. Sending it again changes nothing.

    A 4xx ends the recording, not the bot: nothing that it could send would be taken.
    """
    if about.attempt != bot.attempt:
        raise stale_attempt(about.attempt, bot.attempt)
    inputs = bot.inputs
    if not inputs.plan.recording.wanted or inputs.room.provider != "websocket":
        raise ProblemError(409, "not-recorded", "This interview is not recorded by its bot.")
    body = await request.body()  # the guard bounds it
    try:
        await keep(services.store, inputs.interview, part, about, body)
    except PartInvalidError as error:
        raise ProblemError(422, "invalid", _sentence(error)) from error
    except PartConflictError as error:
        raise ProblemError(409, "part-conflict", _sentence(error)) from error
    except PartLateError as error:
        raise ProblemError(409, "interview-finished", _sentence(error)) from error
    return Response(status_code=204)


def _sentence(error: Exception) -> str:
    return f"{str(error)[:1].upper()}{str(error)[1:]}."

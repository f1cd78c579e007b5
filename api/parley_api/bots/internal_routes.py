"""/internal/v1: what the operator orders. Every order is safe to repeat."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path
from parley_crds.names import child_name
from parley_protocol import BotInputs, EraseRequest, InterviewRef, SealRequest, SealResult
from starlette.responses import Response

from parley_api import session_status
from parley_api.bots.access import require_operator
from parley_api.bots.ending import conclude
from parley_api.bots.routing import StoreRoute
from parley_api.problems import problem_responses
from parley_api.recordings import provider
from parley_api.services import Services, ServicesOf
from parley_api.transcripts.archive import kept_plan, published
from parley_api.transcripts.erasure import ErasedError, erase
from parley_api.transcripts.sealing import Sealing, close_log, delete_but_end

Uid = Annotated[str, Path(pattern=r"^[A-Za-z0-9-]{1,64}$", description="The Interview's uid.")]

internal_router = APIRouter(
    prefix="/internal/v1/interviews/{uid}",
    tags=["operator"],
    route_class=StoreRoute,
    responses=problem_responses(401, 403),
    dependencies=[require_operator],
)


@internal_router.post("/seal")
async def seal(services: ServicesOf, uid: Uid, request: SealRequest) -> SealResult:
    """Finish what a dead bot left: the transcript of what is stored, ended when its last event was.

    An end that was told before, and not brought to its transcript, is that one's. Where nothing was said there is none,
    and the plan that was kept for it goes: it names the candidate.
    """
    ref = InterviewRef(namespace=request.namespace, name=request.name, uid=uid)
    attempt = await session_status.current_attempt(services.kube, ref)
    asked = Sealing(closed_at=datetime.now(UTC), reason=request.reason, attempt=attempt)
    try:
        sealing = await close_log(services.store, ref, asked)
        history = await services.event_log.read(ref.namespace, uid)
        inputs = await _inputs(services, ref)
        if not history and await published(services.store, ref) is None:
            await provider.erase(services.daily, inputs)
            await delete_but_end(services.store, ref)
            return SealResult(sealed=False, turns=0)
        transcript = await conclude(services, ref, inputs, sealing, history)
    except ErasedError:
        return SealResult(sealed=False, turns=0)
    return SealResult(sealed=True, turns=len(transcript.turns))


@internal_router.post("/erase", status_code=204)
async def erase_all(services: ServicesOf, uid: Uid, request: EraseRequest) -> Response:
    """Delete everything that is kept of the interview, every version of it; a proof of that stays.

    What the room's provider has recorded goes first: only what is stored tells which room it was.
    """
    ref = InterviewRef(namespace=request.namespace, name=request.name, uid=uid)
    await provider.erase(services.daily, await _inputs(services, ref))
    await erase(services.store, request.namespace, uid, why="erased")
    services.event_log.forget(request.namespace, uid)
    services.news.ring(uid)
    return Response(status_code=204)


async def _inputs(services: Services, ref: InterviewRef) -> BotInputs | None:
    """The plan that was kept at the first assignment, else the Secret's, else None."""
    kept = await kept_plan(services.store, ref)
    if kept is not None:
        return kept
    return await services.bots.inputs(child_name(ref.name, ref.uid), ref.uid)

"""What the candidates' pages call, `/join/v1`. A GET never changes anything: mail scanners open links."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from parley_api import session_status
from parley_api.candidates.connect import connect
from parley_api.candidates.link import FreshInterview, SeenInterview
from parley_api.candidates.models import ConsentGiven, DailyConnection, JoinView, WebsocketConnection
from parley_api.candidates.state import join_view, require_open
from parley_api.problems import ProblemError, problem_responses
from parley_api.services import ServicesOf


def no_store(response: Response) -> None:
    """What a link opens is for this candidate alone: no cache keeps it."""
    response.headers["Cache-Control"] = "no-store"


candidates_router = APIRouter(
    prefix="/join/v1",
    tags=["candidates"],
    dependencies=[Depends(no_store)],
    responses=problem_responses(401, 403, 410, 429, 503),
)
Now = Annotated[datetime, Depends(lambda: datetime.now(UTC))]


@candidates_router.get("/interview")
async def get_interview(interview: SeenInterview, services: ServicesOf, now: Now) -> JoinView:
    """What the link opens: what this is, where it stands, and what to agree to."""
    return join_view(interview, await services.templates.pinned(interview), now)


@candidates_router.post("/consent", status_code=204, responses=problem_responses(409, 422))
async def give_consent(body: ConsentGiven, interview: FreshInterview, services: ServicesOf, now: Now) -> None:
    """The candidate is here and agrees to this version of the consent. Saying it again changes nothing."""
    require_open(interview, now)
    template = await services.templates.pinned(interview)
    if body.version != template.consent.version:
        raise ProblemError(
            409,
            "consent-changed",
            f"The consent's version is {template.consent.version}: load the page again and read it.",
        )
    metadata = interview.metadata
    await session_status.update(
        services.kube,
        metadata.namespace or "",
        metadata.name,
        metadata.uid or "",
        session_status.consented(body.version, now),
    )


@candidates_router.post("/connect", responses=problem_responses(409))
async def post_connect(
    interview: FreshInterview, services: ServicesOf, now: Now
) -> WebsocketConnection | DailyConnection:
    """Where to connect, once the interviewer is in the room; until then 409 `not-ready` with Retry-After."""
    return await connect(services, interview, now)

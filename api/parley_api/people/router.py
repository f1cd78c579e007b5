"""What people call, `/v1`: the rights are those of RBAC on `interviews` and their virtual subresources."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from parley_crds import API_VERSION, INTERVIEW_KIND, Interview
from parley_rooms.links import link_url, mint_link

from parley_api import transcripts
from parley_api.interviews import read_interview
from parley_api.kube import interviews_path
from parley_api.people.access import Caller, Name, Namespace, permit, read, writing
from parley_api.people.erased import require_kept
from parley_api.people.models import InterviewLink, InterviewPage, InterviewSummary, NewInterview, UnreadableInterview
from parley_api.people.recording import recording_router
from parley_api.people.stream import stream_router
from parley_api.problems import ProblemError, problem_responses
from parley_api.services import ServicesOf
from parley_api.transcripts import ARTIFACTS, Format

MANAGER = "parley-people"
CREATED_BY = "parley.dev/created-by"
PAGE_MAX = 500

people_router = APIRouter(
    prefix="/v1/namespaces/{namespace}/interviews",
    tags=["people"],
    responses=problem_responses(401, 403, 404, 422, 503),
)


@people_router.post("", status_code=201, responses=problem_responses(409))
async def create_interview(
    namespace: Namespace, body: NewInterview, who: Caller, services: ServicesOf, response: Response
) -> InterviewSummary:
    """Create an Interview. What the schema refuses is a 422 that names each field."""
    await permit(services, who, "create", namespace, body.name or "")
    metadata: dict[str, Any] = {"labels": body.labels, "annotations": {CREATED_BY: who.username}}
    if body.name is not None:
        metadata["name"] = body.name
    else:
        metadata["generateName"] = body.generate_name
    # What the caller left out is left to the schema's defaults.
    spec = body.spec.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude_none=True)
    document = {"apiVersion": API_VERSION, "kind": INTERVIEW_KIND, "metadata": metadata, "spec": spec}
    query = {"fieldManager": MANAGER, "fieldValidation": "Strict"}
    with writing():
        created = read_interview(await services.kube.create(interviews_path(namespace), document, query))
    response.headers["Location"] = f"/v1/namespaces/{namespace}/interviews/{created.metadata.name}"
    return InterviewSummary.of(created)


@people_router.get("", responses=problem_responses(410))
async def list_interviews(
    namespace: Namespace,
    who: Caller,
    services: ServicesOf,
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 100,
    continue_: Annotated[str | None, Query(alias="continue", max_length=4096)] = None,
    label_selector: Annotated[str | None, Query(alias="labelSelector", max_length=2048)] = None,
) -> InterviewPage:
    """A page of the namespace's Interviews."""
    await permit(services, who, "list", namespace)
    query = {"limit": limit, "continue": continue_, "labelSelector": label_selector}
    page = await services.kube.get(interviews_path(namespace), query)
    items, unreadable = [], []
    for item in page["items"]:
        try:
            items.append(InterviewSummary.of(read_interview(item)))
        except ProblemError as error:
            fields = [problem.field for problem in error.errors]
            unreadable.append(UnreadableInterview(name=item["metadata"]["name"], fields=fields))
    return InterviewPage(items=items, unreadable=unreadable, continue_=page["metadata"].get("continue") or None)


@people_router.get("/{name}")
async def get_interview_summary(
    namespace: Namespace, name: Name, who: Caller, services: ServicesOf
) -> InterviewSummary:
    """One Interview."""
    await permit(services, who, "get", namespace, name)
    return InterviewSummary.of(await read(services, namespace, name))


@people_router.post("/{name}/cancel", responses=problem_responses(409))
async def cancel_interview(namespace: Namespace, name: Name, who: Caller, services: ServicesOf) -> InterviewSummary:
    """Call the interview off, for good; saying it again changes nothing. The right is `patch` on interviews."""
    await permit(services, who, "patch", namespace, name)
    interview = await read(services, namespace, name)
    if interview.spec.cancel:
        return InterviewSummary.of(interview)
    _require_unfinished(interview)
    body = {"metadata": {"uid": interview.metadata.uid}, "spec": {"cancel": True}}
    with writing():
        patched = await services.kube.merge_patch(interviews_path(namespace, name), body, manager=MANAGER)
    return InterviewSummary.of(read_interview(patched))


@people_router.get("/{name}/link", responses=problem_responses(409))
async def get_link(
    namespace: Namespace, name: Name, who: Caller, services: ServicesOf, response: Response
) -> InterviewLink:
    """The candidate's link. The right is `get` on interviews/link."""
    await permit(services, who, "get", namespace, name, "link")
    interview = await read(services, namespace, name)
    _require_unfinished(interview)
    settings, window = services.settings, interview.spec.window
    token = mint_link(settings.link_keys[0], interview.metadata.uid or "", interview.spec.link_epoch)
    response.headers["Cache-Control"] = "no-store"
    return InterviewLink(
        url=link_url(str(settings.link_base_url), token),
        opens_at=window.not_before if window else None,
        expires_at=window.expires_at if window else None,
    )


@people_router.get(
    "/{name}/transcript",
    response_class=Response,
    responses={
        200: {"content": {artifact.content_type: {} for artifact in ARTIFACTS.values()}},
        **problem_responses(409, 410),
    },
)
async def get_transcript(
    namespace: Namespace,
    name: Name,
    who: Caller,
    services: ServicesOf,
    form: Annotated[Format, Query(alias="format")] = "json",
) -> Response:
    """The final transcript. The right is `get` on interviews/transcript."""
    await permit(services, who, "get", namespace, name, "transcript")
    interview = await read(services, namespace, name)
    uid = interview.metadata.uid or ""
    data = await transcripts.read(services.store, namespace, uid, form)
    if data is None:
        await require_kept(services.store, namespace, uid, "transcript")
        phase = interview.status.phase
        if phase is not None and phase.is_final:
            raise ProblemError(404, "no-transcript", f"The interview is {phase}, and nothing was said in it.")
        raise ProblemError(
            409, "not-finished", f"The interview is {phase or 'new'}; its transcript is made when it has ended."
        )
    headers = {"Cache-Control": "private, no-store", "Content-Disposition": f'inline; filename="{name}.{form}"'}
    return Response(data, media_type=ARTIFACTS[form].content_type, headers=headers)


people_router.include_router(recording_router)
people_router.include_router(stream_router)


def _require_unfinished(interview: Interview) -> None:
    phase = interview.status.phase
    if phase is not None and phase.is_final:
        raise ProblemError(409, "interview-over", f"The interview is {phase} already.")

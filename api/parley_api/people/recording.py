"""`GET /v1/…/{name}/recording`: the sound of an interview, as it is stored, in pieces that memory has room for."""

import re
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Response
from parley_protocol import Manifest
from starlette.responses import StreamingResponse

from parley_api.people.access import Caller, Name, Namespace, permit, read
from parley_api.people.erased import require_kept
from parley_api.problems import ProblemError, problem_responses
from parley_api.services import ServicesOf
from parley_api.store import Store, StoreUnavailableError, layout
from parley_api.transcripts.archive import manifest_of

PIECE_BYTES = 1_048_576
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)

recording_router = APIRouter()


@recording_router.get(
    "/{name}/recording",
    response_class=Response,
    responses={
        200: {"content": {"audio/ogg": {}}},
        206: {"content": {"audio/ogg": {}}},
        **problem_responses(409, 410, 416),
    },
)
async def get_recording(
    namespace: Namespace,
    name: Name,
    who: Caller,
    services: ServicesOf,
    range_: Annotated[str | None, Header(alias="Range", max_length=128)] = None,
) -> Response:
    """The recording: Ogg Opus, the candidate on the left, the interviewer on the right; one Range is served.

    The right is `get` on interviews/recording.
    """
    await permit(services, who, "get", namespace, name, "recording")
    interview = await read(services, namespace, name)
    uid = interview.metadata.uid or ""
    manifest = await manifest_of(services.store, namespace, uid)
    if manifest is None:
        await require_kept(services.store, namespace, uid, "recording")
        phase = interview.status.phase
        if phase is not None and phase.is_final:
            raise _none(f"The interview is {phase}, and nothing was said in it.")
        raise ProblemError(
            409, "not-finished", f"The interview is {phase or 'new'}; its recording is made when it has ended."
        )
    entry = next((entry for entry in manifest.artifacts if entry.name == layout.RECORDING), None)
    if entry is None:
        raise _none(why_none(manifest))
    span = wanted(range_, entry.size)
    headers = {
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-store",
        "Content-Disposition": f'attachment; filename="{name}.ogg"',
        "Content-Length": str(span[1] - span[0]),
        "ETag": f'"{entry.sha256}"',
    }
    if range_ is not None:
        headers["Content-Range"] = f"bytes {span[0]}-{span[1] - 1}/{entry.size}"
    sound = _pieces(services.store, layout.artifact(namespace, uid, layout.RECORDING), *span)
    return StreamingResponse(sound, 200 if range_ is None else 206, headers, media_type=entry.content_type)


def wanted(header: str | None, size: int) -> tuple[int, int]:
    """The bytes that a Range asks for (RFC 9110, section 14): from the first to before the second; all without one.

    Raises:
        ProblemError: 416, it is no single range, or none of these bytes.
    """
    if header is None:
        return 0, size
    match = _RANGE.fullmatch(header.strip())
    first, last = match.groups() if match else ("", "")
    if first:
        start, end = int(first), min(int(last) + 1, size) if last else size
    elif last:
        start, end = max(0, size - int(last)), size
    else:
        start, end = size, size
    if start >= end:
        raise ProblemError(
            416,
            "range-not-satisfiable",
            f"The recording has {size} bytes; one range of them can be asked for.",
            headers={"Content-Range": f"bytes */{size}"},
        )
    return start, end


async def _pieces(store: Store, key: str, start: int, end: int) -> AsyncIterator[bytes]:
    """Each piece is a read of its own: nobody who listens slowly holds a connection to the store."""
    while start < end:
        data = await store.get_range(key, start, min(PIECE_BYTES, end - start))
        if not data:
            raise StoreUnavailableError(f"{key} went while it was read")
        start += len(data)
        yield data


def _none(detail: str) -> ProblemError:
    return ProblemError(404, "no-recording", detail)


def why_none(manifest: Manifest) -> str:
    """Why the store has no sound of an interview that is over, for whoever asks for it."""
    account = manifest.recording
    if account is None:
        return "This interview was not recorded."
    if account.provider_recordings:
        ids = ", ".join(recording.id for recording in account.provider_recordings)
        return f"The recording is kept by {account.provider}, by the id {ids}."
    if not account.found:
        return f"The recording is kept by {account.provider}, which has not told its id so far."
    return "This interview was to be recorded, and nothing of it has reached the store."

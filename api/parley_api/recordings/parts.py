"""The parts of a recording as they come, each an object of its own that is written once."""

import hashlib
from collections import deque

from parley_protocol import InterviewRef, RecordingPart
from parley_protocol.recording import CONTENT_TYPE, MAX_PART_BYTES

from parley_api.recordings.ogg import OggError, pages
from parley_api.store import Store, layout
from parley_api.store.layout import PartKey
from parley_api.transcripts.erasure import require_not_erased


class PartError(Exception):
    """The part is not taken; the message says why."""


class PartInvalidError(PartError):
    """The body is no part, or not the one that it is said to be."""


class PartConflictError(PartError):
    """Another part is stored under this number."""


class PartLateError(PartError):
    """The interview is over, and its recording made of the parts that were there."""


async def keep(store: Store, ref: InterviewRef, number: int, part: RecordingPart, body: bytes) -> None:
    """Make a part durable. Again: the same, changing nothing.

    Raises:
        PartError: it is not taken.
        ErasedError: the interview was erased.
        StoreUnavailableError: nothing was stored; call again.
    """
    _check(part, body)
    place = PartKey(part.attempt, number, part.start_ms, part.duration_ms)
    key = layout.part_key(ref.namespace, ref.uid, place)
    if await store.size(layout.artifact(ref.namespace, ref.uid, layout.TRANSCRIPT_JSON)) is not None:
        raise PartLateError("the interview is over: no more of its recording is taken")
    if not await store.put_once(key, body, CONTENT_TYPE) and await store.get(key) not in (body, None):
        raise PartConflictError(f"part {number} is stored already with other content")
    await require_not_erased(store, ref.namespace, ref.uid)
    await _require_unsealed(store, ref)


async def forget(store: Store, ref: InterviewRef) -> None:
    """Delete the parts, which are a file by now; most interviews have none. Raises StoreUnavailableError."""
    prefix = layout.recording_prefix(ref.namespace, ref.uid)
    if await store.list(prefix):
        await store.delete_prefix(prefix)


def _check(part: RecordingPart, body: bytes) -> None:
    if not 0 < len(body) <= MAX_PART_BYTES:
        raise PartInvalidError(f"a part has from 1 to {MAX_PART_BYTES} bytes, not {len(body)}")
    if hashlib.sha256(body).hexdigest() != part.sha256:
        raise PartInvalidError("sha256 is not that of the body")
    try:
        deque(pages(body), maxlen=0)
    except OggError as error:
        raise PartInvalidError(f"the body is not made of pages of an Ogg file: {error}") from error


async def _require_unsealed(store: Store, ref: InterviewRef) -> None:
    """After the write: a part that came while the file was made belongs to nothing any more."""
    if await store.size(layout.artifact(ref.namespace, ref.uid, layout.MANIFEST)) is not None:
        await forget(store, ref)
        raise PartLateError("the interview is over, and its recording made without this part")

"""The parts of a recording become one file, which a few parts of it at a time are in memory for.

The same parts make the same file, so that it may be made again after a crash, or by two at a time. Whoever makes it
looks at the end whether the parts are still those that it began with: the manifest comes after the file, and the
parts go after the manifest, so a file of fewer parts can't take the place of a whole one.
"""

import asyncio
import hashlib
import logging
from collections import deque
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

from parley_protocol import InterviewRef, ManifestEntry, RecordingSegment
from parley_protocol.recording import CONTENT_TYPE

from parley_api.recordings.ogg import OggError
from parley_api.recordings.opus import OneStream
from parley_api.recordings.segments import playable, segments
from parley_api.store import Store, StoreUnavailableError, layout
from parley_api.store.layout import PartKey

log = logging.getLogger(__name__)

_AHEAD = 8


@dataclass(frozen=True)
class Joined:
    """The file of a recording, as the manifest tells of it."""

    entry: ManifestEntry
    segments: list[RecordingSegment]


async def join(store: Store, ref: InterviewRef) -> Joined | None:
    """Make the recording's file of its parts; None where there are none.

    Raises:
        StoreUnavailableError: the store failed, or the parts changed meanwhile; call again.
    """
    parts = await _stored(store, ref)
    if not parts:
        return None
    digest, size = hashlib.sha256(), 0

    stream = OneStream(parts[0].start_ms)

    def counted(piece: bytes) -> bytes:
        nonlocal size
        digest.update(piece)
        size += len(piece)
        return piece

    async def pieces() -> AsyncIterator[bytes]:
        for part in parts:
            data = await anext(stored)
            try:
                yield counted(await asyncio.to_thread(stream.add, part, data))
            except OggError as error:
                where = f"{ref.namespace}/{ref.uid}"
                log.error("part %s of the recording of %s: %s", part, where, error)  # noqa: TRY400 - a line will do
        yield counted(stream.finish())
        if await _stored(store, ref) != parts:
            raise StoreUnavailableError(f"the recording of {ref.namespace}/{ref.uid} changed while its file was made")

    stored = _in_order(store, [layout.part_key(ref.namespace, ref.uid, part) for part in parts])
    await store.put_stream(layout.artifact(ref.namespace, ref.uid, layout.RECORDING), pieces(), CONTENT_TYPE)
    entry = ManifestEntry(
        name=layout.RECORDING, sha256=digest.hexdigest(), size=size, content_type=f"{CONTENT_TYPE}; codecs=opus"
    )
    return Joined(entry, segments(parts))


async def _stored(store: Store, ref: InterviewRef) -> list[PartKey]:
    keys = await store.list(layout.recording_prefix(ref.namespace, ref.uid))
    return playable(filter(None, map(layout.parse_part_key, keys)))


async def _in_order(store: Store, keys: Iterable[str]) -> AsyncIterator[bytes]:
    """What is stored under the keys, some of it read ahead."""
    reading: deque[asyncio.Task[bytes]] = deque()
    try:
        for key in keys:
            reading.append(asyncio.create_task(_read(store, key)))
            if len(reading) >= _AHEAD:
                yield await reading.popleft()
        while reading:
            yield await reading.popleft()
    finally:
        for task in reading:
            task.cancel()


async def _read(store: Store, key: str) -> bytes:
    data = await store.get(key)
    if data is None:
        raise StoreUnavailableError(f"{key} went while the recording's file was made")
    return data

"""From parts to the file and the manifest, broken off at each of the store's calls and begun again."""

import asyncio
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from parley_api.recordings.joining import join
from parley_api.recordings.parts import PartConflictError, PartInvalidError, PartLateError, keep
from parley_api.store import FolderStore, StoreUnavailableError, layout
from parley_api.transcripts.archive import Beside, manifest_of, publish
from parley_api.transcripts.assemble import Ending
from parley_api.transcripts.erasure import ErasedError, erase
from parley_protocol import ConsentRecord, InterviewRef, RecordingAccount, RecordingPart
from parley_protocol.recording import MAX_PART_BYTES
from support.ogg import SECOND, numbers, stream

REF = InterviewRef(namespace="hiring", name="ada", uid="u-1")
AT = datetime(2026, 11, 22, 10, tzinfo=UTC)
ENDING = Ending("Completed", AT)
BODIES = stream(10)


def about(body: bytes, number: int, attempt: int = 1) -> RecordingPart:
    digest = hashlib.sha256(body).hexdigest()
    start, length = max(0, number - 2) * 1000, 1000 if number > 1 else 0
    return RecordingPart(attempt=attempt, start_ms=start, duration_ms=length, sha256=digest)


@pytest.fixture
async def store(tmp_path: Path) -> FolderStore:
    store = FolderStore(tmp_path / "store")
    for number, body in enumerate(BODIES, start=1):
        await keep(store, REF, number, about(body, number), body)
    return store


async def read(store: FolderStore, name: str) -> bytes | None:
    return await store.get(layout.artifact("hiring", "u-1", name))


async def parts_left(store: FolderStore) -> int:
    return len(await store.list(layout.recording_prefix("hiring", "u-1")))


async def require_whole(store: FolderStore) -> None:
    manifest = await manifest_of(store, "hiring", "u-1")
    assert manifest is not None
    assert manifest.recording is not None
    entry = manifest.artifacts[-1]
    content = await read(store, layout.RECORDING)
    assert content is not None
    assert list(numbers(content)) == list(range(10 * SECOND))
    assert (entry.name, entry.size) == (layout.RECORDING, len(content))
    assert entry.sha256 == hashlib.sha256(content).hexdigest()
    (segment,) = manifest.recording.segments
    assert (segment.start_ms, segment.duration_ms) == (0, 10_000)
    assert await parts_left(store) == 0


async def test_parts_become_a_file_that_the_manifest_tells_of(store: FolderStore) -> None:
    consent = ConsentRecord(version="2", given_at=AT)

    async def elsewhere() -> Beside:
        return Beside(recording=RecordingAccount(consent=consent))

    await publish(store, REF, None, [], ENDING, elsewhere)
    await require_whole(store)
    manifest = await manifest_of(store, "hiring", "u-1")
    assert manifest is not None
    assert manifest.recording is not None
    assert manifest.recording.consent == consent


async def test_without_parts_there_is_no_file(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store")
    await publish(store, REF, None, [], ENDING)
    manifest = await manifest_of(store, "hiring", "u-1")
    assert manifest is not None
    assert manifest.recording is None
    assert await read(store, layout.RECORDING) is None


class Breaks(FolderStore):
    """A store whose process dies at the nth of its calls: nothing is done any more."""

    def __init__(self, root: Path, calls: int) -> None:
        super().__init__(root)
        self.calls = calls

    async def _run[**P, R](self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        self.calls -= 1
        if self.calls < 0:
            raise StoreUnavailableError("gone")
        return await super()._run(call, *args, **kwargs)


async def test_broken_off_anywhere_it_is_completed_by_the_next(store: FolderStore, tmp_path: Path) -> None:
    calls, done = 0, False
    while not done:
        broken = Breaks(tmp_path / "store", calls)
        try:
            await publish(broken, REF, None, [], ENDING)
        except StoreUnavailableError:
            calls += 1
        else:
            done = True
    assert calls > 20
    await require_whole(store)


async def test_two_at_a_time_make_the_same(store: FolderStore) -> None:
    async def attempt() -> None:
        while True:
            try:
                await publish(store, REF, None, [], ENDING)
            except StoreUnavailableError:
                continue
            return

    await asyncio.gather(*(attempt() for _ in range(4)))
    await require_whole(store)


async def test_parts_that_go_while_they_are_joined_leave_the_file_as_it_was(store: FolderStore) -> None:
    await publish(store, REF, None, [], ENDING)
    whole = await read(store, layout.RECORDING)
    for number, body in enumerate(BODIES[:2], start=1):
        key = layout.part_key("hiring", "u-1", layout.PartKey(1, number, 0, 0))
        await store.put(key, body, "audio/ogg")
    reading = store.get

    async def forgetful(key: str) -> bytes | None:
        found = await reading(key)
        if layout.parse_part_key(key) is not None:
            await store.delete_prefix(layout.recording_prefix("hiring", "u-1"))
        return found

    store.get = forgetful  # type: ignore[method-assign]
    with pytest.raises(StoreUnavailableError):
        await join(store, REF)
    assert await read(store, layout.RECORDING) == whole


async def test_a_part_again_changes_nothing_and_another_is_refused(store: FolderStore) -> None:
    await keep(store, REF, 1, about(BODIES[0], 1), BODIES[0])
    assert await parts_left(store) == len(BODIES)
    with pytest.raises(PartConflictError):
        await keep(store, REF, 1, about(BODIES[1], 1), BODIES[1])


@pytest.mark.parametrize(
    ("body", "digest"),
    [
        (b"", None),
        (bytes(MAX_PART_BYTES + 1), None),
        (b"RIFFx", None),
        (BODIES[1][:-1], None),
        (BODIES[1][:-1] + b"x", None),
        (BODIES[1], "0" * 64),
    ],
)
async def test_what_is_no_part_is_refused(store: FolderStore, body: bytes, digest: str | None) -> None:
    part = about(body, 20)
    if digest is not None:
        part = part.model_copy(update={"sha256": digest})
    with pytest.raises(PartInvalidError):
        await keep(store, REF, 20, part, body)
    assert await parts_left(store) == len(BODIES)


async def test_after_the_end_no_part_is_taken(store: FolderStore) -> None:
    await publish(store, REF, None, [], ENDING)
    with pytest.raises(PartLateError):
        await keep(store, REF, 20, about(BODIES[0], 20), BODIES[0])
    assert await parts_left(store) == 0


async def test_a_part_that_lands_behind_the_end_goes_again(store: FolderStore) -> None:
    """The interview ends between the look whether it has and the write."""
    writing = store.put_once

    async def late(*args: Any) -> bool:
        store.put_once = writing  # type: ignore[method-assign]
        await publish(store, REF, None, [], ENDING)
        return await writing(*args)

    store.put_once = late  # type: ignore[method-assign]
    with pytest.raises(PartLateError):
        await keep(store, REF, 20, about(BODIES[0], 20), BODIES[0])
    await require_whole(store)


@pytest.mark.parametrize("published", [True, False])
async def test_an_erasure_takes_parts_and_file(store: FolderStore, published: bool) -> None:
    if published:
        await publish(store, REF, None, [], ENDING)
    await erase(store, "hiring", "u-1", why="retention")
    with pytest.raises(ErasedError):
        await keep(store, REF, 20, about(BODIES[0], 20), BODIES[0])
    assert await store.list(layout.prefix("hiring", "u-1")) == [layout.artifact("hiring", "u-1", layout.ERASURE)]

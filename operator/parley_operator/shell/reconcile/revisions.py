"""The templates' snapshots: none is collected just as an interview names it."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from weakref import WeakValueDictionary

from parley_protocol import InterviewRef

from parley_operator.shell.client.kube import INTERVIEWS, REVISIONS, Json, Kube
from parley_operator.shell.watch.mirror import Mirror

COLLECT_PAGE_SIZE = 50
"""Where an Interview is left that names a snapshot, it is most often among the first few."""

type Key = tuple[str, str]


class Pins:
    """Who is at a snapshot: any number of interviews name it at once, or one collects it alone."""

    def __init__(self) -> None:
        self._naming: Counter[Key] = Counter()
        self._locks: WeakValueDictionary[Key, asyncio.Lock] = WeakValueDictionary()

    @contextlib.asynccontextmanager
    async def naming(self, namespace: str, revision: str) -> AsyncIterator[None]:
        """From the snapshot's making to the status that names it."""
        key = (namespace, revision)
        self._naming[key] += 1
        try:
            async with self._lock(key):
                pass  # a collection that is under way ends first; none begins any more
            yield
        finally:
            self._naming[key] -= 1
            if not self._naming[key]:
                del self._naming[key]

    @contextlib.asynccontextmanager
    async def collecting(self, namespace: str, revision: str) -> AsyncIterator[bool]:
        """Gives whether it may be collected: False while an interview is about to name it."""
        key = (namespace, revision)
        async with self._lock(key):
            yield key not in self._naming

    def _lock(self, key: Key) -> asyncio.Lock:
        lock = self._locks.get(key)
        if lock is None:
            lock = self._locks[key] = asyncio.Lock()
        return lock


async def collect(kube: Kube, namespace: str, revision: str, *, besides: str | None = None) -> bool:
    """Deletes a snapshot unless an Interview names it; `besides` is the uid of one that does not count.

    Nor do others that are being deleted: of those that go at once each would hold it for the next, and it would stay.
    """
    async for page in kube.pages(INTERVIEWS, namespace, size=COLLECT_PAGE_SIZE):
        if any(_needs(interview, revision, besides) for interview in page):
            return False
    await kube.delete(REVISIONS, namespace, revision)
    return True


async def collect_behind(mirror: Mirror, ref: InterviewRef, revision: str) -> bool:
    """Deletes the snapshot of an Interview that is being deleted, unless another one names it.

    The API server is asked only where memory knows of no other one: of a thousand that go at once, each would read all.
    """
    if await mirror.recall(REVISIONS, ref.namespace, revision) is None:
        return False
    if any(_needs(interview, revision, ref.uid) for interview in mirror.interviews(ref.namespace)):
        return False
    return await collect(mirror, ref.namespace, revision, besides=ref.uid)


def _needs(interview: Json, revision: str, besides: str | None) -> bool:
    metadata, named = interview["metadata"], interview.get("status", {}).get("template", {}).get("revision")
    return bool(named == revision and metadata["uid"] != besides and "deletionTimestamp" not in metadata)

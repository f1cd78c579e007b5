"""`python -m parley_api.retention`: delete what is past its time. A CronJob runs it; running it twice is harmless."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from parley_protocol import Manifest
from pydantic import AwareDatetime, ValidationError

from parley_api.settings import load
from parley_api.store import Store, StoreError, StoreSettings, layout, open_store
from parley_api.transcripts.archive import KeptPlan
from parley_api.transcripts.erasure import delete_but_proof, erase

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sweep:
    """What one run did: how many interviews it erased, and the keys for which it could not tell a time."""

    erased: int
    unreadable: Sequence[str]


@dataclass(frozen=True)
class Stored:
    """What is stored of one interview, by name; of its events only that there are some."""

    namespace: str
    uid: str
    names: frozenset[str]

    def key(self, name: str) -> str:
        """The key of an artifact."""
        return layout.artifact(self.namespace, self.uid, name)


async def sweep(store: Store, now: datetime) -> Sweep:
    """Erase every interview whose time is over. Raises StoreUnavailableError.

    The time of one that has ended stands in its manifest. One that never came to its end, for its bot left nothing or
    its seal was given up, is kept as long from when its plan was.
    """
    erased, unreadable = 0, []
    async for stored in _interviews(store):
        if layout.ERASURE in stored.names:
            if len(stored.names) > 1:
                log.warning("Something of %s/%s came after its erasure: it goes again", stored.namespace, stored.uid)
                await delete_but_proof(store, stored.namespace, stored.uid)
            continue
        name = layout.MANIFEST if layout.MANIFEST in stored.names else layout.PLAN
        data = await store.get(stored.key(name))
        try:
            due = None if data is None else delete_after(name, data)
        except ValidationError:
            unreadable.append(stored.key(name))
            continue
        if data is None and await _is_orphan(store, stored):
            unreadable.append(layout.prefix(stored.namespace, stored.uid))
        if due is not None and due <= now:
            await erase(store, stored.namespace, stored.uid, why="retention")
            log.info("Erased interview %s/%s: its time was over on %s", stored.namespace, stored.uid, due.isoformat())
            erased += 1
    return Sweep(erased, unreadable)


def delete_after(name: str, data: bytes) -> AwareDatetime | None:
    """When a manifest, or else a plan, says that its interview is to be deleted; None: never.

    Raises:
        pydantic.ValidationError: it can't be read.
    """
    if name == layout.MANIFEST:
        return Manifest.model_validate_json(data).delete_after
    kept = KeptPlan.model_validate_json(data)
    days = kept.inputs.retention_days
    return None if days is None else kept.kept_at + timedelta(days=days)


async def _interviews(store: Store) -> AsyncIterator[Stored]:
    """What is stored, one interview at a time: a bucket's keys may be more than memory holds."""
    owner: tuple[str, str] | None = None
    names: set[str] = set()
    async for page in store.pages(layout.ROOT):
        for artifact in filter(None, map(layout.parse_artifact, page)):
            if owner != (artifact.namespace, artifact.uid):
                if owner is not None:
                    yield Stored(*owner, frozenset(names))
                owner, names = (artifact.namespace, artifact.uid), set()
            names.add(artifact.name.partition("/")[0])
    if owner is not None:
        yield Stored(*owner, frozenset(names))


async def _is_orphan(store: Store, stored: Stored) -> bool:
    """Whether something is there that nothing tells the time of, and not just on its way out since it was listed."""
    left = await store.list(layout.prefix(stored.namespace, stored.uid))
    return bool(left) and not {stored.key(name) for name in (layout.ERASURE, layout.MANIFEST, layout.PLAN)} & set(left)


def main() -> int:
    """Exit 0 when everything past its time is gone; else 1 (2 for a bad setting) with a line that says why."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    try:
        store = open_store(load(StoreSettings))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    try:
        done = asyncio.run(sweep(store, datetime.now(UTC)))
    except StoreError as error:
        print(error, file=sys.stderr)
        return 1
    log.info("Erased %d interviews", done.erased)
    for key in done.unreadable:
        print(f"{key} does not tell its time: it is kept for ever until a person looks at it", file=sys.stderr)
    return 1 if done.unreadable else 0


if __name__ == "__main__":
    sys.exit(main())

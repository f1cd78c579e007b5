"""`python -m parley_api.retention`: delete what is past its time, link what ends did not find of Daily's recordings.

A CronJob runs it; running it twice is harmless.
"""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from parley_protocol import BotInputs, Manifest
from parley_rooms.provider import RoomRecorder
from pydantic import AwareDatetime, ValidationError

from parley_api.daily import daily_rooms
from parley_api.recordings import provider
from parley_api.settings import DailySettings, load
from parley_api.store import Store, StoreError, StoreSettings, StoreUnavailableError, layout, open_store
from parley_api.transcripts.archive import KeptPlan
from parley_api.transcripts.erasure import delete_but_proof, erase
from parley_api.transcripts.linking import ToAsk, is_to_ask, link_all
from parley_api.transcripts.sealing import ALONE_FOR, Sealing

log = logging.getLogger(__name__)

DELETE_SECONDS = 60.0
"""How long Daily may take to delete one interview's recordings: nobody waits for a run."""

Told = Manifest | KeptPlan | Sealing
# What tells an interview's time; of several the first does.
_TIMED: dict[str, type[Told]] = {layout.MANIFEST: Manifest, layout.PLAN: KeptPlan, layout.SEALING: Sealing}


@dataclass(frozen=True)
class Sweep:
    """What one run did: how many interviews it erased, and the keys for which it could not tell a time.

    `kept` are those whose time is over and whose recording at the room's provider could not be deleted, and why;
    `linked` says of how many something of a recording was found after their end.
    """

    erased: int
    unreadable: Sequence[str]
    kept: Sequence[str] = ()
    linked: int = 0


class Settings(StoreSettings, DailySettings):
    """The store, and Daily's key where there are Daily rooms."""


@dataclass(frozen=True)
class Stored:
    """What is stored of one interview, by name; of its events only that there are some."""

    namespace: str
    uid: str
    names: frozenset[str]

    def key(self, name: str) -> str:
        """The key of an artifact."""
        return layout.artifact(self.namespace, self.uid, name)


async def sweep(store: Store, now: datetime, rooms: RoomRecorder | None = None) -> Sweep:
    """Erase every interview whose time is over, its recording by `rooms` too. Raises StoreUnavailableError.

    The time of one that has ended stands in its manifest. One that never came to its end, for its bot left nothing or
    its seal was given up, is kept as long from when its plan was. Where nothing was said the end of the log alone is
    left: it goes after a day. What is to go comes first, then what Daily is asked.
    """
    erased, unreadable, kept, asked = 0, list[str](), list[str](), list[ToAsk]()
    async for stored in _interviews(store):
        if layout.ERASURE in stored.names:
            if len(stored.names) > 1:
                log.warning("Something of %s/%s came after its erasure: it goes again", stored.namespace, stored.uid)
                await delete_but_proof(store, stored.namespace, stored.uid)
            continue
        name = next((name for name in _TIMED if name in stored.names), layout.PLAN)
        data = await store.get(stored.key(name))
        try:
            told = None if data is None else _told(name, data)
        except ValidationError:
            unreadable.append(stored.key(name))
            continue
        if data is None and await _is_orphan(store, stored):
            unreadable.append(layout.prefix(stored.namespace, stored.uid))
        due = None if told is None else delete_after(told)
        if due is not None and due <= now:
            if isinstance(told, Sealing):
                await delete_but_proof(store, stored.namespace, stored.uid)
                continue
            try:
                await provider.erase(rooms, await _inputs(store, stored), within=DELETE_SECONDS)
            except StoreUnavailableError as error:
                kept.append(f"{stored.namespace}/{stored.uid}: {error}")
                continue
            except ValidationError:
                kept.append(f"{stored.namespace}/{stored.uid}: {layout.PLAN}, which names its room, can't be read")
                continue
            await erase(store, stored.namespace, stored.uid, why="retention")
            log.info("Erased interview %s/%s: its time was over on %s", stored.namespace, stored.uid, due.isoformat())
            erased += 1
        elif isinstance(told, Manifest) and is_to_ask(told, now):
            asked.append(ToAsk.of(told))
    return Sweep(erased, unreadable, kept, await link_all(store, rooms, asked))


def delete_after(told: Told) -> AwareDatetime | None:
    """When a manifest, or else a plan or a log's end, says that its interview is to be deleted; None: never."""
    if isinstance(told, Manifest):
        return told.delete_after
    if isinstance(told, Sealing):
        return told.closed_at + ALONE_FOR
    days = told.inputs.retention_days
    return None if days is None else told.kept_at + timedelta(days=days)


def _told(name: str, data: bytes) -> Told:
    """What an artifact says that tells a time. Raises pydantic.ValidationError."""
    return _TIMED[name].model_validate_json(data)


async def _inputs(store: Store, stored: Stored) -> BotInputs | None:
    """The inputs as they were kept, which name the room. Raises StoreUnavailableError, pydantic.ValidationError."""
    data = await store.get(stored.key(layout.PLAN))
    return None if data is None else KeptPlan.model_validate_json(data).inputs


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
    return bool(left) and not {stored.key(name) for name in (layout.ERASURE, *_TIMED)} & set(left)


def main() -> int:
    """Exit 0 when everything past its time is gone; else 1 (2 for a bad setting) with a line that says why."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    settings = load(Settings)
    try:
        store = open_store(settings)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    try:
        done = asyncio.run(_run(store, settings))
    except StoreError as error:
        print(error, file=sys.stderr)
        return 1
    log.info("Erased %d interviews, linked the recordings of %d", done.erased, done.linked)
    for key in done.unreadable:
        print(f"{key} does not tell its time: it is kept for ever until a person looks at it", file=sys.stderr)
    for interview in done.kept:
        print(f"{interview}: its time is over, and it is kept until its recording can be deleted", file=sys.stderr)
    return 1 if done.unreadable or done.kept else 0


async def _run(store: Store, settings: Settings) -> Sweep:
    rooms = daily_rooms(settings)
    try:
        return await sweep(store, datetime.now(UTC), rooms)
    finally:
        if rooms is not None:
            await rooms.aclose()


if __name__ == "__main__":
    sys.exit(main())

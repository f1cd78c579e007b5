"""The log of an interview's events: each acknowledged batch is an object of its own, written once.

Within an attempt the objects form one chain: an object is written only by a writer that knows everything before it to
be stored, and its name is the number of its first event. Two replicas that disagree about the chain's end therefore
meet at the same name, where the store lets one of them through, and the other reads what is there and looks again.

The end is told by `sealing.json`, which is there before the events are read for the transcript. Whoever has written or
found an event looks for it before that is acknowledged: either the event was there when all were read, or it is
refused.
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from parley_protocol import EventBatch, NumberedEvent
from parley_protocol.assignment import AttemptEvents

from parley_api.store import Store, StoreError, StoreUnavailableError, layout
from parley_api.store.layout import EventsKey
from parley_api.transcripts.erasure import ErasedError, require_not_erased
from parley_api.transcripts.sealing import is_sealed

_READERS = 8
_KEPT_CHAINS = 512
MAX_EVENTS = 50_000
"""Events of one attempt: a day of talk stays below it, a bot that runs in circles does not fill the store."""
JSON = "application/json"


class EventLogError(Exception):
    """The batch can't be stored; the message says why."""


class EventGapError(EventLogError):
    """The batch begins after the next number expected: events that the bot takes for acknowledged are not stored.

    A bot sends in order and drops what was acknowledged, so it can't mend this. `expected` is for who looks for why.
    """

    def __init__(self, expected: int, got: int) -> None:
        super().__init__(f"the batch begins with event {got}, and event {expected} is the next expected")
        self.expected = expected


class EventConflictError(EventLogError):
    """An event of the batch is stored already with other content."""

    def __init__(self, n: int) -> None:
        super().__init__(f"event {n} is stored already with other content")
        self.n = n


class UnorderedBatchError(EventLogError):
    """The events of the batch are not consecutive."""


class LogFullError(EventLogError):
    """The attempt has as many events as are ever taken."""


class LogClosedError(EventLogError):
    """The interview's end is on its way into the transcript, or it was erased: `why` is `finished` or `erased`."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the interview is {why}: no more events are taken")
        self.why = why


@dataclass
class _Chain:
    """What is known to be stored of one attempt: a digest for each event, in order.

    Unless it is `closed`, all of that is for the transcript.
    """

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    loaded: bool = False
    closed: str | None = None
    digests: list[bytes] = field(default_factory=list)


@dataclass(frozen=True)
class Appended:
    """The outcome of an append: the highest durable number, and the events that were not known before."""

    acknowledged: int
    new: Sequence[NumberedEvent]


class EventLog:
    """Appends to and reads the events of every interview in one store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._chains: OrderedDict[tuple[str, str, int], _Chain] = OrderedDict()

    async def append(self, namespace: str, uid: str, batch: EventBatch) -> Appended:
        """Make the batch durable, or what of it is new.

        Raises:
            EventLogError: the batch is unordered, leaves a gap, contradicts what is stored, or comes too late (of a
                repeat, too, nobody could tell whether the transcript has it), or the log is full.
            StoreUnavailableError: nothing was acknowledged; the bot may send it again.
        """
        _check_order(batch)
        chain = self._chain(namespace, uid, batch.attempt)
        async with chain.lock:
            if not chain.loaded:
                await self._load(namespace, uid, batch.attempt, chain)
            news = new = await self._unstored(namespace, uid, batch, chain)
            while new and chain.closed is None:
                await self._extend(namespace, uid, batch.attempt, new, chain)
                new = await self._unstored(namespace, uid, batch, chain)
            if chain.closed is not None:
                raise LogClosedError(chain.closed)
            return Appended(len(chain.digests), news)

    async def read(self, namespace: str, uid: str) -> list[AttemptEvents]:
        """The stored events of every attempt, in order. Raises StoreUnavailableError."""
        keys = await self._store.list(layout.events_prefix(namespace, uid))
        batches = await self._read_batches(namespace, uid, _parsed(keys))
        attempts: dict[int, list[NumberedEvent]] = {}
        for batch in batches:
            attempts.setdefault(batch.attempt, []).extend(batch.events)
        return [AttemptEvents(attempt=attempt, events=events) for attempt, events in sorted(attempts.items())]

    async def highest(self, namespace: str, uid: str, attempt: int) -> int:
        """The highest durable number of the attempt, 0 where there is none.

        Raises:
            LogClosedError: the interview was erased.
            StoreUnavailableError: the store failed.
        """
        chain = self._chain(namespace, uid, attempt)
        async with chain.lock:
            await self._load(namespace, uid, attempt, chain)
            return len(chain.digests)

    def forget(self, namespace: str, uid: str) -> None:
        """Drop what is cached of an interview that was finished or erased: the next append looks into the store."""
        for key, chain in list(self._chains.items()):
            if key[:2] == (namespace, uid):
                chain.loaded = False  # for who holds it already
                del self._chains[key]

    def _chain(self, namespace: str, uid: str, attempt: int) -> _Chain:
        key = (namespace, uid, attempt)
        chain = self._chains.setdefault(key, _Chain())
        self._chains.move_to_end(key)
        for stale in list(self._chains):
            if len(self._chains) <= _KEPT_CHAINS:
                break
            if not self._chains[stale].lock.locked():
                del self._chains[stale]
        return chain

    async def _unstored(self, namespace: str, uid: str, batch: EventBatch, chain: _Chain) -> Sequence[NumberedEvent]:
        """The events beyond the chain's end, the others compared with what is stored."""
        first = batch.events[0].n
        if first > len(chain.digests) + 1:
            await self._load(namespace, uid, batch.attempt, chain)  # another replica may have taken what is missing
        known = len(chain.digests)
        if first > known + 1:
            raise EventGapError(known + 1, first)
        for event in batch.events:
            if event.n <= known and chain.digests[event.n - 1] != _digest(event):
                raise EventConflictError(event.n)
        return [event for event in batch.events if event.n > known]

    async def _extend(
        self, namespace: str, uid: str, attempt: int, new: Sequence[NumberedEvent], chain: _Chain
    ) -> None:
        """Store the events at the chain's end; or learn what is stored there, which is at least one event more.

        Or learn that the log is closed.
        """
        key = layout.events_key(namespace, uid, EventsKey(attempt, new[0].n))
        data = EventBatch(attempt=attempt, events=list(new)).to_json()
        if await self._store.put_once(key, data, JSON):
            # Nobody tells a replica what another has ended or erased, and a write can hang in its retries meanwhile.
            _, sealed = await asyncio.gather(self._require_kept(namespace, uid), is_sealed(self._store, namespace, uid))
            if sealed:
                chain.closed = "finished"
                return
            chain.digests.extend(_digest(event) for event in new)
            return
        # Another replica was first, or a former answer was lost: what is stored decides.
        await self._load(namespace, uid, attempt, chain)
        if len(chain.digests) < new[0].n:
            raise StoreUnavailableError(f"{key} is stored, and yet the store does not list it")

    async def _load(self, namespace: str, uid: str, attempt: int, chain: _Chain) -> None:
        """Bring the chain up to what is stored; only objects that are not known yet are read."""
        keys = await self._store.list(layout.prefix(namespace, uid))
        if layout.artifact(namespace, uid, layout.ERASURE) in keys:
            await self._require_kept(namespace, uid)
        known = len(chain.digests)
        fresh = [key for key in _parsed(keys) if key.attempt == attempt and key.first > known]
        batches = await self._read_batches(namespace, uid, fresh)
        # Not by the list: a store may have looked there first, and then for the events. But a transcript may be of a
        # version that did not seal like this.
        transcript = layout.artifact(namespace, uid, layout.TRANSCRIPT_JSON)
        if transcript in keys or await is_sealed(self._store, namespace, uid):
            chain.closed = "finished"
        for batch in batches:
            if batch.events[0].n != len(chain.digests) + 1:
                raise StoreError(f"attempt {attempt} of {namespace}/{uid} lacks stored event {len(chain.digests) + 1}")
            chain.digests.extend(_digest(event) for event in batch.events)
        chain.loaded = True

    async def _require_kept(self, namespace: str, uid: str) -> None:
        try:
            await require_not_erased(self._store, namespace, uid)
        except ErasedError as error:
            raise LogClosedError("erased") from error

    async def _read_batches(self, namespace: str, uid: str, keys: Sequence[EventsKey]) -> list[EventBatch]:
        gate = asyncio.Semaphore(_READERS)

        async def read(key: EventsKey) -> EventBatch | None:
            async with gate:
                data = await self._store.get(layout.events_key(namespace, uid, key))
            return None if data is None else EventBatch.model_validate_json(data)

        # None: erased since it was listed.
        return [batch for batch in await asyncio.gather(*(read(key) for key in keys)) if batch is not None]


def _check_order(batch: EventBatch) -> None:
    numbers = [event.n for event in batch.events]
    if numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        raise UnorderedBatchError("the events of a batch must be numbered consecutively")
    if numbers[-1] > MAX_EVENTS:
        raise LogFullError(f"an attempt reports {MAX_EVENTS} events at most")


def _parsed(keys: Iterable[str]) -> list[EventsKey]:
    return sorted(key for key in map(layout.parse_events_key, keys) if key is not None)


def _digest(event: NumberedEvent) -> bytes:
    return hashlib.blake2b(event.to_json(), digest_size=16).digest()

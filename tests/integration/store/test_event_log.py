"""The log of events on each kind of store, by several replicas, and through an outage."""

import asyncio
import itertools
from datetime import UTC, datetime
from typing import Any

import pytest
from parley_api.store import S3Store, Store, StoreUnavailableError
from parley_api.transcripts.event_log import EventLog
from parley_protocol import EventBatch, NumberedEvent, ToolCalled

NS, UID = "hiring", "u-1"
COUNT = 60
AT = datetime(2026, 11, 22, 9, tzinfo=UTC)
EVENTS = [
    NumberedEvent(n=n, at=AT, at_ms=n, event=ToolCalled(name="record_answer", outcome=f"ok {n}"))
    for n in range(1, COUNT + 1)
]


def batch(first: int, last: int) -> EventBatch:
    return EventBatch(attempt=1, events=EVENTS[first - 1 : last])


async def test_replicas_that_take_the_same_events_at_once_store_each_once(store: Store) -> None:
    async def send(log: EventLog, size: int) -> None:
        acknowledged = 0
        while acknowledged < COUNT:
            appended = await log.append(NS, UID, batch(acknowledged + 1, min(COUNT, acknowledged + size)))
            acknowledged = appended.acknowledged

    await asyncio.gather(*(send(EventLog(store), size) for size in (1, 3, 4, 7)))
    keys = await store.list(f"interviews/{NS}/{UID}/events/")
    batches = [EventBatch.model_validate_json(await store.get(key) or b"") for key in keys]
    assert list(itertools.chain.from_iterable(one.events for one in batches)) == EVENTS


async def test_nothing_acknowledged_is_lost_in_an_outage(s3_server: Any, bucket: str) -> None:
    store = S3Store(bucket, region="us-east-1", endpoint_url=s3_server.url, connect_timeout_seconds=0.5, attempts=1)
    log = EventLog(store)
    assert (await log.append(NS, UID, batch(1, 3))).acknowledged == 3
    s3_server.stop()
    try:
        with pytest.raises(StoreUnavailableError):
            await log.append(NS, UID, batch(4, 6))
        assert (await log.append(NS, UID, batch(1, 3))).acknowledged == 3
    finally:
        s3_server.start()
    assert (await log.append(NS, UID, batch(4, 6))).acknowledged == 6
    assert (await EventLog(store).read(NS, UID))[0].events == EVENTS[:6]


async def test_a_write_whose_answer_was_lost_is_acknowledged_when_sent_again(s3_server: Any, bucket: str) -> None:
    store = S3Store(bucket, region="us-east-1", endpoint_url=s3_server.url)
    losses = iter([True])

    def lose(response: Any, **_: Any) -> float | None:
        # botocore asks `needs-retry` handlers for a delay; one that is not None sends the request again.
        return 0.0 if response is not None and next(losses, False) else None

    store.client.meta.events.register_first("needs-retry.s3.PutObject", lose)
    log = EventLog(store)
    assert (await log.append(NS, UID, batch(1, 3))).acknowledged == 3
    assert (await log.append(NS, UID, batch(2, 5))).acknowledged == 5
    assert (await log.read(NS, UID))[0].events == EVENTS[:5]

"""What a stream does to its replica: there is an end to their number, and to a reader that takes nothing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import Any

import pytest
from parley_api.news import News
from parley_api.people.stream import MAX_STREAMS, Stream, require_room
from parley_api.problems import ProblemError


def test_one_more_than_a_replica_serves_is_sent_away_for_a_while() -> None:
    news = News()
    with ExitStack() as streams:
        for n in range(MAX_STREAMS):
            require_room(news)
            streams.enter_context(news.listen(f"u-{n % 3}"))
        with pytest.raises(ProblemError) as refusal:
            require_room(news)
        assert (refusal.value.status, refusal.value.headers) == (503, {"Retry-After": "5"})
    require_room(news)


async def test_a_reader_that_takes_nothing_ends_its_stream_and_is_no_error() -> None:
    ended = asyncio.Event()

    async def events() -> AsyncIterator[str]:
        try:
            while True:
                yield "news"
        finally:
            ended.set()

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            await asyncio.Event().wait()

    async def receive() -> Any:
        await asyncio.Event().wait()

    async with asyncio.timeout(10):
        await Stream(events(), send_timeout=0.05)({"type": "http", "method": "GET"}, receive, send)
        await ended.wait()

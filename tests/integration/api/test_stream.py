"""The stream of events: the state, the turns as they are stored, and where a reader goes on."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from parley_protocol import EventBatch, NumberedEvent, QuestionAsked, Speaker, Turn, TurnSpoken
from support.api import ALL_RIGHTS, Api, Interviewed

Person = Callable[..., Awaitable[dict[str, str]]]
MakeInterview = Callable[..., Interviewed]


class Reader:
    """Reads events, heartbeats aside, as the EventSource of a browser does."""

    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.aiter_lines()

    async def next(self) -> dict[str, Any]:
        event: dict[str, Any] = {}
        async for line in self._lines:
            if not line and "event" in event:
                return event
            name, _, value = line.partition(": ")
            if name in ("event", "id", "data"):
                event[name] = json.loads(value) if name == "data" else value
        raise EOFError

    async def until(self, kind: str) -> dict[str, Any]:
        while True:
            event = await self.next()
            if event["event"] == kind:
                return event

    async def turns(self, count: int) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        while len(found) < count:
            event = await self.until("turn")
            found.append((event["id"], event["data"]["turn"]["text"]))
        return found


@pytest.fixture
async def headers(person: Person) -> dict[str, str]:
    return await person(ALL_RIGHTS)


@asynccontextmanager
async def listen(
    http: httpx.AsyncClient, made: Interviewed, headers: dict[str, str], query: str = ""
) -> AsyncIterator[Reader]:
    path = f"/v1/namespaces/{made.namespace}/interviews/{made.name}/events{query}"
    async with http.stream("GET", path, headers=headers) as response:
        assert response.status_code == 200, await response.aread()
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["cache-control"] == "no-store"
        yield Reader(response)


def store(api: Api, made: Interviewed, attempt: int, first: int, *texts: str) -> None:
    """What the bots' router stores: a question first, then the turns."""
    moment = datetime.now(UTC)
    events = [NumberedEvent(n=first, at=moment, at_ms=0, event=QuestionAsked(question_id="sql"))]
    for index, text in enumerate(texts, start=1):
        turn = Turn(seq=first + index, speaker=Speaker.CANDIDATE, text=text, start_ms=0, end_ms=10)
        events.append(NumberedEvent(n=first + index, at=moment, at_ms=0, event=TurnSpoken(turn=turn)))
    folder = api.store / "interviews" / made.namespace / made.uid / "events"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{attempt:04d}-{first:08d}.json"
    part = path.with_suffix(".part")
    part.write_bytes(EventBatch(attempt=attempt, events=events).to_json())
    part.replace(path)


async def test_state_and_turns_as_they_come(
    http: httpx.AsyncClient, headers: dict[str, str], interview: MakeInterview, api: Api
) -> None:
    made = interview("InProgress", attempt=1)
    store(api, made, 1, 1, "first", "second")
    async with listen(http, made, headers) as reader:
        assert (await reader.until("status"))["data"]["name"] == made.name
        assert await reader.turns(2) == [("1.2", "first"), ("1.3", "second")]
        store(api, made, 1, 4, "third")
        assert await reader.turns(1) == [("1.5", "third")]
        store(api, made, 2, 1, "after the bot was replaced")
        assert await reader.turns(1) == [("2.2", "after the bot was replaced")]
        made.operator_status("Completed", 2)
        assert (await reader.until("end"))["data"] == {"reason": "Completed"}
        with pytest.raises(EOFError):
            await reader.next()


@pytest.mark.parametrize(
    ("last", "rest"),
    [("1.2", ["second", "third", "fourth"]), ("1.3", ["third", "fourth"]), ("1.5", ["fourth"]), ("9.9", [])],
)
async def test_a_reader_goes_on_where_it_was(
    http: httpx.AsyncClient, headers: dict[str, str], interview: MakeInterview, api: Api, last: str, rest: list[str]
) -> None:
    made = interview("Completed", attempt=2)
    store(api, made, 1, 1, "first", "second")
    store(api, made, 1, 4, "third")
    store(api, made, 2, 1, "fourth")
    texts = []
    async with listen(http, made, {**headers, "Last-Event-ID": last}) as reader:
        while (event := await reader.next())["event"] != "end":
            if event["event"] == "turn":
                texts.append(event["data"]["turn"]["text"])
    assert texts == rest


async def test_an_id_of_another_stream(
    http: httpx.AsyncClient, headers: dict[str, str], interview: MakeInterview
) -> None:
    made = interview()
    path = f"/v1/namespaces/{made.namespace}/interviews/{made.name}/events"
    answer = await http.get(path, headers={**headers, "Last-Event-ID": "rubbish"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "Last-Event-ID")


async def test_turns_take_the_right_to_the_transcript(
    http: httpx.AsyncClient, interview: MakeInterview, person: Person, api: Api
) -> None:
    made = interview("Completed", attempt=1)
    store(api, made, 1, 1, "what was said")
    reads = await person({"interviews": ["get"]})
    path = f"/v1/namespaces/{made.namespace}/interviews/{made.name}/events"
    assert (await http.get(path, headers=reads)).status_code == 403
    async with listen(http, made, reads, "?turns=false") as reader:
        kinds = [(await reader.next())["event"]]
        while kinds[-1] != "end":
            kinds.append((await reader.next())["event"])
    assert set(kinds) == {"status", "end"}


async def test_a_deleted_interview_ends_the_stream(
    http: httpx.AsyncClient, headers: dict[str, str], interview: MakeInterview
) -> None:
    made = interview()
    async with listen(http, made, headers) as reader:
        await reader.until("status")
        made.cluster.delete(made.path)
        assert (await reader.until("end"))["data"] == {"reason": "Deleted"}

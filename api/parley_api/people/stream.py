"""What happens in an interview, as Server-Sent Events: its state and, as they are stored, its turns.

The stream is made of levels, not of a queue: it sends the state when it differs from what it sent last, and the turns
that it has not sent. So a slow reader holds nothing up and loses no turn, and a reader that comes back names the last
event it had (`Last-Event-ID`) and goes on after it, at any replica. What a replaced bot still stored behind its
successor's first event is sent late to a reader that is there (the successor's come again if it then comes back); one
that was away meanwhile finds it in the transcript.
"""

import asyncio
import json
import logging
import re
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing, suppress
from itertools import zip_longest
from typing import Annotated, NamedTuple

import anyio
from fastapi import APIRouter, Header, Query
from parley_crds import Interview
from parley_protocol import EventBatch, FieldError, TurnSpoken
from sse_starlette import EventSourceResponse, ServerSentEvent
from sse_starlette.sse import SendTimeoutError
from starlette.types import Receive, Scope, Send

from parley_api.auth import PEOPLE_AUDIENCE, BearerToken
from parley_api.interviews import read_again, read_interview
from parley_api.kube import KubeError
from parley_api.news import News
from parley_api.people.access import Caller, Name, Namespace, permit, read
from parley_api.people.models import InterviewSummary, StoredTurn
from parley_api.problems import ProblemError, invalid, problem_responses
from parley_api.services import Services, ServicesOf
from parley_api.store import Store, StoreError, layout

log = logging.getLogger(__name__)

# Another replica's turns ring no bell here.
POLL_SECONDS = 2.0
HEARTBEAT_SECONDS = 15
SEND_SECONDS = 30.0
RIGHTS_SECONDS = 60.0
MAX_STREAMS = 200
"""Streams of one replica: each asks the store once a poll, and bots' events must not wait behind them."""

stream_router = APIRouter()


class Cursor(NamedTuple):
    """The last event that the reader has: its attempt and its number there. It is the stream's event id."""

    attempt: int
    n: int

    def __str__(self) -> str:
        return f"{self.attempt}.{self.n}"


START = Cursor(0, 0)


@stream_router.get(
    "/{name}/events",
    response_class=EventSourceResponse,
    responses={200: {"content": {"text/event-stream": {}}}, **problem_responses(401, 403, 404)},
)
async def stream_events(
    namespace: Namespace,
    name: Name,
    token: BearerToken,
    who: Caller,
    services: ServicesOf,
    turns: Annotated[bool, Query(description="Whether to send turns, which takes the right to the transcript.")] = True,
    last_event_id: Annotated[str | None, Header(max_length=32)] = None,
) -> EventSourceResponse:
    """Events `status` (an InterviewSummary), `turn` (a StoredTurn) and at last `end`.

    The rights are `get` on interviews and, for turns, `get` on interviews/transcript; they are asked for again each
    minute, and the stream ends when they or the token have gone.
    """

    async def permitted() -> None:
        caller = await services.authenticator.identify(token, PEOPLE_AUDIENCE)
        await permit(services, caller, "get", namespace, name)
        if turns:
            await permit(services, caller, "get", namespace, name, "transcript")

    await permitted()
    require_room(services.news)
    start = _cursor(last_event_id)
    interview = await read(services, namespace, name)
    reader = _TurnReader(services.store, interview, start) if turns else None
    stopping = anyio.Event()
    events = _until_broken(_events(services, interview, reader, permitted, stopping))
    return Stream(
        events,
        ping=HEARTBEAT_SECONDS,
        send_timeout=SEND_SECONDS,
        shutdown_event=stopping,
        shutdown_grace_period=POLL_SECONDS + 1,
    )


def require_room(news: News) -> None:
    """Raise the problem 503 when this replica serves as many streams as it may."""
    if news.listening >= MAX_STREAMS:
        raise ProblemError(
            503,
            "too-many-streams",
            f"{MAX_STREAMS} streams of events are open here already; try again in a few seconds.",
            headers={"Retry-After": "5"},
        )


class Stream(EventSourceResponse):
    """A stream that ends without ado for a reader that takes nothing any more."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See EventSourceResponse."""
        try:
            await super().__call__(scope, receive, send)
        except SendTimeoutError:
            log.info("a stream of events ends: its reader took nothing for %g s", self.send_timeout)


async def _until_broken(events: AsyncGenerator[ServerSentEvent]) -> AsyncGenerator[ServerSentEvent]:
    """End where the store or the API server fails: the reader comes back and goes on after the last event it had."""
    async with aclosing(events):
        try:
            async for event in events:
                yield event
        except (StoreError, KubeError, ProblemError) as error:
            log.warning("a stream of events ends: %s", error)


async def _events(
    services: Services,
    interview: Interview,
    reader: "_TurnReader | None",
    permitted: Callable[[], Awaitable[None]],
    stopping: anyio.Event,
) -> AsyncGenerator[ServerSentEvent]:
    """The stream, until the interview is over or gone, or the rights are, or this process stops."""
    uid = interview.metadata.uid or ""
    sent: InterviewSummary | None = None
    checked = time.monotonic()
    with services.news.listen(uid) as bell:
        while not stopping.is_set():
            bell.clear()
            if time.monotonic() - checked > RIGHTS_SECONDS:
                checked = time.monotonic()
                if not await _still(permitted):
                    return
            # The state is read before the turns: after a final state no turn comes.
            now = await _current(services, interview)
            if now is None:
                yield _end("Deleted")
                return
            if now != sent:
                sent = now
                yield ServerSentEvent(event="status", data=now.model_dump_json(by_alias=True))
            if reader is not None:
                for cursor, turn in await reader.read():
                    yield ServerSentEvent(event="turn", id=str(cursor), data=turn.model_dump_json(by_alias=True))
            if now.phase is not None and now.phase.is_final:
                yield _end(now.phase)
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(bell.wait(), POLL_SECONDS)


def _end(reason: str) -> ServerSentEvent:
    return ServerSentEvent(event="end", data=json.dumps({"reason": reason}))


async def _still(permitted: Callable[[], Awaitable[None]]) -> bool:
    """Whether the rights are still there; an API server that can't be asked now takes none away."""
    try:
        await permitted()
    except ProblemError:
        return False
    except KubeError as error:
        log.warning("the rights of a stream's reader could not be asked for: %s", error)
    return True


async def _current(services: Services, interview: Interview) -> InterviewSummary | None:
    document = services.interviews.by_uid(interview.metadata.uid or "")
    if document is None:
        # Gone, or so new that the cache has yet to hear of it.
        document = await read_again(services.kube, {"metadata": interview.metadata.to_dict()})
    return None if document is None else InterviewSummary.of(read_interview(document))


class _TurnReader:
    """Reads the stored turns after a cursor; each stored batch, which never changes, is read once."""

    def __init__(self, store: Store, interview: Interview, cursor: Cursor) -> None:
        self._store = store
        self._namespace = interview.metadata.namespace or ""
        self._uid = interview.metadata.uid or ""
        self._start = cursor
        self._done: dict[int, int] = {}

    async def read(self) -> list[tuple[Cursor, StoredTurn]]:
        """The turns that were stored since the last call."""
        turns = []
        keys = await self._store.list(layout.events_prefix(self._namespace, self._uid))
        parsed = sorted(key for key in map(layout.parse_events_key, keys) if key is not None)
        for key in unread(parsed, self._start, self._done):
            data = await self._store.get(layout.events_key(self._namespace, self._uid, key))
            self._done[key.attempt] = key.first
            if data is None:
                continue  # erased since it was listed
            for event in EventBatch.model_validate_json(data).events:
                position = Cursor(key.attempt, event.n)
                if isinstance(event.event, TurnSpoken) and position > self._start:
                    turns.append((position, StoredTurn(attempt=key.attempt, turn=event.event.turn)))
        return turns


def unread(keys: list[layout.EventsKey], start: Cursor, done: Mapping[int, int]) -> list[layout.EventsKey]:
    """The batches, of all that are stored and sorted, that may hold events that the reader lacks.

    It came with the events up to `start`, and was sent, by attempt, those of the batches up to the one in `done`.
    """
    return [
        key
        for key, after in zip_longest(keys, keys[1:])
        if key.first > done.get(key.attempt, 0)
        # A batch ends where the next one of its attempt begins.
        and not (after is not None and after <= (start.attempt, start.n + 1))
    ]


def _cursor(last_event_id: str | None) -> Cursor:
    if not last_event_id:
        return START
    match = re.fullmatch(r"(\d{1,9})\.(\d{1,9})", last_event_id)
    if match is None:
        raise invalid([FieldError(field="Last-Event-ID", message="is not an id of this stream")])
    return Cursor(int(match[1]), int(match[2]))

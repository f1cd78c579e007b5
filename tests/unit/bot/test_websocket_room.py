"""The room that the bot serves, as it closes, and a bot that is told to go just then: what is reported, and when."""

import asyncio
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from parley_bot.bot import Bot
from parley_bot.interview import Interview, prepare
from parley_bot.pipeline.access import ModelAccess
from parley_bot.reporter import ApiClient
from parley_bot.server import websocket_room
from parley_bot.server.websocket_room import WebSocketRoom
from parley_bot.settings import Settings
from parley_protocol import Assignment, ConnectionChanged, FinishReason, InterviewRef, NumberedEvent
from parley_protocol import WebsocketRoom as Grant
from parley_protocol.exits import ExitCode
from support.bot import ApiPeer, interview_plan, serving

GRANT = Grant(ticket_key="a2V5")


class Socket:
    """Nobody's connection."""

    def say_farewell(self, *_: object) -> None: ...

    async def close(self) -> None: ...


class Pipeline:
    """The interviewer's last words are being played."""

    def __init__(self, interview: Interview) -> None:
        self._interview, self._said = interview, False

    def flush(self) -> None:
        if not self._said:
            self._said = True
            self._interview.conversation.candidate_said("Goodbye.")

    def settle(self) -> None: ...

    async def tell_page(self, data: dict[str, Any]) -> None: ...

    async def stop(self, reason: str) -> None:
        self.flush()


def an_interview(client: Any = None) -> Interview:
    """Without a client the reporter is not run, and what it has is looked at."""
    ref = InterviewRef(namespace="n", name="i", uid="u")
    return prepare(Assignment(interview=ref, attempt=1, plan=interview_plan(), room=GRANT), client)


def with_candidate(interview: Interview) -> WebSocketRoom:
    """The interview's room, and the candidate in it."""
    room = WebSocketRoom(interview, ModelAccess("us-east-1", "https://127.0.0.1:1"), GRANT)
    pipeline: Any = Pipeline(interview)
    socket: Any = Socket()
    interview.conversation.candidate_joined(pipeline)
    room._current = websocket_room._Connection(socket, pipeline, None)
    return room


def told(entries: Iterable[NumberedEvent]) -> list[str]:
    return [
        f"{entry.event.who} {entry.event.what}" if isinstance(entry.event, ConnectionChanged) else entry.event.kind
        for entry in entries
    ]


async def test_what_was_said_is_reported_before_the_last_words_are_waited_for() -> None:
    interview = an_interview()
    room = with_candidate(interview)
    closing = asyncio.create_task(room.close(FinishReason.COMPLETED))
    await asyncio.sleep(0)
    assert told(interview.reporter.waiting) == ["candidate joined", "turn", "candidate left"]
    await closing
    assert told(interview.reporter.waiting) == ["candidate joined", "turn", "candidate left"]


async def test_a_bot_that_is_told_to_go_as_it_ends_reports_all_that_comes_before_the_end(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("pod-token")
    async with serving(ApiPeer(interview_plan())) as peer:
        client = ApiClient(peer.url, tmp_path / "token")
        interview = an_interview(client)
        room = with_candidate(interview)
        interview.conversation.bot_joined()
        bot = Bot(Settings(api_url=peer.url, token_file=tmp_path / "token"), time.monotonic())
        reporting = asyncio.create_task(interview.reporter.run(), name="reporter")
        interview.conversation.end(FinishReason.COMPLETED)
        bot._terminated.set()
        assert await bot._converse(interview, room, {reporting}) is ExitCode.FINISHED
        await asyncio.sleep(0.5)  # what is said too late would have been by now
        assert not reporting.done(), "nothing was refused"
        reporting.cancel()
        await client.close()
    assert told(peer.stored[1])[-3:] == ["turn", "candidate left", "bot left"]
    assert peer.finished is not None
    assert peer.finished.last_event == len(peer.stored[1])

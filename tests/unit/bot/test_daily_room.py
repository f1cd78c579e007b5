"""The Daily pipeline, assembled with the true DailyTransport; Daily's events are driven as its client would."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from parley_bot.exits import RoomLostError, RoomNotJoinedError
from parley_bot.interview import Interview, prepare
from parley_bot.pipeline.access import ModelAccess
from parley_bot.reporter import ApiClient
from parley_bot.server.daily_room import DailyRoom
from parley_protocol import Assignment, ConnectionChanged, InterviewRef
from parley_protocol import DailyRoom as Grant
from support.bot import ApiPeer, eventually, interview_plan, serving

GRANT = Grant(room_url="https://parley.invalid/room", token="token")
CANDIDATE = {"id": "one", "info": {"isLocal": False, "userId": "candidate"}}
FORMER_BOT = {"id": "other", "info": {"isLocal": False, "userId": "bot-1"}}


@pytest.fixture
async def interview(tmp_path: Path) -> AsyncIterator[Interview]:
    (tmp_path / "token").write_text("pod-token")
    async with serving(ApiPeer(interview_plan(), room=GRANT)) as peer:
        client = ApiClient(peer.url, tmp_path / "token")
        assignment = Assignment(
            interview=InterviewRef(namespace="n", name="i", uid="u"), attempt=1, plan=peer.plan, room=GRANT
        )
        yield prepare(assignment, client)
        await client.close()


@pytest.fixture
async def room(interview: Interview) -> DailyRoom:
    return DailyRoom(interview, ModelAccess("us-east-1", "https://127.0.0.1:1"), GRANT, join_seconds=25)


def presence(interview: Interview) -> list[tuple[str, str]]:
    events = [entry.event for entry in interview.reporter.waiting]
    return [(e.who, e.what) for e in events if isinstance(e, ConnectionChanged)]


async def fire(room: DailyRoom, name: str, *arguments: object) -> None:
    """As `DailyTransport` tells of an event."""
    await room.transport._call_event_handler(name, *arguments)


async def test_joining_and_leaving(interview: Interview, room: DailyRoom) -> None:
    joining = asyncio.ensure_future(room.joined())
    await fire(room, "on_joined", {})
    await asyncio.wait_for(joining, 5)
    await fire(room, "on_participant_joined", FORMER_BOT)
    await fire(room, "on_participant_left", FORMER_BOT, "leftCall")
    await fire(room, "on_participant_joined", CANDIDATE)
    await eventually("the candidate is there", lambda: ("candidate", "joined") in presence(interview), 5)
    await fire(room, "on_participant_joined", {"id": "somebody else"})
    await fire(room, "on_participant_left", {"id": "somebody else"}, "leftCall")
    await fire(room, "on_participant_left", CANDIDATE, "leftCall")
    await eventually("the candidate is gone", lambda: ("candidate", "left") in presence(interview), 5)
    assert presence(interview) == [("candidate", "joined"), ("candidate", "left")]
    assert interview.conversation.session.clock.left_at is not None


async def test_an_error_before_the_join_is_its_end(room: DailyRoom) -> None:
    joining = asyncio.ensure_future(room.joined())
    await fire(room, "on_error", "no such room")
    with pytest.raises(RoomNotJoinedError, match="no such room"):
        await asyncio.wait_for(joining, 5)


async def test_an_error_after_the_join_is_a_lost_room(interview: Interview, room: DailyRoom) -> None:
    await fire(room, "on_joined", {})
    await fire(room, "on_recording_error", "stream", "no space")
    await fire(room, "on_error", "the room is gone")
    with pytest.raises(RoomLostError):
        await asyncio.wait_for(interview.conversation.done, 5)


async def test_a_pipeline_that_ends_by_itself_is_a_lost_room(interview: Interview, room: DailyRoom) -> None:
    room.pipeline._run = room._pipeline_run = asyncio.create_task(asyncio.sleep(0))
    await asyncio.wait_for(room.run(), 5)
    with pytest.raises(RoomLostError):
        interview.conversation.done.result()


async def test_being_put_out_is_a_lost_room(interview: Interview, room: DailyRoom) -> None:
    await fire(room, "on_joined", {})
    await fire(room, "on_left")
    with pytest.raises(RoomLostError):
        await asyncio.wait_for(interview.conversation.done, 5)

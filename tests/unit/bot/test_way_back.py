"""A candidate whose way back is closed is waited for until it is open, and has the time then to find it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from parley_bot.conversation import Conversation
from parley_bot.engine import Finish, InterviewSession
from parley_bot.engine.absence import CLOSED_SECONDS, RETURN_SECONDS
from parley_bot.reporter import ApiClient, Reporter
from parley_bot.timeline import Timeline
from parley_protocol import FinishReason
from support.engine import Room, make_plan, no_tools

GRACE = 60
LEFT = [Finish(FinishReason.CANDIDATE_LEFT)]


def away(**limits: int) -> Room:
    """The candidate has left in mid-interview."""
    room = Room(InterviewSession(make_plan(**limits)))
    room.call("next_question")
    room.session.candidate_left(room.now)
    return room


@pytest.fixture
def room() -> Room:
    return away(reconnect_grace_seconds=GRACE)


def closed_for(room: Room, seconds: int) -> None:
    room.session.way_back(room.now, is_open=False)
    assert room.wait(seconds) == []
    room.session.way_back(room.now, is_open=True)


def test_the_grace_does_not_run_while_there_is_no_way_back(room: Room) -> None:
    closed_for(room, GRACE + 30)
    assert room.wait(RETURN_SECONDS - 1) == [], "the page has to find the way, too"
    assert room.wait(1) == LEFT


def test_what_is_left_of_a_longer_grace_is_not_shortened() -> None:
    room = away(reconnect_grace_seconds=300)
    closed_for(room, 100)
    assert room.wait(299) == []
    assert room.wait(1) == LEFT


def test_extra_time_is_for_finding_the_way_as_well() -> None:
    room = away(reconnect_grace_seconds=5, extra_time_percent=50)
    closed_for(room, 30)
    assert room.wait(179) == []
    assert room.wait(1) == LEFT


def test_an_answer_that_takes_a_moment_lengthens_no_grace(room: Room) -> None:
    closed_for(room, 1)
    assert room.wait(GRACE - 1) == []
    assert room.wait(1) == LEFT


def test_a_way_that_closes_in_mid_grace_stops_it(room: Room) -> None:
    assert room.wait(GRACE - 1) == []
    closed_for(room, 30)
    assert room.wait(RETURN_SECONDS - 1) == []
    assert room.wait(1) == LEFT


def test_a_way_that_never_opens_is_not_waited_for_for_ever(room: Room) -> None:
    room.session.way_back(room.now, is_open=False)
    assert room.wait(CLOSED_SECONDS + RETURN_SECONDS - 1) == []
    assert room.wait(1) == LEFT


def test_one_that_opens_and_closes_is_neither(room: Room) -> None:
    waited = 0
    while not room.session.finished:
        room.session.way_back(room.now, is_open=waited % 20 >= 10)
        room.wait(1)
        waited += 1
    assert waited == CLOSED_SECONDS + RETURN_SECONDS


def test_the_next_absence_is_one_of_its_own(room: Room) -> None:
    closed_for(room, 30)
    room.session.candidate_joined(room.now)
    room.session.way_back(room.now, is_open=False)  # nobody waits for it
    room.session.candidate_left(room.now)
    room.session.way_back(room.now, is_open=True)
    assert room.wait(GRACE - 1) == []
    assert room.wait(1) == LEFT


def test_a_bot_that_replaces_another_waits_for_the_way_as_well(room: Room) -> None:
    session = InterviewSession(make_plan(reconnect_grace_seconds=5), room.events, 40)
    session.await_return(100)
    session.way_back(100, is_open=False)
    assert session.tick(400) == ()
    session.way_back(400, is_open=True)
    assert session.tick(519) == ()
    assert session.tick(520) == tuple(LEFT)


@pytest.fixture
async def reporter(tmp_path: Path) -> AsyncIterator[Reporter]:
    """One that is not running: nothing is acknowledged."""
    client = ApiClient("http://127.0.0.1:1", tmp_path / "token")
    yield Reporter(client, 1, Timeline())
    await client.close()


class Page:
    """A stage of which nothing is wanted: nobody is in the room."""


async def test_the_way_back_is_open_once_the_api_has_been_told_of_the_leaving(
    reporter: Reporter,
) -> None:
    """Though the template gives no time at all."""
    conversation = Conversation(InterviewSession(make_plan(reconnect_grace_seconds=0)), reporter, Timeline(), no_tools)
    page: Any = Page()
    conversation.candidate_joined(page)
    assert not reporter.probing
    conversation.candidate_left(page)
    assert reporter.probing, "the API may go away after it was told"
    conversation.look()
    assert not conversation.done.done()
    reporter.acknowledged = reporter.last
    conversation.look()
    assert conversation.done.result() is FinishReason.CANDIDATE_LEFT

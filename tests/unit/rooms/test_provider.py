"""Names in a room, and the provider for rooms that the bot serves itself."""

from datetime import UTC, datetime

import pytest
from parley_rooms.provider import Grant, RoomPlan, RoomProvider, room_name, user_id
from parley_rooms.websocket import WebsocketRooms

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_a_room_is_named_after_installation_and_interview() -> None:
    assert room_name("prod", "itv-ada-0123456789") == "parley-prod-itv-ada-0123456789"


@pytest.mark.parametrize("installation", ["a b", "ä", "x" * 120, "a/b", "a.b"])
def test_a_name_that_no_provider_takes_is_refused(installation: str) -> None:
    with pytest.raises(ValueError, match="name of a room"):
        room_name(installation, "itv-ada-0123456789")


def test_bots_of_two_attempts_are_told_apart() -> None:
    assert {user_id("bot", 1), user_id("bot", 2), user_id("candidate", 1), user_id("candidate", 2)} == {
        "bot-1",
        "bot-2",
        "candidate",
    }


async def test_a_room_that_the_bot_serves_needs_nothing_but_tickets() -> None:
    rooms: RoomProvider = WebsocketRooms(lambda grant: f"ticket for {grant.role} {grant.attempt}")
    assert (await rooms.ensure(RoomPlan("room", NOW))).url is None
    assert await rooms.mint(Grant("room", "candidate", 2, NOW, "Ada")) == "ticket for candidate 2"
    assert await rooms.presence("room") is None
    await rooms.eject("room", "bot-1")
    await rooms.delete("room")
    await rooms.aclose()

"""Names of rooms, and of those who are in one."""

import pytest
from parley_rooms.provider import room_name, user_id


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

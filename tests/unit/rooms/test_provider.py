"""Names of those who are in a room."""

from parley_rooms.provider import user_id


def test_bots_of_two_attempts_are_told_apart() -> None:
    assert {user_id("bot", 1), user_id("bot", 2), user_id("candidate", 1), user_id("candidate", 2)} == {
        "bot-1",
        "bot-2",
        "candidate",
    }

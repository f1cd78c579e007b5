"""What the reliability matrix holds runs to: each promise can be broken, and is seen to be."""

import pytest
from support.chaos.kubelet import Bots
from support.chaos.promises import (
    MORE_ACTIONS,
    MORE_EVENTS,
    Broken,
    hold_actions,
    hold_bots,
    hold_events,
    hold_limit,
    hold_rooms,
)
from support.fault_proxy import Call

READY = ("Normal", "Ready")


def bots(most: int = 1, **uids: set[str]) -> Bots:
    return Bots(dict(uids), most=most)


def room(name: str) -> Call:
    return Call("daily", "action", 1, "POST", "/v1/rooms", f'{{"name": "{name}"}}'.encode(), 0)


def test_one_bot_after_the_other_is_what_is_promised() -> None:
    hold_bots([bots(first={"a"}, second={"b"})], 2)


@pytest.mark.parametrize(
    ("seen", "fault"),
    [
        (bots(first={"a"}), "not 2"),
        (bots(first={"a"}, second={"b"}, third={"c"}), "not 2"),
        (bots(first={"a"}, second={"b", "c"}), r"made twice: \['second'\]"),
        (bots(most=2, first={"a"}, second={"b"}), "at once"),
    ],
)
def test_bots_that_break_it(seen: Bots, fault: str) -> None:
    with pytest.raises(Broken, match=fault):
        hold_bots([seen], 2)


def test_more_at_once_than_the_limit_break_it() -> None:
    hold_limit(bots(most=2), None)
    hold_limit(bots(most=2), 2)
    with pytest.raises(Broken, match="3 bots were there at once, where 2 may be"):
        hold_limit(bots(most=3), 2)


def test_another_room_breaks_it() -> None:
    hold_rooms([room("mine"), room("mine")], {"mine"})
    with pytest.raises(Broken, match="others"):
        hold_rooms([room("mine"), room("others")], {"mine"})


def test_what_is_done_over_and_over_breaks_it() -> None:
    most = 2 * 5 + MORE_ACTIONS
    hold_actions([room("mine")] * most, [5])
    with pytest.raises(Broken, match=f"{most + 1} actions"):
        hold_actions([room("mine")] * (most + 1), [5])


def test_what_people_are_told() -> None:
    trouble = ("Warning", "StepFailed")
    hold_events([trouble], [READY])
    hold_events([READY] + [trouble] * MORE_EVENTS, [READY])
    with pytest.raises(Broken, match="too much"):
        hold_events([READY] + [trouble] * (MORE_EVENTS + 1), [READY])
    with pytest.raises(Broken, match="not so"):
        hold_events([READY, ("Warning", "NoBot")], [READY])

"""The room that an assignment grants; Daily's side is `parley_rooms.daily` over a transport that records."""

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from parley_api.bots.rooms import grant
from parley_api.problems import ProblemError
from parley_protocol import (
    BotInputs,
    DailyRoom,
    InterviewerPlan,
    InterviewPlan,
    InterviewRef,
    QuestionPlan,
    RoomInputs,
    WebsocketRoom,
)
from parley_rooms.daily import DailyRooms
from support.daily_key import GivenKey

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def inputs(room: RoomInputs) -> BotInputs:
    return BotInputs(
        interview=InterviewRef(namespace="hiring", name="ada", uid="u-1"),
        attempt=2,
        template="backend-1",
        plan=InterviewPlan(
            title="Backend engineer",
            interviewer=InterviewerPlan(name="Sam", greeting="Hello.", closing="Goodbye."),
            questions=[QuestionPlan(id="q1", text="What did you build?")],
        ),
        room=room,
    )


async def test_a_websocket_room_grants_its_ticket_key() -> None:
    room = RoomInputs(provider="websocket", name="u-1", ticket_key="c2VjcmV0")
    assert await grant(None, inputs(room), NOW) == WebsocketRoom(ticket_key="c2VjcmV0")


async def test_a_daily_room_grants_a_token_of_this_attempt_for_a_minute() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"token": "minted"})

    rooms = DailyRooms(GivenKey("key"), transport=httpx.MockTransport(answer))
    room = RoomInputs(provider="daily", name="parley-x", url="https://x.daily.co/parley-x")
    granted = await grant(rooms, inputs(room), NOW)
    assert granted == DailyRoom(room_url="https://x.daily.co/parley-x", token="minted")
    properties = json.loads(asked[0].content)["properties"]
    assert (properties["room_name"], properties["user_id"], properties["is_owner"]) == ("parley-x", "bot-2", False)
    assert properties["exp"] == (NOW + timedelta(minutes=1)).timestamp()


@pytest.mark.parametrize(("status", "expected"), [(404, (409, "not-ready")), (401, (503, "room-unavailable"))])
async def test_what_daily_refuses_is_a_problem(status: int, expected: tuple[int, str]) -> None:
    rooms = DailyRooms(
        GivenKey("key"), transport=httpx.MockTransport(lambda _: httpx.Response(status, json={"error": "no"}))
    )
    room = RoomInputs(provider="daily", name="parley-x", url="https://x.daily.co/parley-x")
    with pytest.raises(ProblemError) as refusal:
        await grant(rooms, inputs(room), NOW)
    assert (refusal.value.status, refusal.value.slug) == expected


@pytest.mark.parametrize("provider", ["websocket", "daily"])
async def test_inputs_that_lack_what_their_room_needs(provider: str) -> None:
    room = RoomInputs.model_validate({"provider": provider, "name": "parley-x"})
    with pytest.raises(ProblemError, match="inputs Secret holds no"):
        await grant(None, inputs(room), NOW)

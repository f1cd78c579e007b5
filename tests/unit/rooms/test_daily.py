"""Daily's client: what it asks, what it makes of answers, how patient it is, and that it keeps its key to itself."""

import json
import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from parley_rooms.daily import DailyRooms
from parley_rooms.errors import (
    RoomAuthError,
    RoomError,
    RoomNotFoundError,
    RoomRejectedError,
    RoomUnavailableError,
)
from parley_rooms.provider import Grant, RoomPlan, RoomProvider
from parley_rooms.retry import Retry
from support.daily_key import GivenKey

KEY = "key-that-nobody-may-read"
CLOSES = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
PLAN = RoomPlan("parley-test-itv-ada-0123456789", CLOSES, geo="eu-central-1")
ROOM = {"name": PLAN.name, "url": f"https://example.daily.co/{PLAN.name}"}
EXISTS = httpx.Response(
    400, json={"error": "invalid-request-error", "info": f"a room named {PLAN.name} already exists"}
)


@dataclass
class Daily:
    """Answers in turn, and remembers what was asked and how long the client paused."""

    answers: list[httpx.Response | Exception]
    asked: list[httpx.Request] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def body(self, index: int = 0) -> Any:
        return json.loads(self.asked[index].content)

    @property
    def calls(self) -> list[str]:
        return [f"{request.method} {request.url.path}" for request in self.asked]


def daily(*answers: httpx.Response | Exception) -> tuple[Daily, DailyRooms]:
    peer = Daily(list(answers))
    rooms = DailyRooms(
        GivenKey(KEY), "https://daily.test/v1/", transport=httpx.MockTransport(peer), retry=Retry(sleep=peer.sleep)
    )
    return peer, rooms


def ok(**body: Any) -> httpx.Response:
    return httpx.Response(200, json=body)


async def test_a_room_is_private_for_two_and_closes_by_itself() -> None:
    peer, rooms = daily(ok(**ROOM))
    room = await rooms.ensure(PLAN)
    assert (room.name, room.url) == (ROOM["name"], ROOM["url"])
    assert peer.calls == ["POST /v1/rooms"]
    assert peer.asked[0].headers["Authorization"] == f"Bearer {KEY}"
    body = peer.body()
    assert (body["name"], body["privacy"]) == (PLAN.name, "private")
    properties = body["properties"]
    assert properties["exp"] == int(CLOSES.timestamp())
    assert properties["eject_at_room_exp"] is True
    assert properties["max_participants"] == 2
    assert properties["geo"] == "eu-central-1"


async def test_a_room_that_is_there_is_brought_to_the_plan() -> None:
    peer, rooms = daily(EXISTS, ok(**ROOM))
    assert (await rooms.ensure(PLAN)).url == ROOM["url"]
    assert peer.calls == ["POST /v1/rooms", f"POST /v1/rooms/{PLAN.name}"]
    assert "name" not in peer.body(1)
    assert peer.body(1)["properties"] == peer.body(0)["properties"]


@pytest.mark.parametrize(
    ("role", "user", "sends"), [("bot", "bot-3", ["audio"]), ("candidate", "candidate", ["audio", "video"])]
)
async def test_a_token_is_for_one_room_one_person_and_a_short_time(role: Any, user: str, sends: list[str]) -> None:
    peer, rooms = daily(ok(token="signed"))
    assert await rooms.mint(Grant(PLAN.name, role, 3, CLOSES, "Ada")) == "signed"
    properties = peer.body()["properties"]
    assert peer.calls == ["POST /v1/meeting-tokens"]
    assert properties["room_name"] == PLAN.name
    assert properties["exp"] == int(CLOSES.timestamp())
    assert properties["is_owner"] is False
    assert (properties["user_id"], properties["user_name"]) == (user, "Ada")
    assert properties["permissions"]["canSend"] == sends
    assert properties["permissions"]["canAdmin"] is False
    assert "eject_at_token_exp" not in properties


async def test_presence_tells_who_is_there() -> None:
    peer, rooms = daily(
        ok(total_count=2, data=[{"id": "s1", "userId": "bot-1", "joinTime": "whenever", "new": 1}, {"id": "s2"}])
    )
    assert [occupant.user for occupant in await rooms.presence(PLAN.name)] == ["bot-1", None]
    assert peer.calls == [f"GET /v1/rooms/{PLAN.name}/presence"]


@pytest.mark.parametrize("body", [{}, {"data": None}, {"data": {}}, {"data": ["bot-1"]}])
async def test_an_answer_that_names_nobody_is_not_an_empty_room(body: dict[str, Any]) -> None:
    _, rooms = daily(ok(**body))
    with pytest.raises(RoomUnavailableError, match="who is in the room"):
        await rooms.presence(PLAN.name)


async def test_ejecting_names_the_user() -> None:
    peer, rooms = daily(ok(ejectedIds=[]))
    await rooms.eject(PLAN.name, "bot-1")
    assert peer.calls == [f"POST /v1/rooms/{PLAN.name}/eject"]
    assert peer.body() == {"user_ids": ["bot-1"]}


@pytest.mark.parametrize("status", [200, 404])
async def test_a_room_that_is_gone_is_deleted(status: int) -> None:
    peer, rooms = daily(httpx.Response(status, json={"deleted": True}))
    await rooms.delete(PLAN.name)
    assert peer.calls == [f"DELETE /v1/rooms/{PLAN.name}"]


async def test_nobody_is_left_in_a_room_that_is_gone() -> None:
    _, rooms = daily(httpx.Response(404, json={"error": "not-found"}))
    await rooms.eject(PLAN.name, "bot-1")


async def test_who_is_in_a_room_that_is_not_there_is_an_error() -> None:
    _, rooms = daily(httpx.Response(404, json={"error": "not-found"}))
    with pytest.raises(RoomNotFoundError):
        await rooms.presence(PLAN.name)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(401, json={"error": "authentication-error"}), RoomAuthError),
        (httpx.Response(403, json={"error": "forbidden"}), RoomAuthError),
        (httpx.Response(400, json={"error": "authorization-header-error"}), RoomAuthError),
        (httpx.Response(400, json={"error": "invalid-request-error", "info": "exp is in the past"}), RoomRejectedError),
        (httpx.Response(402, text="pay"), RoomRejectedError),
    ],
)
async def test_a_refusal_is_not_repeated(answer: httpx.Response, error: type[RoomError]) -> None:
    peer, rooms = daily(answer)
    with pytest.raises(error):
        await rooms.ensure(PLAN)
    assert peer.pauses == []


@pytest.mark.parametrize(
    "failure",
    [
        httpx.Response(500),
        httpx.Response(503, text="<html>"),
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
        httpx.DecodingError("not gzip"),
        httpx.Response(200, text="not json"),
        httpx.Response(200, json=[]),
    ],
)
async def test_a_failure_is_repeated(failure: httpx.Response | Exception) -> None:
    peer, rooms = daily(failure, ok(**ROOM))
    assert (await rooms.ensure(PLAN)).url == ROOM["url"]
    assert len(peer.pauses) == 1


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": "r", "url": None}, {"name": 1, "url": "u"}])
async def test_an_answer_without_the_room_is_no_room(body: dict[str, Any]) -> None:
    _, rooms = daily(ok(**body))
    with pytest.raises(RoomUnavailableError, match=r"no (name|url)"):
        await rooms.ensure(PLAN)


async def test_patience_ends() -> None:
    peer, rooms = daily(*[httpx.Response(500) for _ in range(4)])
    with pytest.raises(RoomUnavailableError, match="500"):
        await rooms.delete(PLAN.name)
    assert len(peer.asked) == 4
    assert all(0 <= pause <= 4 for pause in peer.pauses)


async def test_a_short_retry_after_is_waited_for() -> None:
    peer, rooms = daily(httpx.Response(429, headers={"Retry-After": "2"}), ok(**ROOM))
    await rooms.ensure(PLAN)
    # Not exactly: all who were asked to wait would come back at once.
    (pause,) = peer.pauses
    assert 2.0 < pause <= 2.5


async def test_a_long_retry_after_is_the_callers_to_wait_for() -> None:
    peer, rooms = daily(httpx.Response(429, headers={"Retry-After": "30"}))
    with pytest.raises(RoomUnavailableError) as caught:
        await rooms.ensure(PLAN)
    assert caught.value.retry_after == 30
    assert peer.pauses == []


@pytest.mark.parametrize("value", ["Wed, 21 Oct 2026 07:28:00 GMT", "-1", "nan", "inf", ""])
async def test_an_unreadable_retry_after_is_left_to_our_own_patience(value: str) -> None:
    peer, rooms = daily(httpx.Response(429, headers={"Retry-After": value}), ok(**ROOM))
    await rooms.ensure(PLAN)
    assert len(peer.pauses) == 1
    assert 0 <= peer.pauses[0] <= 0.5


async def test_the_key_is_in_no_text(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    _, rooms = daily(httpx.Response(401, json={"error": "authentication-error"}), httpx.ConnectError("refused"))
    texts = [repr(rooms), str(vars(rooms))]
    for call in (
        rooms.delete(PLAN.name),
        DailyRooms(GivenKey(KEY), "http://127.0.0.1:9", retry=Retry(attempts=1)).delete("x"),
    ):
        with pytest.raises(RoomError) as caught:
            await call
        texts += [repr(caught.value), str(caught.value.__cause__)]
    assert KEY not in "\n".join([*texts, caplog.text])


async def test_a_name_can_reach_no_other_path() -> None:
    peer, rooms = daily(ok(deleted=True))
    await rooms.delete("../meeting-tokens?x=")
    assert peer.asked[0].url.raw_path == b"/v1/rooms/..%2Fmeeting-tokens%3Fx%3D"


def test_it_is_a_room_provider() -> None:
    _, rooms = daily()
    provider: RoomProvider = rooms
    assert provider is rooms


async def test_a_refused_key_is_told_by_where_it_is() -> None:
    _, rooms = daily(httpx.Response(401, json={"error": "authentication-error"}))
    with pytest.raises(RoomAuthError, match=r"mend key DAILY_API_KEY of Secret parley/daily \(Daily answered 401"):
        await rooms.ensure(PLAN)


async def test_who_was_asked_to_keep_away_asks_nothing_more_of_that_kind() -> None:
    peer, rooms = daily(httpx.Response(429, headers={"Retry-After": "30"}), ok(**ROOM))
    for _ in range(3):
        with pytest.raises(RoomUnavailableError) as caught:
            await rooms.delete(PLAN.name)
        assert 29 < (caught.value.retry_after or 0) <= 30
    assert len(peer.asked) == 1
    await rooms.ensure(PLAN)


async def test_an_absurd_retry_after_is_believed_for_ten_minutes() -> None:
    _, rooms = daily(httpx.Response(503, headers={"Retry-After": "31536000"}))
    with pytest.raises(RoomUnavailableError) as caught:
        await rooms.ensure(PLAN)
    assert caught.value.retry_after == 600


async def test_a_room_that_goes_while_it_is_brought_to_the_plan_is_made_again() -> None:
    gone = httpx.Response(404, json={"error": "not-found"})
    peer, rooms = daily(EXISTS, gone, httpx.Response(404, json={"error": "not-found", "deleted": True}), ok(**ROOM))
    assert (await rooms.ensure(PLAN)).url == ROOM["url"]
    path = f"/v1/rooms/{PLAN.name}"
    assert peer.calls == ["POST /v1/rooms", f"POST {path}", f"DELETE {path}", "POST /v1/rooms"]


async def test_what_daily_says_of_a_refusal_is_cut() -> None:
    _, rooms = daily(httpx.Response(400, json={"error": "invalid-request-error", "info": "x" * 10_000}))
    with pytest.raises(RoomRejectedError) as caught:
        await rooms.ensure(PLAN)
    assert len(str(caught.value)) < 400


async def test_a_cursor_that_is_not_heeded_ends_the_list() -> None:
    rooms_of_a_page = [{"id": f"id-{number}", "name": f"room-{number}"} for number in range(100)]
    peer, rooms = daily(*[ok(data=rooms_of_a_page) for _ in range(9)])
    found = [room async for page in rooms.pages() for room in page]
    assert len(found) == 100
    assert {room.created_at for room in found} == {None}
    assert len(peer.asked) == 2


@pytest.mark.parametrize(
    "body", [{}, {"data": None}, {"data": ["room"]}, {"data": [{"id": "1"}]}, {"data": [{"name": "x"}]}]
)
async def test_an_answer_that_names_no_rooms_is_no_empty_list(body: dict[str, Any]) -> None:
    _, rooms = daily(*[ok(**body) for _ in range(4)])
    with pytest.raises(RoomUnavailableError):
        [page async for page in rooms.pages()]


@pytest.mark.parametrize("told", ["yesterday", "2026-11-22T12:00:00", 1_700_000_000, None])
async def test_an_age_that_can_not_be_read_is_none(told: Any) -> None:
    _, rooms = daily(ok(data=[{"id": "1", "name": "room", "created_at": told}]))
    assert [room.created_at async for page in rooms.pages() for room in page] == [None]

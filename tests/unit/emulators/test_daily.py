"""Daily's REST API as its reference has it."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from parley_emulators.daily.api import Service
from parley_emulators.daily.app import rest_app, running
from parley_emulators.daily.control import control_app
from parley_emulators.daily.errors import DailyError
from parley_emulators.daily.faults import FaultBook
from parley_emulators.daily.models import RoomProperties, RoomRequest, TokenProperties
from parley_emulators.daily.settings import DailySettings
from parley_emulators.daily.state import Domain
from parley_emulators.daily.tokens import Signer

KEY = "the-key"
START = 1_800_000_000.0


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def service(clock: Clock) -> Service:
    domain = Domain("acme", max_rooms=50)
    return Service(domain, Signer(b"k" * 32, domain.id), clock)


@pytest.fixture
def faults() -> FaultBook:
    return FaultBook()


def client_of(app: Any, base: str, **headers: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=base, headers=headers)


@pytest.fixture
async def daily(service: Service, faults: FaultBook) -> AsyncIterator[httpx.AsyncClient]:
    app = rest_app(DailySettings(api_key=KEY), service, faults)
    async with client_of(app, "http://daily/v1", Authorization=f"Bearer {KEY}") as client:
        yield client


@pytest.fixture
async def people(service: Service, faults: FaultBook) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(control_app(service, faults), "http://control") as client:
        yield client


def error_of(answer: httpx.Response) -> tuple[int, str, str]:
    body = answer.json()
    return answer.status_code, body["error"], body.get("info", "")


async def make(daily: httpx.AsyncClient, name: str = "talk", **properties: Any) -> dict[str, Any]:
    answer = await daily.post("/rooms", json={"name": name, "privacy": "private", "properties": properties})
    assert answer.status_code == 200, answer.text
    room: dict[str, Any] = answer.json()
    return room


async def token(daily: httpx.AsyncClient, **properties: Any) -> str:
    answer = await daily.post("/meeting-tokens", json={"properties": properties})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["token"])


async def join(people: httpx.AsyncClient, name: str, token: str | None = None) -> httpx.Response:
    return await people.post(f"/rooms/{name}/participants", json={"token": token})


async def test_a_room_from_its_making_to_its_end(daily: httpx.AsyncClient) -> None:
    room = await make(daily, exp=int(START) + 60, max_participants=2, eject_at_room_exp=True)
    assert room["url"] == "https://acme.daily.co/talk"
    assert room["privacy"] == "private"
    assert room["config"] == {"exp": int(START) + 60, "max_participants": 2, "eject_at_room_exp": True}
    assert (await daily.get("/rooms/talk")).json() == room
    changed = (await daily.post("/rooms/talk", json={"properties": {"max_participants": 3, "exp": None}})).json()
    assert changed["config"] == {"max_participants": 3, "eject_at_room_exp": True}
    assert (await daily.delete("/rooms/talk")).json() == {"deleted": True, "name": "talk"}
    assert error_of(await daily.delete("/rooms/talk"))[:2] == (404, "not-found")
    assert error_of(await daily.get("/rooms/talk"))[:2] == (404, "not-found")


async def test_a_room_is_public_where_nothing_is_said(daily: httpx.AsyncClient) -> None:
    room = (await daily.post("/rooms")).json()
    assert room["privacy"] == "public"
    assert room["name"]


async def test_a_name_is_taken_once(daily: httpx.AsyncClient, clock: Clock) -> None:
    await make(daily, exp=int(START) + 60)
    again = await daily.post("/rooms", json={"name": "talk"})
    assert error_of(again) == (400, "invalid-request-error", "a room named talk already exists")
    clock.now += 61
    await make(daily)


async def test_a_room_past_its_end_is_gone(daily: httpx.AsyncClient, clock: Clock) -> None:
    await make(daily, exp=int(START) + 60)
    clock.now += 61
    assert (await daily.get("/rooms/talk")).status_code == 404
    answer = await daily.delete("/rooms/talk")
    assert answer.status_code == 404
    assert answer.json()["deleted"] is True


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({"name": "with space"}, "'name'"),
        ({"name": "x" * 129}, "'name'"),
        ({"privacy": "secret"}, "'privacy'"),
        ({"properties": {"exp": "tomorrow"}}, "'properties.exp'"),
        ({"properties": {"max_participants": 0}}, "'properties.max_participants'"),
        ({"properties": {"geo": "moon"}}, "'properties.geo'"),
        ({"properties": {"colour": "red"}}, "unknown parameter 'properties.colour'"),
        ([], "parameter"),
    ],
)
async def test_a_bad_request_names_what_is_bad(daily: httpx.AsyncClient, body: Any, names: str) -> None:
    status, error, info = error_of(await daily.post("/rooms", json=body))
    assert (status, error) == (400, "invalid-request-error")
    assert names in info


async def test_a_body_that_is_no_json(daily: httpx.AsyncClient) -> None:
    assert error_of(await daily.post("/rooms", content=b"{"))[:2] == (400, "json-parsing-error")


async def test_keys(daily: httpx.AsyncClient) -> None:
    for header, status, error in [
        ("", 400, "authorization-header-error"),
        (KEY, 400, "authorization-header-error"),
        ("Bearer another", 401, "authentication-error"),
    ]:
        answer = await daily.get("/rooms", headers={"Authorization": header})
        assert error_of(answer)[:2] == (status, error)


async def test_pages_of_rooms(daily: httpx.AsyncClient) -> None:
    ids = [(await make(daily, f"room-{number}"))["id"] for number in range(5)]
    newest_first = ids[::-1]

    async def page(**query: Any) -> list[str]:
        body = (await daily.get("/rooms", params=query)).json()
        assert body["total_count"] == 5
        return [room["id"] for room in body["data"]]

    assert await page() == newest_first
    assert await page(limit=2) == newest_first[:2]
    assert await page(limit=2, starting_after=newest_first[1]) == newest_first[2:4]
    assert await page(limit=2, ending_before=newest_first[4]) == newest_first[2:4]
    assert error_of(await daily.get("/rooms", params={"limit": 101}))[:2] == (400, "invalid-request-error")
    assert error_of(await daily.get("/rooms", params={"limit": "many"}))[:2] == (400, "invalid-request-error")
    assert error_of(await daily.get("/rooms", params={"starting_after": "x"}))[:2] == (400, "invalid-request-error")


async def test_tokens(daily: httpx.AsyncClient, clock: Clock) -> None:
    properties = {"room_name": "talk", "exp": int(START) + 60, "nbf": int(START) + 10, "user_id": "bot-1"}
    minted = await token(daily, **properties)
    assert minted.count(".") == 2
    url = f"/meeting-tokens/{minted}"
    assert error_of(await daily.get(url)) == (400, "invalid-request-error", "the token is not yet valid")
    assert (await daily.get(url, params={"ignoreNbf": True})).json() == properties
    clock.now += 61
    assert error_of(await daily.get(url)) == (400, "invalid-request-error", "the token has expired")
    assert error_of(await daily.get(f"{url}x"))[2] == "the token's signature is invalid"
    bad = await daily.post("/meeting-tokens", json={"properties": {"permissions": {"canSend": ["smoke"]}}})
    assert "permissions.canSend" in error_of(bad)[2]


async def test_who_is_present(daily: httpx.AsyncClient, people: httpx.AsyncClient, clock: Clock) -> None:
    await make(daily)
    empty = {"total_count": 0, "data": []}
    assert (await daily.get("/rooms/talk/presence")).json() == empty
    joined = await join(people, "talk", await token(daily, room_name="talk", user_id="candidate", user_name="Ada"))
    assert joined.status_code == 201
    clock.now += 7
    (there,) = (await daily.get("/rooms/talk/presence")).json()["data"]
    assert there["userId"] == "candidate"
    assert there["userName"] == "Ada"
    assert there["duration"] == 7
    assert there["joinTime"] == "2027-01-15T08:00:00.000Z"
    assert list((await daily.get("/presence")).json()) == ["talk"]
    assert (await people.delete(f"/rooms/talk/participants/{there['id']}")).status_code == 204
    assert (await daily.get("/rooms/talk/presence")).json() == empty
    assert (await daily.get("/rooms/other/presence")).status_code == 404


async def test_who_may_not_join(daily: httpx.AsyncClient, people: httpx.AsyncClient, clock: Clock) -> None:
    await make(daily, nbf=int(START) + 5, exp=int(START) + 60)
    good = await token(daily, room_name="talk", exp=int(START) + 30)
    assert error_of(await join(people, "talk", good))[:2] == (403, "nbf-room")
    clock.now += 5
    assert error_of(await join(people, "other", good))[:2] == (403, "no-room")
    assert error_of(await join(people, "talk"))[:2] == (403, "not-allowed")
    assert error_of(await join(people, "talk", await token(daily, room_name="other")))[:2] == (403, "not-allowed")
    assert (await join(people, "talk", await token(daily))).status_code == 201, "a token without a room opens all"
    clock.now += 30
    assert error_of(await join(people, "talk", good))[:2] == (403, "exp-token")
    clock.now += 30
    assert error_of(await join(people, "talk", await token(daily)))[:2] == (403, "exp-room")


async def test_a_full_room(daily: httpx.AsyncClient, people: httpx.AsyncClient) -> None:
    await make(daily, max_participants=2)
    minted = await token(daily, room_name="talk")
    assert [(await join(people, "talk", minted)).status_code for _ in range(2)] == [201, 201]
    assert error_of(await join(people, "talk", minted))[:2] == (403, "meeting-full")


async def test_ejecting(daily: httpx.AsyncClient, people: httpx.AsyncClient) -> None:
    await make(daily)
    for user in ("bot-1", "candidate"):
        await join(people, "talk", await token(daily, room_name="talk", user_id=user))
    body = {"user_ids": ["candidate", "nobody"], "ban": True}
    ejected = (await daily.post("/rooms/talk/eject", json=body)).json()["ejectedIds"]
    assert len(ejected) == 1
    (left,) = (await daily.get("/rooms/talk/presence")).json()["data"]
    assert left["userId"] == "bot-1"
    again = await join(people, "talk", await token(daily, room_name="talk", user_id="candidate"))
    assert error_of(again)[:2] == (403, "not-allowed")
    assert error_of(await daily.post("/rooms/talk/eject", json={}))[:2] == (400, "invalid-request-error")


@pytest.mark.parametrize(
    ("room", "grant", "gone_after"),
    [
        ({"exp": 60, "eject_at_room_exp": True}, {}, 60),
        ({"exp": 600}, {"exp": 30, "eject_at_token_exp": True}, 30),
        ({"exp": 60, "eject_at_room_exp": True}, {"exp": 300, "eject_at_token_exp": True}, 300),
        ({"exp": 600, "eject_after_elapsed": 20}, {}, 20),
    ],
)
async def test_when_a_participant_is_put_out(
    daily: httpx.AsyncClient,
    people: httpx.AsyncClient,
    service: Service,
    clock: Clock,
    room: dict[str, Any],
    grant: dict[str, Any],
    gone_after: int,
) -> None:
    await make(daily, **{key: int(START) + value if key == "exp" else value for key, value in room.items()})
    grant = {key: int(START) + value if key == "exp" else value for key, value in grant.items()}
    assert (await join(people, "talk", await token(daily, room_name="talk", **grant))).status_code == 201
    clock.now = START + gone_after - 1
    assert len((await people.get("/rooms")).json()[0]["participants"]) == 1
    clock.now += 1
    assert (await people.get("/rooms")).json()[0]["participants"] == []


async def test_recordings(daily: httpx.AsyncClient, people: httpx.AsyncClient, clock: Clock) -> None:
    await make(daily, enable_recording="cloud")
    start, stop = "/rooms/talk/recordings/start", "/rooms/talk/recordings/stop"
    assert error_of(await daily.post(start))[2] == "the room has no active meeting"
    await join(people, "talk", await token(daily, room_name="talk"))
    assert error_of(await daily.post(stop))[2] == "does not have an active stream"
    recording = (await daily.post(start, json={"layout": {"preset": "audio-only"}})).json()["recordingId"]
    assert error_of(await daily.post(start))[2] == "has an active stream"
    assert (await daily.get(f"/recordings/{recording}")).json()["status"] == "in-progress"
    assert error_of(await daily.delete(f"/recordings/{recording}"))[0] == 400
    clock.now += 12
    assert (await daily.post(stop)).json() == {"recordingId": recording}
    finished = (await daily.get("/recordings", params={"room_name": "talk"})).json()["data"][0]
    assert (finished["status"], finished["duration"]) == ("finished", 12)
    assert len((await daily.get("/recordings", params={"room_name": "talk", "limit": 1})).json()["data"]) == 1
    assert error_of(await daily.get("/recordings", params={"limit": 0}))[0] == 400
    assert (await daily.get(f"/recordings/{recording}/access-link")).json()["expires"] == int(START) + 12 + 3600
    assert (await daily.delete(f"/recordings/{recording}")).json() == {"id": recording, "deleted": True}
    assert (await daily.get(f"/recordings/{recording}")).status_code == 404
    await make(daily, "quiet")
    assert error_of(await daily.post("/rooms/quiet/recordings/start"))[2] == "recording is not enabled for this room"


async def test_a_room_past_its_end_takes_no_place(clock: Clock) -> None:
    domain = Domain("acme", max_rooms=1)
    domain.create(RoomRequest(name="a", properties=RoomProperties(exp=int(START) + 60)), clock())
    with pytest.raises(DailyError, match="limit"):
        domain.create(RoomRequest(name="b"), clock())
    clock.now += 61
    domain.create(RoomRequest(name="b"), clock())


async def test_a_second_recorder_joins_what_is_recorded(service: Service, clock: Clock) -> None:
    service.domain.create(RoomRequest(name="a"), clock())
    recorder = TokenProperties(room_name="a", start_cloud_recording=True)
    for _ in range(2):
        service.domain.join("a", recorder, clock())
    assert service.domain.recordings.page("a")["total_count"] == 1


async def test_a_fault_for_no_regular_expression_is_not_taken(people: httpx.AsyncClient) -> None:
    answer = await people.put("/faults", json={"faults": [{"kind": "drop", "path": "("}]})
    assert answer.status_code == 422


async def test_rate_limits(daily: httpx.AsyncClient, clock: Clock) -> None:
    for _ in range(100):
        assert (await daily.get("/rooms")).status_code == 200
    answer = await daily.get("/rooms")
    assert error_of(answer)[:2] == (429, "rate-limit-error")
    wait = int(answer.headers["Retry-After"])
    clock.now += wait
    assert (await daily.get("/rooms")).status_code == 200
    statuses = [(await daily.delete(f"/rooms/room-{number}")).status_code for number in range(51)]
    assert statuses == [404] * 50 + [429], "deletions have a limit of their own"


async def test_rate_limits_pass_by_the_clock_alone(daily: httpx.AsyncClient, people: httpx.AsyncClient) -> None:
    """A domain whose time is set back, that rooms are old, lets no call wait for hours afterwards."""
    await people.put("/clock", json={"ahead_seconds": -3600})
    for number in range(50):
        await daily.delete(f"/rooms/room-{number}")
    await people.put("/clock", json={"ahead_seconds": -7200})
    answer = await daily.delete("/rooms/room-50")
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) <= 30


async def test_ordered_faults(daily: httpx.AsyncClient, people: httpx.AsyncClient) -> None:
    refusal = {"kind": "error", "method": "POST", "path": "/rooms", "status": 429, "error": "rate-limit-error"}
    order = {"faults": [refusal | {"retry_after": 3, "times": 2}, {"kind": "error", "path": "/rooms/.*"}]}
    assert (await people.put("/faults", json=order)).status_code == 200
    assert (await daily.get("/rooms")).status_code == 200
    for _ in range(2):
        answer = await daily.post("/rooms")
        assert error_of(answer)[:2] == (429, "rate-limit-error")
        assert answer.headers["Retry-After"] == "3"
    assert (await daily.post("/rooms")).status_code == 200
    assert error_of(await daily.get("/rooms/x"))[:2] == (500, "server-error")
    assert (await people.get("/faults")).json() == {"faults": []}


async def test_over_the_network_with_a_connection_that_drops() -> None:
    settings = DailySettings(host="127.0.0.1", port=0, control_port=0, api_key=KEY)
    async with running(settings) as server, httpx.AsyncClient() as client:
        control = f"http://127.0.0.1:{server.control_port}"
        assert (await client.get(f"{control}/readyz")).status_code == 200
        await client.put(f"{control}/faults", json={"faults": [{"kind": "drop"}]})
        url, headers = f"http://127.0.0.1:{server.port}/v1/rooms", {"Authorization": f"Bearer {KEY}"}
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get(url, headers=headers)
        assert (await client.get(url, headers=headers)).json() == {"total_count": 0, "data": []}

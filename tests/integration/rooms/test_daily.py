"""Daily's client against the emulator of Daily's REST API: over real HTTP, with what goes wrong in production."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
from parley_emulators.daily.api import Service
from parley_emulators.daily.app import rest_app
from parley_emulators.daily.control import control_app
from parley_emulators.daily.faults import Fault, FaultBook
from parley_emulators.daily.models import RoomRequest
from parley_emulators.daily.settings import DailySettings
from parley_emulators.daily.state import Domain
from parley_emulators.daily.tokens import Signer
from parley_emulators.serving import serving
from parley_rooms.daily import DailyRooms
from parley_rooms.errors import RoomAuthError, RoomError, RoomNotFoundError, RoomRejectedError, RoomUnavailableError
from parley_rooms.names import room_name
from parley_rooms.provider import Grant, Role, RoomPlan, user_id
from parley_rooms.retry import Retry
from pydantic import SecretStr
from support.daily_key import GivenKey

KEY = "the-domain's-key"
NAME = room_name(b"k" * 32, "tests", "itv-ada-0123456789")


def soon(seconds: float = 3600) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


class LosesAnswers(httpx.AsyncHTTPTransport):
    """A network that carries every request and loses the first answer."""

    lost = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await super().handle_async_request(request)
        if self.lost:
            return response
        self.lost = True
        await response.aclose()
        raise httpx.ReadError("the connection was cut")


@dataclass
class Daily:
    """The emulator, and what a browser or a bot does with a token. `time` is its clock, which stands still."""

    url: str
    control: httpx.AsyncClient
    faults: FaultBook
    domain: Domain
    time: float = field(default_factory=time.time)
    pauses: list[float] = field(default_factory=list)

    def rooms(self, key: str = KEY, transport: httpx.AsyncBaseTransport | None = None, **how: Any) -> DailyRooms:
        return DailyRooms(GivenKey(key), self.url, transport=transport, retry=Retry(sleep=self._sleep), **how)

    def go_wrong(self, **fault: Any) -> None:
        self.faults.order([Fault.model_validate(fault)])

    async def join(self, token: str | None, name: str = NAME) -> httpx.Response:
        return await self.control.post(f"/rooms/{name}/participants", json={"token": token})

    async def room(self) -> dict[str, Any]:
        (room,) = (await self.control.get("/rooms")).json()
        assert isinstance(room, dict)
        return room

    async def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)


@pytest.fixture
async def daily() -> AsyncIterator[Daily]:
    settings, faults = DailySettings(api_key=SecretStr(KEY)), FaultBook()
    domain = Domain(settings.domain, settings.max_rooms)
    service = Service(domain, Signer(b"the domain's own", domain.id), clock=lambda: peer.time)
    async with (
        serving(rest_app(settings, service, faults), "127.0.0.1", 0) as rest,
        serving(control_app(service, faults), "127.0.0.1", 0) as control,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{control.port}") as client,
    ):
        peer = Daily(f"http://127.0.0.1:{rest.port}/v1", client, faults, domain)
        yield peer


@pytest.fixture
async def rooms(daily: Daily) -> AsyncIterator[DailyRooms]:
    rooms = daily.rooms()
    yield rooms
    await rooms.aclose()


def grant(role: Role, attempt: int = 1, *, seconds: float = 60) -> Grant:
    return Grant(NAME, role, attempt, soon(seconds), "Ada")


async def test_bot_and_candidate_meet_and_nobody_else_gets_in(daily: Daily, rooms: DailyRooms) -> None:
    room = await rooms.ensure(RoomPlan(NAME, soon()))
    assert room.url == f"https://parley-emulator.daily.co/{NAME}"
    assert (await daily.join(None)).json()["error"] == "not-allowed"
    for role in ("bot", "candidate"):
        assert (await daily.join(await rooms.mint(grant(role)))).status_code == 201
    assert (await daily.join(await rooms.mint(grant("candidate")))).json()["error"] == "meeting-full"
    assert {occupant.user for occupant in await rooms.presence(NAME)} == {"bot-1", "candidate"}


async def test_a_token_opens_one_room(daily: Daily, rooms: DailyRooms) -> None:
    other = room_name(b"k" * 32, "tests", "itv-bob-0123456789")
    for name in (NAME, other):
        await rooms.ensure(RoomPlan(name, soon()))
    assert (await daily.join(await rooms.mint(grant("candidate")), other)).json()["error"] == "not-allowed"


async def test_a_token_is_soon_too_old_to_join_but_not_to_stay(daily: Daily, rooms: DailyRooms) -> None:
    await rooms.ensure(RoomPlan(NAME, soon()))
    token = await rooms.mint(grant("candidate"))
    assert (await daily.join(token)).status_code == 201
    daily.time += 120
    assert (await daily.join(token)).json()["error"] == "exp-token"
    assert [occupant.user for occupant in await rooms.presence(NAME)] == ["candidate"]


async def test_a_room_closes_by_itself(daily: Daily, rooms: DailyRooms) -> None:
    await rooms.ensure(RoomPlan(NAME, soon()))
    assert (await daily.join(await rooms.mint(grant("candidate")))).status_code == 201
    daily.time += 86_400
    assert (await daily.room())["participants"] == []
    with pytest.raises(RoomNotFoundError):
        await rooms.presence(NAME)
    await rooms.delete(NAME)


async def test_ensuring_again_brings_the_room_to_the_plan(daily: Daily, rooms: DailyRooms) -> None:
    first = await rooms.ensure(RoomPlan(NAME, soon(60)))
    later = soon(7200)
    assert await rooms.ensure(RoomPlan(NAME, later, geo="eu-central-1")) == first
    config = (await daily.room())["config"]
    assert config["exp"] == int(later.timestamp())
    assert config["geo"] == "eu-central-1"
    assert config["max_participants"] == 2
    assert config["eject_at_room_exp"] is True


async def test_a_public_room_of_our_name_is_made_private(daily: Daily, rooms: DailyRooms) -> None:
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {KEY}"}) as somebody:
        await somebody.post(f"{daily.url}/rooms", json={"name": NAME})
    await rooms.ensure(RoomPlan(NAME, soon()))
    assert (await daily.room())["privacy"] == "private"


async def test_a_former_bot_makes_room_for_the_next(daily: Daily, rooms: DailyRooms) -> None:
    await rooms.ensure(RoomPlan(NAME, soon()))
    for token in (await rooms.mint(grant("bot", 1)), await rooms.mint(grant("candidate"))):
        await daily.join(token)
    await rooms.eject(NAME, user_id("bot", 1))
    await rooms.eject(NAME, user_id("bot", 1))
    assert (await daily.join(await rooms.mint(grant("bot", 2)))).status_code == 201
    assert {occupant.user for occupant in await rooms.presence(NAME)} == {"candidate", "bot-2"}


async def test_deleting_and_ejecting_can_be_repeated(daily: Daily, rooms: DailyRooms) -> None:
    await rooms.ensure(RoomPlan(NAME, soon()))
    for _ in range(2):
        await rooms.delete(NAME)
        await rooms.eject(NAME, user_id("bot", 1))
    assert (await daily.control.get("/rooms")).json() == []


async def test_a_wrong_key_is_told_at_once(daily: Daily) -> None:
    with pytest.raises(RoomAuthError, match="authentication-error"):
        await daily.rooms("another-key").ensure(RoomPlan(NAME, soon()))
    assert daily.pauses == []


async def test_what_daily_does_not_know_is_rejected(daily: Daily, rooms: DailyRooms) -> None:
    with pytest.raises(RoomRejectedError, match="geo"):
        await rooms.ensure(RoomPlan(NAME, soon(), geo="eu-nowhere-9"))
    assert daily.pauses == []


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "error", "status": 503, "times": 2},
        {"kind": "error", "status": 429, "error": "rate-limit-error", "retry_after": 1, "times": 2},
        {"kind": "drop", "times": 2},
    ],
    ids=lambda fault: str(fault.get("status", fault["kind"])),
)
async def test_a_passing_fault_is_outlasted(daily: Daily, rooms: DailyRooms, fault: dict[str, Any]) -> None:
    daily.go_wrong(**fault)
    await rooms.ensure(RoomPlan(NAME, soon()))
    daily.go_wrong(**fault)
    await rooms.delete(NAME)
    assert len(daily.pauses) == 4
    assert (await daily.control.get("/rooms")).json() == []


@pytest.mark.parametrize("kind", ["error", "drop"])
async def test_a_lasting_fault_is_the_callers(daily: Daily, rooms: DailyRooms, kind: str) -> None:
    daily.go_wrong(kind=kind, times=None)
    with pytest.raises(RoomUnavailableError):
        await rooms.delete(NAME)
    assert len(daily.pauses) == 3


async def test_a_room_whose_making_was_not_answered_is_found_again(daily: Daily) -> None:
    rooms = daily.rooms(transport=LosesAnswers())
    room = await rooms.ensure(RoomPlan(NAME, soon()))
    assert room.url == (await daily.room())["url"]
    assert len(daily.pauses) == 1
    await rooms.aclose()


@pytest.mark.parametrize("asked", [3, "date"])
async def test_a_rate_limit_is_kept_to_in_both_forms(daily: Daily, rooms: DailyRooms, asked: int | str) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=4), usegmt=True)
    retry_after = date if asked == "date" else asked
    daily.go_wrong(kind="error", status=429, error="rate-limit-error", retry_after=retry_after)
    await rooms.ensure(RoomPlan(NAME, soon()))
    (pause,) = daily.pauses
    assert 2 < pause <= 5


@pytest.mark.parametrize("asked", [31_536_000, "Fri, 01 Jan 2100 00:00:00 GMT"])
async def test_an_absurd_rate_limit_is_believed_for_ten_minutes(
    daily: Daily, rooms: DailyRooms, asked: int | str
) -> None:
    daily.go_wrong(kind="error", status=429, error="rate-limit-error", retry_after=asked, times=None)
    with pytest.raises(RoomUnavailableError) as caught:
        await rooms.ensure(RoomPlan(NAME, soon()))
    assert caught.value.retry_after == 600
    assert daily.pauses == []


async def test_an_answer_that_does_not_come_ends_the_call(daily: Daily) -> None:
    rooms = daily.rooms(call_seconds=0.2)
    daily.go_wrong(kind="delay", delay_seconds=30, times=None)
    with pytest.raises(RoomUnavailableError, match=r"within 0\.2 s"):
        await rooms.delete(NAME)
    await rooms.aclose()


@pytest.mark.parametrize(("status", "error"), [(401, "authentication-error"), (403, "forbidden")])
async def test_a_key_that_is_mended_works_at_the_next_call(daily: Daily, status: int, error: str) -> None:
    rooms = daily.rooms()
    daily.go_wrong(kind="error", status=status, error=error)
    with pytest.raises(RoomAuthError, match="mend key DAILY_API_KEY of Secret parley/daily"):
        await rooms.ensure(RoomPlan(NAME, soon()))
    assert daily.pauses == []
    await rooms.ensure(RoomPlan(NAME, soon()))
    await rooms.aclose()


async def test_a_room_that_somebody_deleted_is_made_again(daily: Daily, rooms: DailyRooms) -> None:
    first = await rooms.ensure(RoomPlan(NAME, soon()))
    await rooms.delete(NAME)
    assert (await daily.join(await rooms.mint(grant("bot")))).json()["error"] == "no-room"
    assert await rooms.ensure(RoomPlan(NAME, soon())) == first
    assert (await daily.join(await rooms.mint(grant("bot", 2)))).status_code == 201


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 200, 250])
async def test_every_room_of_the_domain_is_told_once(daily: Daily, rooms: DailyRooms, count: int) -> None:
    for number in range(count):
        daily.domain.create(RoomRequest(name=f"room-{number}"), daily.time)
    found = [room async for page in rooms.pages() for room in page]
    assert [room.name for room in found] == [f"room-{number}" for number in reversed(range(count))]
    made = datetime.fromtimestamp(daily.time, UTC)
    assert all(room.created_at and abs(room.created_at - made) < timedelta(seconds=1) for room in found)


@pytest.mark.parametrize("fault", [{"kind": "error", "status": 500}, {"kind": "error", "status": 401}])
async def test_a_list_that_is_not_whole_is_an_error(daily: Daily, rooms: DailyRooms, fault: dict[str, Any]) -> None:
    for number in range(150):
        daily.domain.create(RoomRequest(name=f"room-{number}"), daily.time)
    pages = rooms.pages()
    assert len(await anext(pages)) == 100
    daily.go_wrong(**fault, times=None)
    with pytest.raises(RoomError):
        await anext(pages)


async def test_rooms_with_somebody_in_them(daily: Daily, rooms: DailyRooms) -> None:
    await rooms.ensure(RoomPlan(NAME, soon()))
    assert await rooms.occupied() == set()
    await daily.join(await rooms.mint(grant("candidate")))
    assert await rooms.occupied() == {NAME}


async def test_dailys_own_limits_say_how_long_to_wait(daily: Daily, rooms: DailyRooms) -> None:
    """Deleting is limited to fifty in thirty seconds; the caller learns that it must wait longer than a call may."""
    for number in range(50):
        await rooms.delete(f"{NAME}-{number}")
    with pytest.raises(RoomUnavailableError) as caught:
        await rooms.delete(NAME)
    assert caught.value.retry_after == 30


async def recorded(daily: Daily, rooms: DailyRooms) -> str:
    """A room with a bot in it that is being recorded; the answer is the recording's id."""
    await rooms.ensure(RoomPlan(NAME, soon(), record=True))
    await daily.join(await rooms.mint(grant("bot")))
    await rooms.start_recording(NAME)
    (found,) = await rooms.recordings(NAME)
    assert found.running
    return found.id


async def test_a_room_is_recorded_once_however_often_it_is_asked_for(daily: Daily, rooms: DailyRooms) -> None:
    recording = await recorded(daily, rooms)
    await rooms.start_recording(NAME)
    daily.time += 12
    for _ in range(2):
        await rooms.stop_recording(NAME)
    (found,) = await rooms.recordings(NAME)
    assert (found.id, found.running, found.duration_seconds) == (recording, False, 12)
    assert found.started_at is not None


async def test_a_recording_outlives_its_room_until_it_is_deleted(daily: Daily, rooms: DailyRooms) -> None:
    recording = await recorded(daily, rooms)
    await rooms.delete(NAME)
    await rooms.stop_recording(NAME)
    (found,) = await rooms.recordings(NAME)
    assert not found.running
    for _ in range(2):
        await rooms.delete_recording(recording)
    assert await rooms.recordings(NAME) == []


async def test_a_recording_that_runs_is_not_deleted(daily: Daily, rooms: DailyRooms) -> None:
    with pytest.raises(RoomRejectedError, match="in progress"):
        await rooms.delete_recording(await recorded(daily, rooms))


async def test_a_room_that_is_not_to_be_recorded_is_not(daily: Daily, rooms: DailyRooms) -> None:
    await rooms.ensure(RoomPlan(NAME, soon()))
    await daily.join(await rooms.mint(grant("bot")))
    with pytest.raises(RoomRejectedError, match="not enabled"):
        await rooms.start_recording(NAME)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ({"kind": "error", "status": 500, "times": None}, RoomUnavailableError),
        ({"kind": "drop", "times": None}, RoomUnavailableError),
        ({"kind": "error", "status": 401, "error": "authentication-error", "times": None}, RoomAuthError),
    ],
)
async def test_what_goes_wrong_with_recordings_is_told(
    daily: Daily, rooms: DailyRooms, fault: dict[str, Any], told: type[RoomError]
) -> None:
    recording = await recorded(daily, rooms)
    daily.go_wrong(**fault, path=".*recordings.*")
    for call in (
        rooms.start_recording(NAME),
        rooms.stop_recording(NAME),
        rooms.recordings(NAME),
        rooms.delete_recording(recording),
    ):
        with pytest.raises(told):
            await call


async def test_one_refusal_is_passed_over(daily: Daily, rooms: DailyRooms) -> None:
    recording = await recorded(daily, rooms)
    daily.go_wrong(kind="error", status=429, path=".*recordings.*", times=1)
    assert [found.id for found in await rooms.recordings(NAME)] == [recording]


async def test_other_rooms_recordings_are_nobodys_here(daily: Daily, rooms: DailyRooms) -> None:
    """Also where the filter is not heeded, as if Daily had renamed it."""
    await recorded(daily, rooms)
    assert await rooms.recordings("another") == []

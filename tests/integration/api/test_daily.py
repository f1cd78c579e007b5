"""Into a Daily room: tokens minted at the moment of joining, takeover and refusal, against Daily's emulator."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from support.api import CONSENT_VERSION, DEADLINE, Api, Interviewed, eventually
from support.processes import Program, free_ports
from support.wait import until

MakeInterview = Callable[..., Interviewed]
KEY = "a-daily-key-of-the-tests"
HEADERS = {"Authorization": f"Bearer {KEY}"}


@dataclass(frozen=True)
class Daily:
    """The emulator: its API as the operator would use it, and its control port."""

    url: str
    control: str

    def make_room(self, name: str, **properties: Any) -> None:
        body = {"name": name, "properties": properties}
        self._ok(httpx.post(f"{self.url}/rooms", json=body, headers=HEADERS, trust_env=False))

    def recordings(self, name: str) -> list[str]:
        """The recordings of a room, each by how it goes."""
        found = httpx.get(f"{self.url}/recordings?room_name={name}", headers=HEADERS, trust_env=False)
        return [recording["status"] for recording in self._ok(found).json()["data"]]

    def token(self, name: str) -> str:
        """A token that lets somebody into the room, as the bot has one."""
        body = {"properties": {"room_name": name}}
        made = httpx.post(f"{self.url}/meeting-tokens", json=body, headers=HEADERS, trust_env=False)
        return str(self._ok(made).json()["token"])

    def join(self, name: str, token: str) -> dict[str, Any]:
        answer = httpx.post(f"{self.control}/rooms/{name}/participants", json={"token": token}, trust_env=False)
        joined: dict[str, Any] = self._ok(answer).json()
        return joined

    def present(self, name: str) -> list[str]:
        rooms = self._ok(httpx.get(f"{self.control}/rooms", trust_env=False)).json()
        [room] = [room for room in rooms if room["name"] == name]
        return [person["id"] for person in room["participants"]]

    def fail(self, *faults: dict[str, Any]) -> None:
        self._ok(httpx.put(f"{self.control}/faults", json={"faults": list(faults)}, trust_env=False))

    @staticmethod
    def _ok(answer: httpx.Response) -> httpx.Response:
        assert answer.is_success, answer.text
        return answer


@pytest.fixture(scope="module")
def daily(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daily]:
    port, control = free_ports(2)
    env = {
        "PARLEY_DAILY_HOST": "127.0.0.1",
        "PARLEY_DAILY_PORT": str(port),
        "PARLEY_DAILY_CONTROL_PORT": str(control),
        "PARLEY_DAILY_API_KEY": KEY,
    }
    log = tmp_path_factory.mktemp("daily") / "daily.log"
    program = Program([sys.executable, "-m", "parley_emulators", "daily"], log, env)

    def ready() -> bool:
        program.require_alive()
        try:
            return httpx.get(f"http://127.0.0.1:{control}/readyz", trust_env=False).is_success
        except httpx.TransportError:
            return False

    until("Daily's emulator is ready", ready, DEADLINE)
    yield Daily(f"http://127.0.0.1:{port}/v1", f"http://127.0.0.1:{control}")
    program.stop()


@pytest.fixture(scope="module")
def daily_api(start_api: Callable[..., Api], daily: Daily, tmp_path_factory: pytest.TempPathFactory) -> Api:
    key = tmp_path_factory.mktemp("daily-key") / "DAILY_API_KEY"
    key.write_text(KEY)
    return start_api(PARLEY_DAILY_API_KEY_FILE=str(key), PARLEY_DAILY_API_URL=daily.url)


async def consented(http: httpx.AsyncClient, made: Interviewed) -> None:
    async def agree() -> bool:
        answer = await http.post("/join/v1/consent", json={"version": CONSENT_VERSION}, headers=made.headers())
        return answer.status_code == 204

    await eventually("the candidate has consented", agree)


@pytest.fixture
async def connect(daily_api: Api) -> Any:
    async with httpx.AsyncClient(base_url=daily_api.url, trust_env=False, timeout=30) as http:

        async def post(made: Interviewed) -> httpx.Response:
            await consented(http, made)
            return await http.post("/join/v1/connect", headers=made.headers())

        yield post


@pytest.fixture
def made(interview: MakeInterview) -> Interviewed:
    one = interview("Ready", attempt=1)
    one.bot(ip="127.0.0.4", provider="daily")
    return one


async def test_a_token_for_this_room_and_person(connect: Any, daily: Daily, made: Interviewed) -> None:
    daily.make_room(made.room)
    answer = await connect(made)
    assert answer.status_code == 200, answer.text
    assert answer.json().keys() == {"room_url", "token"}
    assert answer.json()["room_url"].endswith(made.room)
    joined = daily.join(made.room, answer.json()["token"])
    assert joined["userId"] == "candidate"
    assert joined["userName"] == "Ada"


async def test_another_tab_takes_over(connect: Any, daily: Daily, made: Interviewed) -> None:
    daily.make_room(made.room)
    first = daily.join(made.room, (await connect(made)).json()["token"])
    assert daily.present(made.room) == [first["id"]]
    second = await connect(made)
    assert second.status_code == 200, second.text
    assert daily.present(made.room) == []


async def test_another_tab_may_be_refused(connect: Any, daily: Daily, interview: MakeInterview) -> None:
    made = interview("Ready", attempt=1, template={"secondTab": "Refuse"})
    made.bot(ip="127.0.0.4", provider="daily")
    daily.make_room(made.room)
    first = daily.join(made.room, (await connect(made)).json()["token"])
    answer = await connect(made)
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (409, "already-joined")
    assert daily.present(made.room) == [first["id"]]


async def test_a_room_that_is_not_there_yet(connect: Any, made: Interviewed) -> None:
    answer = await connect(made)
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (409, "not-ready")


async def test_a_key_that_daily_does_not_know(connect: Any, daily: Daily, daily_api: Api, made: Interviewed) -> None:
    daily.make_room(made.room)
    daily.fail({"kind": "error", "status": 401, "error": "authentication-error", "times": None})
    try:
        answer = await connect(made)
    finally:
        daily.fail()
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (503, "room-unavailable")
    assert int(answer.headers["retry-after"]) > 0
    assert "Daily: " in daily_api.logged()
    assert KEY not in daily_api.logged()


@pytest.fixture
def recorded(interview: MakeInterview, daily: Daily) -> Callable[..., Interviewed]:
    """An interview that asks for a recording, its bot in the room."""

    def make(**recording: bool) -> Interviewed:
        template = {"recording": {"enabled": True, **recording}, "consent": {"text": "…", "version": CONSENT_VERSION}}
        made = interview("Ready", attempt=1, template=template)
        made.bot(ip="127.0.0.4", provider="daily")
        daily.make_room(made.room, enable_recording="cloud")
        daily.join(made.room, daily.token(made.room))
        return made

    return make


async def test_a_candidate_who_has_agreed_is_recorded_once(
    connect: Any, daily: Daily, recorded: Callable[..., Interviewed]
) -> None:
    made = recorded()
    for _ in range(2):
        assert (await connect(made)).status_code == 200
    assert daily.recordings(made.room) == ["in-progress"]


async def test_a_candidate_who_has_not_agreed_is_not_recorded(
    daily_api: Api, daily: Daily, interview: MakeInterview
) -> None:
    consent = {"text": "…", "version": CONSENT_VERSION, "required": False}
    made = interview("Ready", attempt=1, template={"recording": {"enabled": True}, "consent": consent})
    made.bot(ip="127.0.0.4", provider="daily")
    daily.make_room(made.room, enable_recording="cloud")
    daily.join(made.room, daily.token(made.room))
    async with httpx.AsyncClient(base_url=daily_api.url, trust_env=False, timeout=30) as http:

        async def joins() -> bool:
            return (await http.post("/join/v1/connect", headers=made.headers())).status_code == 200

        await eventually("the candidate is let in", joins)
    assert daily.recordings(made.room) == []


@pytest.mark.parametrize("required", [True, False])
async def test_a_recording_that_does_not_begin(
    connect: Any, daily: Daily, recorded: Callable[..., Interviewed], required: bool
) -> None:
    made = recorded(required=required)
    daily.fail({"kind": "error", "status": 400, "path": ".*/recordings/start", "times": None})
    try:
        answer = await connect(made)
    finally:
        daily.fail()
    assert answer.status_code == (503 if required else 200), answer.text
    assert daily.recordings(made.room) == []

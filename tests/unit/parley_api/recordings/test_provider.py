"""What Daily has recorded, against its emulator: found at the end, and deleted before the store forgets the room."""

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from parley_api.recordings import provider
from parley_api.retention import sweep
from parley_api.store import FolderStore, StoreUnavailableError, layout
from parley_api.transcripts.archive import Beside, keep_plan, manifest_of, publish
from parley_api.transcripts.assemble import Ending
from parley_api.transcripts.erasure import erase
from parley_api.transcripts.linking import LOOK_FOR, ToAsk, link_all, merged
from parley_emulators.daily.api import Service
from parley_emulators.daily.app import rest_app
from parley_emulators.daily.faults import Fault, FaultBook
from parley_emulators.daily.settings import DailySettings
from parley_emulators.daily.state import Domain
from parley_emulators.daily.tokens import Signer
from parley_operator.shell.client.api import TIMEOUT
from parley_protocol import (
    BotInputs,
    ConsentRecord,
    InterviewerPlan,
    InterviewPlan,
    InterviewRef,
    Manifest,
    ProviderRecording,
    QuestionPlan,
    RecordingAccount,
    RecordingPlan,
    RoomInputs,
)
from parley_rooms.daily import DailyRooms
from parley_rooms.provider import FoundRecording, Grant, RoomPlan
from parley_rooms.retry import Retry
from pydantic import SecretStr
from support.daily_key import GivenKey

REF = InterviewRef(namespace="hiring", name="ada", uid="u-1")
ROOM = "parley-tests-ada"
STORE_SECONDS = 5
"""What the store needs beside Daily for an order."""
CONSENT = ConsentRecord(version="2026-1", given_at=datetime(2026, 11, 22, 9, tzinfo=UTC))


def inputs(*, wanted: bool = True, daily: bool = True) -> BotInputs:
    room = RoomInputs(provider="daily" if daily else "websocket", name=ROOM)
    plan = InterviewPlan(
        title="Backend engineer",
        interviewer=InterviewerPlan(name="Sam", greeting="Hello.", closing="Goodbye."),
        questions=[QuestionPlan(id="q1", text="Why?")],
        recording=RecordingPlan(wanted=wanted),
    )
    return BotInputs(interview=REF, attempt=1, template="t", plan=plan, room=room, retention_days=1)


class Daily:
    """The emulator without a network, with one room that is being recorded."""

    def __init__(self) -> None:
        settings, self.faults = DailySettings(api_key=SecretStr("key")), FaultBook()
        self.domain = Domain(settings.domain, settings.max_rooms)
        service = Service(self.domain, Signer(b"the domain's own", self.domain.id), clock=time.time)
        transport = httpx.ASGITransport(rest_app(settings, service, self.faults))
        self.rooms = DailyRooms(GivenKey("key"), "http://daily/v1", transport=transport, retry=Retry(sleep=self._sleep))
        self._signer = service.signer

    async def _sleep(self, _seconds: float) -> None:
        return

    async def record(self) -> None:
        until = datetime.now(UTC) + timedelta(hours=1)
        await self.rooms.ensure(RoomPlan(ROOM, until, record=True))
        token = await self.rooms.mint(Grant(ROOM, "bot", 1, until, "Sam"))
        self.domain.join(ROOM, self._signer.read(token), time.time())
        await self.rooms.start_recording(ROOM)

    def fail(self, **fault: Any) -> None:
        self.faults.order([Fault.model_validate({"kind": "error", "path": ".*recordings.*", "times": None, **fault})])

    @property
    def kept(self) -> int:
        return len(self.ids)

    @property
    def ids(self) -> list[str]:
        return [one["id"] for one in self.domain.recordings.page(ROOM)["data"]]


@pytest.fixture
async def daily() -> AsyncIterator[Daily]:
    daily = Daily()
    await daily.record()
    yield daily
    await daily.rooms.aclose()


async def test_the_end_finds_what_daily_keeps_and_ends_it(daily: Daily) -> None:
    told = await provider.account(daily.rooms, inputs(), CONSENT)
    assert told is not None
    assert (told.provider, told.found, told.consent) == ("daily", True, CONSENT)
    (found,) = told.provider_recordings
    assert found.duration_seconds is not None, "it was ended"
    assert [found.id] == daily.ids


@pytest.mark.parametrize(("made", "consent"), [(inputs(wanted=False), CONSENT), (None, CONSENT), (inputs(), None)])
async def test_what_was_not_to_be_recorded_asks_nobody(
    daily: Daily, made: BotInputs | None, consent: ConsentRecord | None
) -> None:
    daily.fail()
    assert await provider.account(daily.rooms, made, consent) is None


async def test_an_end_does_not_wait_for_a_daily_that_fails(daily: Daily) -> None:
    daily.fail()
    for rooms in (daily.rooms, None):
        told = await provider.account(rooms, inputs(), CONSENT)
        assert told is not None
        assert (told.found, told.provider_recordings) == (False, [])


async def test_an_erasure_deletes_what_daily_keeps(daily: Daily) -> None:
    for _ in range(2):
        await provider.erase(daily.rooms, inputs())
        assert daily.kept == 0


@pytest.mark.parametrize("fault", [{}, {"status": 429}, {"status": 400, "method": "DELETE"}, {"status": 401}])
async def test_an_erasure_that_fails_at_daily_is_to_be_done_again(daily: Daily, fault: dict[str, Any]) -> None:
    daily.fail(**fault)
    with pytest.raises(StoreUnavailableError):
        await provider.erase(daily.rooms, inputs())
    daily.faults.order([])
    await provider.erase(daily.rooms, inputs())
    assert daily.kept == 0


async def test_an_erasure_at_a_slow_daily_ends_before_whoever_ordered_it_has_hung_up(daily: Daily) -> None:
    read = TIMEOUT.read
    assert read is not None
    assert max(provider.DELETE_SECONDS, provider.FIND_SECONDS) + STORE_SECONDS <= read
    daily.fail(kind="delay", delay_seconds=30)
    with pytest.raises(StoreUnavailableError, match=r"are still there: Daily did not do it within 0\.1 s"):
        await provider.erase(daily.rooms, inputs(), within=0.1)


async def test_without_a_key_nothing_is_called_erased() -> None:
    with pytest.raises(StoreUnavailableError, match="PARLEY_DAILY_API_KEY_FILE"):
        await provider.erase(None, inputs())
    await provider.erase(None, inputs(daily=False))
    await provider.erase(None, None)


async def ended(store: FolderStore, rooms: DailyRooms | None) -> None:
    """An interview that ends now, and what its end finds at Daily."""

    async def ask() -> Beside:
        return Beside(CONSENT, await provider.account(rooms, inputs(), CONSENT))

    await keep_plan(store, inputs())
    await publish(store, REF, inputs(), [], Ending("Completed", datetime.now(UTC)), ask)


async def manifest(store: FolderStore) -> Manifest:
    made = await manifest_of(store, "hiring", "u-1")
    assert made is not None
    return made


async def recording(store: FolderStore) -> RecordingAccount:
    told = (await manifest(store)).recording
    assert told is not None
    return told


async def test_what_an_end_did_not_find_is_linked_later(daily: Daily, tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store")
    daily.fail()
    await ended(store, daily.rooms)
    before = await manifest(store)
    assert (await sweep(store, datetime.now(UTC), daily.rooms)).linked == 0
    assert await manifest(store) == before, "Daily fails still: the next run asks again"
    daily.faults.order([])
    assert (await sweep(store, datetime.now(UTC), daily.rooms)).linked == 1
    told = await recording(store)
    assert (told.found, [one.id for one in told.provider_recordings]) == (True, daily.ids)
    assert await manifest(store) == before.model_copy(update={"recording": told}), "nothing else has changed"
    daily.fail()
    assert (await sweep(store, datetime.now(UTC), daily.rooms)).linked == 0
    assert await recording(store) == told


async def test_a_recording_that_daily_tells_of_late_is_linked(tmp_path: Path) -> None:
    store, daily = FolderStore(tmp_path / "store"), Daily()
    await ended(store, daily.rooms)
    assert (await recording(store)).found
    assert (await sweep(store, datetime.now(UTC), daily.rooms)).linked == 0
    await daily.record()
    assert (await sweep(store, datetime.now(UTC), daily.rooms)).linked == 1
    assert [one.id for one in (await recording(store)).provider_recordings] == daily.ids
    await daily.rooms.aclose()


async def test_a_second_recording_that_daily_tells_of_late_is_added(daily: Daily, tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store")
    await ended(store, daily.rooms)
    before = (await recording(store)).provider_recordings
    assert len(before) == 1
    await daily.rooms.start_recording(ROOM)
    assert (await sweep(store, datetime.now(UTC), daily.rooms)).linked == 1
    told = (await recording(store)).provider_recordings
    assert told[:1] == before
    assert {one.id for one in told} == set(daily.ids)
    assert (await sweep(store, datetime.now(UTC), daily.rooms)).linked == 0
    assert (await recording(store)).provider_recordings == told


async def test_how_long_a_recording_is_may_come_after_its_id(
    daily: Daily, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Daily has not finished it yet when the interview ends."""
    store = FolderStore(tmp_path / "store")

    async def takes_time(_room: str) -> None:
        return

    with monkeypatch.context() as patched:
        patched.setattr(daily.rooms, "stop_recording", takes_time)
        await ended(store, daily.rooms)
        assert (await sweep(store, datetime.now(UTC), daily.rooms)).linked == 0
    (before,) = (await recording(store)).provider_recordings
    assert before.duration_seconds is None
    assert (await sweep(store, datetime.now(UTC), daily.rooms)).linked == 1
    (told,) = (await recording(store)).provider_recordings
    assert told.duration_seconds is not None
    assert told == before.model_copy(update={"duration_seconds": told.duration_seconds})


def test_nothing_that_was_told_is_forgotten() -> None:
    at = datetime(2026, 11, 22, 9, tzinfo=UTC)
    known = [ProviderRecording(id="b", started_at=at, duration_seconds=5), ProviderRecording(id="d")]
    found = [
        ProviderRecording(id="c", started_at=at + timedelta(minutes=1)),
        ProviderRecording(id="b", started_at=at),
        ProviderRecording(id="a", started_at=at - timedelta(minutes=1)),
    ]
    assert merged(known, found) == [found[2], known[0], found[0], known[1]]
    assert merged(known, []) == known
    assert merged([], found[:1]) == found[:1]


async def test_those_that_lack_most_are_asked_for_first(daily: Daily, tmp_path: Path) -> None:
    """The time of one run may not be enough for all."""
    at = datetime.now(UTC)
    whole = [ProviderRecording(id="a", duration_seconds=5)]
    asked: list[str] = []

    class Listens(FolderStore):
        async def get(self, key: str) -> bytes | None:
            if key.endswith(layout.PLAN):
                asked.append(key.split("/")[2])
            return await super().get(key)

    def of(uid: str, told: list[ProviderRecording]) -> Manifest:
        account = RecordingAccount(provider="daily", provider_recordings=told)
        return Manifest(namespace="hiring", name=uid, uid=uid, created_at=at, artifacts=[], recording=account)

    manifests = [of("whole", whole), of("parts", [ProviderRecording(id="a")]), of("none", [])]
    store = Listens(tmp_path / "store")
    for one in manifests:
        await store.put(layout.artifact("hiring", one.uid, layout.MANIFEST), one.to_json(), "application/json")
    assert await link_all(store, daily.rooms, [ToAsk.of(one) for one in manifests]) == 0
    assert asked == ["none", "parts", "whole"]


async def test_daily_is_asked_for_three_days(daily: Daily, tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store")
    await ended(store, None)
    # Of an interview whose artifacts are kept for longer than that.
    kept = (await manifest(store)).model_copy(update={"delete_after": None})
    await store.put(layout.artifact("hiring", "u-1", layout.MANIFEST), kept.to_json(), "application/json")
    assert (await sweep(store, datetime.now(UTC) + LOOK_FOR, daily.rooms)).linked == 0
    assert await manifest(store) == kept
    nearly = datetime.now(UTC) + LOOK_FOR - timedelta(hours=1)
    assert (await sweep(store, nearly, None)).linked == 0, "without a key nothing is found, and nothing fails"
    assert (await sweep(store, nearly, daily.rooms)).linked == 1


async def test_what_is_erased_while_daily_is_asked_stays_erased(
    daily: Daily, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FolderStore(tmp_path / "store")
    await ended(store, None)
    asking = daily.rooms.recordings

    async def meanwhile(room: str) -> list[FoundRecording]:
        await erase(store, "hiring", "u-1", why="erased")
        return await asking(room)

    monkeypatch.setattr(daily.rooms, "recordings", meanwhile)
    assert (await sweep(store, datetime.now(UTC), daily.rooms)).linked == 0
    assert await store.list(layout.ROOT) == [layout.artifact("hiring", "u-1", layout.ERASURE)]


async def test_retention_reaches_daily_and_keeps_what_it_could_not(daily: Daily, tmp_path: Path) -> None:
    store, ended = FolderStore(tmp_path / "store"), datetime.now(UTC) - timedelta(days=2)
    await keep_plan(store, inputs())
    await publish(store, REF, inputs(), [], Ending("Completed", ended))
    daily.fail()
    done = await sweep(store, datetime.now(UTC), daily.rooms)
    assert (done.erased, len(done.kept)) == (0, 1)
    assert await store.get(layout.artifact("hiring", "u-1", layout.MANIFEST)) is not None
    daily.faults.order([])
    assert (await sweep(store, datetime.now(UTC), daily.rooms)).erased == 1
    assert daily.kept == 0
    assert await store.list(layout.ROOT) == [layout.artifact("hiring", "u-1", layout.ERASURE)]

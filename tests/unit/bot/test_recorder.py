"""The recorder between the room and the API: what it hands over, what it does when that fails."""

import asyncio
import io
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest
import soundfile
from parley_bot.exits import ApiRefusedError, ApiUnavailableError
from parley_bot.interview import Interview, prepare
from parley_bot.recording import recorder as module
from parley_bot.recording.parts import Part, Spool
from parley_bot.recording.recorder import Recorder
from parley_bot.reporter import pauses
from parley_bot.timeline import Timeline
from parley_protocol import Assignment, DailyRoom, FinishReason, InterviewRef, RecordingPlan, WebsocketRoom
from support.bot import interview_plan

SOUND = (np.random.default_rng(1).normal(0, 3000, 16_000)).astype(np.int16).tobytes()


class Api:
    """Takes parts; `away` many times it does not, and `refuses` for good."""

    def __init__(self, away: int = 0, *, refuses: bool = False) -> None:
        self.away, self.refuses = away, refuses
        self.parts: list[Part] = []

    async def send_recording(self, attempt: int, part: Part) -> None:
        await asyncio.sleep(0)
        if self.refuses:
            raise ApiRefusedError("PUT: 409")
        if self.away > 0:
            self.away -= 1
            raise ApiUnavailableError("PUT: 503")
        self.parts.append(part)


class Rig:
    """A recorder of an interview that has begun, and its API."""

    def __init__(self, api: Api) -> None:
        self.api, self.failures = api, 0
        timeline = Timeline()
        timeline.start(0.0)
        self.recorder = Recorder(api, 1, timeline, self._failed)  # type: ignore[arg-type]
        self.running = asyncio.create_task(self.recorder.run())

    def _failed(self) -> None:
        self.failures += 1

    def talk(self) -> None:
        self.recorder.begin()
        self.recorder.heard(SOUND)
        self.recorder.played(SOUND)


@pytest.fixture
async def rig(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Rig]:
    monkeypatch.setattr(pauses, "backoff", lambda _attempt: 0.0)
    rig = Rig(getattr(request, "param", None) or Api())
    yield rig
    rig.running.cancel()
    await asyncio.wait({rig.running})


async def test_nothing_is_recorded_before_it_begins(rig: Rig) -> None:
    rig.recorder.heard(SOUND)
    rig.recorder.played(SOUND)
    assert not rig.recorder.on
    assert await rig.recorder.close(1)
    assert rig.api.parts == []


@pytest.mark.parametrize("rig", [Api(), Api(away=3)], indirect=True)
async def test_at_the_end_everything_is_handed_over(rig: Rig) -> None:
    rig.talk()
    assert await rig.recorder.close(10)
    data = b"".join(part.data for part in rig.api.parts)
    sound, _ = soundfile.read(io.BytesIO(data), dtype="int16")
    assert sound.shape[1] == 2
    assert not rig.recorder.on
    assert rig.failures == 0
    rig.talk()
    assert await rig.recorder.close(10), "an end is one"


@pytest.mark.parametrize("rig", [Api(away=1)], indirect=True)
async def test_who_waits_for_the_rest_does_not_wait_for_a_pause(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    pausing = asyncio.Event()

    def an_hour(_failures: int) -> float:
        pausing.set()
        return 3600.0

    monkeypatch.setattr(pauses, "backoff", an_hour)
    rig.talk()
    rig.recorder._keep(Part(1, 0, 10_000, b"a part"))
    await asyncio.wait_for(pausing.wait(), 20)
    assert await rig.recorder.close(10)
    assert rig.api.parts


@pytest.mark.parametrize("rig", [Api(away=10**9)], indirect=True)
async def test_an_api_that_stays_away_is_waited_for_no_longer_than_told(rig: Rig) -> None:
    rig.talk()
    assert not await rig.recorder.close(0.05)


@pytest.mark.parametrize("rig", [Api(refuses=True)], indirect=True)
async def test_a_refusal_is_told_once_and_waited_for_by_nobody(rig: Rig) -> None:
    rig.talk()
    assert not await rig.recorder.close(60)
    assert rig.failures == 1
    rig.talk()
    assert not rig.recorder.on


async def test_an_encoder_that_fails_is_told_and_breaks_nothing(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise OSError("no codec")

    monkeypatch.setattr(module, "OggOpus", broken)
    rig.talk()
    assert await rig.recorder.close(1), "nothing is left to be handed over"
    assert rig.failures == 1
    assert not rig.running.done()


@pytest.mark.parametrize("rig", [Api(away=10**9)], indirect=True)
async def test_a_gap_is_told_and_the_recording_goes_on(rig: Rig) -> None:
    rig.recorder._spool = Spool(limit=4000)
    rig.recorder.begin()
    for number in (1, 2, 3):
        rig.recorder._keep(Part(number, 0, 0, bytes(1500)))
    assert rig.failures == 1
    assert rig.recorder.on
    rig.api.away = 0
    assert await rig.recorder.close(10)
    assert [part.number for part in rig.api.parts][:2] == [1, 3]


async def test_sound_that_nobody_takes_off_fills_no_memory(rig: Rig) -> None:
    rig.recorder.begin()
    for _ in range(100):
        rig.recorder.heard(SOUND)
    assert rig.failures == 1
    assert not rig.recorder.on


class Page:
    """Keeps whether the candidate was told of a recording."""

    def __init__(self) -> None:
        self.told: list[bool] = []

    async def prompt(self, text: str) -> None: ...

    async def tell_page(self, data: dict[str, Any]) -> None: ...

    async def tell_recording(self, *, on: bool) -> None:
        self.told.append(on)

    def take_floor(self) -> None: ...

    def settle(self) -> None: ...


def interview(*, wanted: bool = True, required: bool = False, daily: bool = False) -> Interview:
    room = DailyRoom(room_url="https://x.daily.co/x", token="t") if daily else WebsocketRoom(ticket_key="a2V5")
    plan = interview_plan().model_copy(update={"recording": RecordingPlan(wanted=wanted, required=required)})
    ref = InterviewRef(namespace="hiring", name="ada", uid="u-1")
    return prepare(Assignment(interview=ref, attempt=1, plan=plan, room=room), Api())  # type: ignore[arg-type]


@pytest.mark.parametrize(("wanted", "daily"), [(False, False), (False, True), (True, True)])
async def test_a_bot_records_only_what_is_to_be_recorded_in_a_room_of_its_own(wanted: bool, daily: bool) -> None:
    assert interview(wanted=wanted, daily=daily).record(Api()) is None  # type: ignore[arg-type]


@pytest.mark.parametrize("required", [True, False])
async def test_only_a_recording_that_is_required_ends_the_interview(required: bool) -> None:
    held, page = interview(required=required), Page()
    held.conversation.candidate_joined(page)
    recorder = held.record(Api())  # type: ignore[arg-type]
    assert recorder is not None
    recorder.begin()
    for _ in range(100):
        recorder.heard(SOUND)
    assert recorder.failed
    await asyncio.sleep(0)
    assert page.told == ([] if required else [False])
    assert held.conversation.done.done() is required
    if required:
        assert held.conversation.done.result() is FinishReason.RECORDING_FAILED

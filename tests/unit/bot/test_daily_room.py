"""The Daily pipeline, assembled with the true DailyTransport; Daily's events are driven as its client would."""

import asyncio
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from parley_bot.exits import RoomLostError, RoomNotJoinedError
from parley_bot.interview import Interview, prepare
from parley_bot.pipeline import assembly, taps
from parley_bot.pipeline.access import ModelAccess
from parley_bot.pipeline.nova import GuardedNovaSonic
from parley_bot.reporter import ApiClient
from parley_bot.server import daily_room
from parley_bot.server.daily_room import DailyRoom
from parley_protocol import Assignment, ConnectionChanged, FinishReason, InterviewRef, RecordingPlan
from parley_protocol import DailyRoom as Grant
from pipecat.frames.frames import (
    AggregationType,
    Frame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    OutputAudioRawFrame,
    TTSAudioRawFrame,
    TTSTextFrame,
)
from pipecat.transports.daily.transport import DailyTransportClient
from support.bot import ApiPeer, eventually, interview_plan, serving

GRANT = Grant(room_url="https://parley.invalid/room", token="token")
CANDIDATE = {"id": "one", "info": {"isLocal": False, "userId": "candidate"}}
ACCESS = ModelAccess("us-east-1", "https://127.0.0.1:1")
FORMER_BOT = {"id": "other", "info": {"isLocal": False, "userId": "bot-1"}}


@pytest.fixture
async def interview(tmp_path: Path) -> AsyncIterator[Interview]:
    (tmp_path / "token").write_text("pod-token")
    async with serving(ApiPeer(interview_plan(), room=GRANT)) as peer:
        client = ApiClient(peer.url, tmp_path / "token")
        assignment = Assignment(
            interview=InterviewRef(namespace="n", name="i", uid="u"), attempt=1, plan=peer.plan, room=GRANT
        )
        yield prepare(assignment, client)
        await client.close()


@pytest.fixture
async def room(interview: Interview) -> DailyRoom:
    return DailyRoom(interview, ACCESS, GRANT, join_seconds=25)


def presence(interview: Interview) -> list[tuple[str, str]]:
    events = [entry.event for entry in interview.reporter.waiting]
    return [(e.who, e.what) for e in events if isinstance(e, ConnectionChanged)]


async def fire(room: DailyRoom, name: str, *arguments: object) -> None:
    """As `DailyTransport` tells of an event."""
    await room.transport._call_event_handler(name, *arguments)


async def test_joining_and_leaving(interview: Interview, room: DailyRoom) -> None:
    joining = asyncio.ensure_future(room.joined())
    await fire(room, "on_joined", {})
    await asyncio.wait_for(joining, 5)
    await fire(room, "on_participant_joined", FORMER_BOT)
    await fire(room, "on_participant_left", FORMER_BOT, "leftCall")
    await fire(room, "on_participant_joined", CANDIDATE)
    await eventually("the candidate is there", lambda: ("candidate", "joined") in presence(interview), 5)
    await fire(room, "on_participant_joined", {"id": "somebody else"})
    await fire(room, "on_participant_left", {"id": "somebody else"}, "leftCall")
    await fire(room, "on_participant_left", CANDIDATE, "leftCall")
    await eventually("the candidate is gone", lambda: ("candidate", "left") in presence(interview), 5)
    assert presence(interview) == [("candidate", "joined"), ("candidate", "left")]
    assert interview.conversation.session.clock.left_at is not None


def sentence(text: str, seconds: float) -> list[Frame]:
    """What the model sends of one."""
    sound = TTSAudioRawFrame(struct.pack("<h", 8000) * round(24_000 * seconds), 24_000, 1)
    return [LLMTextFrame(text), sound, TTSTextFrame(text, AggregationType.SENTENCE)]


@pytest.fixture
async def in_room(room: DailyRoom, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[bytes]]:
    """The candidate is in the room, with a pipeline that runs and a model that is silent; what the room is sent."""
    sent: list[bytes] = []

    async def joined(_client: object) -> tuple[dict[str, object], None]:
        return {}, None

    async def left(_client: object) -> None: ...

    async def send(frame: OutputAudioRawFrame) -> bool:
        sent.append(frame.audio)
        await asyncio.sleep(0.01)  # a room takes sound no faster than it plays it
        return True

    monkeypatch.setattr(DailyTransportClient, "_join", joined)
    monkeypatch.setattr(DailyTransportClient, "_leave", left)
    monkeypatch.setattr(room.transport._client, "write_audio_frame", send)
    monkeypatch.setattr(taps, "_FINAL_SECONDS", 0.05)
    monkeypatch.setattr(assembly, "_READY_SECONDS", 3600)
    started = asyncio.Event()

    async def note(*_: object) -> None:
        started.set()

    room.pipeline.worker.add_event_handler("on_pipeline_started", note)
    await room.join()
    await asyncio.wait_for(started.wait(), 10)
    await fire(room, "on_participant_joined", CANDIDATE)
    yield sent
    await room.close(None)


def spoken(interview: Interview) -> list[tuple[str, bool]]:
    """The interviewer's turns, and whether each was cut short."""
    return [(turn.text, turn.interrupted) for turn in interview.conversation.turns]


async def test_words_to_an_empty_room_were_not_heard(
    interview: Interview, room: DailyRoom, in_room: list[bytes]
) -> None:
    llm = room.pipeline.llm
    await eventually("the candidate is there", lambda: ("candidate", "joined") in presence(interview), 5)
    for frame in [LLMFullResponseStartFrame(), *sentence("Why us, of all?", 0.4), LLMFullResponseEndFrame()]:
        await llm.push_frame(frame)
    await eventually("it is reported", lambda: spoken(interview) == [("Why us, of all?", False)], 5)
    for frame in [LLMFullResponseStartFrame(), *sentence("I see.", 8.0), *sentence("A bug you fixed?", 8.0)]:
        await llm.push_frame(frame)
    await eventually("it is on its way", lambda: len(b"".join(in_room)) > 32_000, 5)
    await fire(room, "on_participant_left", CANDIDATE, "leftCall")
    await eventually("the candidate is gone", lambda: ("candidate", "left") in presence(interview), 5)
    assert [cut for _, cut in spoken(interview)] == [False, True]
    before = spoken(interview)
    for frame in [*sentence("That is all.", 0.4), LLMFullResponseEndFrame(), LLMFullResponseStartFrame()]:
        await llm.push_frame(frame)
    begun, *rest = sentence("Are you there?", 0.4)
    await llm.push_frame(begun)
    await eventually("it would be heard", lambda: room.pipeline._mouth._number == begun.id, 5)
    await fire(room, "on_participant_joined", CANDIDATE)
    await eventually("they are back", lambda: presence(interview)[-1] == ("candidate", "joined"), 5)
    in_room.clear()
    # What it has begun to say to nobody, and goes on with.
    for frame in [*rest, LLMFullResponseEndFrame()]:
        await llm.push_frame(frame)
    for frame in [LLMFullResponseStartFrame(), *sentence("Welcome back.", 0.4), LLMFullResponseEndFrame()]:
        await llm.push_frame(frame)
    await eventually("they are welcomed", lambda: ("Welcome back.", False) in spoken(interview), 5)
    assert spoken(interview) == [*before, ("Welcome back.", False)]
    assert len(b"".join(in_room)) < 2 * 24_000 * 0.6, "of what was said to nobody nothing is heard later"


async def test_who_is_hushed_goes_on_where_it_was(room: DailyRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[OutputAudioRawFrame] = []

    async def send(frame: OutputAudioRawFrame) -> bool:
        sent.append(frame)
        return True

    monkeypatch.setattr(room.transport._client, "write_audio_frame", send)
    output, sound = room.transport.output(), OutputAudioRawFrame(bytes(1280), 16_000, 1)
    assert await output.write_audio_frame(sound)
    room.transport.hush(True)
    writing = asyncio.create_task(output.write_audio_frame(sound))
    await asyncio.wait({writing}, timeout=0.05)
    assert len(sent) == 1
    room.transport.hush(False)
    assert await writing
    assert len(sent) == 2


async def test_the_page_is_told_whether_the_room_records(
    interview: Interview, room: DailyRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[bool] = []

    async def tell(*, on: bool) -> None:
        told.append(on)

    monkeypatch.setattr(room.pipeline, "tell_recording", tell)
    interview.conversation.candidate_joined(room.pipeline)
    await fire(room, "on_recording_started", {"streamId": "one"})
    await eventually("it is told of", lambda: told == [True], 5)
    await fire(room, "on_recording_error", "one", "no space")
    await eventually("it is told of the end", lambda: told == [True, False], 5)


STOPPED: tuple[str, ...] = ("on_recording_stopped", "one")
FAILED: tuple[str, ...] = ("on_recording_error", "one", "no space")


def requires_recording(interview: Interview, required: bool) -> Interview:
    """The same interview, by a plan that wants a recording."""
    recording = RecordingPlan(wanted=True, required=required)
    plan = interview.assignment.plan.model_copy(update={"recording": recording})
    return replace(interview, assignment=interview.assignment.model_copy(update={"plan": plan}))


@pytest.mark.parametrize("event", [STOPPED, FAILED], ids=["stopped", "failed"])
@pytest.mark.parametrize("required", [True, False], ids=["required", "not required"])
async def test_an_interview_ends_with_its_recording_only_where_that_is_required(
    interview: Interview, event: tuple[str, ...], required: bool
) -> None:
    interview = requires_recording(interview, required)
    room = DailyRoom(interview, ACCESS, GRANT, join_seconds=25)
    await fire(room, "on_joined", {})
    await fire(room, "on_recording_started", {"streamId": "one"})
    await fire(room, *event)
    # An event's handlers are tasks, which begin in their order: what follows tells that this one was heeded.
    await fire(room, "on_left")
    await asyncio.wait({interview.conversation.done}, timeout=5)
    if required:
        assert interview.conversation.done.result() is FinishReason.RECORDING_FAILED
    else:
        assert isinstance(interview.conversation.done.exception(), RoomLostError)


@pytest.mark.parametrize("event", [STOPPED, FAILED], ids=["stopped", "failed"])
async def test_a_recording_that_ends_with_the_room_is_no_failure(
    interview: Interview, event: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bot that hands over leaves a room whose recording may be stopped meanwhile: its successor goes on."""
    interview = requires_recording(interview, True)
    room = DailyRoom(interview, ACCESS, GRANT, join_seconds=25)
    left: list[str] = []

    async def leave() -> None:
        await fire(room, *event)
        await eventually("the page would be told", lambda: not room.pipeline.recorded_by_room, 5)
        left.append("left")

    monkeypatch.setattr(room.transport, "leave", leave)
    await fire(room, "on_recording_started", {"streamId": "one"})
    await eventually("it is recorded", lambda: room.pipeline.recorded_by_room, 5)
    await room.close(None)
    assert left == ["left"]
    assert not interview.conversation.done.done()


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Daily has little time to tell of a recording."""
    monkeypatch.setattr(daily_room, "_RECORDED_SECONDS", 0.5)


async def let_in(interview: Interview) -> DailyRoom:
    """A candidate comes into the interview's room."""
    room = DailyRoom(interview, ACCESS, GRANT, join_seconds=25)
    await fire(room, "on_joined", {})
    await fire(room, "on_participant_joined", CANDIDATE)
    await eventually("the candidate is there", lambda: ("candidate", "joined") in presence(interview), 5)
    return room


async def test_a_recording_that_never_began_is_one_that_failed(interview: Interview, soon: None) -> None:
    interview = requires_recording(interview, True)
    await let_in(interview)
    assert await asyncio.wait_for(interview.conversation.done, 5) is FinishReason.RECORDING_FAILED


async def is_recorded(interview: Interview) -> None:
    room = await let_in(requires_recording(interview, True))
    await fire(room, "on_recording_started", {"streamId": "one"})
    await eventually("it is recorded", lambda: room.pipeline.recorded_by_room, 5)


async def not_required(interview: Interview) -> None:
    await let_in(requires_recording(interview, False))


async def gone(interview: Interview) -> None:
    room = await let_in(requires_recording(interview, True))
    await fire(room, "on_participant_left", CANDIDATE, "leftCall")


async def of_a_former_bot(interview: Interview) -> None:
    """Nothing says that Daily tells who comes later of a recording that runs already."""
    interview.timeline.start(time.monotonic())
    await let_in(requires_recording(interview, True))


@pytest.mark.parametrize("case", [is_recorded, not_required, gone, of_a_former_bot])
async def test_nobody_is_sent_away_who_need_not_be(
    interview: Interview, soon: None, case: Callable[[Interview], Awaitable[None]]
) -> None:
    await case(interview)
    await asyncio.wait({interview.conversation.done}, timeout=1)
    assert not interview.conversation.done.done()


async def test_an_error_before_the_join_is_its_end(room: DailyRoom) -> None:
    joining = asyncio.ensure_future(room.joined())
    await fire(room, "on_error", "no such room")
    with pytest.raises(RoomNotJoinedError, match="no such room"):
        await asyncio.wait_for(joining, 5)


async def test_an_error_after_the_join_is_a_lost_room(interview: Interview, room: DailyRoom) -> None:
    await fire(room, "on_joined", {})
    await fire(room, "on_recording_error", "stream", "no space")
    await fire(room, "on_error", "the room is gone")
    with pytest.raises(RoomLostError):
        await asyncio.wait_for(interview.conversation.done, 5)


async def test_a_pipeline_that_ends_by_itself_is_a_lost_room(interview: Interview, room: DailyRoom) -> None:
    room.pipeline._run = room._pipeline_run = asyncio.create_task(asyncio.sleep(0))
    await asyncio.wait_for(room.run(), 5)
    with pytest.raises(RoomLostError):
        interview.conversation.done.result()


async def test_the_call_is_left_though_the_pipeline_hangs(
    interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Daily's servers are not here: what its client asks them is answered."""
    asked: list[str] = []

    async def join(_client: object) -> tuple[dict[str, object], None]:
        asked.append("join")
        return {}, None

    async def leave(_client: object) -> None:
        asked.append("leave")

    async def hang(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(DailyTransportClient, "_join", join)
    monkeypatch.setattr(DailyTransportClient, "_leave", leave)
    monkeypatch.setattr(GuardedNovaSonic, "_disconnect", hang)
    monkeypatch.setattr(assembly, "_STOP_SECONDS", 0.1)
    room = DailyRoom(interview, ACCESS, GRANT, join_seconds=25)
    started = asyncio.Event()

    async def note(*_: object) -> None:
        started.set()

    room.pipeline.worker.add_event_handler("on_pipeline_started", note)
    await room.join()
    await asyncio.wait_for(started.wait(), 5)
    await room.close(None)
    assert asked == ["join", "leave"]


async def test_what_was_said_is_reported_before_the_last_words_are_waited_for(
    interview: Interview, room: DailyRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def leave() -> None:
        """There is no call."""

    monkeypatch.setattr(room.transport, "leave", leave)
    await fire(room, "on_joined", {})
    await fire(room, "on_participant_joined", CANDIDATE)
    await eventually("the candidate is there", lambda: ("candidate", "joined") in presence(interview), 5)
    closing = asyncio.create_task(room.close(FinishReason.COMPLETED))
    await asyncio.sleep(0)
    assert presence(interview)[-1] == ("candidate", "left")
    await closing
    assert presence(interview) == [("candidate", "joined"), ("candidate", "left")]


async def test_being_put_out_is_a_lost_room(interview: Interview, room: DailyRoom) -> None:
    await fire(room, "on_joined", {})
    await fire(room, "on_left")
    with pytest.raises(RoomLostError):
        await asyncio.wait_for(interview.conversation.done, 5)

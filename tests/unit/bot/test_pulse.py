"""A pipeline that is stuck is noticed."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from parley_bot.exits import FaultError
from parley_bot.interview import Interview, prepare
from parley_bot.pipeline import assembly, pulse
from parley_bot.pipeline.access import ModelAccess
from parley_bot.pipeline.assembly import RoomPipeline
from parley_bot.pipeline.pulse import Pulse, Stuck
from parley_bot.reporter import ApiClient
from parley_protocol import Assignment, InterviewRef
from pipecat.frames.frames import BotStartedSpeakingFrame, InputAudioRawFrame
from pipecat.processors.filters.identity_filter import IdentityFilter
from pipecat.processors.frame_processor import FrameProcessor
from pipecat.transports.base_transport import BaseTransport
from support.bot import ApiPeer, eventually, interview_plan, serving

SOUND = InputAudioRawFrame(audio=bytes(640), sample_rate=16000, num_channels=1)


def looked_at(beat: Pulse, since: int, until: int) -> Stuck | None:
    """What is found by a look each second."""
    return next((found for now in range(since, until) if (found := beat.stuck(float(now))) is not None), None)


def test_what_comes_through_is_not_stuck() -> None:
    beat = Pulse()
    for now in range(0, 300, 2):
        assert beat.send(float(now))
        beat.arrive()
        assert beat.stuck(float(now)) is None


def test_one_pulse_at_a_time_and_the_first_has_longer() -> None:
    beat = Pulse()
    assert beat.send(0.0)
    assert not beat.send(2.0)
    assert looked_at(beat, 2, 119) is None
    assert looked_at(beat, 119, 121) is Stuck.HEARING
    beat.arrive()
    beat.send(121.0)
    assert looked_at(beat, 121, 140) is None
    assert looked_at(beat, 140, 142) is Stuck.HEARING


def test_a_machine_that_stood_still_is_not_held_against_the_pipeline() -> None:
    beat = Pulse()
    beat.send(0.0)
    beat.arrive()
    beat.send(2.0)
    assert beat.stuck(4.0) is None
    assert beat.stuck(40.0) is None
    assert [beat.stuck(now) for now in (42.0, 44.0, 46.0, 48.0)] == [None] * 4
    assert beat.stuck(53.0) is Stuck.HEARING


def test_words_that_do_not_sound_are_stuck() -> None:
    beat = Pulse()
    beat.speaking(0.0, speaking=True)
    assert looked_at(beat, 0, 15) is None
    beat.sounded(15.0)
    assert looked_at(beat, 15, 34) is None
    assert looked_at(beat, 34, 36) is Stuck.SPEAKING
    beat.speaking(36.0, speaking=False)
    beat.sounded(36.0)
    assert beat.stuck(100.0) is None


class Nobody(BaseTransport):
    """A room that neither sends nor takes anything by itself."""

    def input(self) -> FrameProcessor:
        return IdentityFilter()

    def output(self) -> FrameProcessor:
        return IdentityFilter()


@pytest.fixture
async def interview(tmp_path: Path) -> AsyncIterator[Interview]:
    (tmp_path / "token").write_text("pod-token")
    async with serving(ApiPeer(interview_plan())) as peer:
        client = ApiClient(peer.url, tmp_path / "token")
        assignment = Assignment(
            interview=InterviewRef(namespace="n", name="i", uid="u"), attempt=1, plan=peer.plan, room=peer.room
        )
        yield prepare(assignment, client)
        await client.close()


@pytest.fixture
async def pipeline(interview: Interview, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RoomPipeline]:
    """A whole pipeline whose model is not reached for, and whose clock is short."""
    monkeypatch.setattr(assembly, "_PULSE_SECONDS", 0.05)
    monkeypatch.setattr(pulse, "_NEXT_SECONDS", 1.0)
    monkeypatch.setattr(pulse, "_SILENT_SECONDS", 0.5)
    access = ModelAccess("us-east-1", "https://127.0.0.1:1")
    plan = interview.assignment.plan
    room = RoomPipeline(
        Nobody(), interview.conversation, plan, access, connect_at_once=False, hush=lambda _silent: None
    )
    room.start()
    yield room
    await room.stop("the test is over")


async def test_a_pipeline_that_lets_pulses_through_lives_on(interview: Interview, pipeline: RoomPipeline) -> None:
    await eventually("a pulse has come through", lambda: pipeline._pulse._arrived, 10)
    assert not interview.conversation.done.done()
    assert not pipeline.unusable.is_set()


async def test_a_model_that_takes_no_sound_any_more_ends_the_bot(
    interview: Interview, pipeline: RoomPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    await eventually("a pulse has come through", lambda: pipeline._pulse._arrived, 10)
    never = asyncio.Event()
    monkeypatch.setattr(pipeline.llm, "_handle_input_audio_frame", lambda _frame: never.wait())
    await pipeline.worker.queue_frame(SOUND)
    await eventually("it is noticed", lambda: interview.conversation.done.done(), 10)
    with pytest.raises(FaultError, match="nothing gets from the room to the model"):
        interview.conversation.done.result()
    never.set()


async def test_words_that_do_not_reach_the_room_cost_the_connection(
    interview: Interview, pipeline: RoomPipeline
) -> None:
    await eventually("a pulse has come through", lambda: pipeline._pulse._arrived, 10)
    await pipeline.worker.queue_frame(BotStartedSpeakingFrame())
    await asyncio.wait_for(pipeline.unusable.wait(), 10)
    assert not interview.conversation.done.done()

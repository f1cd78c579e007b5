"""What counts as spoken, frame by frame as pipecat passes it."""

import json
import struct
import time
from typing import Any

import pytest
from parley_bot.conversation import Conversation
from parley_bot.engine import Finish, InterviewSession
from parley_bot.engine.closing import GOODBYE_SECONDS
from parley_bot.pipeline import taps
from parley_bot.pipeline.echo import Loudspeaker
from parley_bot.pipeline.pulse import Pulse
from parley_bot.pipeline.taps import Ear, Mouth, Sentence, Speech, Voice, leading_quiet
from parley_bot.reporter import Reporter
from parley_bot.timeline import Timeline
from parley_protocol import FinishReason, ModelPlan, Turn, TurnSpoken
from pipecat.frames.frames import (
    BotStoppedSpeakingFrame,
    Frame,
    InputAudioRawFrame,
    InterruptionFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    TTSAudioRawFrame,
    TTSTextFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.frame_processor import FrameDirection
from pipecat.tests.utils import run_test
from pipecat.utils.text.base_text_aggregator import TextType
from support.engine import make_plan, no_tools
from support.model_service import model_service
from support.wait import eventually

CLIENT: Any = None  # the reporter is not run: what it has is looked at


class Line:
    """Voice and mouth of a conversation, with a room's output between them."""

    def __init__(self) -> None:
        self.reporter = Reporter(CLIENT, 1, Timeline())
        self.conversation = Conversation(InterviewSession(make_plan()), self.reporter, Timeline(), no_tools)
        self.conversation.session.candidate_joined(time.monotonic())
        self.speech = Speech()
        pulse = Pulse()
        stage: Any = self
        self.conversation._stage = stage
        self.voice = Voice(self.conversation, self.speech, pulse)
        self.mouth = Mouth(self.conversation, self.speech, pulse, Loudspeaker())

    def call(self, tool: str, **arguments: object) -> dict[str, str]:
        return self.conversation.tool(tool, arguments, self.speech.sent)

    async def send(self, text: str, *, whole: bool = True) -> list[Frame]:
        """The model sends a sentence of one second for each ten letters; the frames of it."""
        start = LLMTextFrame(text)
        self.speech.send(start.id, text, self.conversation.session.question_id)
        frames: list[Frame] = [start, *(sound() for _ in range(len(text) // 10))]
        if whole:
            frames.append(TTSTextFrame(text, TextType.SENTENCE))
        for frame in frames:
            await self.voice.process_frame(frame, FrameDirection.DOWNSTREAM)
        return frames

    async def play(self, *frames: Frame) -> None:
        for frame in frames:
            await self.mouth.process_frame(frame, FrameDirection.DOWNSTREAM)

    def settle(self) -> None:
        self.mouth.settle()

    @property
    def turns(self) -> list[Turn]:
        """What is reported when nobody waits for Nova's word any more."""
        self.settle()
        return self.reported

    @property
    def reported(self) -> list[Turn]:
        return [e.event.turn for e in self.reporter.waiting if isinstance(e.event, TurnSpoken)]


def sound() -> TTSAudioRawFrame:
    return TTSAudioRawFrame(bytes(48000), 24000, 1)


@pytest.fixture
async def line() -> Line:
    return Line()


async def test_quiet_before_a_reply_goes_no_further(line: Line) -> None:
    quiet, loud = bytes(2400), b"\x00\x10" * 1200
    sent = [LLMFullResponseStartFrame(), *(TTSAudioRawFrame(piece, 24000, 1) for piece in (quiet, loud, quiet))]
    played, _ = await run_test(line.voice, frames_to_send=sent)
    assert [frame.audio for frame in played if isinstance(frame, TTSAudioRawFrame)] == [bytes(240) + loud, quiet]


async def test_a_sentence_that_is_said_twice(line: Line) -> None:
    first = await line.send("Take your time. I listen.")
    second = await line.send("Take your time. I listen.", whole=False)
    await line.play(*first)
    for frame in (sound(), TTSTextFrame("Take your time. I listen.", TextType.SENTENCE)):
        await line.voice.process_frame(frame, FrameDirection.DOWNSTREAM)
        second.append(frame)
    await line.play(*second, LLMFullResponseEndFrame())
    assert [turn.text for turn in line.turns] == ["Take your time. I listen. Take your time. I listen."]
    assert line.speech.sentences == {}


async def test_a_sentence_that_was_on_its_way_is_not_the_closing(line: Line) -> None:
    line.conversation.session.next_question(0)
    line.conversation.session.interviewer_began(0)
    before = await line.send("That was all from me, I think.")
    line.conversation.session.clock.used_before = 4000
    given = line.call("end_interview", reason="completed")
    assert given["next"] == "hang_up"
    await line.play(*before, LLMFullResponseEndFrame(), BotStoppedSpeakingFrame())
    assert not line.conversation.done.done()
    assert line.call("end_interview", reason="completed") == given
    await line.play(*await line.send(given["say"]), LLMFullResponseEndFrame(), BotStoppedSpeakingFrame())
    soon = time.monotonic() + GOODBYE_SECONDS
    assert line.conversation.session.tick(soon) == (Finish(FinishReason.TIME_LIMIT),)


async def test_a_turn_is_about_the_question_it_was_spoken_on(line: Line) -> None:
    line.conversation.session.next_question(0)
    frames = await line.send("Thank you, that was clear.")
    line.conversation.session.ledger.states["hobby"] = line.conversation.session.ledger.states["why"]
    assert line.conversation.session.question_id == "hobby"
    await line.play(*frames, LLMFullResponseEndFrame())
    assert [turn.question_id for turn in line.turns] == ["why"]


async def test_a_sentence_without_its_end_was_cut_off(line: Line) -> None:
    frames = await line.send("A sentence of which only its first words can have been heard.", whole=False)
    await line.play(*frames[:2], LLMFullResponseEndFrame())
    (turn,) = line.turns
    assert turn.interrupted
    assert turn.text == "A sentence"


async def test_a_turn_has_the_words_that_nova_says_it_has_spoken(line: Line) -> None:
    frames = [*await line.send("We have 250 machines."), *await line.send("What do you look for in a team?")]
    await line.play(*frames[:-1])
    line.mouth.final("We have two hundred fifty machines.")
    await line.play(frames[-1], LLMFullResponseEndFrame())
    assert line.reported == [], "its last sentence is not told yet"
    line.mouth.final("What do you look for in any team?")
    assert [turn.text for turn in line.reported] == [
        "We have two hundred fifty machines. What do you look for in any team?"
    ]
    line.mouth.final("What do you look for in any team?")
    assert len(line.reported) == 1


async def test_what_nova_has_told_before_the_end_is_not_waited_for(line: Line) -> None:
    frames = await line.send("What do you look for in a team?")
    line.mouth.final("What do you look for in any team?")
    await line.play(*frames, LLMFullResponseEndFrame())
    assert [turn.text for turn in line.reported] == ["What do you look for in any team?"]


async def test_a_turn_waits_a_moment_for_nova_and_no_longer(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taps, "_FINAL_SECONDS", 0.05)
    await line.play(*await line.send("Hello, I am Ada."), LLMFullResponseEndFrame())
    assert line.reported == []
    await eventually("it is reported", lambda: line.reported, 5)
    assert [turn.text for turn in line.reported] == ["Hello, I am Ada."]


@pytest.mark.parametrize("tool", [True, False])
async def test_a_turn_that_waits_comes_before_what_is_said_and_done_after_it(line: Line, tool: bool) -> None:
    await line.play(*await line.send("Hello, I am Ada."), LLMFullResponseEndFrame())
    if tool:
        line.call("next_question")
    else:
        line.conversation.candidate_said("Hello.")
    first, second, *_ = (entry.event for entry in line.reporter.waiting)
    assert isinstance(first, TurnSpoken)
    assert first.turn.text == "Hello, I am Ada."
    assert isinstance(second, TurnSpoken) is not tool


async def test_who_is_cut_short_has_said_what_was_heard(line: Line) -> None:
    first = await line.send("We have 250 machines.")
    second = await line.send("One two three four five six seven eight nine ten.", whole=False)
    line.mouth.final("We have two hundred fifty machines.")
    await line.play(*first, *second[:2])
    await line.play(LLMFullResponseEndFrame())
    (turn,) = line.reported
    assert turn.interrupted
    assert turn.text == "We have two hundred fifty machines. One two"
    line.mouth.final("One two three four five six seven eight nine ten.")
    assert line.reported == [turn]


@pytest.mark.parametrize(
    ("role", "stage", "stop", "text", "told"),
    [
        ("ASSISTANT", "FINAL", "PARTIAL_TURN", "Hello.", ["Hello."]),
        ("ASSISTANT", "FINAL", "END_TURN", "Hello.", ["Hello."]),
        ("ASSISTANT", "SPECULATIVE", "PARTIAL_TURN", "Hello.", []),
        ("ASSISTANT", "FINAL", "INTERRUPTED", '{ "interrupted" : true }', []),
        ("USER", "FINAL", "PARTIAL_TURN", "Hello.", []),
    ],
)
async def test_which_of_novas_texts_tell_what_was_spoken(
    role: str, stage: str, stop: str, text: str, told: list[str]
) -> None:
    heard: list[str] = []
    model = model_service(on_final=heard.append)
    model._context = LLMContext()
    fields = {"additionalModelFields": json.dumps({"generationStage": stage})}
    await model._handle_content_start_event({"contentStart": {"type": "TEXT", "role": role} | fields})
    await model._handle_text_output_event({"textOutput": {"content": text, "role": role}})
    await model._handle_content_end_event({"contentEnd": {"type": "TEXT", "stopReason": stop}})
    assert heard == told


async def test_what_was_sent_ahead_of_a_cut_was_not_heard(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    line.conversation._timeline.start(now)
    frames = await line.send("One two three four five six seven eight nine ten.")
    await line.play(*frames[:3])  # two seconds of sound, sent at once
    now += 1.0
    line.mouth._listen(InterruptionFrame())
    (turn,) = line.turns
    assert turn.interrupted
    assert turn.text == "One two"
    assert (turn.start_ms, turn.end_ms) == (0, 1000)


@pytest.mark.parametrize("goes_on", [True, False])
async def test_who_is_hushed_was_heard_until_then_or_goes_on(
    line: Line, monkeypatch: pytest.MonkeyPatch, goes_on: bool
) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    line.conversation._timeline.start(now)
    frames = await line.send("One two three four five six seven eight nine ten.")
    await line.play(*frames[:3])  # two seconds of sound, sent at once
    now += 1.0
    line.mouth.hush(True)
    now += 0.6
    line.mouth.hush(False)
    if goes_on:
        await line.play(*frames[3:], LLMFullResponseEndFrame())
    else:
        line.mouth._listen(InterruptionFrame())
    (turn,) = line.turns
    assert turn.interrupted is not goes_on
    assert turn.text == ("One two three four five six seven eight nine ten." if goes_on else "One two")
    assert (turn.start_ms, turn.end_ms) == (0, 4600 if goes_on else 1000)


async def test_a_candidates_turn_has_the_times_of_its_sound(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    line.conversation._timeline.start(now)
    ear = Ear(line.conversation)

    async def hear(seconds: float, level: int) -> None:
        nonlocal now
        for _ in range(round(seconds / 0.02)):
            now += 0.02
            frame = InputAudioRawFrame(struct.pack("<320h", *[level] * 320), 16000, 1)
            await ear.process_frame(frame, FrameDirection.DOWNSTREAM)

    await hear(0.5, 0)
    await hear(0.4, 8000)
    await ear.process_frame(VADUserStartedSpeakingFrame(start_secs=0.2), FrameDirection.DOWNSTREAM)
    await hear(0.6, 8000)
    await hear(0.4, 0)
    await ear.process_frame(VADUserStoppedSpeakingFrame(stop_secs=0.2), FrameDirection.DOWNSTREAM)
    line.conversation.candidate_said("An answer.")
    (turn,) = line.turns
    assert turn.start_ms == pytest.approx(500, abs=15)
    assert turn.end_ms == pytest.approx(1500, abs=15)


@pytest.mark.parametrize(
    ("played", "received", "whole", "heard"),
    [
        (2, 2, True, "one two three four"),
        (1, 2, True, "one two"),
        (0, 2, True, ""),
        (0.6, 0.6, False, "one two"),
        (9, 0, True, "one two three four"),
    ],
)
def test_heard_words(played: float, received: float, whole: bool, heard: str) -> None:
    sentence = Sentence("one two three four", None, received, played, whole)
    assert sentence.heard() == heard


async def test_sound_without_words_does_not_date_the_next_turn(line: Line) -> None:
    now = time.monotonic()
    line.conversation._timeline.start(now - 100)
    line.conversation.candidate_speaking(True, now - 60)
    line.conversation.candidate_speaking(False, now - 59)
    line.conversation.candidate_speaking(True, now - 10)
    line.conversation.candidate_speaking(False, now - 9)
    line.conversation.candidate_speaking(True, now - 8)
    line.conversation.candidate_speaking(False, now - 5)
    line.conversation.candidate_said("An answer.")
    (turn,) = line.turns
    assert (turn.start_ms, turn.end_ms) == (90_000, 95_000)


async def test_stretches_of_a_turn_are_joined_by_one_space(line: Line) -> None:
    heard = model_service(on_heard=line.conversation.candidate_said)
    heard._context = LLMContext()
    for stretch in ("First I looked ", " at the log,", " and then\n"):
        await heard._report_user_transcription_text_added(stretch)
    heard.flush_heard()
    assert [turn.text for turn in line.turns] == ["First I looked at the log, and then"]


async def test_sound_before_the_interviewer_does_not_date_the_next_turn(line: Line) -> None:
    now = time.monotonic()
    line.conversation._timeline.start(now - 100)
    line.conversation.candidate_speaking(True, now - 3)
    line.conversation.candidate_speaking(False, now - 2)
    await line.play(*await line.send("Hello, I am Ada."), LLMFullResponseEndFrame())
    line.conversation.candidate_speaking(True, now - 1)
    line.conversation.candidate_speaking(False, now)
    line.conversation.candidate_said("Hello.")
    assert line.turns[-1].start_ms == 99_000


@pytest.mark.parametrize(("pause", "extra"), [(3.5, 0), (7.5, 100)])
async def test_who_is_waited_for_in_mid_sentence_has_one_turn_from_its_first_word(pause: float, extra: int) -> None:
    now, timeline = time.monotonic(), Timeline()
    timeline.start(now - 100)
    plan = make_plan(extra_time_percent=extra).model_copy(update={"model": ModelPlan(turn_sensitivity="LOW")})
    reporter = Reporter(CLIENT, 1, timeline)
    conversation = Conversation(InterviewSession(plan), reporter, timeline, no_tools)
    conversation.candidate_speaking(True, now - 90)
    conversation.candidate_speaking(False, now - 82)
    conversation.candidate_waited_for()
    conversation.candidate_speaking(True, now - 82 + pause)
    conversation.candidate_speaking(False, now - 70)
    conversation.candidate_said("First I looked at the log, and then I saw it.")
    (turn,) = conversation.turns
    assert (turn.start_ms, turn.end_ms) == (10_000, 30_000)


async def test_a_replacement_expects_the_candidate_back() -> None:
    timeline = Timeline()
    timeline.start(time.monotonic())
    conversation = Conversation(InterviewSession(make_plan()), Reporter(CLIENT, 2, timeline), timeline, no_tools)
    conversation.bot_joined()
    assert conversation.session.clock.left_at is not None


@pytest.mark.parametrize(
    ("samples", "quiet"),
    [([], 0), ([0, 299, -299], 3), ([0, -300, 0], 1), ([-32768, 0], 0)],
)
def test_the_quiet_that_a_sound_begins_with(samples: list[int], quiet: int) -> None:
    assert leading_quiet(struct.pack(f"<{len(samples)}h", *samples)) == quiet

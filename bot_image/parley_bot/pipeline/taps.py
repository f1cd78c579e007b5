"""Processors that listen: what the candidate says, what the model sends, and what has really been played."""

import asyncio
import time
from dataclasses import dataclass, field

from pipecat.frames.frames import (
    BotStartedSpeakingFrame,
    BotStoppedSpeakingFrame,
    Frame,
    InputAudioRawFrame,
    InterruptionFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    SystemFrame,
    TTSAudioRawFrame,
    TTSTextFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from parley_bot.conversation import Conversation
from parley_bot.pipeline.echo import Loudspeaker
from parley_bot.pipeline.finals import Finals
from parley_bot.pipeline.onset import Onset
from parley_bot.pipeline.pulse import Pulse
from parley_bot.pipeline.sound import Playout, VoiceEdges, audible_span

# How fast speech runs: what a sentence whose sound has not all come yet is taken to last.
_SECONDS_PER_LETTER = 1 / 15
# How long a turn that was played waits for Nova's word of what it has spoken. pipecat, which went by that once, waited
# 1.25 s (pipecat-ai/pipecat#4042).
_FINAL_SECONDS = 1.5


@dataclass
class PulseFrame(SystemFrame):
    """Goes the candidate's sound's way, to the model and no further: where it does not arrive, nothing does."""


@dataclass(slots=True)
class Sentence:
    """A sentence on its way from the model to the ear. Sounds are in seconds: speech comes faster than it is played."""

    text: str
    question_id: str | None
    received: float = 0.0
    played: float = 0.0
    whole: bool = False
    """Whether all of its sound has come from the model."""

    def heard(self) -> str:
        """The words that were heard of it. An estimate: speech is taken to run evenly through the letters."""
        lasts = self.received if self.whole else max(self.received, len(self.text) * _SECONDS_PER_LETTER)
        words = self.text.split()
        share = 1.0 if lasts <= self.played else self.played / lasts
        return " ".join(words[: round(len(words) * share)])


@dataclass(slots=True)
class Speech:
    """The interviewer's sentences that were sent and not played yet, by number: that of the frame that brings them."""

    sentences: dict[int, Sentence] = field(default_factory=dict)
    sent: int = 0
    """The number of the last sentence; numbers grow."""
    finals: Finals = field(default_factory=Finals)

    def send(self, number: int, text: str, question_id: str | None) -> None:
        """The model has sent a sentence, which is about this question; its sound comes now."""
        self.sentences[number] = Sentence(text, question_id)
        self.sent = number
        self.finals.announce(number, text)

    @property
    def receiving(self) -> Sentence | None:
        """The sentence whose sound comes from the model."""
        return self.sentences.get(self.sent)


@dataclass(frozen=True, slots=True)
class Played:
    """A turn of the interviewer's that was played: whole sentences by number, and what was heard of one cut short."""

    whole: dict[int, str]
    cut: str
    heard: tuple[float, float]
    question_id: str | None
    interrupted: bool


class Ear(FrameProcessor):
    """After the voice activity detection: when the candidate's voice begins and ceases."""

    def __init__(self, conversation: Conversation) -> None:
        super().__init__()
        self._conversation = conversation
        self._edges = VoiceEdges()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Tell the conversation, and pass the frame on."""
        await super().process_frame(frame, direction)
        if direction is FrameDirection.DOWNSTREAM:
            now = time.monotonic()
            if isinstance(frame, InputAudioRawFrame):
                self._edges.hear(frame.audio, frame.sample_rate, now)
            elif isinstance(frame, VADUserStartedSpeakingFrame):
                self._conversation.candidate_speaking(True, self._edges.began(frame.start_secs, now))
            elif isinstance(frame, VADUserStoppedSpeakingFrame):
                self._conversation.candidate_speaking(False, self._edges.ceased(frame.stop_secs, now))
        await self.push_frame(frame, direction)


class Voice(FrameProcessor):
    """Right after the model: when its first sound comes, how much sound each sentence has, and that a pulse came.

    The quiet before a reply's first sound goes no further, nor does what is said to nobody.
    """

    def __init__(self, conversation: Conversation, speech: Speech, pulse: Pulse) -> None:
        super().__init__()
        self._conversation, self._speech, self._pulse = conversation, speech, pulse
        self._onset = Onset()
        self._somebody, self._unheard = True, False

    def address(self, *, somebody: bool) -> None:
        """Whether anybody hears the interviewer. A sentence that was begun without them is not gone on with."""
        self._somebody = somebody
        self._unheard = self._unheard or not somebody

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Take note, and pass the frame on."""
        await super().process_frame(frame, direction)
        if isinstance(frame, PulseFrame):
            self._pulse.arrive()
            return
        if isinstance(frame, TTSAudioRawFrame):
            if self._unheard or not (audio := self._onset.take(frame.audio, frame.sample_rate)):
                return
            if len(audio) != len(frame.audio):
                frame = TTSAudioRawFrame(audio, frame.sample_rate, frame.num_channels)
            if self._conversation.latency.awaits_sound:
                quiet = leading_quiet(frame.audio) / (frame.num_channels * frame.sample_rate)
                self._conversation.latency.model_sounded(quiet, audible=quiet < _seconds(frame))
            if (sentence := self._speech.receiving) is not None:
                sentence.received += _seconds(frame)
        elif isinstance(frame, LLMFullResponseStartFrame):
            self._onset.begin()
        elif isinstance(frame, LLMTextFrame):
            self._unheard = not self._somebody
        elif isinstance(frame, TTSTextFrame) and (sentence := self._speech.receiving) is not None:
            sentence.whole = True
        await self.push_frame(frame, direction)


class Mouth(FrameProcessor):
    """After the transport's output, where frames come in the time of their playing: what was really spoken.

    The engine is told of a turn at once. It is reported when Nova has said which words it has spoken (`finals.py`), a
    moment later, and at the latest before anything else is said.
    """

    def __init__(self, conversation: Conversation, speech: Speech, pulse: Pulse, loudspeaker: Loudspeaker) -> None:
        super().__init__()
        self._conversation, self._speech, self._pulse = conversation, speech, pulse
        self._loudspeaker = loudspeaker
        self._spoken: dict[int, str] = {}
        self._played: Played | None = None
        self._settling: asyncio.TimerHandle | None = None
        self._number = 0
        self._sentence: Sentence | None = None
        self._question_id: str | None = None
        self._playout = Playout()
        self._heard_again_at: float | None = None

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Put the turn together, and pass the frame on."""
        await super().process_frame(frame, direction)
        if direction is FrameDirection.DOWNSTREAM:
            self._listen(frame)
        await self.push_frame(frame, direction)

    def _listen(self, frame: Frame) -> None:
        if isinstance(frame, TTSAudioRawFrame):
            self._loudspeaker.play(frame.audio, frame.sample_rate)
            self._sound(frame)
        elif isinstance(frame, TTSTextFrame):
            self._spoken[self._number] = frame.text.strip()
            self._forget()
        elif isinstance(frame, LLMTextFrame):
            self._number, self._sentence = frame.id, self._speech.sentences.get(frame.id)
        elif isinstance(frame, BotStartedSpeakingFrame):
            self._pulse.speaking(time.monotonic(), speaking=True)
            self._conversation.latency.we_sounded()
        elif isinstance(frame, InterruptionFrame):
            self._cut()
        elif isinstance(frame, LLMFullResponseEndFrame):
            # A sentence without its end is that of a session that was lost.
            self.flush(interrupted=self._sentence is not None)
        elif isinstance(frame, BotStoppedSpeakingFrame):
            self._pulse.speaking(time.monotonic(), speaking=False)
            self._conversation.interviewer_ceased()

    def _sound(self, frame: TTSAudioRawFrame) -> None:
        if self._sentence is None:
            return  # the rest of a chunk, padded, after the turn's end
        now = time.monotonic()
        self._pulse.sounded(now)
        self._go_on()
        self._playout.play(frame.audio, frame.sample_rate, now)
        if self._sentence.played == 0:
            self._question_id = self._sentence.question_id
            self._conversation.interviewer_began(self._number)
        self._sentence.played += _seconds(frame)

    def _cut(self) -> None:
        """The candidate has cut in: the room drops what it has and did not play yet."""
        self._heard_again_at = None
        self._take_back(self._playout.cut(time.monotonic()))
        self.flush(interrupted=True)

    def hush(self, silent: bool) -> None:
        """The interviewer falls silent: what the room did not play yet is heard later, where it goes on."""
        now = time.monotonic()
        if silent:
            self._go_on()
            self._take_back(self._playout.hold(now))
        else:
            self._heard_again_at = now

    def _go_on(self) -> None:
        """It did go on: before an interruption it may be heard again, too, but nothing comes of it."""
        if self._heard_again_at is not None:
            self._take_back(-self._playout.resume(self._heard_again_at))
            self._heard_again_at = None

    def _take_back(self, seconds: float) -> None:
        if self._sentence is not None:
            self._sentence.played = max(0.0, self._sentence.played - seconds)

    def final(self, text: str) -> None:
        """Nova says what it has spoken."""
        self._speech.finals.tell(text)
        if self._played is not None and self._speech.finals.knows(self._played.whole):
            self.settle()

    def flush(self, *, interrupted: bool) -> None:
        """The turn is over, with as much of a sentence cut short as was played. One that was is reported at once."""
        self.settle()
        self._go_on()
        cut = self._sentence.heard() if self._sentence is not None and self._sentence.played else ""
        whole, self._spoken, heard = self._spoken, {}, self._playout.take()
        self._forget()
        if interrupted:
            self._speech.sentences.clear()
        # Where not a word of it was heard, that is worth knowing, too.
        if heard is not None and (whole or cut or interrupted):
            self._conversation.interviewer_said(
                " ".join(filter(None, [*whole.values(), cut])), max(0.0, heard[1] - heard[0]), interrupted=interrupted
            )
            self._played = Played(whole, cut, heard, self._question_id, interrupted)
        if interrupted or self._speech.finals.knows(whole):
            self.settle()
        elif self._played is not None:
            self._settling = asyncio.get_running_loop().call_later(_FINAL_SECONDS, self.settle)
        if interrupted:
            self._speech.finals.forget(self._speech.sent)

    def settle(self) -> None:
        """Report the turn that was played, in the words that Nova has told by now. Safe to repeat."""
        if self._settling is not None:
            self._settling.cancel()
        played, self._played, self._settling = self._played, None, None
        if played is None:
            return
        words = [*self._speech.finals.spoken(played.whole.items()), played.cut]
        self._speech.finals.forget(max(played.whole, default=0))
        self._conversation.interviewer_told(
            " ".join(filter(None, words)),
            *played.heard,
            question_id=played.question_id,
            interrupted=played.interrupted,
        )

    def _forget(self) -> None:
        self._speech.sentences.pop(self._number, None)
        self._sentence = None


def leading_quiet(audio: bytes) -> int:
    """With how many samples of quiet 16-bit PCM begins; all of them, where nothing in it can be heard."""
    span = audible_span(audio)
    return len(audio) // 2 if span is None else span[0]


def _seconds(frame: TTSAudioRawFrame) -> float:
    return len(frame.audio) / (2 * frame.num_channels * frame.sample_rate)

"""Processors that listen: what the candidate says, what the model sends, and what has really been played."""

import time
from dataclasses import dataclass, field

from pipecat.frames.frames import (
    BotStartedSpeakingFrame,
    BotStoppedSpeakingFrame,
    Frame,
    InterruptionFrame,
    LLMFullResponseEndFrame,
    LLMTextFrame,
    TTSAudioRawFrame,
    TTSTextFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from parley_bot.conversation import Conversation


@dataclass(slots=True)
class Speech:
    """What is known of the interviewer's sentences on their way from the model to the ear."""

    received: dict[str, int] = field(default_factory=dict)
    """Bytes of sound that the model has sent, by sentence: its speech comes faster than it is played."""
    receiving: str | None = None


class Ear(FrameProcessor):
    """After the voice activity detection: when the candidate's voice begins and ceases."""

    def __init__(self, conversation: Conversation) -> None:
        super().__init__()
        self._conversation = conversation

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Tell the conversation, and pass the frame on."""
        await super().process_frame(frame, direction)
        if direction is FrameDirection.DOWNSTREAM:
            if isinstance(frame, VADUserStartedSpeakingFrame):
                self._conversation.candidate_speaking(True, time.monotonic() - frame.start_secs)
            elif isinstance(frame, VADUserStoppedSpeakingFrame):
                self._conversation.candidate_speaking(False, time.monotonic() - frame.stop_secs)
        await self.push_frame(frame, direction)


class Voice(FrameProcessor):
    """Right after the model: when its first sound comes, and how much sound each sentence has."""

    def __init__(self, conversation: Conversation, speech: Speech) -> None:
        super().__init__()
        self._conversation, self._speech = conversation, speech

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Take note, and pass the frame on."""
        await super().process_frame(frame, direction)
        speech = self._speech
        if isinstance(frame, TTSAudioRawFrame):
            self._conversation.latency.model_sounded()
            if speech.receiving is not None:
                speech.received[speech.receiving] += len(frame.audio)
        elif isinstance(frame, LLMTextFrame):
            speech.receiving = frame.text
            speech.received.setdefault(frame.text, 0)
        await self.push_frame(frame, direction)


class Mouth(FrameProcessor):
    """After the transport's output, where frames come in the time of their playing: what was really spoken."""

    def __init__(self, conversation: Conversation, speech: Speech) -> None:
        super().__init__()
        self._conversation, self._speech = conversation, speech
        self._spoken: list[str] = []
        self._sentence: str | None = None
        self._played = 0
        self._began: float | None = None
        self._last_sound = 0.0

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Put the turn together, and pass the frame on."""
        await super().process_frame(frame, direction)
        if direction is FrameDirection.DOWNSTREAM:
            self._listen(frame)
        await self.push_frame(frame, direction)

    def _listen(self, frame: Frame) -> None:
        if isinstance(frame, TTSAudioRawFrame):
            self._sound(frame)
        elif isinstance(frame, TTSTextFrame):
            self._spoken.append(frame.text.strip())
            self._speech.received.pop(frame.text, None)
            self._sentence = None
        elif isinstance(frame, LLMTextFrame):
            self._sentence, self._played = frame.text, 0
        elif isinstance(frame, BotStartedSpeakingFrame):
            self._conversation.latency.we_sounded()
        elif isinstance(frame, InterruptionFrame):
            self.flush(interrupted=True)
        elif isinstance(frame, LLMFullResponseEndFrame):
            self.flush(interrupted=False)
        elif isinstance(frame, BotStoppedSpeakingFrame):
            self._conversation.interviewer_ceased()

    def _sound(self, frame: TTSAudioRawFrame) -> None:
        if self._sentence is None:
            return  # the rest of a chunk, padded, after the turn's end
        now = time.monotonic()
        self._began = self._began or now
        self._last_sound = now
        if self._played == 0:
            self._conversation.interviewer_began()
        self._played += len(frame.audio)

    def flush(self, *, interrupted: bool) -> None:
        """The turn is over: report it, with as much of a sentence cut short as was played."""
        if self._sentence is not None and self._played:
            self._spoken.append(heard_part(self._sentence, self._played, self._speech.received.get(self._sentence, 0)))
        text = " ".join(part for part in self._spoken if part)
        if text and self._began is not None:
            self._conversation.interviewer_said(text, self._began, self._last_sound, interrupted=interrupted)
        self._spoken, self._sentence, self._played, self._began = [], None, 0, None
        if interrupted:
            self._speech.received.clear()
            self._speech.receiving = None


def heard_part(sentence: str, played: int, received: int) -> str:
    """The words of a sentence that were heard when `played` of its `received` bytes of sound were.

    An estimate: speech is taken to run evenly through the words.
    """
    words = sentence.split()
    share = 1.0 if received <= played else played / received
    return " ".join(words[: round(len(words) * share)])

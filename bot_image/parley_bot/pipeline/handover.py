"""Nova Sonic for longer than its eight minutes: a fresh session takes over where nobody notices, or in mid-speech.

pipecat 1.14 has a session continuation of its own. It waits for the interviewer to speak, so a candidate who is silent,
or who speaks on and on, meets Nova's end; forced, it opens a session and drops it; and it swaps when the texts of a
reply are complete, which loses a tool call that comes after them. Its parts that open, fill and close a session are
used here, and `rotation.py` says when.
"""

# mypy's untyped_calls_exclude does not reach calls through super(), and pipecat's methods here are not annotated.
# mypy: disable-error-code="no-untyped-call"

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from loguru import logger
from pipecat.adapters.llm.services.aws_nova_sonic_adapter import Role
from pipecat.frames.frames import (
    BotStartedSpeakingFrame,
    BotStoppedSpeakingFrame,
    Frame,
    InputAudioRawFrame,
    LLMMessagesAppendFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.processors.frame_processor import FrameDirection
from pipecat.services.aws.nova_sonic.llm import AWSNovaSonicLLMService
from pipecat.services.aws.nova_sonic.session_continuation import SessionContinuationParams

from parley_bot.pipeline.access import ANSWER_SECONDS
from parley_bot.pipeline.memory import recent
from parley_bot.pipeline.rotation import Due, Rotation
from parley_bot.pipeline.unheard import Unheard

_TICK_SECONDS = 0.1
# The voice activity takes a moment to be sure: what came just before is heard by the next session, too.
_LEAD_IN_SECONDS = 0.5
# Of a candidate who speaks on, so much is kept for the next session while this one says what it has understood.
_HELD_SECONDS = 12.0
# Nova takes a turn as ended after two seconds of quiet at most, and a moment for its words.
_SPLIT_SECONDS = 5.0
# Nova ends a session that hears nothing for 55 seconds: one that waits so long for its moment is opened anew.
_PREPARED_SECONDS = 30.0
_PAUSE_SECONDS = 5.0
# A prompt always has the model say or call something: a session that does not, and has not ended, is lost as well.
_UNANSWERED_SECONDS = 10.0
# Nova ends a turn by the quiet that it hears: where a muted microphone sends nothing, quiet is made here.
_MUTE_SECONDS = 2.0
# What a session hears again comes in such pieces, so many times as fast as it was spoken. Nothing tells how fast Nova
# takes sound; a candidate's page may be as far ahead after a stall (gate.py).
_AGAIN_SECONDS, _AGAIN_PACE = 0.1, 4.0
# A model that was told to speak when it has heard the candidate out, and understood nothing by now, is told so now.
_WORDLESS_SECONDS = 4.0
_SAMPLE_RATE = 16000


@dataclass(frozen=True, slots=True)
class _Session:
    """A session of the model's: the one that listens, or the one that is to."""

    client: Any
    stream: Any
    receiving: Any
    prompt: str
    audio: str


class RotatingNovaSonic(AWSNovaSonicLLMService):
    """Nova Sonic whose sessions follow each other without a word lost or a pause made.

    Args:
        rotate_seconds: The age of a session from which another one takes over (`Rotation`).
        model_wait: The pause in seconds by which the model takes a turn as ended.
        prompt_answered: What the model is told where a turn that was split has ended in the session that went.
        on_behind: Called ten times a second while a session hears first what one before it has taken along.
        service: pipecat's own arguments.
    """

    def __init__(
        self,
        *,
        rotate_seconds: float,
        model_wait: float,
        prompt_answered: str,
        on_behind: Callable[[], None],
        **service: Any,
    ) -> None:
        self._rotation, self._unheard = Rotation(rotate_seconds, model_wait), Unheard()
        self._prompt_answered, self._on_behind = prompt_answered, on_behind
        self._prompt_after: str | None = None
        """What a session that is behind is told where it has understood nothing."""
        self._caught_up_at = 0.0
        self._changing = asyncio.Lock()
        self._turn_over: asyncio.Event | None = None
        """Set while a session is heard out, and when it has understood the candidate's turn."""
        self._held: deque[bytes] | None = None
        """The candidate's sound that no session is given at the moment."""
        self._lead_in: deque[bytes] = deque()
        self._last_sound = 0.0
        self._prepared_at = self._not_before = 0.0
        self._told = 0
        self._prompted_at: float | None = None
        self._watching: asyncio.Task[None] | None = None
        super().__init__(session_continuation=SessionContinuationParams(enabled=False), **service)

    # What the rotation is told

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """As pipecat's; who speaks is taken note of."""
        match frame:
            case VADUserStartedSpeakingFrame() | VADUserStoppedSpeakingFrame():
                speaking = isinstance(frame, VADUserStartedSpeakingFrame)
                self._rotation.candidate(time.monotonic(), speaking=speaking)
                self._unheard.voice(speaking=speaking)
            case BotStartedSpeakingFrame() | BotStoppedSpeakingFrame():
                self._rotation.interviewer(speaking=isinstance(frame, BotStartedSpeakingFrame))
        await super().process_frame(frame, direction)

    async def _start_connecting(self) -> None:
        self._rotation.opened(time.monotonic())
        self._prompted_at = None
        # pipecat adds the whole context to it at every connection.
        self._sc._conversation_history.clear()
        if self._watching is None:
            self._watching = self.create_task(self._watch(), name="rotation")
        await super()._start_connecting()

    async def _teardown(self) -> None:
        if self._watching is not None:
            await self.cancel_task(self._watching)
            self._watching = None
        await super()._teardown()

    async def _report_user_transcription_text_added(self, text: str) -> None:
        if self._turn_over is None:
            self._rotation.understood()
        self._unheard.understood(text)
        await super()._report_user_transcription_text_added(text)

    async def _report_user_transcription_ended(self) -> None:
        self._unheard.turn_over(told=bool(self._user_text_buffer))
        await super()._report_user_transcription_ended()

    async def _report_assistant_response_ended(self) -> None:
        self._rotation.answered()
        await super()._report_assistant_response_ended()

    async def _send_tool_result(self, tool_call_id: str, result: Any) -> None:
        self._rotation.asked(time.monotonic())
        await super()._send_tool_result(tool_call_id, result)

    async def _handle_messages_append(self, frame: LLMMessagesAppendFrame) -> None:
        # A prompt to a session that is going would not be obeyed.
        async with self._changing:
            await self._put(frame)

    async def _put(self, frame: LLMMessagesAppendFrame) -> None:
        """Put a prompt to the session that listens."""
        self._rotation.asked(time.monotonic())
        await super()._handle_messages_append(frame)

    async def _send_text_event(self, text: str, role: Role, interactive: bool = False) -> None:
        if interactive:
            self._prompted_at = time.monotonic()
        await super()._send_text_event(text, role, interactive)

    def flush_heard(self) -> None:
        """Tell of words that were understood and not acted on yet, and that no other session will understand."""

    def _is_busy(self) -> bool:
        """Whether the session has something else to do first; the reply is looked at beside it."""
        return self._unheard.behind

    # Sound

    async def _handle_input_audio_frame(self, frame: InputAudioRawFrame) -> None:
        self._last_sound = time.monotonic()
        _keep(self._lead_in, frame.audio, _LEAD_IN_SECONDS)
        if self._held is not None:
            _keep(self._held, frame.audio, _HELD_SECONDS)
        self._unheard.hear(frame.audio)
        if self._turn_over is not None:
            # The session that goes hears that the candidate has stopped; what they say is for the next one.
            await self._send_user_audio_event(bytes(len(frame.audio)))
        elif self._held is None and not self._unheard.behind:
            await super()._handle_input_audio_frame(frame)

    def sound_kept(self) -> None:
        """Sound of the candidate's came and is kept from the model: their microphone is not muted."""
        self._last_sound = time.monotonic()
        self._rotation.pause_kept(self._last_sound)

    async def _fill_silence(self) -> None:
        muted = self._last_sound and time.monotonic() - self._last_sound > _MUTE_SECONDS
        if muted and self._held is None and not self._unheard.behind:
            await self._send_user_audio_event(bytes(_bytes_of(_TICK_SECONDS)))

    # A session that was lost

    def _let_hear_again(self, prompt: str | None) -> None:
        """Let a session that was opened for one that is lost hear what that has taken along, then what comes now.

        `prompt` is for one that understands nothing of it: where there is a voice in it, it would be spoken into.
        """
        self._prompt_after = prompt
        self._unheard.begin_again()
        self.create_task(self._hear_again(self._stream), name="hearing again")

    async def _hear_again(self, stream: Any) -> None:
        while self._unheard.behind and stream is self._stream:
            if sound := self._unheard.take(_AGAIN_SECONDS):
                await self._send_user_audio_event(sound)
                await asyncio.sleep(len(sound) / _bytes_of(_AGAIN_PACE))

    async def _prompt_wordless(self) -> None:
        now = time.monotonic()
        if self._unheard.behind:
            self._on_behind()
        if self._unheard.behind or self._rotation.candidate_speaking:
            self._caught_up_at = now
        elif now - self._caught_up_at >= _WORDLESS_SECONDS and not self._user_text_buffer:
            self.flush_heard()
            prompt, self._prompt_after = self._prompt_after, None
            if prompt is not None:
                await self._send_text_event(prompt, Role.USER, interactive=True)

    # The change

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            try:
                await self._fill_silence()
                await self._rotate()
                await self._ask_for_reply()
                await self._reset_unanswered()
                await self._prompt_wordless()
            except Exception as error:  # noqa: BLE001 - the session goes on as it is, and is opened again when it ends
                pause = _PAUSE_SECONDS * random.uniform(0.5, 1.0)  # noqa: S311 - jitter keeps no secret
                self._not_before = time.monotonic() + pause
                logger.warning("the next session of the model could not be had: {!r}", error)
                await self._sc.cleanup_next_session()

    async def _rotate(self) -> None:
        now = time.monotonic()
        if self._sc.next_session is not None and now - self._prepared_at > _PREPARED_SECONDS:
            await self._sc.cleanup_next_session()
        if self._due(now) is Due.NOTHING or now < self._not_before:
            return
        if self._sc.next_session is None:
            await self._prepare()
        # Somebody may have spoken meanwhile.
        if (due := self._due(time.monotonic())) is not Due.NOTHING:
            async with self._changing:
                await self._change(split=due is Due.SPLIT)

    async def _ask_for_reply(self) -> None:
        """Have the model answer a turn of which the session that went has heard the end."""
        if self._rotation.must_ask(time.monotonic()):
            logger.info("asking for the reply to a turn that was split")
            await self._send_text_event(self._prompt_answered, Role.USER, interactive=True)

    async def _reset_unanswered(self) -> None:
        if self._prompted_at is None or time.monotonic() - self._prompted_at < _UNANSWERED_SECONDS or self._is_busy():
            return
        self._prompted_at = None
        logger.warning("the model does not answer a prompt any more")
        await self.reset_conversation()

    def _due(self, now: float) -> Due:
        if not self._audio_input_started or self._disconnecting or self._context is None:
            return Due.NOTHING
        return self._rotation.due(now, busy=self._assistant_is_responding or self._is_busy())

    async def _prepare(self) -> None:
        """Open the next session, and tell it of the conversation so far: that takes a while, which nobody waits for.

        Raises:
            Exception: the model refuses it; whatever the SDK has for that.
        """
        self._prepared_at = time.monotonic()
        await self._sc._prepare_next_session()
        if (prepared := self._prepared()) is None:
            return
        if not await prepared.stream.answers(ANSWER_SECONDS):
            logger.debug("the next session has not answered yet")
        self._sc._conversation_history[:] = recent(self._sc._conversation_history)
        self._told = 0
        await self._tell_history(prepared)

    async def _tell_history(self, to: _Session) -> None:
        """Tell the session what was said, as far as it does not know."""
        history = self._sc._conversation_history
        while self._told < len(history):
            message = history[self._told]
            self._told += 1
            await self.send_text(message["text"], message["role"], to.prompt, to.stream, False)

    async def _change(self, *, split: bool) -> None:
        began, old, following = time.monotonic(), self._session(), self._prepared()
        self._held = deque() if split else self._lead_in.copy()
        try:
            if split:
                await self._hear_turn_out()
            if following is None or self._unheard.behind or self._stream is not old.stream:
                return  # lost meanwhile, and opened again
            self._sc._next_session = None
            self._adopt(following)
            await self._tell(following, self._held)
        finally:
            self._held = None
        closing = self._sc.close_old_session(old.client, old.stream, old.receiving, old.prompt, old.audio)
        self.create_task(closing, name="closing the former session")
        held = round((time.monotonic() - began) * 1000)
        logger.bind(split=split, held_ms=held).info("session_rotated")

    async def _hear_turn_out(self) -> None:
        """Let the session that goes say what it has understood of the candidate's; what it would reply is dropped."""
        self._rotation.split(time.monotonic())
        self._unheard.cut()
        self._turn_over = asyncio.Event()
        try:
            await asyncio.wait_for(self._turn_over.wait(), _SPLIT_SECONDS)
        except TimeoutError:
            logger.debug("the session that goes has understood nothing")
        finally:
            await self._report_user_transcription_ended()
            self._turn_over = None

    async def _handle_content_start_event(self, event_json: Any) -> None:
        self._prompted_at = self._prompt_after = None
        if self._turn_over is not None and event_json["contentStart"]["role"] != Role.USER.value:
            self._turn_over.set()  # it takes the turn as ended: its words are complete
            return
        await super()._handle_content_start_event(event_json)

    def _session(self) -> _Session:
        return _Session(
            self._client,
            self._stream,
            self._receive_task,
            self._prompt_name or "",
            self._input_audio_content_name or "",
        )

    def _prepared(self) -> _Session | None:
        if (new := self._sc.next_session) is None:
            return None
        return _Session(new.client, new.stream, None, new.prompt_name, new.input_audio_content_name)

    def _adopt(self, following: _Session) -> None:
        """From here on nothing more is taken from the session before, and nothing goes to it."""
        self._client, self._stream = following.client, following.stream
        self._prompt_name, self._input_audio_content_name = following.prompt, following.audio
        self._audio_input_started = False
        self._content_being_received = self._pending_speculative_text = None
        self._receive_task = self.create_task(self._receive_task_handler(stream=self._stream))

    async def _tell(self, to: _Session, held: deque[bytes]) -> None:
        """Tell the new session what it does not know yet, and let it hear what the candidate has said meanwhile."""
        await self._tell_history(to)
        await self.send_audio_input_start(to.prompt, to.audio, to.stream)
        while held:
            await self.send_audio(held.popleft(), to.prompt, to.audio, to.stream)
        if self._stream is to.stream:  # else it was lost already, and another one is being opened
            self._audio_input_started = True
            self._connected_time = time.time()
            self._rotation.handed_over(self._prepared_at, time.monotonic())


def _bytes_of(seconds: float) -> int:
    return 2 * round(seconds * _SAMPLE_RATE)


def _keep(sound: deque[bytes], piece: bytes, seconds: float) -> None:
    """Add a piece, and drop the oldest beyond so many seconds."""
    sound.append(piece)
    while sum(map(len, sound)) > _bytes_of(seconds):
        sound.popleft()

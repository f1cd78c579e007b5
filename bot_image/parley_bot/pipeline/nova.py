"""Nova Sonic through pipecat, guarded against the defects of pipecat 1.14 that would wedge an interview.

A lost session is opened again, with pauses that grow and a bounded number of times; a model that refuses ends at once.
"""

# mypy's untyped_calls_exclude does not reach calls through super(), and pipecat's methods here are not annotated.
# mypy: disable-error-code="no-untyped-call"

import asyncio
import json
import random
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from loguru import logger
from parley_protocol import ModelPlan
from pipecat.adapters.llm.services.aws_nova_sonic_adapter import Role
from pipecat.frames.frames import (
    CancelFrame,
    EndFrame,
    Frame,
    FunctionCallCancelFrame,
    InterimTranscriptionFrame,
    LLMContextFrame,
    LLMMessagesAppendFrame,
    LLMServiceMetadataFrame,
    LLMTextFrame,
)
from pipecat.processors.aggregators.llm_context import LLMContext, LLMContextMessage
from pipecat.processors.frame_processor import FrameDirection
from pipecat.services.aws.nova_sonic.llm import AWSNovaSonicLLMService, CurrentContent, TextStage
from pipecat.utils.errors import ErrorCategory
from pipecat.utils.time import time_now_iso8601

from parley_bot.engine.instructions import CALL_CUT_OFF, PROMPT_ANSWERED
from parley_bot.exits import ModelRefusedError
from parley_bot.pipeline.access import MAX_REFUSALS, GuardedStream, ModelAccess, is_refusal
from parley_bot.pipeline.finals import is_interruption
from parley_bot.pipeline.handover import RotatingNovaSonic
from parley_bot.pipeline.memory import pieces, recent

MAX_RESTARTS = 4
# Inference defaults of pipecat, for what the plan leaves open: the service wants every value.
_TEMPERATURE, _TOP_P, _MAX_TOKENS = 0.7, 0.9, 1024


class GuardedNovaSonic(RotatingNovaSonic):
    """Nova Sonic with bounded waits, its own endpoint and credentials, and a bounded number of restarts.

    Args:
        access: Where the model is.
        plan: Which model and how.
        model_wait: The pause in seconds by which it takes a turn as ended.
        voice: The interviewer's voice id.
        instruction: The system prompt.
        tools: The tools' schemas.
        connect_at_once: Connect when the pipeline is set up, not when the first context comes.
        on_interrupted: Called when a session is lost that is to be opened again.
        on_restart: Called when it is; told whether the candidate has said something that the new session hears first,
            and whether a part of that is lost. Returns the prompt to begin it with, if any.
        on_behind: Called again and again while the new session hears that.
        on_lost: Called once when no session can be had any more.
        on_heard: Called with the candidate's words once the model takes their turn as ended: before it acts on them.
        on_unheard: Called with a prompt that finds no session to reach.
        on_tool: Called with the seconds between a tool call's arrival and its result's departure.
        on_sentence: Called with number and text of each sentence as it is sent on; numbers grow.
        on_final: Called with what was really spoken, sentence by sentence, when Nova tells: after its sound.
    """

    def __init__(
        self,
        *,
        access: ModelAccess,
        plan: ModelPlan,
        model_wait: float,
        voice: str,
        instruction: str,
        tools: list[Any],
        connect_at_once: bool,
        on_interrupted: Callable[[], None],
        on_restart: Callable[[bool, bool], str | None],
        on_behind: Callable[[], None],
        on_lost: Callable[[str], Awaitable[None]],
        on_heard: Callable[[str], None],
        on_unheard: Callable[[str], None],
        on_tool: Callable[[float], None],
        on_sentence: Callable[[int, str], None],
        on_final: Callable[[str], None],
    ) -> None:
        self._access, self._on_lost = access, on_lost
        self._on_interrupted, self._on_restart = on_interrupted, on_restart
        self._on_heard, self._on_tool, self._on_sentence = on_heard, on_tool, on_sentence
        self._on_unheard, self._on_final = on_unheard, on_final
        self._may_connect = connect_at_once
        self._restarting = self._refused = self._answered = False
        self._refusals = 0
        self._block = asyncio.Lock()
        self._sending: set[asyncio.Future[None]] = set()
        self._restarts = 0
        self._tool_began: dict[str, float] = {}
        inference = plan.inference
        super().__init__(
            rotate_seconds=access.rotate_seconds,
            model_wait=model_wait,
            prompt_answered=PROMPT_ANSWERED,
            on_behind=on_behind,
            access_key_id="",
            secret_access_key="",
            region=access.region,
            settings=AWSNovaSonicLLMService.Settings(
                model=plan.id,
                voice=voice,
                system_instruction=instruction,
                endpointing_sensitivity=plan.turn_sensitivity,
                temperature=inference.temperature if inference.temperature is not None else _TEMPERATURE,
                top_p=inference.top_p if inference.top_p is not None else _TOP_P,
                max_tokens=inference.max_tokens or _MAX_TOKENS,
            ),
            tools=tools,
        )

    def create_client(self) -> Any:
        """The guarded client; pipecat calls this for every new stream."""
        return self._access.client()

    def service_metadata_frame(self) -> LLMServiceMetadataFrame:
        """As pipecat's, without its warning that turns come from the voice activity: that is how it is meant here."""
        return LLMServiceMetadataFrame(service_name=self.name, is_realtime_service=True)

    async def stop(self, frame: EndFrame) -> None:
        """End the session; no restart is wanted from here on."""
        self._wants_connection = False
        await super().stop(frame)

    async def cancel(self, frame: CancelFrame) -> None:
        """End the session at once; no restart is wanted from here on. The room's end waits for this one."""
        self._wants_connection = False
        if isinstance(self._stream, GuardedStream):
            self._stream.hurry()
        await super().cancel(frame)

    async def _start_connecting(self) -> None:
        """Connect, again and again within bounds: pipecat gives up silently where the first connection fails."""
        while self._wants_connection and self._may_connect:
            self._answered = False
            await super()._start_connecting()
            if self._client is not None or not await self._may_restart("the model can't be reached"):
                return

    async def _handle_context(self, context: LLMContext) -> None:
        if not self._may_connect:
            self._may_connect = True
            await self._start_connecting()
        await super()._handle_context(context)

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """As pipecat's; but a context from outside would set up a session that is being opened a second time."""
        if self._restarting and isinstance(frame, LLMContextFrame):
            return
        await super().process_frame(frame, direction)

    async def push_frame(self, frame: Frame, direction: FrameDirection = FrameDirection.DOWNSTREAM) -> None:
        """As pipecat's; a sentence is numbered before any tool call that comes after it can be answered.

        A call that is cut off has a result, too: Nova waits for that of each call, and so does a change of sessions.
        """
        if isinstance(frame, LLMTextFrame) and direction is FrameDirection.DOWNSTREAM:
            self._on_sentence(frame.id, frame.text)
        elif isinstance(frame, FunctionCallCancelFrame) and direction is FrameDirection.DOWNSTREAM:
            await self._send_tool_result(frame.tool_call_id, CALL_CUT_OFF)
        await super().push_frame(frame, direction)

    def flush_heard(self) -> None:
        """As the rotation wants it: pipecat drops them with the session."""
        if words := max(self._user_text_buffer, self._unheard.tentative, key=len):
            self._on_heard(words)
            self._user_text_buffer = self._unheard.tentative = ""

    async def reset_conversation(self) -> None:
        """Open a lost session again, with pauses that grow, and let it hear what the candidate is saying."""
        if isinstance(self._stream, GuardedStream):
            self._stream.abandon()
        self._tool_began.clear()
        if self._context is not None:
            self._keep_turn()
        if not self._wants_connection or not await self._may_restart("the model's session was lost"):
            return
        self._restarting = True
        try:
            await super().reset_conversation()
        finally:
            self._restarting = False

    def _keep_turn(self) -> None:
        """The turn that the session has not answered is for the next one, but for what is not kept any more."""
        if before := self._unheard.lose():
            self._on_heard(before)
        self._user_text_buffer = ""
        if self._turn_over is not None:
            self._turn_over.set()  # there is nobody to hear out
        self._on_interrupted()

    async def _finish_connecting_if_context_available(self) -> None:
        """As pipecat's; a session in the place of one that is lost begins with the engine's prompt.

        Where the candidate has said something meanwhile, it hears that first.
        """
        again, prompt = self._unheard.behind and self._ready_to_send_context, None
        if again and self._context is not None:
            said = self._unheard.pending
            prompt = self._on_restart(said, self._unheard.lost)
            if prompt is not None and not said:
                _ask(self._context, prompt)
                prompt = None
            self._context.set_messages(recent(self._context.get_messages()))
        await super()._finish_connecting_if_context_available()
        if again and self._audio_input_started:
            self._let_hear_again(prompt)

    async def push_error(
        self,
        error_msg: str,
        exception: Exception | None = None,
        fatal: bool = False,
        category: ErrorCategory | None = None,
        force_treat_as_permanent: bool = False,
    ) -> None:
        """Log what went wrong, and let the pipeline know without it: its errors reach the candidate's page."""
        self._refused = not self._answered and exception is not None and is_refusal(exception)
        logger.warning("the model failed: {}", error_msg)
        told = "the connection to the model failed"
        await super().push_error(told, None, fatal, category, force_treat_as_permanent)

    async def _may_restart(self, why: str) -> bool:
        self._restarts += 1
        self._refusals = self._refusals + 1 if self._refused else 0
        # What lasts has all its tries.
        if self._restarts > MAX_RESTARTS or self._refusals > MAX_REFUSALS:
            self._wants_connection = False
            self.flush_heard()
            await self._on_lost(why)
            return False
        logger.bind(restart=self._restarts, of=MAX_RESTARTS).warning(why)
        await asyncio.sleep(pause_before(self._restarts, worked=self._answered))
        if self._refused:
            try:
                await self._access.credentials.refresh()
            except ModelRefusedError as error:
                logger.warning("{}", error)
        return self._wants_connection

    async def _put(self, frame: LLMMessagesAppendFrame) -> None:
        """Prompts reach a session that is set up; one that is being opened gets its own, when it has caught up."""
        if self._audio_input_started and not self._unheard.behind:
            await super()._put(frame)
        else:
            self._on_unheard(prompt_of(frame))

    async def send_text(self, text: str, role: str, prompt_name: str, stream: Any, interactive: bool) -> None:
        """Send a text whole: sound that comes between its parts makes Nova refuse the session (livekit/agents#6720).

        pipecat sends it in one piece; Nova takes no more than a kilobyte of history at a time.
        """
        if text and stream and prompt_name:
            # Whole, even where an interruption cancels the processor: a content block that stays open takes no sound.
            sending = asyncio.ensure_future(self._send_text(text, role, prompt_name, stream, interactive))
            self._sending.add(sending)
            sending.add_done_callback(self._sending.discard)
            await asyncio.shield(sending)

    async def _send_text(self, text: str, role: str, prompt_name: str, stream: Any, interactive: bool) -> None:
        name = {"promptName": prompt_name, "contentName": str(uuid.uuid4())}
        start = {"type": "TEXT", "interactive": interactive, "role": role}
        async with self._block:
            await self._send(
                "contentStart", name | start | {"textInputConfiguration": {"mediaType": "text/plain"}}, stream
            )
            for piece in [text] if interactive or role == "SYSTEM" else pieces(text):
                await self._send("textInput", name | {"content": piece}, stream)
            await self._send("contentEnd", name, stream)

    async def _send(self, kind: str, body: dict[str, Any], stream: Any) -> None:
        await self.send_event(json.dumps({"event": {kind: body}}), stream)

    async def send_audio(self, audio: bytes, prompt_name: str, content_name: str, stream: Any) -> None:
        """Send sound, when no text is being sent."""
        async with self._block:
            await super().send_audio(audio, prompt_name, content_name, stream)

    async def _handle_completion_start_event(self, event: Any) -> None:
        self._answered = True
        await super()._handle_completion_start_event(event)

    async def _handle_content_end_event(self, event: Any) -> None:
        if event["contentEnd"].get("stopReason") == "END_TURN":
            self._restarts = 0  # it has spoken: the next loss has all its tries
        if (text := _final_text(self._content_being_received)) is not None:
            self._on_final(text)
        await super()._handle_content_end_event(event)

    def _is_busy(self) -> bool:
        return super()._is_busy() or self._restarting or bool(self._tool_began)

    async def _report_user_transcription_text_added(self, text: str) -> None:
        await super()._report_user_transcription_text_added(text)
        # Nova tells of a long turn in stretches: the page shows them, as what may still grow.
        so_far = InterimTranscriptionFrame(self._user_text_buffer, "", time_now_iso8601())
        await self.push_frame(so_far, FrameDirection.UPSTREAM)

    async def _report_user_transcription_ended(self) -> None:
        # Called before the turn's tool call is run; the frame that pipecat pushes for it arrives after.
        if self._user_text_buffer:
            self._on_heard(self._user_text_buffer)
        await super()._report_user_transcription_ended()

    async def _handle_tool_use_event(self, event: Any) -> None:
        if self._content_being_received is None:
            return  # of a reply that was dropped
        self._tool_began[event["toolUse"]["toolUseId"]] = asyncio.get_running_loop().time()
        event["toolUse"]["content"] = arguments_of(event["toolUse"].get("content"))
        await super()._handle_tool_use_event(event)

    async def _send_tool_result(self, tool_call_id: str, result: Any) -> None:
        began = self._tool_began.pop(tool_call_id, None)
        if began is None:
            return  # the call of a session that is lost
        await super()._send_tool_result(tool_call_id, result)
        self._on_tool(asyncio.get_running_loop().time() - began)


def pause_before(restart: int, *, worked: bool) -> float:
    """Seconds to wait before this restart (from 1): none after a session that has worked, else growing, with jitter."""
    if restart == 1 and worked:
        return 0.0
    longest = min(4.0, 0.25 * 2.0**restart)
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - jitter keeps no secret


def _final_text(content: CurrentContent | None) -> str | None:
    """What the interviewer has really spoken, where a content tells that."""
    if content is None or content.role is not Role.ASSISTANT or content.text_stage is not TextStage.FINAL:
        return None
    text = content.text_content
    return None if not text or is_interruption(text) else text


def _ask(context: LLMContext, prompt: str) -> None:
    """End the context with this prompt, once."""
    asked: LLMContextMessage = {"role": "user", "content": prompt}
    if context.get_messages()[-1:] != [asked]:
        context.add_message(asked)


def prompt_of(frame: LLMMessagesAppendFrame) -> str:
    """The text of a prompt, as `RoomPipeline.prompt` puts it."""
    message = frame.messages[-1]
    return str(message["content"]) if isinstance(message, dict) else ""


def arguments_of(content: object) -> str:
    """The arguments of a tool call as a JSON object, an empty one where the model wrote none."""
    try:
        return content if isinstance(content, str) and isinstance(json.loads(content), dict) else "{}"
    except ValueError:
        return "{}"

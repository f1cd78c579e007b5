"""Puts the pipeline together: room → voice activity → model → room, with the taps that report what was said."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from loguru import logger
from parley_protocol import InterviewPlan, Speaker, Turn
from pipecat.audio.vad.vad_analyzer import VADParams
from pipecat.frames.frames import ErrorFrame, InterruptionFrame, LLMMessagesAppendFrame, LLMRunFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext, LLMContextMessage
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair, LLMUserAggregatorParams
from pipecat.processors.frame_processor import FrameProcessor
from pipecat.processors.frameworks.rtvi.observer import RTVIFunctionCallReportLevel, RTVIObserverParams
from pipecat.transports.base_transport import BaseTransport
from pipecat.turns.user_start import VADUserTurnStartStrategy
from pipecat.turns.user_stop import SpeechTimeoutUserTurnStopStrategy
from pipecat.turns.user_turn_strategies import UserTurnStrategies
from pipecat.workers.runner import WorkerRunner

from parley_bot.conversation import Conversation
from parley_bot.endpointing import model_wait, patience
from parley_bot.engine.instructions import PROMPT_BEGIN, PROMPT_GO_ON
from parley_bot.exits import FaultError, ModelRefusedError
from parley_bot.pipeline.access import ModelAccess
from parley_bot.pipeline.echo import Loudspeaker
from parley_bot.pipeline.floor import FloorKeeper
from parley_bot.pipeline.gate import ClientMessageGate
from parley_bot.pipeline.level import VOICED, OwnVoice
from parley_bot.pipeline.memory import recent
from parley_bot.pipeline.nova import GuardedNovaSonic
from parley_bot.pipeline.others import OthersWithheld
from parley_bot.pipeline.patience import UnfinishedTurns
from parley_bot.pipeline.prompt import system_prompt
from parley_bot.pipeline.pulse import Pulse, Stuck
from parley_bot.pipeline.taps import Ear, Mouth, PulseFrame, Speech, Voice
from parley_bot.pipeline.tools import TOOLS, own_tools, register_tools
from parley_bot.pipeline.voice_activity import CandidateVoiceAnalyzer
from parley_bot.recording.recorder import Recorder
from parley_bot.recording.taps import CandidateTap, InterviewerTap

_HISTORY_TURNS = 40
# A voice is believed after four windows of the detector's, where pipecat takes 0.2 s: it only hushes the interviewer.
_VOICE_SECONDS = 0.12
# pipecat smooths the volume so much that the loudest voice counts 0.12 s late; how loud it must be level.py decides.
_ANY_VOLUME = 0.0
_STOP_SECONDS = 3.0
# A client that does not speak RTVI never says that it is ready: it is spoken to after this time.
_READY_SECONDS = 5.0
_PULSE_SECONDS = 2.0


class RoomPipeline:
    """One pipeline for one connection of the candidate. The conversation lives longer and goes on with the next.

    Args:
        transport: The room's transport.
        conversation: Whom to tell.
        plan: The interview's plan.
        access: Where the model is.
        turns: What was said so far, for the model's memory.
        recorder: Who records this connection, if anybody does.
        connect_at_once: Open the model's session now, not when the candidate comes: it must not wait long for sound.
        hush: Has the interviewer fall silent, or be heard again.
    """

    def __init__(
        self,
        transport: BaseTransport,
        conversation: Conversation,
        plan: InterviewPlan,
        access: ModelAccess,
        turns: tuple[Turn, ...] = (),
        *,
        recorder: Recorder | None = None,
        connect_at_once: bool = True,
        hush: Callable[[bool], None],
    ) -> None:
        self._conversation, self._recorder, self._hush_room = conversation, recorder, hush
        self._begun = self._welcomed = self._stopping = False
        self.recorded_by_room = False
        self._run: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._pulse = Pulse()
        self.unusable = asyncio.Event()
        speech, loudspeaker = Speech(), Loudspeaker()
        self._own_voice = voice = OwnVoice()
        self._voice = Voice(conversation, speech, self._pulse)
        self._mouth = Mouth(conversation, speech, self._pulse, loudspeaker)
        self._floor = FloorKeeper(self._hush, conversation.candidate_unheard, loudspeaker, voice)
        own = own_tools(plan)
        self.llm = GuardedNovaSonic(
            access=access,
            plan=plan.model,
            model_wait=model_wait(plan),
            voice=plan.interviewer.voice,
            instruction=system_prompt(plan),
            tools=[*TOOLS, *own],
            connect_at_once=connect_at_once,
            on_interrupted=conversation.model_interrupted,
            on_restart=conversation.model_restarted,
            on_behind=conversation.model_behind,
            on_lost=self._model_lost,
            on_heard=conversation.candidate_said,
            on_unheard=conversation.prompt_lost,
            on_tool=conversation.latency.tool_ran,
            on_sentence=lambda number, text: speech.send(number, text, conversation.session.question_id),
            on_final=self._mouth.final,
        )
        register_tools(self.llm, conversation, speech, own)
        user, assistant = LLMContextAggregatorPair(LLMContext(_memory(turns)), user_params=_listening(voice))
        self._transport_output = transport.output()
        self.worker = _worker(Pipeline(self._processors(plan, transport, user, assistant)))
        self.worker.add_event_handler("on_pipeline_error", self._on_error)
        self.worker.rtvi.add_event_handler("on_client_ready", self._on_client_ready)

    def _processors(
        self,
        plan: InterviewPlan,
        transport: BaseTransport,
        user: FrameProcessor,
        assistant: FrameProcessor,
    ) -> list[FrameProcessor]:
        """The pipeline, from the candidate's sound to the interviewer's."""
        conversation, recorder = self._conversation, self._recorder
        return [
            ClientMessageGate(lambda: conversation.leave(self)),
            transport.input(),
            *([] if recorder is None else [CandidateTap(recorder)]),
            user,
            Ear(conversation),
            self._floor,
            OthersWithheld(self._own_voice),
            *_patience(plan, self._sound_kept),
            self.llm,
            self._voice,
            self._transport_output,
            *([] if recorder is None else [InterviewerTap(recorder)]),
            self._mouth,
            assistant,
        ]

    # The conversation's stage

    async def prompt(self, text: str) -> None:
        """Put text to the model: on the service itself, since frames from outside do not reach a live session."""
        await self.llm.queue_frame(LLMMessagesAppendFrame(messages=[{"role": "user", "content": text}], run_llm=True))

    async def tell_page(self, data: dict[str, Any]) -> None:
        """Send a server message to the candidate's page."""
        await self.worker.rtvi.send_server_message(data)

    async def tell_recording(self, *, on: bool) -> None:
        """Say on the candidate's page whether what is said is recorded."""
        await self.tell_page({"kind": "recording", "on": on})

    def take_floor(self) -> None:
        """Let the interviewer speak over the candidate from here on."""
        self._floor.take_over()

    def settle(self) -> None:
        """Report a turn of the interviewer's that was played, in the words that Nova has told by now."""
        self._mouth.settle()

    def _hush(self, silent: bool) -> None:
        self._mouth.hush(silent)
        self._hush_room(silent)

    def _sound_kept(self) -> None:
        self._conversation.candidate_waited_for()
        self.llm.sound_kept()

    # Running

    async def begin(self) -> None:
        """Let the interviewer speak first, or welcome a client back. Only the first call for a client counts."""
        if self._welcomed:
            return
        self._welcomed = True
        if self.recorded_by_room or (self._recorder is not None and self._recorder.on):
            await self.tell_recording(on=True)
        if self._begun:
            await self.prompt(PROMPT_GO_ON)
            return
        self._begun = True
        await self.worker.queue_frames([LLMRunFrame()])

    def expect_client(self) -> None:
        """A client comes, or comes back, on this pipeline: it is spoken to when it is ready."""
        self._welcomed = False
        self._own_voice.forget()
        self._voice.address(somebody=True)

    async def part(self) -> None:
        """The client is gone, and may come back on this pipeline: till then the interviewer is heard by nobody."""
        self._voice.address(somebody=False)
        # What the room has been given and has not played. No processor before it need hear of that, the model least.
        await self._transport_output.queue_frame(InterruptionFrame())

    async def begin_late(self) -> None:
        """Begin when the client had its time to say that it is ready, and has not."""
        await asyncio.sleep(_READY_SECONDS)
        await self.begin()

    @property
    def has_failed(self) -> bool:
        """Whether the pipeline has ended though nobody stopped it."""
        return self._run is not None and self._run.done() and not self._stopping

    def start(self) -> asyncio.Task[None]:
        """Run the pipeline; the task ends when the pipeline has."""
        self._run = asyncio.create_task(self._run_worker(), name="room-pipeline")
        self._watching = asyncio.create_task(self._watch(), name="pulse")
        return self._run

    def flush(self) -> None:
        """Report the turns that the end of the connection cuts short."""
        self._mouth.flush(interrupted=True)
        self.llm.flush_heard()

    async def stop(self, reason: str) -> None:
        """Cancel the pipeline and wait a bounded time for its end: a processor that hangs is left behind."""
        self.flush()
        self._stopping = True
        if self._watching is not None:
            self._watching.cancel()
        if self._run is None or self._run.done():
            return
        await self.worker.cancel(reason=reason)
        done, _ = await asyncio.wait({self._run}, timeout=_STOP_SECONDS + 1)
        if not done:
            logger.warning("the pipeline did not end in time; it is abandoned")
            self._run.cancel()

    async def _run_worker(self) -> None:
        runner = WorkerRunner(handle_sigint=False, handle_sigterm=False, check_dangling_tasks=False)
        await runner.add_workers(self.worker)
        await runner.run()

    async def _watch(self) -> None:
        """Give up what does not move any more: pipecat waits for it for ever."""
        while True:
            await asyncio.sleep(_PULSE_SECONDS)
            now = time.monotonic()
            if (stuck := self._pulse.stuck(now)) is Stuck.HEARING:
                self._conversation.fail(FaultError(f"the pipeline is stuck: {stuck}"))
                return
            if stuck is Stuck.SPEAKING:
                logger.warning("the pipeline is stuck: {}", stuck)
                self.unusable.set()
                return
            if self._pulse.send(now):
                await self.worker.queue_frame(PulseFrame())

    async def _on_client_ready(self, _rtvi: object) -> None:
        await self.begin()

    async def _model_lost(self, why: str) -> None:
        self._conversation.fail(ModelRefusedError(why))

    async def _on_error(self, _worker: object, frame: ErrorFrame) -> None:
        if frame.processor is self._transport_output and not frame.processor.is_usable:
            self.unusable.set()


def _memory(turns: tuple[Turn, ...]) -> list[LLMContextMessage]:
    """What the model remembers of the conversation, and what it is to do first."""
    said: list[LLMContextMessage] = []
    for turn in turns[-_HISTORY_TURNS:]:
        if turn.speaker is Speaker.CANDIDATE:
            said.append({"role": "user", "content": turn.text})
        else:
            said.append({"role": "assistant", "content": turn.text})
    return [*recent(said), {"role": "user", "content": PROMPT_BEGIN}]


def _patience(plan: InterviewPlan, on_kept: Callable[[], None]) -> list[UnfinishedTurns]:
    seconds = patience(plan)
    return [UnfinishedTurns(seconds, on_kept)] if seconds else []


def _worker(pipeline: Pipeline) -> PipelineWorker:
    return PipelineWorker(
        pipeline,
        params=PipelineParams(enable_metrics=False),
        idle_timeout_secs=None,  # silence and absence are the engine's affair
        enable_turn_tracking=False,
        cancel_timeout_secs=_STOP_SECONDS,
        rtvi_observer_params=_page_messages(),
    )


def _listening(voice: OwnVoice) -> LLMUserAggregatorParams:
    """Local voice activity for times, captions, silence and the floor; turns and interruptions are not decided here.

    An interruption of our own making would cut a turn that the model goes on speaking, and lose its words.
    """
    params = VADParams(confidence=VOICED, start_secs=_VOICE_SECONDS, min_volume=_ANY_VOLUME)
    return LLMUserAggregatorParams(
        vad_analyzer=CandidateVoiceAnalyzer(voice, params),
        user_turn_strategies=UserTurnStrategies(
            start=[VADUserTurnStartStrategy(enable_interruptions=False)],
            stop=[SpeechTimeoutUserTurnStopStrategy(user_speech_timeout=0.6, wait_for_transcript=False)],
        ),
    )


def _page_messages() -> RTVIObserverParams:
    """Captions and speaking states for the page; none of what only the model is to see."""
    return RTVIObserverParams(
        user_llm_enabled=False,
        metrics_enabled=False,
        function_call_report_level={"*": RTVIFunctionCallReportLevel.DISABLED},
    )

"""One session of the emulated model: what a client sends goes in, what the model would send comes out."""

import asyncio
import base64
import contextlib
import json
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from parley_emulators.nova.bodies import PromptStart, ProtocolViolationError, SessionStart, parse
from parley_emulators.nova.faults import Moment
from parley_emulators.nova.manners import MannersBook
from parley_emulators.nova.order import Content, SessionOrder
from parley_emulators.nova.output import Output, Send
from parley_emulators.nova.policy import INTERVIEW_TOOLS, Action, CallTool, Offer, Policy, Say
from parley_emulators.nova.record import Message, SessionRecord, ToolCall
from parley_emulators.nova.settings import NovaSettings
from parley_emulators.nova.speaker import Speaker
from parley_emulators.speech.audio import BYTES_PER_SAMPLE
from parley_emulators.speech.ear import Ear, TurnHeard
from parley_emulators.speech.recogniser import Recogniser
from parley_emulators.speech.synthesiser import Synthesiser
from parley_emulators.speech.turns import SpeechStarted

# A client whose tool handler died never answers; the model must then go on listening.
_TOOL_PATIENCE_SECONDS = 20.0
_TURN_PATIENCE_SECONDS = 20.0
_METER_SECONDS = 1.0


@dataclass(frozen=True)
class Senses:
    """The models that all sessions share."""

    recogniser: Recogniser
    synthesiser: Synthesiser


@dataclass(frozen=True)
class _Text:
    text: str


@dataclass(frozen=True)
class _Turn:
    text: str


type _Stimulus = _Text | _Turn


class Session:
    """Runs from sessionStart to sessionEnd. `take` is told each client event; `run` lives beside it until cancelled."""

    def __init__(
        self,
        settings: NovaSettings,
        senses: Senses,
        manners: MannersBook,
        send: Send,
        record: SessionRecord,
        now: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._senses = senses
        self._manners = manners
        self._record = record
        self._now = now
        self._order = SessionOrder()
        self._output = Output(send, record.id)
        self._speaker = Speaker(self._output, senses.synthesiser, settings.lead_seconds)
        self._policy = Policy(frozenset())
        self._start = SessionStart()
        self._ear: asyncio.Future[Ear] = asyncio.get_running_loop().create_future()
        self._input_rate = 16_000
        self._stimuli: deque[_Stimulus] = deque()
        self._stimulated = asyncio.Event()
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._results: dict[str, asyncio.Future[str]] = {}
        self._texts: dict[str, str] = {}
        self._responding = self._calling = False
        self.tool_called = asyncio.Event()
        """Set when a tool call has gone out; whoever waits for it clears it."""
        self.responses_begun = 0
        self.ended = False

    @property
    def moment(self) -> Moment:
        """What it is at."""
        if self._calling:
            return "tool"
        if self._speaker.talking:
            return "closing" if self._policy.hung_up else "speaking"
        if not self._quiet.is_set():
            return "hearing"
        return "thinking" if self._responding or self._stimuli else "quiet"

    def take(self, event: dict[str, Any]) -> None:
        """Take the client's next event.

        Raises:
            ProtocolViolationError: It may not come now, or is malformed.
        """
        kind = next(iter(event))
        body = event[kind]
        if not isinstance(body, dict):
            raise ProtocolViolationError(f"{kind} must be an object.")
        content = self._order.accept(kind, body)
        self._record.events[kind] += 1
        match kind:
            case "sessionStart":
                self._start = parse(SessionStart, kind, body)
                self._record.session_start = body
            case "promptStart":
                self._start_prompt(body)
            case "contentStart" if content and content.sample_rate:
                self._open_ear(content.sample_rate)
            case "audioInput":
                self._hear(body["content"])
            case "textInput" | "toolResult" if content:
                # A long text may come in several parts.
                self._texts[content.name] = self._texts.get(content.name, "") + body["content"]
            case "contentEnd" if content:
                self._close(content, self._texts.pop(content.name, ""))
            case "sessionEnd":
                self.ended = True

    async def run(self) -> None:
        """Listen and respond, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen())
            group.create_task(self._respond())
            group.create_task(self._meter())

    async def end_prompt(self) -> None:
        """The client has ended the prompt: what the model began to say in it is complete."""
        await self._output.end_completion()

    def _start_prompt(self, body: dict[str, Any]) -> None:
        prompt = parse(PromptStart, "promptStart", body)
        self._record.prompt_start = body
        audio = prompt.audio_output_configuration
        if audio.voice_id not in self._settings.voices:
            raise ProtocolViolationError(f"Invalid input request: unknown voiceId {audio.voice_id}.")
        self._output.start_prompt(prompt.prompt_name, audio.sample_rate_hertz)
        specs = [tool.tool_spec for tool in prompt.tool_configuration.tools]
        own = (spec for spec in specs if spec.name not in INTERVIEW_TOOLS)
        offers = tuple(Offer(spec.name, spec.description, spec.input_schema.first_text) for spec in own)
        self._policy = self._manners.policy(frozenset(spec.name for spec in specs), offers)
        self._speaker.spoken = self._manners.spoken

    def _open_ear(self, rate: int) -> None:
        self._input_rate = rate
        pause = self._settings.pause_seconds(self._start.turn_detection_configuration.endpointing_sensitivity)
        # A second audio content, after the first has ended, is heard by the same ear.
        if not self._ear.done():
            self._ear.set_result(Ear(self._senses.recogniser, self._input_rate, pause, self._understood))

    def _hear(self, encoded: str) -> None:
        try:
            pcm = base64.b64decode(encoded, validate=True)
        except ValueError as error:
            raise ProtocolViolationError("audioInput.content must be base64.") from error
        seconds = len(pcm) / BYTES_PER_SAMPLE / self._input_rate
        self._record.audio_seconds += seconds
        self._output.heard(seconds=seconds)
        self._ear.result().hear(pcm)

    def _close(self, content: Content, text: str) -> None:
        if content.type == "AUDIO":
            # Nothing more is heard, so no pause will end a turn that was going on.
            self._quiet.set()
        elif content.type == "TOOL":
            _require_json(text)
            result = self._results.pop(content.tool_use_id or "", None)
            if result is None:
                raise ProtocolViolationError(f"No tool use with id {content.tool_use_id} awaits a result.")
            result.set_result(text)  # where nobody waits for it any more, it is too late and has no effect
        elif content.type == "TEXT":
            self._output.heard(text=text)
            message = Message(role=content.role, text=text, at=self._now())
            if content.role == "SYSTEM":
                self._record.system.append(text)
            elif content.interactive:
                self._record.interactive.append(message)
                self._speaker.cut_in()
                self._stimulate(_Text(text))
            else:
                self._record.history.append(message)

    async def _listen(self) -> None:
        ear = await self._ear
        async for heard in ear.listen():
            match heard:
                case SpeechStarted():
                    self._quiet.clear()
                    self._speaker.cut_in()
                case TurnHeard(text):
                    if text:
                        self._record.turns.append(Message(role="USER", text=text, at=self._now()))
                        self._stimulate(_Turn(text))
                    self._quiet.set()

    async def _understood(self, text: str) -> None:
        """Tell of the user's words while they still speak: they come in stretches, well before the turn's end."""
        await self._output.text("USER", "FINAL", text, "PARTIAL_TURN")

    def _stimulate(self, stimulus: _Stimulus) -> None:
        self._stimuli.append(stimulus)
        self._stimulated.set()

    async def _respond(self) -> None:
        while True:
            await self._stimulated.wait()
            self._stimulated.clear()
            while self._stimuli:
                await self._respond_to(self._stimuli.popleft())

    async def _respond_to(self, stimulus: _Stimulus) -> None:
        self.responses_begun += 1
        self._responding = True
        match stimulus:
            case _Text(text):
                actions = self._policy.on_text(text)
            case _Turn(text):
                actions = self._policy.on_user_turn(text)
        await self._carry_out(actions)
        self._responding = False

    async def _carry_out(self, actions: list[Action]) -> None:
        """Do what the policy says, in order; who is interrupted leaves the rest undone."""
        pending = list(actions)
        while pending:
            action = pending.pop(0)
            match action:
                case Say(text):
                    await self._let_finish()
                    if not await self._say(text):
                        return
                case CallTool(name, arguments):
                    result = await self._call(name, arguments)
                    pending += self._policy.on_tool_silence() if result is None else self._policy.on_tool_result(result)

    async def _say(self, text: str) -> bool:
        turn = Message(role="ASSISTANT", text=text, at=self._now())
        self._record.turns.append(turn)
        heard = await self._speaker.say(text)
        turn.interrupted = not heard
        return heard

    async def _let_finish(self) -> None:
        """Wait for a user who has gone on speaking: what they add belongs to the turn that is being answered."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._quiet.wait(), _TURN_PATIENCE_SECONDS)
        while self._stimuli and isinstance(self._stimuli[0], _Turn):
            self._stimuli.popleft()

    async def _meter(self) -> None:
        """Tell what was used as it accrues: before the first response too, as Nova does."""
        while True:
            await asyncio.sleep(_METER_SECONDS)
            await self._output.usage()

    async def _call(self, name: str, arguments: dict[str, Any]) -> str | None:
        tool_use_id = str(uuid.uuid4())
        call = ToolCall(name=name, arguments=arguments, at=self._now())
        self._record.tool_calls.append(call)
        result: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._results[tool_use_id] = result
        await self._output.tool_use(tool_use_id, name, arguments)
        self._calling = True
        self.tool_called.set()
        try:
            call.result = await asyncio.wait_for(asyncio.shield(result), _TOOL_PATIENCE_SECONDS)
        except TimeoutError:
            return None
        finally:
            self._calling = False
        return call.result


def _require_json(text: str) -> None:
    # Nova's message for a result that is no JSON, as others saw it (livekit/agents#4348).
    try:
        json.loads(text)
    except ValueError as error:
        raise ProtocolViolationError("Tool Response parsing error") from error

"""The conversation: one clock for mouth and ear, and what the candidate does about what it hears."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from parley_emulators.candidate.errors import CandidateError
from parley_emulators.candidate.join import Room
from parley_emulators.candidate.script import Script
from parley_emulators.candidate.sound import EAR_BYTES, EAR_RATE, TICK_SECONDS, Microphone, Playback, audible
from parley_emulators.candidate.summary import Caption, Reply, Summary
from parley_emulators.candidate.wire import (
    Interruption,
    RtviMessage,
    Sound,
    decode,
    encode_client_ready,
    encode_microphone,
)
from parley_emulators.speech.listener import TurnListener
from parley_emulators.speech.turns import SegmentEnded, SpeechStarted, TurnEnded

_CLOSING_SECONDS = 6.0
_MOST_LATE_TICKS = 25
_TAKEN_OVER = 4410
"""The close code with which the bot gives the room to a later connection of the same link."""


@dataclass(frozen=True)
class Dropped:
    """The connection was lost; the room may be joined again, unless somebody else has taken the candidate's place."""

    reason: str
    taken_over: bool = False


@dataclass(frozen=True)
class Over:
    """The interview is over."""

    reason: str


class Call:
    """A candidate in the room. `hold` keeps one connection; everything else lives as long as the call."""

    def __init__(
        self, script: Script, voices: list[bytes], summary: Summary, elapsed: Callable[[], float], show: bool
    ) -> None:
        self._script = script
        self._voices = voices
        self._summary = summary
        self._elapsed = elapsed
        self._show = show
        self._microphone = Microphone()
        self._playback = Playback()
        self._listener = TurnListener(EAR_RATE, script.reply_after_seconds)
        self._socket: ClientConnection | None = None
        self._outcome: asyncio.Future[Over] = asyncio.get_running_loop().create_future()
        self._next_answer = 0
        self._answering = False
        self._spoke_until: float | None = None
        self._plans: set[asyncio.Task[None]] = set()
        self.recording = bytearray()

    async def run(self) -> None:
        """Live: speak and hear in real time, and react, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._tick())
            group.create_task(self._react())

    async def hold(self, room: Room) -> Over | Dropped:
        """Be in the room until the interview is over or the connection lost.

        Raises:
            CandidateError: The room does not let the candidate in.
        """
        try:
            async with connect(room.url, origin=room.origin, compression=None, max_size=None) as socket:  # type: ignore[arg-type]  # an Origin is a str
                return await self._be_connected(socket)
        except InvalidHandshake as error:
            status = getattr(getattr(error, "response", None), "status_code", 0)
            if 400 <= status < 500 and status != 409:
                raise CandidateError(f"the room refused the connection: {error}") from error
            return Dropped(str(error))
        except ConnectionClosed as closed:
            return Dropped(str(closed), taken_over=closed.rcvd is not None and closed.rcvd.code == _TAKEN_OVER)
        except (OSError, TimeoutError) as error:
            return Dropped(f"{type(error).__name__}: {error}")

    async def _be_connected(self, socket: ClientConnection) -> Over | Dropped:
        self._summary.connected = self._summary.connected or self._elapsed()
        await socket.send(encode_client_ready())
        self._socket = socket
        receiving = asyncio.create_task(self._receive(socket))
        leaving = asyncio.create_task(self._leave_in_time())
        try:
            await asyncio.wait((receiving, self._outcome), return_when=asyncio.FIRST_COMPLETED)
            if self._outcome.done():
                await self._hear_out(receiving)
                return self._outcome.result()
            return Dropped(receiving.result(), taken_over=socket.close_code == _TAKEN_OVER)
        finally:
            self._socket = None
            receiving.cancel()
            leaving.cancel()
            self._forget_connection()

    async def _hear_out(self, receiving: asyncio.Task[str]) -> None:
        """Hear what is still to be played, unless the candidate hung up."""
        if self._outcome.result().reason == "left":
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSING_SECONDS):
                await receiving
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSING_SECONDS):
                while not self._playback.empty:  # noqa: ASYNC110  -- the ear goes by ticks of its own
                    await asyncio.sleep(TICK_SECONDS)

    def _forget_connection(self) -> None:
        for plan in self._plans:
            plan.cancel()
        if self._microphone.speaking:
            # It was not heard to its end: it will be said again.
            self._microphone.stop()
            self._next_answer -= 1
        self._answering = False
        self._spoke_until = None
        self._playback.clear()

    async def _receive(self, socket: ClientConnection) -> str:
        """Take what comes until the connection ends; the answer is how it did."""
        try:
            async for data in socket:
                match decode(data) if isinstance(data, bytes) else None:
                    case Sound() as sound:
                        self._playback.put(sound)
                    case Interruption():
                        self._playback.clear()
                    case RtviMessage() as message:
                        self._on_message(message)
        except ConnectionClosed as closed:
            return str(closed)
        return f"closed with {socket.close_code} {socket.close_reason or ''}".rstrip()

    def _on_message(self, message: RtviMessage) -> None:
        data = message.data
        match message.type:
            case "bot-ready":
                self._summary.bot_ready = self._summary.bot_ready or self._elapsed()
            # Each sentence is told twice, when it is begun and when it has been spoken.
            case "bot-output" if data.get("spoken") or data.get("spoken_status") == "completed":
                self._caption("Interviewer", str(data.get("text", "")))
            case "user-transcription" if data.get("final"):
                self._caption("Candidate", str(data.get("text", "")))
            case "server-message" if data.get("kind") == "ended":
                self._end(str(data.get("reason", "")))

    def _caption(self, speaker: str, text: str) -> None:
        if not text.strip():
            return
        at = self._elapsed()
        self._summary.captions.append(Caption(speaker=speaker, text=text.strip(), at=at))
        self.say(f"{speaker}: {text.strip()}")

    def say(self, line: str) -> None:
        """Print a line with the time, where lines are wanted."""
        if self._show:
            print(f"[{self._elapsed():6.1f}] {line}", flush=True)

    def _end(self, reason: str) -> None:
        if not self._outcome.done():
            self._outcome.set_result(Over(reason))

    async def _tick(self) -> None:
        """Every 20 ms: send the microphone's frame, hear the ear's. Late ticks are made up for, so time stays true."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due += TICK_SECONDS
            late = loop.time() - due
            if late > _MOST_LATE_TICKS * TICK_SECONDS:
                self.recording += bytes(round(late / TICK_SECONDS) * EAR_BYTES)
                due += late
            await asyncio.sleep(max(0.0, due - loop.time()))
            speaking = self._microphone.speaking
            await self._send(encode_microphone(self._microphone.tick()))
            if speaking and not self._microphone.speaking:
                self._finished_speaking()
            self._hear(self._playback.tick())

    async def _send(self, frame: bytes) -> None:
        if self._socket is not None:
            with contextlib.suppress(ConnectionClosed):
                await self._socket.send(frame)

    def _hear(self, pcm: bytes) -> None:
        self.recording += pcm
        self._listener.hear(pcm)
        if not audible(pcm):
            return
        at = self._elapsed()
        self._summary.first_sound = self._summary.first_sound or at
        if self._spoke_until is not None and not self._microphone.speaking:
            wait = at - self._spoke_until
            reply = Reply(answer=self._next_answer - 1, spoke_until=self._spoke_until, first_sound=at, wait=wait)
            self._summary.replies.append(reply)
            self._spoke_until = None

    def _finished_speaking(self) -> None:
        self._spoke_until = self._elapsed()
        self._answering = False
        self._summary.answers_given = self._next_answer
        if self._script.leave_after_answers == self._next_answer:
            self._end("left")

    async def _react(self) -> None:
        async for event in self._listener.events():
            if self._socket is None or self._answering or self._next_answer >= len(self._voices):
                continue
            barge_in = self._script.answers[self._next_answer].barge_in_seconds
            match event:
                case SpeechStarted() if barge_in is not None:
                    self._plan_answer(barge_in)
                case TurnEnded() if barge_in is None:
                    self._plan_answer(self._script.pause(self._next_answer, 0.0))
                case SegmentEnded():
                    continue

    def _plan_answer(self, delay: float) -> None:
        self._answering = True
        plan = asyncio.create_task(self._answer(delay))
        self._plans.add(plan)
        plan.add_done_callback(self._plans.discard)

    async def _answer(self, delay: float) -> None:
        await asyncio.sleep(delay)
        voice = next(islice(self._voices, self._next_answer, None))
        self._next_answer += 1
        self._spoke_until = None
        self._microphone.say(voice)

    async def _leave_in_time(self) -> None:
        if self._script.leave_after_answers == 0:
            self._end("left")
        if self._script.leave_after_seconds is not None:
            await asyncio.sleep(self._script.leave_after_seconds)
            self._end("left")

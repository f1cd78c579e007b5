"""A candidate's client in a bot's WebSocket room."""

import asyncio
import contextlib
import json
import time
from typing import Any

import websockets
from pipecat.frames.protobufs import frames_pb2

frames: Any = frames_pb2  # generated without types
CHUNK = 640  # 20 ms of 16 kHz, 16 bit, mono
_BYTES_PER_SECOND = 32000
# How long the interviewer is silent before an answer; a polite guest waits for what a slow one may still add.
_BEFORE_SECONDS, _POLITE_SECONDS = 0.5, 2.0


class Guest:
    """A candidate's client: speaks its answers when the interviewer has come to an end, and keeps what it is sent.

    `barge_in` is spoken over the interviewer's first words. A `polite` one waits longer, keeps its answer where the
    interviewer goes on meanwhile, and says one at a time. `spoke` and `hears` are when (wall clock) it began to send an
    answer, that silence first, and when the interviewer's sound came after a second without any.
    """

    def __init__(self, answers: list[bytes], *, barge_in: bytes = b"", polite: bool = False) -> None:
        self.answers = list(answers)
        self._barge_in = barge_in
        self._polite = polite
        self._answering = b""
        self.messages: list[dict[str, Any]] = []
        self.heard = bytearray()
        self.spoke: list[float] = []
        self.hears: list[float] = []
        self._heard_at = 0.0
        self.close_code: int | None = None
        self.close_reason = ""
        self.socket: websockets.ClientConnection | None = None
        self._speech = b""
        self._tasks: list[asyncio.Task[None]] = []

    async def join(self, url: str) -> "Guest":
        """Connect and say that the client is ready."""
        self.socket = await websockets.connect(url, max_size=None)
        ready = {"label": "rtvi-ai", "type": "client-ready", "id": "1", "data": {"version": "2.2.0"}}
        with contextlib.suppress(websockets.ConnectionClosed):  # refused already: `close_code` tells
            await self.send_message(ready)
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._talk())]
        return self

    async def leave(self) -> None:
        """Close the connection."""
        if self.socket is not None:
            await self.socket.close()
        await asyncio.gather(*self._tasks)

    async def over(self, seconds: float) -> None:
        """Wait until the bot has closed the connection.

        Raises:
            TimeoutError: it has not.
        """
        _, pending = await asyncio.wait(self._tasks, timeout=seconds)
        if pending:
            raise TimeoutError(f"the conversation was not over within {seconds:g} s")

    def say(self, speech: bytes) -> None:
        """Speak now, whoever else does."""
        self._speech += speech

    @property
    def speaking(self) -> bool:
        """Whether something is still to be said."""
        return bool(self._speech)

    @property
    def quiet_seconds(self) -> float:
        """For how long nothing was heard of the interviewer."""
        return time.time() - self._heard_at

    def told(self, kind: str) -> list[dict[str, Any]]:
        """The server messages of this kind."""
        return [data for data in self.rtvi("server-message") if data.get("kind") == kind]

    def rtvi(self, kind: str) -> list[dict[str, Any]]:
        """What the RTVI messages of this type have told, in their order."""
        return [message.get("data") or {} for message in self.messages if message.get("type") == kind]

    async def send_message(self, message: dict[str, Any]) -> None:
        """Send an RTVI message."""
        frame = frames.Frame()
        frame.message.data = json.dumps(message)
        await self.send(frame)

    async def send(self, frame: Any) -> None:
        """Send any frame."""
        assert self.socket is not None
        await self.socket.send(frame.SerializeToString())

    async def _listen(self) -> None:
        assert self.socket is not None
        try:
            async for raw in self.socket:
                frame = frames.Frame.FromString(raw)
                if frame.WhichOneof("frame") == "audio":
                    now = time.time()
                    if now - self._heard_at > 1:
                        self.hears.append(now)
                    self._heard_at = now
                    self.hear(frame.audio.audio)
                elif frame.WhichOneof("frame") == "message":
                    self._take(json.loads(frame.message.data))
                elif frame.WhichOneof("frame") == "interruption":
                    self.fall_silent()
        except websockets.ConnectionClosedError:
            pass
        self.close_code, self.close_reason = self.socket.close_code, self.socket.close_reason or ""

    def hear(self, sound: bytes) -> None:
        """Sound of the interviewer's has come, 24 kHz."""
        self.heard += sound

    def fall_silent(self) -> None:
        """What has come and was not played yet is to be dropped."""

    def chunk(self) -> bytes:
        """The next 20 ms of the microphone: of speech, or of silence."""
        chunk, self._speech = self._speech[:CHUNK].ljust(CHUNK, b"\0"), self._speech[CHUNK:]
        return chunk

    def _take(self, message: dict[str, Any]) -> None:
        self.messages.append(message)
        if message.get("type") == "bot-stopped-speaking" and self.answers and not (self._polite and self._speech):
            self._answering = self.answers.pop(0)
            quiet = _POLITE_SECONDS if self._polite else _BEFORE_SECONDS
            self._speech += bytes(round(quiet * _BYTES_PER_SECOND)) + self._answering
            self.spoke.append(time.time())
        if message.get("type") == "bot-started-speaking" and self._polite and len(self._speech) > len(self._answering):
            self.answers.insert(0, self._answering)
            self._speech = b""
        if message.get("type") == "bot-started-speaking" and self._barge_in:
            self._speech, self._barge_in = self._barge_in, b""

    async def _talk(self) -> None:
        """A microphone: a frame each 20 ms."""
        due = time.monotonic()
        while self.close_code is None:
            frame = frames.Frame()
            frame.audio.audio, frame.audio.sample_rate, frame.audio.num_channels = self.chunk(), 16000, 1
            try:
                await self.send(frame)
            except websockets.ConnectionClosed:
                return
            due += 0.02
            await asyncio.sleep(max(0.0, due - time.monotonic()))

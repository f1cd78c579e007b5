"""A room to test a candidate in: the API's candidate side and an interviewer who plays voices over pipecat's frames."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request, Response, WebSocket, WebSocketDisconnect
from fastapi.responses import JSONResponse
from pipecat.frames.protobufs import frames_pb2

RATE = 24_000
_PIECE = 1920
TOKEN = "v1.uid.0.signature"
TICKET = "ticket.of=one+use"


@dataclass
class Interviewer:
    """One connection of a candidate's, from the interviewer's side."""

    socket: WebSocket
    heard: bytearray = field(default_factory=bytearray)
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self) -> None:
        try:
            while True:
                frame = frames_pb2.Frame.FromString(await self.socket.receive_bytes())
                if frame.WhichOneof("frame") == "audio":
                    self.heard += frame.audio.audio
                    self._news.set()
                elif json.loads(frame.message.data)["type"] == "client-ready":
                    self.ready.set()
        except (WebSocketDisconnect, RuntimeError):
            return

    async def speak(self, pcm: bytes) -> None:
        """Play a voice, twice as fast as it sounds, as pipecat's transport does."""
        for at in range(0, len(pcm), _PIECE):
            frame = frames_pb2.Frame()
            frame.audio.audio = pcm[at : at + _PIECE]
            frame.audio.sample_rate = RATE
            frame.audio.num_channels = 1
            await self.socket.send_bytes(frame.SerializeToString())
            await asyncio.sleep(_PIECE / 2 / RATE / 2)

    async def tell(self, kind: str, /, **data: Any) -> None:
        frame = frames_pb2.Frame()
        frame.message.data = json.dumps({"label": "rtvi-ai", "type": kind, "data": data})
        await self.socket.send_bytes(frame.SerializeToString())

    async def answer(self, words: Callable[[bytes], bool], seconds: float = 30) -> bytes:
        """Wait until what was heard since the last answer satisfies `words`; the answer is what was heard."""
        async with asyncio.timeout(seconds):
            while not words(bytes(self.heard)):
                self._news.clear()
                await self._news.wait()
        heard = bytes(self.heard)
        self.heard.clear()
        return heard


type Conduct = Callable[[Interviewer, int], Coroutine[None, None, None]]


@dataclass
class Room:
    """What the candidate calls, and what it called.

    Args:
        conduct: What the interviewer does in the n-th connection, from 1.
        not_ready: How often /connect answers that nobody is there yet.
        closed: How many connections, from the first, are closed as soon as they are accepted.
    """

    conduct: Conduct
    not_ready: int = 0
    closed: int = 0
    state: str = "ready"
    calls: list[str] = field(default_factory=list)
    connections: int = 0
    base: str = ""

    def app(self) -> FastAPI:
        app = FastAPI()
        app.add_api_route("/config.json", self._config)
        app.add_api_route("/join/v1/interview", self._interview)
        app.add_api_route("/join/v1/consent", self._consent, methods=["POST"], status_code=204)
        app.add_api_route("/join/v1/connect", self._connect, methods=["POST"])
        app.add_api_websocket_route("/rooms/uid/ws", self._room)
        return app

    async def _config(self) -> dict[str, str]:
        return {"apiUrl": f"{self.base}/"}

    async def _interview(self, request: Request) -> Response:
        self.calls.append("interview")
        if request.headers["authorization"] != f"Bearer {TOKEN}":
            return _problem(401, "link-invalid", "This link is not valid.")
        consent = {"text": "An AI asks.", "version": "7", "required": True, "given": "consent" in self.calls}
        view = {
            "title": "Engineer",
            "interviewerName": "Robin",
            "questions": 2,
            "state": self.state,
            "consent": consent,
        }
        return JSONResponse(view)

    async def _consent(self, request: Request) -> None:
        assert await request.json() == {"version": "7"}
        self.calls.append("consent")

    async def _connect(self) -> Response:
        self.calls.append("connect")
        if self.not_ready > 0:
            self.not_ready -= 1
            return _problem(409, "not-ready", "On its way.", {"Retry-After": "0"})
        url = self.base.replace("http", "ws") + "/rooms/uid/ws"
        return JSONResponse({"wsUrl": url, "token": TICKET})

    async def _room(self, socket: WebSocket) -> None:
        assert socket.headers["origin"] == self.base
        assert socket.query_params["token"] == TICKET
        await socket.accept()
        self.connections += 1
        if self.connections <= self.closed:
            await socket.close(4409, "not now")
            return
        interviewer = Interviewer(socket)
        listening = asyncio.create_task(interviewer.listen())
        try:
            await asyncio.wait_for(interviewer.ready.wait(), 10)
            await self.conduct(interviewer, self.connections)
        finally:
            listening.cancel()


def _problem(status: int, slug: str, detail: str, headers: dict[str, str] | None = None) -> Response:
    body = {"type": f"https://parley.dev/problems/{slug}", "title": slug, "status": status, "detail": detail}
    return JSONResponse(body, status, headers)

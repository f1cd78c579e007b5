"""Lets the synthetic candidate into a Daily room: it talks as in a WebSocket room, and Daily's own client carries it.

A bridge on the loopback interface stands between the candidate and the API. It passes the candidate's calls on; only
where `POST /connect` grants a Daily room, it answers with a WebSocket of its own and joins the room for it.
"""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any

import httpx
import uvicorn
from daily import CallClient, Daily, EventHandler
from pipecat.frames.protobufs import frames_pb2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from support.processes import free_ports
from support.wait import until

frames: Any = frames_pb2  # generated without types
MICROPHONE, SPEAKER = "candidate-microphone", "candidate-speaker"
MICROPHONE_RATE, SPEAKER_RATE = 16_000, 24_000
PIECE = SPEAKER_RATE // 50  # 20 ms
MOST_WAITING = 10
"""Pieces of 20 ms; what piles up while the room is joined is silence, and would delay every word after it."""
JOIN_SECONDS = 30
REFUSED = 4404


class DailyCall(EventHandler):  # type: ignore[misc] # daily-python has no types
    """One stay in a Daily room, by a virtual microphone and speaker; a process can have one at a time.

    Args:
        send: Takes what comes from the room as encoded frames, in threads of daily-python's or ours.
    """

    def __init__(self, send: Callable[[bytes], None]) -> None:
        super().__init__()
        self._send, self._over = send, threading.Event()
        self._spoken: SimpleQueue[bytes] = SimpleQueue()
        self._microphone = Daily.create_microphone_device(MICROPHONE, sample_rate=MICROPHONE_RATE, channels=1)
        self._speaker = Daily.create_speaker_device(SPEAKER, sample_rate=SPEAKER_RATE, channels=1)
        Daily.select_speaker_device(SPEAKER)
        self._client = CallClient(event_handler=self)
        self._pumps = [threading.Thread(target=pump, daemon=True) for pump in (self._hear, self._speak)]

    async def join(self, room_url: str, token: str) -> str | None:
        """Get into the room; the answer is why not."""
        loop = asyncio.get_running_loop()
        joined: asyncio.Future[str | None] = loop.create_future()

        def completed(_data: object, error: str | None) -> None:
            loop.call_soon_threadsafe(lambda: joined.done() or joined.set_result(error))

        microphone = {"isEnabled": True, "settings": {"deviceId": MICROPHONE}}
        settings = {"inputs": {"camera": False, "microphone": microphone}}
        self._client.join(room_url, token, client_settings=settings, completion=completed)
        try:
            error = await asyncio.wait_for(joined, JOIN_SECONDS)
        except TimeoutError:
            return f"not joined within {JOIN_SECONDS} s"
        if error is None:
            for pump in self._pumps:
                pump.start()
        return error

    def take(self, data: bytes) -> None:
        """Say or send what a frame of the candidate's holds."""
        frame = frames.Frame.FromString(data)
        if frame.WhichOneof("frame") == "audio":
            self._spoken.put(frame.audio.audio)
        elif frame.WhichOneof("frame") == "message":
            self._client.send_app_message(json.loads(frame.message.data))

    def leave(self) -> None:
        """Leave the room and let go of the client."""
        self._over.set()
        for pump in self._pumps:
            if pump.ident is not None:
                pump.join(2)
        self._client.release()

    def on_app_message(self, message: object, _sender: str) -> None:
        """Daily's client tells of a message to everybody in the room."""
        frame = frames.Frame()
        frame.message.data = json.dumps(message)
        self._send(frame.SerializeToString())

    def _hear(self) -> None:
        while not self._over.is_set():
            pcm = self._speaker.read_frames(PIECE)
            if not pcm:  # nobody else is there: daily-python does not wait then
                self._over.wait(0.02)
                continue
            frame = frames.Frame()
            frame.audio.audio, frame.audio.sample_rate, frame.audio.num_channels = pcm, SPEAKER_RATE, 1
            self._send(frame.SerializeToString())

    def _speak(self) -> None:
        while not self._over.is_set():
            try:
                piece = self._spoken.get(timeout=0.2)
            except Empty:
                continue
            if self._spoken.qsize() < MOST_WAITING:
                self._microphone.write_frames(piece)


class Bridge:
    """The bridge as a program: the candidate's part of the API at `api`, and a WebSocket for the room."""

    def __init__(self, api: str, port: int) -> None:
        self._api, self._port = api, port
        self._granted: tuple[str, str] | None = None

    def app(self) -> Starlette:
        """Its endpoints."""
        return Starlette(
            routes=[
                Route("/join/v1/{rest:path}", self._pass_on, methods=["GET", "POST"]),
                WebSocketRoute("/room", self._room),
            ]
        )

    async def _pass_on(self, request: Request) -> Response:
        kept = {name: request.headers[name] for name in ("authorization", "content-type") if name in request.headers}
        async with httpx.AsyncClient(timeout=15) as client:
            url = f"{self._api}{request.url.path}"
            answer = await client.request(request.method, url, headers=kept, content=await request.body())
        if answer.status_code == httpx.codes.OK and request.url.path == "/join/v1/connect":
            grant = answer.json()
            self._granted = (grant["room_url"], grant["token"])
            return JSONResponse({"wsUrl": f"ws://127.0.0.1:{self._port}/room", "token": "of-the-bridge"})
        passed = {name: answer.headers[name] for name in ("content-type", "retry-after") if name in answer.headers}
        return Response(answer.content, answer.status_code, passed)

    async def _room(self, socket: WebSocket) -> None:
        await socket.accept()
        assert self._granted is not None, "the candidate asks before it connects"
        loop, outgoing = asyncio.get_running_loop(), asyncio.Queue[bytes]()
        call = DailyCall(partial(loop.call_soon_threadsafe, outgoing.put_nowait))
        try:
            refusal = await call.join(*self._granted)
            if refusal is not None:
                await socket.close(REFUSED, refusal[:120])
                return
            sending = asyncio.create_task(_send_all(socket, outgoing))
            try:
                while True:
                    call.take(await socket.receive_bytes())
            except WebSocketDisconnect:
                sending.cancel()
        finally:
            await asyncio.to_thread(call.leave)


async def _send_all(socket: WebSocket, outgoing: asyncio.Queue[bytes]) -> None:
    while True:
        await socket.send_bytes(await outgoing.get())


@contextmanager
def daily_bridge(api: str) -> Iterator[str]:
    """A bridge to the API; the address that stands for the API's (the candidate's `--api`)."""
    Daily.init()
    (port,) = free_ports(1)
    config = uvicorn.Config(Bridge(api, port).app(), host="127.0.0.1", port=port, log_level="warning")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        until("the bridge serves", lambda: server.started, 10)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)

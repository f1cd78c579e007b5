"""The HTTP server: probes, and the WebSocket of a room that the bot serves itself."""

import asyncio
import socket as sockets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

import uvicorn
from loguru import logger
from parley_protocol.socket import MAX_MESSAGE_BYTES
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send

from parley_bot.server.health import Health
from parley_bot.server.socket import CloseCode, RoomSocket


class ServedRoom(Protocol):
    """A room that candidates reach through this server."""

    async def meet(self, socket: RoomSocket) -> None:
        """Take a connection; returns when it is over."""


class HttpServer:
    """Serves from the start, so that probes have an answer while pipecat is still being imported.

    Args:
        host: Address to listen on.
        port: Port to listen on.
        health: What the probes tell.
    """

    def __init__(self, host: str, port: int, health: Health) -> None:
        self._health = health
        self._room: ServedRoom | None = None
        self._address, family = (host, port), sockets.AF_INET6 if ":" in host else sockets.AF_INET
        # By the protocol's name asyncio knows that what is accepted here is TCP, and has sound sent at once.
        self._socket = sockets.socket(family, sockets.SOCK_STREAM, sockets.IPPROTO_TCP)
        app = Starlette(
            routes=[
                Route("/healthz", self._alive),
                Route("/readyz", self._ready),
                WebSocketRoute("/ws", _WebSocketEndpoint(self)),
            ]
        )
        self._server = _Server(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                lifespan="off",
                ws_max_size=MAX_MESSAGE_BYTES,
                ws_per_message_deflate=False,
                timeout_graceful_shutdown=1,
            )
        )

    def serve_room(self, room: ServedRoom) -> None:
        """Let candidates in from now on."""
        self._room = room

    def bind(self) -> None:
        """Take the port, before anything else: uvicorn would end the process where it is taken.

        Raises:
            OSError: the port is taken.
        """
        self._socket.setsockopt(sockets.SOL_SOCKET, sockets.SO_REUSEADDR, 1)
        self._socket.bind(self._address)

    async def serve(self) -> None:
        """Serve on the bound port until stopped."""
        await self._server.serve([self._socket])

    async def stop(self, serving: asyncio.Task[None]) -> None:
        """Stop serving; open connections have a second to end."""
        self._server.should_exit = True
        done, _ = await asyncio.wait({serving}, timeout=2)
        if not done:
            self._server.force_exit = True
            serving.cancel()
        with suppress(asyncio.CancelledError):
            if done and (error := serving.exception()) is not None:
                logger.error("the server failed: {!r}", error)

    async def meet(self, socket: RoomSocket) -> None:
        """Hand a connection to the room, when there is one yet."""
        await socket.accept()
        if self._room is None:
            await socket.leave(CloseCode.NOT_READY, "the interviewer is not ready yet")
            return
        await self._room.meet(socket)

    async def _alive(self, _request: Request) -> Response:
        return PlainTextResponse("ok")

    async def _ready(self, _request: Request) -> Response:
        return PlainTextResponse(
            "ready" if self._health.ready else "not in the room", 200 if self._health.ready else 503
        )


class _WebSocketEndpoint:
    """An ASGI application, not a function, so that the socket can be of our own class."""

    def __init__(self, server: HttpServer) -> None:
        self._server = server

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._server.meet(RoomSocket(scope, receive, send))


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: the bot has its own."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

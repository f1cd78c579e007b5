"""The relay where a candidate's network dies: an ASGI server that says so late, and a real connection to a bot."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import pytest
from parley_api import relay
from starlette.websockets import WebSocket
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


async def _stuck(_message: MutableMapping[str, Any]) -> None:
    """The buffer is full, and nobody takes anything out of it."""
    await asyncio.Event().wait()


async def _given_up(_message: MutableMapping[str, Any]) -> None:
    """The pong was missed: uvicorn has closed, and the kernel does not know yet."""
    raise RuntimeError("Unexpected ASGI message 'websocket.send', after sending 'websocket.close'.")


def _candidate(send: Send) -> WebSocket:
    """A candidate's connection of which nothing more is heard, once it is open."""
    heard = asyncio.Queue[MutableMapping[str, Any]]()
    heard.put_nowait({"type": "websocket.connect"})

    async def send_once_open(message: MutableMapping[str, Any]) -> None:
        if message["type"] != "websocket.accept":
            await send(message)

    return WebSocket({"type": "websocket", "headers": []}, heard.get, send_once_open)


@pytest.mark.parametrize("send", [_stuck, _given_up])
@pytest.mark.parametrize("bot_leaves", [False, True])
async def test_a_lost_candidate_does_not_hold_the_bot(
    send: Send, bot_leaves: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "SEND_SECONDS", 0.1)
    monkeypatch.setattr(relay, "CLOSE_SECONDS", 0.1)
    closed = asyncio.get_running_loop().create_future()

    async def talk(connection: ServerConnection) -> None:
        if bot_leaves:
            await connection.close(4410)
        else:
            await connection.send(b"sound")
        await connection.wait_closed()
        closed.set_result(connection.close_code)

    async with serve(talk, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        candidate = _candidate(send)
        await candidate.accept()
        async with asyncio.timeout(10):
            await relay._pump(candidate, await connect(f"ws://127.0.0.1:{port}", proxy=None))
            assert await closed == (4410 if bot_leaves else 1001)

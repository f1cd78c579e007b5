"""A WebSocket that is closed once, with the code that its room has chosen, whoever closes it first."""

import asyncio
from enum import IntEnum

from loguru import logger
from starlette.websockets import WebSocket, WebSocketState

_CLOSE_SECONDS = 0.5


class CloseCode(IntEnum):
    """Why a connection ends; the page explains it by this code."""

    OVER = 1000
    GOING_AWAY = 1001
    BAD_TICKET = 4401
    STALLED = 4408
    TICKET_USED = 4409
    SECOND_TAB = 4410
    NOT_READY = 4503


class RoomSocket(WebSocket):
    """pipecat closes its socket with a plain 1000 at every end; here the room's own code and reason win."""

    _farewell: tuple[int, str] | None = None
    _closed = False

    def say_farewell(self, code: CloseCode, reason: str) -> None:
        """Settle how the socket will be closed."""
        self._farewell = self._farewell or (code, reason)

    async def leave(self, code: CloseCode, reason: str) -> None:
        """Close with this code and reason."""
        self.say_farewell(code, reason)
        await self.close()

    async def close(self, code: int = CloseCode.OVER, reason: str | None = None) -> None:
        """Close, unless either side has closed already."""
        if self._closed or self.application_state is not WebSocketState.CONNECTED:
            return
        self._closed = True
        if self._farewell is not None:
            code, reason = self._farewell
        # Bounded: a peer that is gone never answers, and uvicorn would wait for it.
        closing = asyncio.ensure_future(super().close(code, reason))
        closing.add_done_callback(_log_failure)
        await asyncio.wait({closing}, timeout=_CLOSE_SECONDS)


def _log_failure(closing: asyncio.Future[None]) -> None:
    if not closing.cancelled() and (error := closing.exception()) is not None:
        logger.debug("closing the candidate's socket: {!r}", error)

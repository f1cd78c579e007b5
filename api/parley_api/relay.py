"""The WebSocket room's way in: `/rooms/{uid}/ws` relays a candidate's browser to the bot's pod, one TCP port for all.

The ticket is checked here (a forged one reaches neither the cluster's API nor a bot) and burned by the bot, which alone
sees every connection. The relay holds at most a few messages each way: a slow side slows the other one down.
"""

import asyncio
import logging
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, WebSocket
from parley_crds import Interview
from parley_protocol.socket import BOT_PORT, MAX_MESSAGE_BYTES
from parley_protocol.tickets import TicketError, TicketMismatch, verify_ticket
from parley_rooms.links import ticket_key
from starlette.websockets import WebSocketDisconnect
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from parley_api.bot_pods import BotPod, ready_pod
from parley_api.interviews import read_again, read_interview
from parley_api.kube import KubeError
from parley_api.problems import ProblemError
from parley_api.services import Services, ServicesOf

log = logging.getLogger(__name__)

MAX_QUEUED_MESSAGES = 8
OPEN_SECONDS = 5.0
CLOSE_SECONDS = 2.0
# Sound that waits for longer than this is of no use to the candidate, who connects anew.
SEND_SECONDS = 10.0
# Codes that mark a close without a code and may not be sent (RFC 6455, 7.4.1), and what they mean to the other side.
NO_CODE, ABNORMAL = 1005, 1006
NORMAL, GOING_AWAY, BROKEN = 1000, 1001, 1011

# Codes of our own, as the bot gives them too.
TICKET_INVALID, NOT_READY = 4401, 4503
AGAIN = "ask to connect again"

relay_router = APIRouter()


class _RefusedError(Exception):
    """The room stays shut. A browser can't read an HTTP refusal, so it is told by a close code after the handshake."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@relay_router.websocket("/rooms/{uid}/ws")
async def relay(
    websocket: WebSocket, uid: str, services: ServicesOf, token: Annotated[str, Query(max_length=2048)] = ""
) -> None:
    """Check Origin and ticket, connect to the bot, then pump until either side ends."""
    _require_known_origin(websocket, services)
    try:
        bot = await _bot_for(services, uid, token)
    except _RefusedError as refused:
        await websocket.accept()
        await websocket.close(refused.code, refused.reason)
        return
    try:
        await websocket.accept()
        await _pump(websocket, bot)
    finally:
        await bot.close()


async def _bot_for(services: Services, uid: str, token: str) -> ClientConnection:
    """A connection to the bot that this ticket is for. Raises _RefusedError."""
    try:
        interview = await _admitted(services, uid, token)
        pod = await ready_pod(services.kube, services.settings.bots_namespace, interview)
    except (KubeError, ProblemError) as error:
        log.warning("a room can't be opened: %s", error)
        raise _RefusedError(NOT_READY, f"the room can't be opened now; {AGAIN}") from error
    if pod is None:
        raise _RefusedError(NOT_READY, f"the interviewer is not in the room now; {AGAIN}")
    return await _connect_to(pod, token)


def _require_known_origin(websocket: WebSocket, services: Services) -> None:
    """A browser always sends Origin, so another site's page is refused; a program that sends none has the ticket."""
    origin = websocket.headers.get("origin")
    if origin is not None and origin not in services.settings.cors_origins:
        raise ProblemError(403, "origin-refused", f"Pages of {origin} may not open a room here.")


async def _admitted(services: Services, uid: str, token: str) -> Interview:
    """The Interview that the ticket is for; the cache may be a moment behind the attempt, so then the source is asked.

    Raises:
        _RefusedError: the ticket opens nothing, or there is no such interview any more.
        ProblemError: the Interview can't be read.
    """
    document = services.interviews.by_uid(uid)
    keys = [ticket_key(key, uid) for key in services.settings.link_keys]
    for fresh in (False, True):
        if fresh and document is not None:
            document = await read_again(services.kube, document)
        if document is None and not fresh and not services.interviews.fresh:
            raise _RefusedError(NOT_READY, f"the interview can't be looked up now; {AGAIN}")
        if document is None:
            raise _RefusedError(NORMAL, "the interview is no longer there")
        interview = read_interview(document)
        attempts = interview.status.attempts
        try:
            now = datetime.now(UTC).timestamp()
            verify_ticket(keys, token, uid=uid, attempt=attempts.current if attempts else 0, now=now)
        except TicketMismatch:
            continue
        except TicketError as error:
            raise _RefusedError(TICKET_INVALID, f"{error}; {AGAIN}") from None
        return interview
    raise _RefusedError(TICKET_INVALID, f"the ticket is for a former interviewer; {AGAIN}")


async def _connect_to(pod: BotPod, token: str) -> ClientConnection:
    """A connection to the bot.

    Raises:
        _RefusedError: it can't be reached, or takes nobody.
    """
    host = f"[{pod.ip}]" if ":" in pod.ip else pod.ip
    try:
        return await connect(
            f"ws://{host}:{BOT_PORT}/ws?{urlencode({'token': token})}",
            compression=None,
            proxy=None,
            open_timeout=OPEN_SECONDS,
            close_timeout=CLOSE_SECONDS,
            max_size=MAX_MESSAGE_BYTES,
            max_queue=MAX_QUEUED_MESSAGES,
        )
    except (OSError, TimeoutError, InvalidHandshake) as error:
        log.warning("bot %s at %s can't be reached: %s", pod.name, pod.ip, type(error).__name__)
        raise _RefusedError(NOT_READY, f"the interviewer can't be reached now; {AGAIN}") from error


async def _pump(candidate: WebSocket, bot: ClientConnection) -> None:
    """Carry messages both ways until one side ends, and end the other with the same code."""
    async with asyncio.TaskGroup() as group:
        from_candidate = group.create_task(_candidate_to_bot(candidate, bot))
        if await _bot_to_candidate(candidate, bot):
            from_candidate.cancel()


async def _candidate_to_bot(candidate: WebSocket, bot: ClientConnection) -> None:
    """Ends with the candidate's connection, whose code the bot is given, or with the bot's."""
    while True:
        message = await candidate.receive()
        if message["type"] == "websocket.disconnect":
            code = message.get("code") or NO_CODE
            await bot.close({NO_CODE: NORMAL, ABNORMAL: GOING_AWAY}.get(code, code), message.get("reason") or "")
            return
        data = message.get("bytes")
        try:
            await bot.send(data if data is not None else message["text"])
        except ConnectionClosed:
            return  # `_bot_to_candidate` sees the same end and passes its code on


async def _bot_to_candidate(candidate: WebSocket, bot: ClientConnection) -> bool:
    """Ends with the bot's connection, or with the candidate's; False: `_candidate_to_bot` will see its end."""
    try:
        async for data in bot:
            async with asyncio.timeout(SEND_SECONDS):
                await (candidate.send_bytes(data) if isinstance(data, bytes) else candidate.send_text(data))
    except ConnectionClosed as closed:
        log.debug("a bot's connection broke: %s", closed)
    except WebSocketDisconnect:
        return False
    except (RuntimeError, TimeoutError) as lost:
        # The candidate's network is gone: uvicorn missed its pong (RuntimeError), or nothing more fits into the buffer.
        # It may take the kernel a quarter of an hour to say that the connection has ended.
        log.debug("a candidate's connection is lost: %s", type(lost).__name__)
        await bot.close(GOING_AWAY, "the candidate's network is gone")
        return True
    code = bot.close_code or ABNORMAL
    with suppress(WebSocketDisconnect, RuntimeError, TimeoutError):  # the candidate may have gone, too
        async with asyncio.timeout(CLOSE_SECONDS):
            await candidate.close({NO_CODE: NORMAL, ABNORMAL: BROKEN}.get(code, code), bot.close_reason or "")
    return True

"""A room that the bot serves itself: tickets, one candidate at a time, a pipeline for each connection."""

import asyncio
import base64
import time

from loguru import logger
from parley_protocol import FinishReason, WebsocketRoom
from parley_protocol.tickets import Ticket, TicketBook, TicketError, TicketMismatch, TicketUsed, verify_ticket
from pipecat.transports.websocket.fastapi import FastAPIWebsocketParams
from starlette.websockets import WebSocket

from parley_bot.exits import RoomLostError
from parley_bot.interview import Interview
from parley_bot.pipeline.access import ModelAccess
from parley_bot.pipeline.assembly import RoomPipeline
from parley_bot.pipeline.gate import CandidateSerializer
from parley_bot.recording.recorder import Recorder
from parley_bot.server.socket import CloseCode, RoomSocket
from parley_bot.server.transport import RoomTransport

# What the page's player still holds when the last sound has left us.
_LAST_WORDS_SECONDS = 0.8


class _Connection:
    def __init__(self, socket: RoomSocket, pipeline: RoomPipeline, recorder: Recorder | None) -> None:
        self.socket, self.pipeline, self.recorder = socket, pipeline, recorder
        self.gone = asyncio.Event()


class WebSocketRoom:
    """Lets in who has a ticket. A second tab takes over or is refused, as the template says.

    Args:
        interview: The interview that is held here.
        access: Where the model is.
        grant: The key that tickets are signed with.
    """

    def __init__(self, interview: Interview, access: ModelAccess, grant: WebsocketRoom) -> None:
        self._interview, self._access = interview, access
        self._key = base64.b64decode(grant.ticket_key)
        self._tickets = TicketBook()
        self._current: _Connection | None = None
        self._turnstile = asyncio.Lock()
        self._closed = False

    async def run(self) -> None:
        """Nothing to do but wait: candidates come through the server."""
        await asyncio.wait({self._interview.conversation.done})

    async def meet(self, socket: RoomSocket) -> None:
        """Take an accepted connection; returns when it is over."""
        try:
            ticket = self._admit(socket.query_params.get("token", ""))
        except TicketUsed as error:
            await self._refuse(socket, CloseCode.TICKET_USED, str(error))
            return
        except TicketError as error:
            await self._refuse(socket, CloseCode.BAD_TICKET, str(error))
            return
        async with self._turnstile:
            connection = await self._let_in(socket, record=ticket.record)
        if connection is not None:
            await self._hold(connection)

    async def close(self, reason: FinishReason | None) -> None:
        """Tell the page that it is over and close the connection; without a reason the bot is only going away."""
        self._closed = True
        async with self._turnstile:
            connection = self._current
            if connection is None:
                return
            if reason is None:
                connection.socket.say_farewell(CloseCode.GOING_AWAY, "the interviewer will be back in a moment")
            else:
                silent = self._interview.conversation.session.clock.interviewer_silent(time.monotonic())
                # First: the end may be reported before the last words are played, where the bot has to go.
                self._report_gone(connection)
                await asyncio.sleep(max(0.0, _LAST_WORDS_SECONDS - silent))
                await connection.pipeline.tell_page({"kind": "ended", "reason": reason.value})
                await asyncio.sleep(0.2)
                connection.socket.say_farewell(CloseCode.OVER, reason.value)
            await self._let_go(connection)

    def _admit(self, token: str) -> Ticket:
        assignment, now = self._interview.assignment, time.time()
        ticket = verify_ticket([self._key], token, uid=assignment.interview.uid, attempt=assignment.attempt, now=now)
        self._tickets.burn(ticket, now=now)
        if assignment.plan.recording.required and not ticket.record:
            raise TicketMismatch("this interview is recorded, and the ticket tells of nobody who has agreed to it")
        return ticket

    async def _refuse(self, socket: RoomSocket, code: CloseCode, why: str) -> None:
        logger.bind(code=int(code)).warning("connection refused: {}", why)
        await socket.leave(code, why)

    async def _let_in(self, socket: RoomSocket, *, record: bool) -> _Connection | None:
        if self._closed:
            await self._refuse(socket, CloseCode.OVER, "the interview is over")
            return None
        if (former := self._current) is not None:
            if self._interview.assignment.plan.second_tab == "Refuse":
                await self._refuse(socket, CloseCode.TICKET_USED, "the interview is open in another tab")
                return None
            former.socket.say_farewell(CloseCode.SECOND_TAB, "the interview goes on in another tab")
            await self._let_go(former)
        connection = self._connection(socket, self._interview.recorder if record else None)
        self._current = connection
        return connection

    def _connection(self, socket: RoomSocket, recorder: Recorder | None) -> _Connection:
        interview = self._interview
        serializer = CandidateSerializer(lambda: interview.conversation.leave(pipeline))
        transport = RoomTransport(
            socket, FastAPIWebsocketParams(audio_in_enabled=True, audio_out_enabled=True, serializer=serializer)
        )
        pipeline = RoomPipeline(
            transport,
            interview.conversation,
            interview.assignment.plan,
            self._access,
            interview.said_so_far(),
            recorder=recorder,
            hush=transport.hush,
        )
        connection = _Connection(socket, pipeline, recorder)

        async def disconnected(_transport: object, _socket: WebSocket) -> None:
            connection.gone.set()

        transport.add_event_handler("on_client_disconnected", disconnected)
        return connection

    async def _hold(self, connection: _Connection) -> None:
        """Run the connection's pipeline until the client is gone, was replaced, or has stopped reading."""
        conversation, pipeline = self._interview.conversation, connection.pipeline
        running = pipeline.start()
        conversation.candidate_joined(pipeline)
        if connection.recorder is not None:
            connection.recorder.begin()
        waits = {
            running,
            asyncio.create_task(connection.gone.wait()),
            asyncio.create_task(pipeline.unusable.wait()),
        }
        kick_off = asyncio.create_task(pipeline.begin_late())
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in {kick_off, *waits} - {running}:
                task.cancel()
            if pipeline.unusable.is_set():
                connection.socket.say_farewell(CloseCode.STALLED, "the connection has stopped taking sound")
            if pipeline.has_failed:
                connection.socket.say_farewell(CloseCode.GOING_AWAY, "the interviewer will be back in a moment")
                conversation.fail(RoomLostError("the candidate's pipeline ended by itself"))
            await self._let_go(connection)

    async def _let_go(self, connection: _Connection) -> None:
        """End a connection's pipeline and say that the candidate is gone from it. Safe to repeat."""
        if self._current is connection:
            self._current = None
        self._report_gone(connection)
        if connection.recorder is not None:
            connection.recorder.cut()
        await connection.socket.close()
        await connection.pipeline.stop("connection over")

    def _report_gone(self, connection: _Connection) -> None:
        """Report what was said on the connection, and that the candidate is gone from it. Safe to repeat."""
        connection.pipeline.flush()
        self._interview.conversation.candidate_left(connection.pipeline)

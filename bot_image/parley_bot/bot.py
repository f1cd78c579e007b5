"""One bot, one interview: from the assignment to the last acknowledged event."""

import asyncio
import signal
import time
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Protocol

from loguru import logger
from parley_protocol import FinishReason, WebsocketRoom

from parley_bot.exits import BotError, ExitCode, ModelRefusedError, TerminatedError
from parley_bot.interview import Interview, prepare
from parley_bot.logs import identify
from parley_bot.reporter import ApiClient
from parley_bot.server.health import Health
from parley_bot.server.http import HttpServer
from parley_bot.settings import Settings
from parley_bot.trust import trust_private_ca
from parley_bot.warmup import Warmup

if TYPE_CHECKING:
    from parley_bot.pipeline.access import ModelAccess

_TERM_SECONDS = 2.0


class Room(Protocol):
    """Where the candidate is met."""

    async def run(self) -> None:
        """Meet the candidate, again after a lost connection, until the conversation is over."""

    async def close(self, reason: FinishReason | None) -> None:
        """Tell the page and let everybody go; None when the bot itself is told to go."""


class Bot:
    """Runs one interview, and makes sure that it ends.

    Args:
        settings: The bot's settings.
        started: When the process began, of the monotonic clock: for the figures of the start.
    """

    def __init__(self, settings: Settings, started: float) -> None:
        self._settings, self._started = settings, started
        self._health = Health()
        self._terminated = asyncio.Event()
        self._http = HttpServer(settings.host, settings.port, self._health)

    async def run(self) -> ExitCode:
        """Hold the interview; the answer is the exit code."""
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._terminated.set)
        bundle = trust_private_ca(self._settings.ca_file)
        warmup = Warmup()
        client = ApiClient(str(self._settings.api_url), self._settings.token_file, bundle)
        serving = asyncio.create_task(self._http.serve(), name="http")
        try:
            return await self._hold(client, warmup)
        except BotError as error:
            logger.bind(exit_code=int(error.exit_code)).error("{}", error)
            return error.exit_code
        finally:
            await self._http.stop(serving)
            await client.close()

    async def _hold(self, client: ApiClient, warmup: Warmup) -> ExitCode:
        assignment = await self._unless_terminated(client.assignment(self._settings.assignment_timeout_seconds))
        identify(assignment.interview.uid, assignment.attempt)
        assigned = time.monotonic()
        interview = prepare(assignment, client, self._settings.spool_dir)
        reporting = asyncio.create_task(interview.reporter.run(), name="reporter")
        try:
            await self._unless_terminated(warmup.done())
            imported = time.monotonic()
            room = await self._enter(interview)
            logger.bind(
                assignment_ms=round((assigned - self._started) * 1000),
                pipecat_import_ms=round(warmup.seconds * 1000),
                waited_for_import_ms=round((imported - assigned) * 1000),
                model_and_room_ms=round((time.monotonic() - imported) * 1000),
                ready_ms=round((time.monotonic() - self._started) * 1000),
            ).info("in the room")
            return await self._converse(interview, room, reporting)
        except TerminatedError:
            return await self._leave(interview)
        except ModelRefusedError as error:
            logger.error("{}", error)
            await self._finish(interview, FinishReason.TECHNICAL_FAULT)
            return error.exit_code
        finally:
            reporting.cancel()
            await asyncio.wait({reporting}, timeout=1)

    async def _enter(self, interview: Interview) -> Room:
        """Check the model, get into the room, and say so.

        Raises:
            ModelRefusedError: the model can't be had.
            RoomNotJoinedError: the room can't be joined.
        """
        # Imported in the background until here: `Warmup`.
        from parley_bot.pipeline.access import ModelAccess, check_model

        plan = interview.assignment.plan
        endpoint = self._settings.model_endpoint
        access = ModelAccess(
            plan.model.region or self._settings.aws_region,
            str(endpoint).rstrip("/") if endpoint else None,
            self._settings.model_rotate_seconds,
        )
        room, entering = self._room(interview, access)
        await self._unless_terminated(asyncio.gather(check_model(access, plan.model), entering))
        self._health.ready = True
        interview.conversation.bot("joined")
        return room

    def _room(self, interview: Interview, access: "ModelAccess") -> tuple[Room, Awaitable[None]]:
        """The room of the assignment, and what is to be awaited to be in it."""
        grant = interview.assignment.room
        if isinstance(grant, WebsocketRoom):
            from parley_bot.server.websocket_room import WebSocketRoom

            served = WebSocketRoom(interview, access, grant)
            self._http.serve_room(served)
            return served, asyncio.sleep(0)
        from parley_bot.server.daily_room import DailyRoom

        daily = DailyRoom(interview, access, grant, self._settings.join_timeout_seconds)
        return daily, daily.join()

    async def _converse(self, interview: Interview, room: Room, reporting: asyncio.Task[None]) -> ExitCode:
        """Run until the conversation is over, the API refuses, or the pod is to go."""
        conversation = interview.conversation
        own = {
            asyncio.create_task(room.run(), name="room"),
            asyncio.create_task(conversation.run(), name="clock"),
        }
        going = asyncio.create_task(self._terminated.wait(), name="terminated")
        try:
            await asyncio.wait({*own, going, reporting}, return_when=asyncio.FIRST_COMPLETED)
            self._health.ready = False
            if reporting.done() and (refusal := reporting.exception()) is not None:
                await room.close(None)
                raise refusal
            _end_on_failure(interview, own)
            if not conversation.done.done():
                return await self._leave(interview, room)
            reason = conversation.done.result()
            await room.close(reason)
            conversation.bot("left")
            if not await self._finish(interview, reason):
                return ExitCode.NOT_REPORTED
            return ExitCode.MODEL_REFUSED if conversation.model_lost else ExitCode.FINISHED
        finally:
            for task in {*own, going}:
                task.cancel()
            await asyncio.wait({*own, going}, timeout=1)

    async def _finish(self, interview: Interview, reason: FinishReason) -> bool:
        """Report the end, as soon as everything before it is stored; the pod's end shortens the wait."""
        if await interview.reporter.finish(reason, self._settings.report_timeout_seconds):
            logger.bind(reason=reason.value, events=interview.reporter.last).info("finished")
            return True
        logger.error("the API did not acknowledge everything; the spool is kept")
        return False

    async def _leave(self, interview: Interview, room: Room | None = None) -> ExitCode:
        """The pod is to go: say so and flush what there is. The operator replaces this bot; the interview goes on."""
        if room is not None:
            # What is said of the candidate's leaving is said at its beginning; a pipeline that hangs ends with us.
            await asyncio.wait({asyncio.create_task(room.close(None))}, timeout=0.7)
        interview.conversation.bot("left")
        drained = await interview.reporter.drained(_TERM_SECONDS)
        logger.bind(drained=drained).info("terminated")
        return ExitCode.TERMINATED

    async def _unless_terminated[T](self, work: Awaitable[T]) -> T:
        """The result of `work`.

        Raises:
            TerminatedError: the bot was told to stop first.
        """
        task = asyncio.ensure_future(work)
        going = asyncio.create_task(self._terminated.wait())
        try:
            await asyncio.wait({task, going}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                task.cancel()
                raise TerminatedError("told to stop")
            return task.result()
        finally:
            going.cancel()


def _end_on_failure(interview: Interview, tasks: set[asyncio.Task[None]]) -> None:
    """A task of ours that failed ends the conversation as a technical fault, told in the log."""
    for task in tasks:
        if task.done() and not task.cancelled() and (error := task.exception()) is not None:
            logger.opt(exception=error).error("the conversation failed")
            interview.conversation.end(FinishReason.TECHNICAL_FAULT)

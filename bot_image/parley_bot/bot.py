"""One bot, one interview: from the assignment to the last acknowledged event."""

import asyncio
import signal
import time
from collections.abc import Awaitable, Coroutine
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from loguru import logger
from parley_protocol import FinishReason, WebsocketRoom
from parley_protocol.exits import ExitCode

from parley_bot.exits import ApiUnavailableError, BotError, FaultError, TerminatedError
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

# Told to go, a bot has the pod's grace (10 s) for everything.
_TERM_SECONDS = 2.0
_GOING_SECONDS = 0.7
_STOP_SECONDS = 8.0


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
        """Hold the interview; the answer is the exit code.

        Raises:
            OSError: the port is taken.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._terminated.set)
        self._http.bind()
        bundle = trust_private_ca(self._settings.ca_file)
        warmup = Warmup()
        client = ApiClient(str(self._settings.api_url), self._settings.token_file, bundle)
        serving = asyncio.create_task(self._http.serve(), name="http")
        try:
            return await self._hold(client, warmup, serving)
        except BotError as error:
            logger.bind(exit_code=int(error.exit_code)).error("{}", error)
            return error.exit_code
        finally:
            await self._http.stop(serving)
            await client.close()

    async def _hold(self, client: ApiClient, warmup: Warmup, serving: asyncio.Task[None]) -> ExitCode:
        assignment = await self._unless_terminated(client.assignment(self._settings.assignment_timeout_seconds))
        identify(assignment.interview.uid, assignment.attempt)
        assigned = time.monotonic()
        interview = prepare(assignment, client)
        reporting = asyncio.create_task(interview.reporter.run(), name="reporter")
        keeping: asyncio.Task[None] | None = None
        recording: asyncio.Task[None] | None = None
        try:
            await self._unless_terminated(warmup.done())
            if not isinstance(assignment.room, WebsocketRoom):
                await self._unless_terminated(warmup.daily())
            imported = time.monotonic()
            if (recorder := interview.record(client)) is not None:
                recording = asyncio.create_task(recorder.run(), name="recording")
            access = self._access(interview)
            room = await self._enter(interview, access)
            keeping = asyncio.create_task(access.credentials.keep_fresh(), name="credentials")
            logger.bind(
                assignment_ms=round((assigned - self._started) * 1000),
                pipecat_import_ms=round(warmup.seconds * 1000),
                waited_for_import_ms=round((imported - assigned) * 1000),
                model_and_room_ms=round((time.monotonic() - imported) * 1000),
                ready_ms=round((time.monotonic() - self._started) * 1000),
            ).info("in the room")
            return await self._converse(interview, room, {reporting, serving})
        except BotError as error:
            await self._say_goodbye(interview, error)
            raise
        finally:
            await _end({reporting, keeping, recording})

    def _access(self, interview: Interview) -> "ModelAccess":
        # Imported in the background until here: `Warmup`.
        from parley_bot.pipeline.access import ModelAccess

        plan, endpoint = interview.assignment.plan, self._settings.model_endpoint
        return ModelAccess(
            plan.model.region or self._settings.aws_region,
            str(endpoint).rstrip("/") if endpoint else None,
            self._settings.model_rotate_seconds,
        )

    async def _enter(self, interview: Interview, access: "ModelAccess") -> Room:
        """Check the model, get into the room, and say so.

        Raises:
            ModelRefusedError: the model can't be had.
            RoomNotJoinedError: the room can't be joined.
        """
        from parley_bot.pipeline.access import check_model

        room, entering = self._room(interview, access)
        joining = asyncio.ensure_future(entering)
        try:
            await self._unless_terminated(check_model(access, interview.assignment.plan.model))
            await self._unless_terminated(joining)
        except BotError:
            joining.cancel()
            await asyncio.wait({joining}, timeout=_STOP_SECONDS)
            await self._close(room, None)
            raise
        self._health.ready = True
        interview.conversation.bot_joined()
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

    async def _converse(self, interview: Interview, room: Room, background: set[asyncio.Task[None]]) -> ExitCode:
        """Run until the conversation is over.

        Raises:
            BotError: it is not, but this bot can't go on: told to go, refused by the API, without model or room.
        """
        conversation = interview.conversation
        own = {
            asyncio.create_task(room.run(), name="room"),
            asyncio.create_task(conversation.run(), name="clock"),
        }
        going = asyncio.create_task(self._terminated.wait(), name="terminated")
        try:
            await asyncio.wait({*own, *background, going}, return_when=asyncio.FIRST_COMPLETED)
            self._health.ready = False
            failure = _failure({*own, *background}) or (TerminatedError("told to stop") if going.done() else None)
            if failure is not None:
                conversation.fail(failure)
            # What the page is told of the end comes before its connection ends; without an end, the bot just goes.
            await self._close(room, None if conversation.done.exception() else conversation.done.result())
            reason = conversation.done.result()
            conversation.bot_left()
            await self._patiently(self._finish(interview, reason))
        finally:
            await _end({*own, going})
        return ExitCode.FINISHED

    async def _finish(self, interview: Interview, reason: FinishReason) -> None:
        """Report the end, as soon as everything before it is stored, the recording too: at the end it is put together.

        Raises:
            ApiUnavailableError: the API has not acknowledged everything in time.
            ApiRefusedError: the API does not take it.
        """
        seconds = self._settings.report_timeout_seconds
        began = time.monotonic()
        if interview.recorder is not None:
            await interview.recorder.close(seconds / 2)
        if not await interview.reporter.finish(reason, seconds - (time.monotonic() - began)):
            raise ApiUnavailableError("the API did not acknowledge everything")
        logger.bind(reason=reason.value, events=interview.reporter.last).info("finished")

    async def _say_goodbye(self, interview: Interview, error: BotError) -> None:
        """This bot goes and the interview goes on with the next: report what there is, within the pod's grace."""
        interview.conversation.bot_left()
        if isinstance(error, ApiUnavailableError):
            return  # that was waited for already
        drained = False
        with suppress(TerminatedError):
            drained = await self._patiently(_hand_over(interview, self._settings.report_timeout_seconds))
        logger.bind(drained=drained).info("the interview is left to the next bot")

    async def _close(self, room: Room, reason: FinishReason | None) -> None:
        """Close the room. Where that fails, the end is reported all the same."""
        closing = asyncio.create_task(room.close(reason), name="closing")
        # What is said of the bot's going is said at the beginning; a pipeline that hangs ends with the process.
        await asyncio.wait({closing}, timeout=_GOING_SECONDS if self._terminated.is_set() else _STOP_SECONDS)
        if closing.done() and (error := closing.exception()) is not None:
            logger.opt(exception=error).error("the room could not be closed")

    async def _patiently[T](self, work: Coroutine[Any, Any, T]) -> T:
        """The result of `work`, which has a moment still when the bot is told to stop.

        Raises:
            TerminatedError: it took longer.
        """
        task = asyncio.create_task(work)
        going = asyncio.create_task(self._terminated.wait())
        try:
            await asyncio.wait({task, going}, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait({task}, timeout=_TERM_SECONDS)
            if not task.done():
                task.cancel()
                raise TerminatedError("told to stop")
            return task.result()
        finally:
            going.cancel()

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


def _failure(tasks: set[asyncio.Task[None]]) -> BotError | None:
    """What has failed of the tasks that are to last as long as the conversation; its story is in the log."""
    for task in tasks:
        if not task.done() or task.cancelled():
            continue
        error = task.exception()
        if isinstance(error, BotError):
            return error
        if error is not None:
            logger.opt(exception=error).error("the conversation failed")
            return FaultError(f"{task.get_name()} failed: {type(error).__name__}")
        if task.get_name() == "http":
            return FaultError("the server has ended")
    return None


async def _hand_over(interview: Interview, timeout: float) -> bool:  # noqa: ASYNC109 - False is an answer, not an error
    """Wait until the API has what there is; False where that takes longer than `timeout` seconds."""
    recorded = asyncio.sleep(0, True) if interview.recorder is None else interview.recorder.close(timeout)
    return all(await asyncio.gather(interview.reporter.drained(timeout), recorded))


async def _end(tasks: set[asyncio.Task[Any] | None]) -> None:
    running = {task for task in tasks if task is not None}
    for task in running:
        task.cancel()
    if running:
        await asyncio.wait(running, timeout=1)

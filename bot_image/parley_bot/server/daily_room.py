"""A Daily room that the bot joins with a token minted for it."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from loguru import logger
from parley_protocol import DailyRoom as DailyGrant
from parley_protocol import FinishReason
from pipecat.transports.daily.transport import DailyOutputTransport, DailyParams, DailyTransport

from parley_bot.exits import RoomLostError, RoomNotJoinedError
from parley_bot.interview import Interview
from parley_bot.pipeline.access import ModelAccess
from parley_bot.pipeline.assembly import RoomPipeline
from parley_bot.server.hush import HushedOutput

_LAST_WORDS_SECONDS = 1.0
_LEAVE_SECONDS = 2.0
# Daily is asked to record as the candidate asks to come in; what it has not told of by then is not taken for granted.
_RECORDED_SECONDS = 15.0
# What the candidate's token says of who they are (parley_rooms.provider.user_id).
_CANDIDATE = "candidate"


class DailyOutput(HushedOutput, DailyOutputTransport):
    """Sound for Daily's microphone, which has no more of it than a chunk of 40 ms ahead."""


class HushedDailyTransport(DailyTransport):
    """pipecat's transport, with a way to hush it."""

    def __init__(self, room_url: str, token: str, name: str, params: DailyParams) -> None:
        super().__init__(room_url, token, name, params)
        self._output: DailyOutput = DailyOutput(self, self._client, params, name=self._output_name)

    def hush(self, silent: bool) -> None:
        """Have the interviewer fall silent at once, or go on where it did."""
        self._output.hush(silent)

    async def leave(self) -> None:
        """Leave the call, which both ends of the pipeline hold: what they let go themselves later does nothing.

        Raises:
            TimeoutError: Daily's client has not left in time.
        """
        async with asyncio.timeout(_LEAVE_SECONDS):
            for _ in ("input", "output"):
                await self._client.leave()


class DailyRoom:
    """One pipeline for the whole interview: Daily itself holds the room through the candidate's reconnects.

    Args:
        interview: The interview that is held here.
        access: Where the model is.
        grant: Room and token.
        join_seconds: How long joining may take.
    """

    def __init__(self, interview: Interview, access: ModelAccess, grant: DailyGrant, join_seconds: float) -> None:
        self._interview, self._join_seconds = interview, join_seconds
        plan = interview.assignment.plan
        params = DailyParams(audio_in_enabled=True, audio_out_enabled=True, camera_out_enabled=False)
        self.transport = HushedDailyTransport(grant.room_url, grant.token, plan.interviewer.name, params)
        self.pipeline = RoomPipeline(
            self.transport,
            interview.conversation,
            plan,
            access,
            interview.said_so_far(),
            connect_at_once=False,
            hush=self.transport.hush,
        )
        self._joined: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pipeline_run: asyncio.Task[None] | None = None
        self._candidate: str | None = None
        # What goes on for as long as the candidate is there.
        self._beside: list[asyncio.Task[None]] = []
        # Nothing says that Daily tells a bot that comes later of a recording that runs already.
        self._sees_recording_begin = plan.recording.required and not interview.timeline.started
        self._closing = False
        for name, handler in {
            "on_joined": self._on_joined,
            "on_left": self._on_left,
            "on_error": self._on_error,
            "on_participant_joined": self._on_participant_joined,
            "on_participant_left": self._on_participant_left,
            "on_recording_started": self._on_recording_started,
            "on_recording_stopped": self._on_recording_stopped,
            "on_recording_error": self._on_recording_error,
        }.items():
            self.transport.add_event_handler(name, handler)

    async def join(self) -> None:
        """Get into the room.

        Raises:
            RoomNotJoinedError: Daily refused, or did not answer in time.
        """
        self._pipeline_run = self.pipeline.start()
        try:
            await self.joined()
        except (RoomNotJoinedError, asyncio.CancelledError):
            self._closing = True
            await self.pipeline.stop("the room was not joined")
            raise

    async def joined(self) -> None:
        """Wait until Daily has let the bot in.

        Raises:
            RoomNotJoinedError: Daily refused, or did not answer in time.
        """
        await asyncio.wait({self._joined}, timeout=self._join_seconds)
        if (failure := self._why_not_joined()) is not None:
            raise failure

    def _why_not_joined(self) -> RoomNotJoinedError | None:
        if not self._joined.done():
            return RoomNotJoinedError(f"the room was not joined within {self._join_seconds:.0f} s")
        error = self._joined.exception()
        return RoomNotJoinedError(str(error)) if error is not None else None

    async def run(self) -> None:
        """Wait for the end: the candidate's comings and goings are events."""
        waits: set[asyncio.Future[Any]] = {self._interview.conversation.done}
        if self._pipeline_run is not None:
            waits.add(self._pipeline_run)
        stalled = asyncio.create_task(self.pipeline.unusable.wait())
        try:
            await asyncio.wait({*waits, stalled}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stalled.cancel()
        if self.pipeline.unusable.is_set():
            self._interview.conversation.fail(RoomLostError("the room has stopped taking sound"))
        if self.pipeline.has_failed:
            self._interview.conversation.fail(RoomLostError("the room's pipeline ended by itself"))

    async def close(self, reason: FinishReason | None) -> None:
        """Tell the page that it is over, and leave the room."""
        silent = self._interview.conversation.session.clock.interviewer_silent(time.monotonic())
        # First: the end may be reported before the last words are played, where the bot has to go.
        self.pipeline.flush()
        self._interview.conversation.candidate_left(self.pipeline)
        if reason is not None and self._candidate is not None:
            await asyncio.sleep(max(0.0, _LAST_WORDS_SECONDS - silent))
            await self.pipeline.tell_page({"kind": "ended", "reason": reason.value})
            await asyncio.sleep(0.3)
        self._closing = True
        self._cease()
        try:
            # Before the pipeline would: it ends when the model's session has, and one that hangs never leaves.
            await self.transport.leave()
        finally:
            await self.pipeline.stop("the conversation is over")

    async def _on_joined(self, _transport: object, _data: Mapping[str, Any]) -> None:
        if not self._joined.done():
            self._joined.set_result(None)

    async def _on_error(self, _transport: object, error: str) -> None:
        """Before the room is joined, this is its end; pipecat itself would go on waiting."""
        if not self._joined.done():
            self._joined.set_exception(RoomNotJoinedError(error))
        elif not self._closing:
            self._interview.conversation.fail(RoomLostError(f"the room failed: {error}"))

    async def _on_left(self, _transport: object) -> None:
        if not self._closing and self._joined.done():
            self._interview.conversation.fail(RoomLostError("the bot was put out of the room"))

    async def _on_participant_joined(self, _transport: object, participant: Mapping[str, Any]) -> None:
        """The candidate comes, or comes back. A former bot that Daily has not missed yet is nobody to talk to."""
        if self._candidate is not None or participant.get("info", {}).get("userId") != _CANDIDATE:
            return
        self._candidate = str(participant["id"])
        self._interview.conversation.candidate_joined(self.pipeline)
        self.pipeline.expect_client()
        self._beside = [asyncio.create_task(self.pipeline.begin_late(), name="begin-late")]
        if self._sees_recording_begin:
            self._beside.append(asyncio.create_task(self._require_recording(), name="require-recording"))

    async def _on_participant_left(self, _transport: object, participant: Mapping[str, Any], reason: str) -> None:
        if str(participant["id"]) != self._candidate:
            return
        self._candidate = None
        self._cease()
        logger.bind(reason=reason).info("participant left")
        self.pipeline.flush()
        self._interview.conversation.candidate_left(self.pipeline)
        await self.pipeline.part()

    def _cease(self) -> None:
        """Nobody is there any more for whom something goes on."""
        for task in self._beside:
            task.cancel()

    # The room records, not the bot: an interview ends because its recording does only where that is required.

    async def _on_recording_started(self, _transport: object, status: Mapping[str, Any]) -> None:
        logger.bind(stream=status.get("streamId")).info("recording started")
        self.pipeline.recorded_by_room = True
        self._interview.conversation.tell_recording(on=True)

    async def _on_recording_stopped(self, _transport: object, stream: str) -> None:
        logger.bind(stream=stream).info("recording stopped")
        self._recorded_no_more()

    async def _on_recording_error(self, _transport: object, stream: str, message: str) -> None:
        logger.bind(stream=stream).error("recording failed: {}", message)
        self._recorded_no_more()

    def _recorded_no_more(self) -> None:
        """Whoever ended it: where it is required, nobody talks on unrecorded. A room that is left needs it no more."""
        self.pipeline.recorded_by_room = False
        self._interview.conversation.tell_recording(on=False)
        self._end_unrecorded()

    async def _require_recording(self) -> None:
        """End an interview that has to be recorded and of whose recording Daily does not tell."""
        await asyncio.sleep(_RECORDED_SECONDS)
        if not self.pipeline.recorded_by_room:
            logger.error("the room is not recorded: Daily has told of no recording")
            self._end_unrecorded()

    def _end_unrecorded(self) -> None:
        if self._interview.assignment.plan.recording.required and not self._closing:
            self._interview.conversation.end(FinishReason.RECORDING_FAILED)

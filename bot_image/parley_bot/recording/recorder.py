"""Records one interview: from the tape through the encoder into parts, and those to the API until it has them."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from loguru import logger

from parley_bot.exits import ApiRefusedError, ApiUnavailableError
from parley_bot.recording.encoder import OggOpus
from parley_bot.recording.parts import Cutter, Part, Spool
from parley_bot.recording.tape import Tape
from parley_bot.reporter import ApiClient
from parley_bot.reporter.pauses import Pauses
from parley_bot.timeline import Timeline

_TAKE_SECONDS = 1.0


class Recorder:
    """Takes sound in without ever waiting or failing: encoder and network are the affair of `run`.

    From the first connection that is recorded on, the time without one is silence: one bot makes one stream.

    Args:
        client: The API.
        attempt: This bot's attempt.
        timeline: The interview's time.
        on_failure: Called when something of the recording is lost: at its first gap, and where it ends too early
            (`failed`).
    """

    def __init__(self, client: ApiClient, attempt: int, timeline: Timeline, on_failure: Callable[[], None]) -> None:
        self._client, self._attempt, self._timeline = client, attempt, timeline
        self._on_failure = on_failure
        self._tape: Tape | None = None
        self._cutter: Cutter | None = None
        self._encoder: OggOpus | None = None
        self._spool, self._pauses = Spool(), Pauses()
        self._work, self._progress = asyncio.Event(), asyncio.Event()
        self._pool = ThreadPoolExecutor(1, "recording")
        self._taking = asyncio.Lock()
        self._closed = self._refused = self._told = self.failed = False

    @property
    def on(self) -> bool:
        """Whether it records."""
        return self._tape is not None and not self._closed and not self.failed

    # The room

    def begin(self) -> None:
        """A candidate who has agreed is in the room, and the interview's time runs. Again: it goes on."""
        if self._tape is None and not self._closed:
            now = time.monotonic()
            self._tape, self._cutter = Tape(now), Cutter(self._timeline.ms(now))
            logger.info("recording")

    def heard(self, audio: bytes) -> None:
        """Sound of the candidate's has come."""
        self._put(lambda tape, now: tape.heard(audio, now))

    def played(self, audio: bytes) -> None:
        """Sound of the interviewer's has gone out."""
        self._put(lambda tape, now: tape.played(audio, now))

    def cut(self) -> None:
        """What has gone out and was not played yet is not played any more."""
        self._put(lambda tape, now: tape.cut(now))

    def _put(self, put: Callable[[Tape, float], None]) -> None:
        if self._tape is None or not self.on:
            return
        try:
            put(self._tape, time.monotonic())
        except Exception as error:  # noqa: BLE001 - a recording is never worth the conversation
            self._fail(f"its sound could not be taken: {error}")

    # The work

    async def run(self) -> None:
        """Encode and send until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._take_all_the_time(), name="recording-tape")
                group.create_task(self._send(), name="recording-parts")
        except ExceptionGroup as error:
            logger.opt(exception=error).error("the recorder crashed")
            self._give_up("the recorder crashed")

    async def close(self, timeout: float) -> bool:  # noqa: ASYNC109 - False is an answer here, not an error
        """End the stream and wait until the API has it, for `timeout` seconds; whether it has all that is left."""
        await self._take(last=True)
        self._pauses.hurry()
        try:
            async with asyncio.timeout(timeout):
                while len(self._spool) and not self._refused:
                    self._progress.clear()
                    await self._progress.wait()
        except TimeoutError:
            logger.error("{} parts of the recording have not reached the API", len(self._spool))
            return False
        return not self._refused

    async def _take_all_the_time(self) -> None:
        while True:
            await asyncio.sleep(_TAKE_SECONDS)
            await self._take()

    async def _take(self, *, last: bool = False) -> None:
        """Encode what is certain by now, or all there is."""
        async with self._taking:
            if self._tape is None or self._cutter is None or not self.on:
                return
            self._closed = last
            now = time.monotonic()
            block = self._tape.take_all(now) if last else self._tape.take(now)
            try:
                loop = asyncio.get_running_loop()
                if self._encoder is None:
                    self._encoder = await loop.run_in_executor(self._pool, OggOpus)
                work = self._encoder.close if last else self._encoder.write
                data = await loop.run_in_executor(self._pool, work, block)
                parts = self._cutter.add(data) + (self._cutter.rest() if last else [])
            except Exception as error:  # noqa: BLE001 - as above
                self._fail(f"it could not be encoded: {type(error).__name__} {error}")
                return
            for part in parts:
                self._keep(part)

    def _keep(self, part: Part) -> None:
        if self._spool.add(part):
            self._fail("the API is away for too long, and the oldest of it had to go", goes_on=True)
        self._work.set()

    async def _send(self) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            while (part := self._spool.next) is not None:
                try:
                    await self._client.send_recording(self._attempt, part)
                except ApiUnavailableError as error:
                    logger.warning("part {} of the recording not acknowledged: {}", part.number, error)
                    await self._pauses.after_failure()
                except ApiRefusedError as error:
                    self._give_up(f"the API does not take it: {error}")
                    return
                else:
                    self._pauses.worked()
                    self._spool.sent(part)
                self._progress.set()

    def _give_up(self, why: str) -> None:
        """Nothing more reaches the API: nobody is to wait for it."""
        self._refused = True
        self._fail(why)
        self._progress.set()

    def _fail(self, why: str, *, goes_on: bool = False) -> None:
        """Something of the recording is lost; of the gaps only the first is told to others."""
        logger.error("the recording has failed: {}", why)
        if self.failed or (goes_on and self._told):
            return
        self._told = True
        if not goes_on:
            self.failed, self._tape = True, None
        self._on_failure()

"""Numbers events, and sends them until the API has acknowledged them all."""

import asyncio
import time
from collections import deque

from loguru import logger
from parley_protocol import Event, EventBatch, FinishReason, FinishRequest, NumberedEvent

from parley_bot.exits import ApiRefusedError, ApiUnavailableError
from parley_bot.reporter.client import ApiClient, backoff
from parley_bot.reporter.pauses import Pauses
from parley_bot.timeline import Timeline

_BATCH = 256
# Sooner than the shortest grace that a template can give (5 s).
_PROBE_SECONDS = 4.0


class Reporter:
    """The way of events from the conversation to the API.

    `report` never waits and never fails: the network is `run`'s affair, so that speech does not wait for it. Events
    are kept in memory until they are acknowledged: what a bot has that dies, its pod's disk would not outlive either.

    Args:
        client: The API.
        attempt: This bot's attempt.
        timeline: Places events in time.
    """

    def __init__(self, client: ApiClient, attempt: int, timeline: Timeline) -> None:
        self._client, self._attempt, self._timeline = client, attempt, timeline
        self.last = self.acknowledged = 0
        self._unsent: deque[NumberedEvent] = deque()
        self._work, self._progress = asyncio.Event(), asyncio.Event()
        self._pauses = Pauses()
        self._ended = self._away = False
        self._told: NumberedEvent | None = None
        self.probing = False
        """Whether to find out that the API is away though there is nothing to tell it; from the next event on."""
        self.refused: ApiRefusedError | None = None

    @property
    def waiting(self) -> tuple[NumberedEvent, ...]:
        """The events that are not acknowledged yet, in order."""
        return tuple(self._unsent)

    @property
    def api_is_there(self) -> bool:
        """Whether every event is acknowledged, and the last probe was: else the API is away, or just being told."""
        return self.acknowledged >= self.last and not self._away

    def report(self, event: Event, moment: float | None = None) -> None:
        """Take an event in, with the next number; `moment` is of the monotonic clock, now when left out.

        After the end, which tells the last number, nothing is taken any more: the API would refuse it.
        """
        if self._ended:
            logger.bind(kind=event.kind).warning("an event after the end is not reported")
            return
        moment = time.monotonic() if moment is None else moment
        self.last += 1
        self._unsent.append(
            NumberedEvent(n=self.last, at=self._timeline.at(moment), at_ms=self._timeline.ms(moment), event=event)
        )
        self._work.set()

    async def run(self) -> None:
        """Send until cancelled, or until the API refuses this attempt.

        Raises:
            ApiRefusedError: the API does not take this attempt's events (any more).
        """
        while True:
            await self._have_work()
            while self._unsent:
                try:
                    await self._send_some()
                except ApiUnavailableError as error:
                    logger.warning("events not acknowledged, {} waiting: {}", len(self._unsent), error)
                    await self._pauses.after_failure()
                except ApiRefusedError as error:
                    self.refused = error
                    self._progress.set()
                    raise
                else:
                    self._pauses.worked()

    async def _have_work(self) -> None:
        while not self._work.is_set():
            try:
                async with asyncio.timeout(_PROBE_SECONDS if self.probing and not self._ended else None):
                    await self._work.wait()
            except TimeoutError:
                await self._probe()
        self._work.clear()

    async def _probe(self) -> None:
        """Ask by an event that the API has: to tell it again changes nothing. A refusal is an answer, too."""
        if self._told is None:
            return
        try:
            await self._client.send(EventBatch(attempt=self._attempt, events=[self._told]))
        except ApiUnavailableError as error:
            logger.warning("the API is away: {}", error)
            self._away = True
        except ApiRefusedError:
            self._away = False
        else:
            self._away = False

    async def drained(self, timeout: float) -> bool:  # noqa: ASYNC109 - False is an answer here, not an error
        """Wait until everything is acknowledged, with what is reported meanwhile; False after `timeout` seconds."""
        self._pauses.hurry()
        try:
            async with asyncio.timeout(timeout):
                while self.acknowledged < self.last and self.refused is None:
                    self._progress.clear()
                    await self._progress.wait()
        except TimeoutError:
            return False
        return self.refused is None

    async def finish(self, reason: FinishReason, timeout: float) -> bool:  # noqa: ASYNC109 - as in `drained`
        """Report the end once every event is acknowledged.

        Returns: whether the API has it.

        Raises:
            ApiRefusedError: the API does not take it.
        """
        deadline = time.monotonic() + timeout
        if not await self.drained(timeout):
            if self.refused is not None:
                raise self.refused
            return False
        self._ended = True
        request = FinishRequest(attempt=self._attempt, reason=reason, last_event=self.last)
        failures = 0
        while True:
            try:
                await self._client.finish(request)
            except ApiUnavailableError as error:
                failures += 1
                logger.warning("the end is not acknowledged: {}", error)
                if time.monotonic() >= deadline:
                    return False
                await asyncio.sleep(backoff(failures))
            else:
                return True

    async def _send_some(self) -> None:
        batch = EventBatch(attempt=self._attempt, events=list(self._unsent)[:_BATCH])
        ack = await self._client.send(batch)
        if ack.acknowledged < batch.events[0].n:
            raise ApiUnavailableError(f"event {batch.events[0].n} was taken but not acknowledged")
        self.acknowledged = max(self.acknowledged, ack.acknowledged)
        while self._unsent and self._unsent[0].n <= self.acknowledged:
            self._told = self._unsent.popleft()
        self._away = False
        self._progress.set()

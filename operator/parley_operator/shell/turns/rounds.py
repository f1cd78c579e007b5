"""The reconciles that run: counted for liveness and metrics, and ended in order when the operator stops."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from parley_protocol import InterviewRef

from parley_operator.shell.service.lease import LeaseLostError
from parley_operator.shell.telemetry.logs import about
from parley_operator.shell.telemetry.metrics import Meter
from parley_operator.shell.turns.workers import RetryLaterError, Settled

logger = logging.getLogger(__name__)


class Rounds:
    """Stands between the workers and the reconciler."""

    def __init__(self, reconcile: Callable[[InterviewRef], Awaitable[Settled]], meter: Meter) -> None:
        self._reconcile = reconcile
        self._meter = meter
        self._idle = asyncio.Event()
        self._idle.set()
        self._closed = False
        self.running = 0
        self.ended = 0
        """How many have ended, well or not."""

    async def __call__(self, ref: InterviewRef) -> Settled:
        """Reconciles an interview; after `drain` began, waits to be cancelled."""
        about(ref)
        if self._closed:
            await asyncio.Event().wait()
        self.running += 1
        self._idle.clear()
        began, result = time.monotonic(), "failed"
        try:
            settled = await self._reconcile(ref)
        except RetryLaterError:
            result = "retry"
            raise
        except asyncio.CancelledError:
            result = "cut_off"
            raise
        except LeaseLostError as error:
            result = "cut_off"
            raise RetryLaterError(f"{ref.namespace}/{ref.name}: {error}") from error
        else:
            result = "settled"
            return settled
        finally:
            self._meter.reconciled(result, time.monotonic() - began)
            self.ended += 1
            self.running -= 1
            if self.running == 0:
                self._idle.set()

    async def drain(self, seconds: float) -> None:
        """Begins no reconcile any more, and waits for those that run, at most so many seconds."""
        self._closed = True
        try:
            async with asyncio.timeout(seconds):
                await self._idle.wait()
        except TimeoutError:
            logger.warning("%d reconciles did not end within %g s and are cut off", self.running, seconds)

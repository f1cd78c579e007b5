"""Asking a provider again: a few times, with growing pauses of random length, and never longer than a reconcile may."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    wait_random,
    wait_random_exponential,
)

from parley_rooms.errors import RoomUnavailableError


@dataclass(frozen=True)
class Retry:
    """How patient a call is.

    Attributes:
        attempts: how often it is tried in all.
        first_pause: the longest first pause in seconds; each further one may be twice as long.
        longest_pause: the longest pause in seconds. A provider that asks for a longer one is not asked again:
            the caller learns `retry_after` and decides.
        sleep: waits that many seconds.
    """

    attempts: int = 4
    first_pause: float = 0.25
    longest_pause: float = 4.0
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def run[T](self, call: Callable[[], Awaitable[T]]) -> T:
        """Call until it succeeds, fails for good, or patience ends; its own last error is raised."""
        retrying = AsyncRetrying(
            stop=stop_after_attempt(self.attempts),
            wait=self._pause,
            retry=retry_if_exception(self._worth_another),
            sleep=self.sleep,
            reraise=True,
        )

        async def attempt() -> T:  # tenacity awaits only what is an async function itself
            return await call()

        return await retrying(attempt)

    def _worth_another(self, error: BaseException) -> bool:
        return isinstance(error, RoomUnavailableError) and (error.retry_after or 0) <= self.longest_pause

    def _pause(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome is not None else None
        asked_for = error.retry_after if isinstance(error, RoomUnavailableError) else None
        if asked_for is None:
            return wait_random_exponential(multiplier=self.first_pause, max=self.longest_pause)(state)
        # Everybody was asked to wait as long: who comes back a moment later than the others is served.
        return asked_for + wait_random(0, max(self.first_pause, asked_for / 4))(state)

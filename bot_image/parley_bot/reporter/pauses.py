"""How long to wait for an API that is away, and for whom not."""

import asyncio

from parley_bot.reporter.client import backoff

_LONGEST = 6


class Pauses:
    """The waits between tries: they grow with each that fails, and end when somebody waits for the outcome."""

    def __init__(self) -> None:
        self._failures = 0
        self._hurry = asyncio.Event()

    def worked(self) -> None:
        """A try has succeeded: the next pause is a short one."""
        self._failures = 0

    def hurry(self) -> None:
        """Somebody waits: try at once, also where a try is under way that fails, and with short pauses from there."""
        self._hurry.set()

    async def after_failure(self) -> None:
        """A try has failed: wait before the next one."""
        self._failures = min(self._failures + 1, _LONGEST)
        try:
            async with asyncio.timeout(backoff(self._failures)):
                await self._hurry.wait()
        except TimeoutError:
            return
        self._hurry.clear()
        self._failures = 0

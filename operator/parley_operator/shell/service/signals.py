"""SIGTERM and SIGINT: the first asks for an orderly end, the second ends at once."""

import asyncio
import os
import signal
from types import FrameType


def stop_on_signals(stop: asyncio.Event) -> None:
    """Sets `stop` on the first of these signals. Call it on the loop of the main thread."""
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGTERM, signal.SIGINT)

    def first() -> None:
        for number in numbers:
            loop.remove_signal_handler(number)
            # Not the default action: the kernel leaves process 1 of a container alone with that.
            signal.signal(number, _end)
        stop.set()

    for number in numbers:
        loop.add_signal_handler(number, first)


def _end(number: int, _: FrameType | None) -> None:
    os._exit(128 + number)

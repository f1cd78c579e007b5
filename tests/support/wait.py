"""Waiting for a condition with a deadline: the only way a test lets time pass."""

import asyncio
import time
from collections.abc import Callable


def until[T](what: str, condition: Callable[[], T | None], seconds: float, every: float = 0.1) -> T:
    """Call `condition` until it answers something true, and give that back.

    Args:
        what: what is waited for, in words, for the error.
        condition: asked again and again; its last answer stands in the error.
        seconds: the deadline.
        every: seconds between two questions.

    Raises:
        TimeoutError: the deadline has passed.
    """
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds:g} s: {what}; last answer: {answer!r}")
        time.sleep(every)


async def eventually[T](what: str, condition: Callable[[], T | None], seconds: float = 30, every: float = 0.05) -> T:
    """The same beside an event loop that has to go on meanwhile."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds:g} s: {what}; last answer: {answer!r}")
        await asyncio.sleep(every)

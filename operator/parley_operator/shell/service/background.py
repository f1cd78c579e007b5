"""What runs beside the operator's work. A task of asyncio's that fails is missed by nobody: this one is."""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def beside(work: Coroutine[Any, Any, None], *jobs: Coroutine[Any, Any, None]) -> None:
    """Does `work`, and `jobs` beside it until it ends. A job may end by itself; one that fails ends all by its error.

    So no part of the operator is gone while the rest goes on as if it were there: the program ends, and the standby
    takes over with all of it.
    """
    working = asyncio.ensure_future(work)
    running = {working, *map(asyncio.ensure_future, jobs)}
    started = tuple(running)
    try:
        while not working.done():
            ended, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()
    finally:
        for task in started:
            task.cancel()
        await asyncio.gather(*started, return_exceptions=True)

"""What asyncio and the interpreter say of things that nobody waits for any more, as lines of the log like all others.

A stream to the model that was refused or lost leaves a generator of awscrt's behind, which fails or is still pending
when it is collected. That is nobody's news; anything else is.
"""

import asyncio
import sys
from typing import TYPE_CHECKING, Any

from loguru import logger

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

# Of awscrt's `AIOHttp2ClientStream`: it writes what the SDK's generator of the request's body gives.
_WRITER = "_set_request_body_generator"
# What asyncio runs to close a generator that was left where it was.
_CLOSING = "async_generator_athrow"


def log_leftovers() -> None:
    """From now on, in the loop that runs and the process: DEBUG for what a dead stream leaves behind, else ERROR."""
    asyncio.get_running_loop().set_exception_handler(_of_the_loop)
    sys.unraisablehook = _of_the_interpreter


def _of_the_loop(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    task = context.get("task") or context.get("future")
    coroutine = task.get_coro() if isinstance(task, asyncio.Task) else None
    _tell(coroutine, context["message"], context.get("exception"))


def _of_the_interpreter(told: "UnraisableHookArgs") -> None:
    _tell(told.object, told.err_msg or "an exception was ignored", told.exc_value)


def _tell(source: object, message: str, error: BaseException | None) -> None:
    left = _WRITER in getattr(source, "__qualname__", "") or type(source).__name__ == _CLOSING
    logger.opt(exception=error).log("DEBUG" if left else "ERROR", "{}: {!r}", message, source)

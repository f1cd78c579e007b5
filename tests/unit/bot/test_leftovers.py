"""What is left behind by dead streams is no error, and everything else is; each is one line of JSON."""

import asyncio
import gc
import json
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from loguru import logger
from parley_bot.leftovers import log_leftovers
from parley_bot.logs import configure_logs


@pytest.fixture(autouse=True)
def logs() -> Iterator[None]:
    hook = sys.unraisablehook
    configure_logs("DEBUG")
    yield
    sys.unraisablehook = hook
    logger.remove()


def lines(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


async def _set_request_body_generator() -> None:
    """As awscrt's is called."""
    await asyncio.get_running_loop().create_future()


async def fails() -> None:
    raise OSError("out of order")


async def test_a_writer_that_is_pending_is_left_in_peace(capsys: pytest.CaptureFixture[str]) -> None:
    log_leftovers()
    context = {
        "message": "Task was destroyed but it is pending!",
        "task": (task := asyncio.Task(_set_request_body_generator())),
    }
    asyncio.get_running_loop().call_exception_handler(context)
    task.cancel()
    (line,) = lines(capsys.readouterr().out)
    assert line["level"] == "DEBUG"


async def test_a_generator_that_could_not_be_closed_is_left_in_peace(capsys: pytest.CaptureFixture[str]) -> None:
    async def waits() -> AsyncIterator[int]:
        await asyncio.get_running_loop().create_future()
        yield 1

    log_leftovers()
    generator: Any = waits()
    running = asyncio.create_task(anext(generator))
    await asyncio.sleep(0)
    closing = asyncio.create_task(generator.aclose())
    await asyncio.wait({closing})
    del closing
    gc.collect()
    running.cancel()
    (line,) = lines(capsys.readouterr().out)
    assert "already running" in line["error"]
    assert line["level"] == "DEBUG"


async def test_a_task_that_failed_unseen_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    log_leftovers()
    task = asyncio.create_task(fails())
    await asyncio.wait({task})
    del task
    gc.collect()
    (line,) = lines(capsys.readouterr().out)
    assert line["level"] == "ERROR"
    assert "out of order" in line["error"]


async def test_what_fails_while_it_is_collected_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    class Broken:
        def __del__(self) -> None:
            raise OSError("not closed")

    log_leftovers()
    broken = Broken()
    del broken
    gc.collect()
    (line,) = lines(capsys.readouterr().out)
    assert line["level"] == "ERROR"
    assert "not closed" in line["error"]

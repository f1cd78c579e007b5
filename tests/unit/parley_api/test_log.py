"""The log: a louder level brings nothing of what candidates said, nor a key."""

import logging
from collections.abc import Iterator

import pytest
from parley_api.__main__ import TALKATIVE, set_up_log


@pytest.fixture
def restored() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in ("", *TALKATIVE)]
    before = [(logger, logger.level, list(logger.filters)) for logger in loggers]
    yield
    for logger, level, filters in before:
        logger.setLevel(level)
        logger.filters = filters


@pytest.mark.usefixtures("restored")
def test_libraries_that_write_bodies_stay_quiet_at_debug() -> None:
    set_up_log("DEBUG")
    logging.getLogger().setLevel(logging.DEBUG)  # pytest's own handler keeps basicConfig from setting it
    for name in ("sse_starlette.sse", "botocore.auth", "botocore.endpoint", "urllib3.connectionpool", "aiohttp.client"):
        assert not logging.getLogger(name).isEnabledFor(logging.INFO), name
    assert logging.getLogger("parley_api.retention").isEnabledFor(logging.DEBUG)

"""`python -m parley_api`: serve until a signal ends it."""

import asyncio
import logging
import sys

import uvloop

from parley_api.server import run
from parley_api.settings import Settings, load

TALKATIVE = (
    "uvicorn.error",
    "websockets",
    "httpx",
    "httpcore",
    "sse_starlette",
    "boto3",
    "botocore",
    "s3transfer",
    "urllib3",
    "kubernetes",
    "aiohttp",
)


def main() -> None:
    """Read the settings, set up the log, serve."""
    settings = load(Settings)
    set_up_log(settings.log_level)
    sys.exit(asyncio.run(run(settings), loop_factory=uvloop.new_event_loop))


def set_up_log(level: str) -> None:
    """One line an event, to stdout, at `level` (a name such as INFO)."""
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stdout)
    logging.getLogger("uvicorn.error").addFilter(_is_not_a_refused_handshake)
    # These write whole URLs, headers and bodies, and with them tickets, tokens and what candidates said.
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLogger().level))


def _is_not_a_refused_handshake(record: logging.LogRecord) -> bool:
    """Uvicorn calls a WebSocket that was refused by an HTTP answer an error; anybody could fill the log with those."""
    return "without completing handshake" not in record.getMessage()


if __name__ == "__main__":
    main()

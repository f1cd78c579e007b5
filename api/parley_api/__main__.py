"""`python -m parley_api`: serve until a signal ends it."""

import asyncio
import logging
import sys

import uvloop

from parley_api.server import run
from parley_api.settings import Settings, load


def main() -> None:
    """Read the settings, set up the log, serve."""
    settings = load()
    _set_up_log(settings)
    sys.exit(asyncio.run(run(settings), loop_factory=uvloop.new_event_loop))


def _set_up_log(settings: Settings) -> None:
    logging.basicConfig(
        level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stdout
    )
    logging.getLogger("uvicorn.error").addFilter(_is_not_a_refused_handshake)
    # These write whole URLs and headers, and with them tickets and tokens.
    for name in ("uvicorn.error", "websockets", "httpx", "httpcore"):
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLogger().level))


def _is_not_a_refused_handshake(record: logging.LogRecord) -> bool:
    """Uvicorn calls a WebSocket that was refused by an HTTP answer an error; anybody could fill the log with those."""
    return "without completing handshake" not in record.getMessage()


if __name__ == "__main__":
    main()

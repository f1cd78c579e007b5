"""One line of JSON for each log record, with the interview and the attempt on it."""

import json
import logging
import sys
import traceback
from typing import TYPE_CHECKING

from loguru import logger

if TYPE_CHECKING:
    from loguru import Message, Record

_NAMES_WORDS = ("pipecat",)
"""Loggers that put what is said into their messages below WARNING; dropped unless DEBUG was asked for."""


def configure_logs(level: str) -> None:
    """Send every log, the standard library's too, to standard output as JSON lines.

    At INFO and above no line holds what was said: pipecat's own lines below WARNING are left out.
    """
    verbose = level.upper() in {"DEBUG", "TRACE"}

    def wanted(record: "Record") -> bool:
        name = record["name"] or ""
        return verbose or not name.startswith(_NAMES_WORDS) or record["level"].no >= logging.WARNING

    logger.remove()
    logger.add(_write, level=level.upper(), filter=wanted, format="{message}", backtrace=False, diagnose=False)
    logging.basicConfig(handlers=[_Bridge()], level=logging.WARNING, force=True)


def identify(interview_uid: str, attempt: int) -> None:
    """Put the interview and the attempt on every line from now on."""
    logger.configure(extra={"interview_uid": interview_uid, "attempt": attempt})


def _write(message: "Message") -> None:
    record = message.record
    line: dict[str, object] = {
        "time": record["time"].isoformat(timespec="milliseconds"),
        "level": record["level"].name,
        "logger": record["name"],
        "message": record["message"],
        **record["extra"],
    }
    if (error := record["exception"]) is not None:
        line["error"] = "".join(traceback.format_exception(error.type, error.value, error.traceback))
    sys.stdout.write(json.dumps(line, default=str, ensure_ascii=False) + "\n")
    sys.stdout.flush()


class _Bridge(logging.Handler):
    """Hands the standard library's records on, so that uvicorn and httpx log alike."""

    def emit(self, record: logging.LogRecord) -> None:
        logger.opt(exception=record.exc_info).log(record.levelname, "{}", record.getMessage())

"""What is logged, and how: lines for people, or JSON lines for machines, with the interview that each is about.

kopf's own lines and those of every other library come in the same form: one handler of the root logger writes all. The
JSON is python-json-logger's, which kopf brings along.
"""

import logging
from contextvars import ContextVar
from typing import Any, Literal

from parley_crds import INTERVIEW_KIND
from parley_protocol import InterviewRef
from pythonjsonlogger.json import JsonFormatter

type Format = Literal["text", "json"]

_interview: ContextVar[InterviewRef | None] = ContextVar("interview", default=None)


def about(ref: InterviewRef) -> None:
    """Has what this task logs from now on, and what the tasks log that it begins, name this interview.

    One line alone names one by `extra={"interview": ref}`.
    """
    _interview.set(ref)


def log_to_stderr(level: str, form: Format) -> None:
    """Sets the root logger up. Call it once, at the start."""
    logging.basicConfig(level=level, handlers=[stderr_handler(form)])
    # kopf tells of every event at INFO, and at each start that a thread gets no signals, which is intended.
    logging.getLogger("kopf").setLevel(logging.WARNING)
    logging.getLogger("kopf._core.reactor.running").setLevel(logging.ERROR)
    logging.getLogger("httpx").setLevel(logging.WARNING)


def stderr_handler(form: Format) -> logging.Handler:
    """What writes the lines."""
    handler = logging.StreamHandler()
    handler.setFormatter(_formatter(form))
    handler.addFilter(_name_interview)
    return handler


def _formatter(form: Format) -> logging.Formatter:
    if form == "text":
        return logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    return _JsonLines(["levelname", "name", "message"], rename_fields=_RENAMED, timestamp="time")


_RENAMED = {"levelname": "level", "name": "logger", "exc_info": "exception"}
_FIELDS = (
    "time",
    "level",
    "logger",
    "message",
    *(f"interview_{key}" for key in ("namespace", "name", "uid")),
    "exception",
)


class _JsonLines(JsonFormatter):
    """Of what libraries hang on their records nothing else is written: nobody has looked at what it may be."""

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        return {field: log_data[field] for field in _FIELDS if log_data.get(field) is not None}


def _name_interview(record: logging.LogRecord) -> bool:
    given = getattr(record, "interview", None)
    ref = given if isinstance(given, InterviewRef) else _interview.get() or _named_by_kopf(record)
    if ref is not None:
        record.interview_namespace, record.interview_name, record.interview_uid = ref.namespace, ref.name, ref.uid
    return True


def _named_by_kopf(record: logging.LogRecord) -> InterviewRef | None:
    found = getattr(record, "k8s_ref", None)
    if not isinstance(found, dict) or found.get("kind") != INTERVIEW_KIND:
        return None
    return InterviewRef(namespace=found["namespace"], name=found["name"], uid=found["uid"])

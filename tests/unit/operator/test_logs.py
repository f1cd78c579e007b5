"""One JSON object a line, whatever is logged and by whom, with the interview that it is about."""

import asyncio
import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import kopf
import pytest
from kopf._core.actions.loggers import ObjectLogger
from parley_operator.shell.telemetry.logs import Format, about, stderr_handler
from parley_protocol import InterviewRef

logger = logging.getLogger("parley_operator.test")


def ref(name: str) -> InterviewRef:
    return InterviewRef(namespace="hiring", name=name, uid=f"uid-of-{name}")


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Format], io.StringIO]]:
    """Has all that is logged written in a form, and gives where."""
    root, level = logging.getLogger(), logging.getLogger().level
    stream = io.StringIO()
    added: list[logging.Handler] = []

    def write(form: Format) -> io.StringIO:
        monkeypatch.setattr("sys.stderr", stream)
        added.append(stderr_handler(form))
        root.addHandler(added[0])
        root.setLevel("INFO")
        return stream

    yield write
    root.removeHandler(added[0])
    root.setLevel(level)


def lines(stderr: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stderr.getvalue().splitlines()]


def named(line: dict[str, Any]) -> tuple[str, str, str]:
    return line["interview_namespace"], line["interview_name"], line["interview_uid"]


async def test_tasks_carry_the_interview(written: Callable[[Format], io.StringIO]) -> None:
    stderr = written("json")

    async def deeper(name: str) -> None:
        logger.info("deep in %s", name)

    async def reconcile(name: str) -> None:
        about(ref(name))
        await asyncio.sleep(0)
        logger.info("about %s", name)
        await asyncio.create_task(deeper(name))

    logger.info("nobody's")
    await asyncio.gather(reconcile("ada"), reconcile("bob"))
    nobodys, *others = lines(stderr)
    assert nobodys.keys() == {"time", "level", "logger", "message"}
    assert len(others) == 4
    for line in others:
        name = line["message"].rpartition(" ")[2]
        assert named(line) == ("hiring", name, f"uid-of-{name}")


def test_one_line_names_an_interview(written: Callable[[Format], io.StringIO]) -> None:
    stderr = written("json")
    logger.warning("the interview failed: NoBot", extra={"interview": ref("ada")})
    logger.warning("another's", extra={"interview": "a text"})
    line, another = lines(stderr)
    assert named(line) == ("hiring", "ada", "uid-of-ada")
    assert another.keys() == {"time", "level", "logger", "message"}


def test_an_exception_and_line_breaks_stay_on_one_line(written: Callable[[Format], io.StringIO]) -> None:
    stderr = written("json")
    try:
        int("first\nsecond")
    except ValueError:
        logger.exception("it\nfailed")
    (line,) = lines(stderr)
    assert (line["level"], line["logger"], line["message"]) == ("ERROR", "parley_operator.test", "it\nfailed")
    assert "ValueError: invalid literal" in line["exception"]


def test_kopfs_own_lines_come_in_the_same_form(written: Callable[[Format], io.StringIO]) -> None:
    stderr = written("json")
    body: Any = {
        "apiVersion": "parley.dev/v1alpha1",
        "kind": "Interview",
        "metadata": {"namespace": "hiring", "name": "ada", "uid": "u"},
    }
    ObjectLogger(body=body, settings=kopf.OperatorSettings()).warning("a handler failed")
    (line,) = lines(stderr)
    assert (line["logger"], line["message"]) == ("kopf.objects", "a handler failed")
    assert named(line) == ("hiring", "ada", "u")
    assert line.keys() <= {
        "time",
        "level",
        "logger",
        "message",
        *(f"interview_{k}" for k in ("namespace", "name", "uid")),
    }


def test_what_libraries_hang_on_a_record_is_not_written(written: Callable[[Format], io.StringIO]) -> None:
    stderr = written("json")
    logger.info("called", extra={"headers": {"Authorization": "Bearer secret"}, "odd": object()})
    assert "secret" not in stderr.getvalue()
    assert "odd" not in lines(stderr)[0]


def test_text_for_people(written: Callable[[Format], io.StringIO]) -> None:
    stderr = written("text")
    about(ref("ada"))
    logger.info("hello %s", "there")
    assert stderr.getvalue().endswith("INFO parley_operator.test: hello there\n")

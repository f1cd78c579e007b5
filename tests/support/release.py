"""A conversation on the release `parley` of the local cluster, for tests of what befalls the release meanwhile."""

import json
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from support.cluster import Cluster, Hiring
from support.forward import forwarded
from support.speech import candidate, said_by
from support.wait import until

RELEASE = "parley"
"""The release's name, and its namespace's."""
_FOUND = 240
"""Seconds within which a candidate is in the room again."""


@contextmanager
def conversation(hiring: Hiring, folder: Path, answers: list[str]) -> Iterator[Callable[[], dict[str, Any]]]:
    """A conversation in which an answer has been stored; what is yielded waits for its end and gives the transcript."""
    template = hiring.template()
    template["spec"]["limits"]["reconnectGraceSeconds"] = _FOUND
    hiring.cluster.apply(template, hiring.interview("ada"))
    uid = hiring.uid("ada")
    with candidate(hiring.link("ada"), answers, folder) as talk:
        until("an answer is stored", lambda: _answers(hiring.stored(uid) / "events"), 120)

        def finish() -> dict[str, Any]:
            print(talk.finish(_FOUND))
            hiring.wait_phase("ada", "Completed", seconds=60)
            return hiring.transcript(uid)

        yield finish


def _answers(folder: Path) -> int:
    events = [each for file in sorted(folder.glob("*.json")) for each in json.loads(file.read_text())["events"]]
    turns = [each["event"]["turn"] for each in events if each["event"]["kind"] == "turn"]
    return sum(turn["speaker"] == "candidate" for turn in turns)


def require_whole(hiring: Hiring, transcript: dict[str, Any], attempts: int = 1) -> None:
    """The conversation was one: greeted once, every question asked, by so many bots at most."""
    greeting = hiring.template()["spec"]["interviewer"]["greeting"]
    assert said_by(transcript, "interviewer").count(greeting) == 1
    assert all(question["asked"] for question in transcript["questions"])
    numbers = [turn["seq"] for turn in transcript["turns"]]
    assert numbers == sorted(set(numbers))
    assert hiring.get("ada")["status"]["attempts"]["current"] <= attempts


def served_certificate(cluster: Cluster) -> str:
    """The certificate that the API's inside port shows."""
    with forwarded(cluster, "service/parley-api-internal", RELEASE, 8443) as port:
        return ssl.get_server_certificate(("127.0.0.1", port), timeout=15)

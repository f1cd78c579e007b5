"""What `helm test` runs: the API's answers that it goes on after, and those that it tells of."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from parley_emulators.candidate.errors import CandidateError
from parley_emulators.candidate.trial import People, Settings, require_conversation

Answer = Callable[[httpx.Request], httpx.Response]
QUESTION = {"id": "works", "asked": True, "answerTurns": [3]}


def condition(kind: str, status: str = "True") -> dict[str, str]:
    return {"type": kind, "status": status, "reason": "Why", "message": "in words"}


def ask(tmp_path: Path, what: Callable[[People], Any], *answers: Answer | httpx.Response | Exception) -> Any:
    """What comes of a call whose requests are answered one after the other; the last answer is for all that follow."""
    token = tmp_path / "token"
    token.write_text("of-the-pod\n")
    left = [*answers]

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.headers["Authorization"] == "Bearer of-the-pod"
        found = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(found, Exception):
            raise found
        return found if isinstance(found, httpx.Response) else found(request)

    async def run() -> Any:
        settings = Settings(
            api_url="http://api.test",
            token_file=token,
            namespace="hiring",
            template="parley-test",
            answers=["Yes."],
            limit_seconds=0.01,
        )
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
            return await what(People(settings, client))

    return asyncio.run(run())


def test_an_interview_is_made_that_leaves_nothing(tmp_path: Path) -> None:
    def create(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/v1/namespaces/hiring/interviews"
        body = json.loads(request.content)
        assert body["generateName"] == "parley-test-"
        assert body["spec"]["deletionPolicy"] == "Erase"
        assert body["spec"]["ttlSecondsAfterFinished"] > 0
        return httpx.Response(201, json={"name": "parley-test-x"})

    assert ask(tmp_path, lambda people: people.create(), create) == "parley-test-x"


@pytest.mark.parametrize("status", [401, 403, 404, 422, 500])
def test_what_is_refused_is_told_in_the_apis_words(status: int, tmp_path: Path) -> None:
    with pytest.raises(CandidateError, match=f"answered {status}: why"):
        ask(tmp_path, lambda people: people.create(), httpx.Response(status, text="why"))


def test_an_api_that_stays_away_is_told_of(tmp_path: Path) -> None:
    with pytest.raises(CandidateError, match="can't be reached: ConnectError"):
        ask(tmp_path, lambda people: people.create(), httpx.ConnectError("refused"))


def test_it_waits_for_a_condition_and_tells_of_a_failure(tmp_path: Path) -> None:
    view = {"phase": "Open", "conditions": [condition("Accepted"), condition("Joinable")]}
    ask(tmp_path, lambda people: people.once("x", "Joinable"), httpx.Response(200, json=view))
    failed = {"phase": "Failed", "conditions": [condition("Complete", "False"), condition("Failed")]}
    with pytest.raises(CandidateError, match="x failed: Why: in words"):
        ask(tmp_path, lambda people: people.once("x", "Complete"), httpx.Response(200, json=failed))


def test_a_conversation_has_an_answer_to_each_question() -> None:
    require_conversation({"questions": [QUESTION]})
    for wrong in ([], [QUESTION | {"asked": False}], [QUESTION | {"answerTurns": []}]):
        with pytest.raises(CandidateError, match="no answer to"):
            require_conversation({"questions": wrong})

"""What an inputs Secret holds, and what of it is told when it can't be read."""

import base64
import json
import logging
from typing import Any

import pytest
from parley_api.bot_pods import parse_inputs
from parley_api.problems import ProblemError

INPUTS = {
    "interview": {"namespace": "hiring", "name": "ada", "uid": "u-1"},
    "attempt": 1,
    "template": "backend-1",
    "plan": {
        "title": "Backend engineer",
        "interviewer": {"name": "Sam", "greeting": "Hello.", "closing": "Goodbye."},
        "questions": [{"id": "q1", "text": "Why?"}],
        "context": "the CV of Ada",
    },
    "room": {"provider": "websocket", "name": "u-1", "ticketKey": "c2VjcmV0"},
}


def secret(content: bytes) -> dict[str, Any]:
    return {"metadata": {"name": "itv-ada"}, "data": {"inputs.json": base64.b64encode(content).decode()}}


def test_inputs_are_read() -> None:
    inputs = parse_inputs(secret(json.dumps(INPUTS).encode()))
    assert (inputs.interview.name, inputs.room.ticket_key) == ("ada", "c2VjcmV0")


@pytest.mark.parametrize(
    "unreadable",
    [
        secret(json.dumps({**INPUTS, "newer": "field", "plan": "the CV of Ada"}).encode()),
        secret(b"the CV of Ada, c2VjcmV0"),
        {"metadata": {"name": "itv-ada"}, "data": {"inputs.json": "the CV of Ada, c2VjcmV0"}},
        {"metadata": {"name": "itv-ada"}},
    ],
)
def test_what_cannot_be_read_is_an_error_that_tells_nothing_of_it(
    unreadable: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(ProblemError) as refusal:
        parse_inputs(unreadable)
    assert (refusal.value.status, refusal.value.slug) == (500, "inputs-unreadable")
    assert "itv-ada" in caplog.text
    assert "Ada" not in caplog.text + refusal.value.detail
    assert "c2Vj" not in caplog.text + refusal.value.detail
    assert refusal.value.__suppress_context__

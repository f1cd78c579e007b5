"""The description of the public API, from which the pages' types are made."""

import json
import re
import subprocess
import sys
from typing import Any

import pytest


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    printed = subprocess.run([sys.executable, "-m", "parley_api.openapi"], capture_output=True, check=True, timeout=60)
    described: dict[str, Any] = json.loads(printed.stdout)
    return described


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    names = re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document))
    assert set(names) <= document["components"]["schemas"].keys()
    assert {"JoinView", "WebsocketConnection", "DailyConnection", "InterviewSummary", "Problem"} <= set(names)


def test_errors_are_described_as_problems(document: dict[str, Any]) -> None:
    for path in document["paths"].values():
        for operation in path.values():
            for status, response in operation["responses"].items():
                if int(status) >= 400:
                    assert list(response["content"]) == ["application/problem+json"]


def test_every_python_describes_it_alike(document: dict[str, Any]) -> None:
    described = {
        status: response["description"]
        for path in document["paths"].values()
        for operation in path.values()
        for status, response in operation["responses"].items()
    }
    assert described["422"] == "Unprocessable Content"  # Python 3.12 calls it Unprocessable Entity


def test_the_inside_is_not_described(document: dict[str, Any]) -> None:
    assert all(path.startswith(("/v1/", "/join/v1/")) for path in document["paths"])

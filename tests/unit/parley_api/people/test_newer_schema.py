"""Interviews that another version of Parley wrote: read where they can be, named where they can't."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from parley_api.app import public_app, serve
from parley_api.auth import ACCESS_REVIEWS, REVIEWS
from parley_api.interviews import read_interview
from parley_api.kube import interviews_path
from parley_api.problems import ProblemError
from parley_api.services import Services
from parley_api.settings import Settings
from parley_api.store import FolderStore
from parley_crds import Phase
from pydantic import SecretStr
from support.kube_stub import KubeStub, always, kube_stub

SETTINGS = Settings(
    namespace="parley",
    bots_namespace="parley-bots",
    installation="test",
    link_key=SecretStr("k" * 32),
    link_base_url="http://127.0.0.1:1",
    public_url="http://127.0.0.1:2",
)


def document(name: str = "ada", phase: str = "Open") -> dict[str, Any]:
    """As a newer version may write it: fields that this one does not know, at every depth."""
    return {
        "apiVersion": "parley.dev/v1alpha1",
        "kind": "Interview",
        "metadata": {"name": name, "namespace": "hiring", "uid": f"uid-of-{name}"},
        "spec": {"templateRef": {"name": "data", "channel": "beta"}, "mood": "calm"},
        "status": {"phase": phase, "weather": "fair", "attempts": {"current": 1, "failures": 0, "best": 1}},
    }


@pytest.fixture
async def stub() -> AsyncIterator[KubeStub]:
    async with kube_stub() as stub:
        user = {"authenticated": True, "audiences": ["parley"], "user": {"username": "ada"}}
        stub.answers[REVIEWS] = always({"status": user})
        stub.answers[ACCESS_REVIEWS] = always({"status": {"allowed": True}})
        yield stub


@pytest.fixture
async def http(stub: KubeStub, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    app: FastAPI = serve(public_app(SETTINGS), Services.build(SETTINGS, stub.kube, FolderStore(tmp_path)))
    headers = {"Authorization": "Bearer good"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api", headers=headers) as http:
        yield http


def test_what_is_new_is_passed_over() -> None:
    interview = read_interview(document())
    assert (interview.spec.template_ref.name, interview.status.phase) == ("data", Phase.OPEN)


def test_what_can_not_be_read_is_named_without_its_content(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ProblemError) as unreadable:
        read_interview(document(phase="Dreaming"))
    assert (unreadable.value.status, unreadable.value.slug) == (500, "interview-unreadable")
    assert [error.field for error in unreadable.value.errors] == ["status.phase"]
    assert "hiring/ada" in caplog.text
    assert "Dreaming" not in caplog.text


async def test_one_of_another_version_does_not_hide_the_others(http: httpx.AsyncClient, stub: KubeStub) -> None:
    items = [document("ada"), document("bob", phase="Dreaming"), document("cleo")]
    stub.answers[interviews_path("hiring")] = always({"metadata": {}, "items": items})
    page = (await http.get("/v1/namespaces/hiring/interviews")).json()
    assert [item["name"] for item in page["items"]] == ["ada", "cleo"]
    assert page["unreadable"] == [{"name": "bob", "fields": ["status.phase"]}]


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("POST", "/cancel"), ("GET", "/link"), ("GET", "/events")])
async def test_one_of_another_version_is_a_problem_that_says_so(
    http: httpx.AsyncClient, stub: KubeStub, method: str, path: str
) -> None:
    stub.answers[interviews_path("hiring", "bob")] = always(document("bob", phase="Dreaming"))
    answer = await http.request(method, f"/v1/namespaces/hiring/interviews/bob{path}")
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (500, "interview-unreadable")
    assert "status.phase" in answer.json()["detail"]

"""Whom a join link lets in: what strangers may send, and what is said of an interview that is not known here."""

import time
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import httpx
import pytest
from parley_api import interviews
from parley_api.app import public_app, serve
from parley_api.failures import FAILURES
from parley_api.kube import interviews_path
from parley_api.relay import _admitted, _RefusedError
from parley_api.services import Services
from parley_api.settings import Settings
from parley_api.store import FolderStore
from parley_protocol.tickets import mint_ticket
from parley_rooms.links import mint_link, ticket_key
from pydantic import SecretStr
from support.kube_stub import KubeStub, always, kube_stub

KEY = "k" * 32
FORMER = "f" * 32
UID = "6d0f1c34-5d15-4f0c-9d67-0f2ae0f1bb5a"
SETTINGS = Settings(
    namespace="parley",
    bots_namespace="parley-bots",
    installation="test",
    link_key=SecretStr(f"{KEY}\n{FORMER}"),
    link_base_url="http://127.0.0.1:1",
    public_url="http://127.0.0.1:2",
)


@pytest.fixture
async def stub() -> AsyncIterator[KubeStub]:
    async with kube_stub() as stub:
        stub.answers[interviews_path()] = always({"metadata": {"resourceVersion": "1"}, "items": []})
        yield stub


@pytest.fixture
def services(stub: KubeStub, tmp_path: Path) -> Services:
    return Services.build(SETTINGS, stub.kube, FolderStore(tmp_path))


@pytest.fixture
async def http(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(serve(public_app(SETTINGS), services))
    async with httpx.AsyncClient(transport=transport, base_url="http://api") as http:
        yield http


async def ask(http: httpx.AsyncClient, token: str) -> tuple[int, str]:
    answer = await http.get("/join/v1/interview", headers={"Authorization": f"Bearer {token}"})
    return answer.status_code, answer.json()["type"].rpartition("/")[2]


def _kept(services: Services) -> Iterable[str]:
    return services.link_failures._failures.keys()


async def test_what_strangers_send_is_not_kept(http: httpx.AsyncClient, services: Services) -> None:
    """Nobody chooses how much is remembered of them, nor escapes the limit by sending something else each time."""
    for number in range(FAILURES):
        assert await ask(http, f"v1.{number}{'x' * 50_000}.0.x") == (401, "link-invalid")
    assert await ask(http, "rubbish") == (429, "too-many-requests")
    assert list(_kept(services)) == ["malformed"]
    assert await ask(http, mint_link(b"another key " * 4, UID, 0)) == (401, "link-invalid")
    assert list(_kept(services)) == ["malformed", UID]


async def test_an_interview_is_over_only_when_this_is_known(
    http: httpx.AsyncClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = mint_link(KEY.encode(), UID, 0)
    assert await ask(http, token) == (503, "unavailable"), "nothing was listed yet"
    await services.interviews._list(None)
    assert await ask(http, token) == (410, "interview-over")
    now = time.monotonic()
    monkeypatch.setattr(interviews.time, "monotonic", lambda: now + interviews.FRESH_SECONDS + 1)
    assert await ask(http, token) == (503, "unavailable"), "the watch is dead: it may be newer than what was heard"


@pytest.mark.parametrize("key", [KEY, FORMER])
async def test_a_link_opens_whichever_of_the_keys_signed_it(
    http: httpx.AsyncClient, services: Services, key: str
) -> None:
    await services.interviews._list(None)
    assert await ask(http, mint_link(key.encode(), UID, 0)) == (410, "interview-over"), "true, of one that is gone"


@pytest.mark.parametrize("key", [KEY, FORMER, "x" * 32])
async def test_a_ticket_opens_whichever_of_the_keys_the_bot_was_given(
    services: Services, stub: KubeStub, key: str
) -> None:
    document = {
        "apiVersion": "parley.dev/v1alpha1",
        "kind": "Interview",
        "metadata": {"name": "ada", "namespace": "hiring", "uid": UID, "resourceVersion": "1"},
        "spec": {"templateRef": {"name": "data"}},
        "status": {"phase": "InProgress", "attempts": {"current": 1, "failures": 0}},
    }
    stub.answers[interviews_path()] = always({"metadata": {"resourceVersion": "1"}, "items": [document]})
    await services.interviews._list(None)
    ticket = mint_ticket(ticket_key(key.encode(), UID), UID, 1, now=time.time())
    if key in (KEY, FORMER):
        assert (await _admitted(services, UID, ticket)).metadata.name == "ada"
    else:
        with pytest.raises(_RefusedError):
            await _admitted(services, UID, ticket)


async def test_every_503_says_when_to_come_back(http: httpx.AsyncClient) -> None:
    headers: dict[str, Any] = {"Authorization": f"Bearer {mint_link(KEY.encode(), UID, 0)}"}
    for method, path in (("GET", "interview"), ("POST", "connect")):
        answer = await http.request(method, f"/join/v1/{path}", headers=headers)
        assert (answer.status_code, int(answer.headers["retry-after"]) > 0) == (503, True)

"""A stream outlives no right: in this process, where the minute between two questions to RBAC can be none."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from parley_api.app import public_app, serve
from parley_api.kube import Kube
from parley_api.people import stream
from parley_api.services import Services
from parley_api.settings import Settings
from parley_api.store import FolderStore
from support.api import ALL_RIGHTS, BOTS, INSTALLATION, LINK_KEY, PAGE, RELEASE, Cluster, Interviewed, eventually

Person = Callable[..., Awaitable[dict[str, str]]]
MakeInterview = Callable[..., Interviewed]


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Settings:
    values = {
        "NAMESPACE": RELEASE,
        "BOTS_NAMESPACE": BOTS,
        "INSTALLATION": INSTALLATION,
        "LINK_KEY": LINK_KEY,
        "LINK_BASE_URL": PAGE,
        "PUBLIC_URL": PAGE,
    }
    for name, value in values.items():
        monkeypatch.setenv(f"PARLEY_{name}", value)
    return Settings()


async def test_the_stream_ends_with_the_right(
    settings: Settings,
    cluster: Cluster,
    kubeconfig: Path,
    tmp_path: Path,
    interview: MakeInterview,
    person: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    monkeypatch.setattr(stream, "RIGHTS_SECONDS", 0.0)
    monkeypatch.setattr(stream, "POLL_SECONDS", 0.1)
    made, headers = interview(), await person(ALL_RIGHTS)
    services = Services.build(settings, await Kube.connect(), FolderStore(tmp_path))
    questions, permit = 0, stream.permit

    async def counted(*arguments: Any) -> None:
        nonlocal questions
        await permit(*arguments)
        questions += 1

    monkeypatch.setattr(stream, "permit", counted)
    transport = httpx.ASGITransport(serve(public_app(settings), services))
    path = f"/v1/namespaces/{made.namespace}/interviews/{made.name}/events"
    async with httpx.AsyncClient(transport=transport, base_url="http://api", timeout=15) as http:
        # This transport hands an answer over when it is whole: the stream ends, or the deadline does.
        reading = asyncio.create_task(http.get(path, headers=headers))

        async def asked_again() -> bool:
            return reading.done() or questions >= 5

        await eventually("the rights were asked for again", asked_again)
        assert not reading.done()
        bindings = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{made.namespace}/rolebindings"
        for binding in cluster.get(bindings)["items"]:
            cluster.delete(f"{bindings}/{binding['metadata']['name']}")
        async with asyncio.timeout(10):
            answer = await reading
    assert "event: status" in answer.text
    assert "event: end" not in answer.text
    await services.aclose()

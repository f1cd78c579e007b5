"""The public application around its routes: what a browser may read of failures, and when it is ready."""

from pathlib import Path

import httpx
import pytest
from parley_api.app import public_app, serve
from parley_api.kube import interviews_path
from parley_api.services import Services
from parley_api.settings import Settings
from parley_api.store import FolderStore, StoreUnavailableError
from pydantic import SecretStr
from support.kube_stub import always, kube_stub

ORIGIN = "https://interviews.example.com"
SETTINGS = Settings(
    namespace="parley",
    bots_namespace="parley-bots",
    installation="test",
    link_key=SecretStr("k" * 32),
    link_base_url="http://127.0.0.1:1",
    public_url="http://127.0.0.1:2",
    cors_origins=[ORIGIN],
)


@pytest.mark.parametrize(("body", "status"), [(b'{"version": "1"}', 500), (b"x" * 2_000_000, 413)])
async def test_a_browser_may_read_why_it_failed(body: bytes, status: int) -> None:
    """An app without services fails by a bug; what answers then lies outside of all routes."""
    transport = httpx.ASGITransport(public_app(SETTINGS))
    headers = {"Authorization": "Bearer x", "Origin": ORIGIN, "Content-Type": "application/json"}
    async with httpx.AsyncClient(transport=transport, base_url="http://api", headers=headers) as http:
        answer = await http.post("/join/v1/consent", content=body)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.headers["x-content-type-options"] == "nosniff"


class Bucket(FolderStore):
    """A store that can be out of reach."""

    away = True
    checks = 0

    async def check(self) -> None:
        self.checks += 1
        if self.away:
            raise StoreUnavailableError("the bucket's name is not for everybody")


async def test_an_outage_of_the_store_takes_no_pod_out_of_the_service(tmp_path: Path) -> None:
    store = Bucket(tmp_path)
    async with kube_stub() as stub:
        stub.answers[interviews_path()] = always({"metadata": {"resourceVersion": "1"}, "items": []})
        services = Services.build(SETTINGS, stub.kube, store)
        transport = httpx.ASGITransport(serve(public_app(SETTINGS), services))
        async with httpx.AsyncClient(transport=transport, base_url="http://api") as http:
            assert (await http.get("/readyz")).status_code == 503
            assert store.checks == 0
            await services.interviews._list(None)
            answer = await http.get("/readyz")
            assert answer.status_code == 503
            assert "bucket" not in answer.text
            store.away = False
            assert (await http.get("/readyz")).status_code == 200
            store.away = True
            assert (await http.get("/readyz")).status_code == 200
            assert store.checks == 2

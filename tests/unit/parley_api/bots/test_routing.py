"""What a bot is told of errors that are not its own."""

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from parley_api import problems
from parley_api.bots.routing import StoreRoute
from parley_api.kube import KubeError
from parley_api.store import StoreUnavailableError
from parley_api.transcripts.erasure import ErasedError


async def answer(error: Exception) -> httpx.Response:
    router = APIRouter(route_class=StoreRoute)

    @router.post("/")
    async def fail() -> None:
        raise error

    app = FastAPI()
    problems.install(app)
    app.include_router(router)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api") as http:
        return await http.post("/")


@pytest.mark.parametrize("status", [403, 409, 410, 422, 429, 503])
async def test_whatever_the_cluster_refuses_the_bot_comes_again(status: int) -> None:
    told = await answer(KubeError(status, "Conflict", "the object has been modified"))
    assert (told.status_code, told.headers["retry-after"]) == (503, "2")


async def test_an_outage_of_the_store_and_an_erasure() -> None:
    assert (await answer(StoreUnavailableError("away"))).status_code == 503
    assert (await answer(ErasedError("gone"))).json()["type"].endswith("/interview-erased")

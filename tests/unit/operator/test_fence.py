"""A replica without the Lease changes nothing outside of it."""

import contextlib
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from kubernetes.aio.client import Configuration
from parley_operator.shell.client.fence import FencedApi, FencedClient, FencedRooms
from parley_operator.shell.client.kube import PODS, Kube
from parley_operator.shell.service.lease import LeaseLostError
from parley_operator.shell.telemetry.metrics import Meter
from parley_protocol import InterviewRef
from parley_rooms.errors import RoomAuthError, RoomNotFoundError, RoomUnavailableError
from parley_rooms.provider import RoomPlan

REF = InterviewRef(namespace="hiring", name="jane", uid="u")
POD = {"metadata": {"namespace": "bots", "name": "bot"}}


class Gate:
    """Open until it is closed."""

    def __init__(self) -> None:
        self.open = True

    def __call__(self) -> None:
        if not self.open:
            raise LeaseLostError("the Lease is not held any more")


class Rooms:
    """Keeps what reaches it."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Any:
        async def asked(*_: Any) -> None:
            self.asked.append(name)

        return asked


async def test_reads_go_on_and_writes_do_not() -> None:
    asked: list[tuple[str, str]] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append((request.method, request.headers["User-Agent"]))
        return web.json_response({})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    gate, meter = Gate(), Meter("1")
    async with TestServer(app) as server:
        host = str(server.make_url("")).rstrip("/")
        client: Any = FencedClient(Configuration(host=host), "parley-operator/1 (pod-1)", meter, gate)
        kube = Kube(client)
        await kube.create(PODS, POD)
        gate.open = False
        await kube.get(PODS, "bots", "bot")
        for write in (
            kube.create(PODS, POD),
            kube.replace(PODS, POD),
            kube.apply(PODS, POD, "m"),
            kube.patch(PODS, "bots", "bot", {}),
            kube.delete(PODS, "bots", "bot"),
        ):
            with pytest.raises(LeaseLostError):
                await write
        await client.close()
    assert asked == [("POST", "parley-operator/1 (pod-1)"), ("GET", "parley-operator/1 (pod-1)")]
    told = meter.registry.get_sample_value
    requests = "parley_operator_kube_requests_total"
    assert told(requests, {"verb": "create", "resource": "pods", "code": "2xx"}) == 1
    assert told(requests, {"verb": "get", "resource": "pods", "code": "2xx"}) == 1
    assert told(requests, {"verb": "delete", "resource": "pods", "code": "2xx"}) is None


async def test_nor_is_anything_done_to_a_room_or_ordered_of_the_api() -> None:
    gate, rooms, meter = Gate(), Rooms(), Meter("1")
    inner: Any = rooms
    fenced = FencedRooms("daily", inner, meter, gate)
    await fenced.delete("room")
    gate.open = False
    await fenced.presence("room")
    plan: Any = RoomPlan
    api = FencedApi("https://api.invalid", Path("ca"), Path("token"), meter, gate)
    for change in (
        fenced.ensure(plan),
        fenced.mint(plan),
        fenced.eject("room", "bot-1"),
        fenced.delete("room"),
        api.seal(REF, "Cancelled"),
        api.erase(REF),
    ):
        with pytest.raises(LeaseLostError):
            await change
    assert rooms.asked == ["delete", "presence"]


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (None, "ok"),
        (RoomAuthError("401"), "refused"),
        (RoomNotFoundError("404"), "not_found"),
        (RoomUnavailableError("429"), "unavailable"),
        (KeyError("a bug"), "failed"),
    ],
)
async def test_calls_of_the_provider_are_counted_by_outcome(error: Exception | None, outcome: str) -> None:
    class Failing(Rooms):
        def __getattr__(self, name: str) -> Any:
            async def asked(*_: Any) -> None:
                if error is not None:
                    raise error

            return asked

    meter = Meter("1")
    inner: Any = Failing()
    fenced = FencedRooms("daily", inner, meter, Gate())
    with contextlib.suppress(*([] if error is None else [type(error)])):
        await fenced.eject("room", "bot-1")
    labels = {"provider": "daily", "operation": "eject", "outcome": outcome}
    assert meter.registry.get_sample_value("parley_operator_provider_calls_total", labels) == 1

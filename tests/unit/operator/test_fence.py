"""A replica without the Lease changes nothing outside of it."""

from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from kubernetes.aio.client import Configuration
from parley_operator.shell.fence import FencedApi, FencedClient, FencedRooms
from parley_operator.shell.kube import PODS, Kube
from parley_operator.shell.lease import LeaseLostError
from parley_protocol import InterviewRef
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
    gate = Gate()
    async with TestServer(app) as server:
        host = str(server.make_url("")).rstrip("/")
        client: Any = FencedClient(Configuration(host=host), gate, "parley-operator/1 (pod-1)")
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


async def test_nor_is_anything_done_to_a_room_or_ordered_of_the_api() -> None:
    gate, rooms = Gate(), Rooms()
    inner: Any = rooms
    fenced = FencedRooms(inner, gate)
    await fenced.delete("room")
    gate.open = False
    await fenced.presence("room")
    plan: Any = RoomPlan
    api = FencedApi("https://api.invalid", Path("ca"), Path("token"), gate)
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

"""The Lease against a server that hangs, forgets to answer and is written by others."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from kubernetes.aio.client import ApiClient, Configuration
from parley_operator.election import Terms
from parley_operator.shell.client.kube import Kube
from parley_operator.shell.service.lease import Lease, LeaseLostError, act_while_held
from support.wait import eventually

TERMS = Terms(duration=4, renew_within=2, retry=0.2, look=0.1, call=0.5)
DEADLINE = 20.0


class Server:
    """Keeps one Lease as an API server does."""

    def __init__(self) -> None:
        self.lease: dict[str, Any] | None = None
        self.writes = 0
        self.hangs = False
        self.loses_answers = 0
        self.never = asyncio.Event()

    @property
    def holder(self) -> str | None:
        return None if self.lease is None else self.lease["spec"].get("holderIdentity")

    def steal(self, holder: str) -> None:
        """Another candidate takes it."""
        assert self.lease is not None
        self._store({**self.lease, "spec": {**self.lease["spec"], "holderIdentity": holder}})

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if self.hangs:
            await self.never.wait()
        if request.method == "GET":
            return web.json_response(self.lease) if self.lease else self._refuse(404, "NotFound")
        body = await request.json()
        if (request.method == "POST") != (self.lease is None):
            return self._refuse(409, "AlreadyExists")
        if self.lease and body["metadata"]["resourceVersion"] != self.lease["metadata"]["resourceVersion"]:
            return self._refuse(409, "Conflict")
        self._store(body)
        if self.loses_answers:
            self.loses_answers -= 1
            await self.never.wait()
        return web.json_response(self.lease)

    def _store(self, body: dict[str, Any]) -> None:
        self.writes += 1
        self.lease = {**body, "metadata": {**body["metadata"], "resourceVersion": str(self.writes)}}

    def _refuse(self, code: int, reason: str) -> web.Response:
        return web.json_response({"kind": "Status", "reason": reason, "message": "no"}, status=code)


@pytest.fixture
async def server() -> Server:
    return Server()


@pytest.fixture
async def kube(server: Server) -> AsyncIterator[Kube]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.handle)
    async with TestServer(app) as running:
        client: Any = ApiClient(configuration=Configuration(host=str(running.make_url("")).rstrip("/")))
        yield Kube(client)
        await client.close()
        server.never.set()


class Acts:
    """What is done while the Lease is held."""

    def __init__(self) -> None:
        self.began = asyncio.Event()
        self.let = asyncio.Event()
        self.cancelled = False

    async def __call__(self) -> None:
        self.began.set()
        try:
            await self.let.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise


async def begun(lease: Lease, acts: Acts, stop: asyncio.Event | None = None) -> asyncio.Task[None]:
    running = asyncio.create_task(act_while_held(lease, stop or asyncio.Event(), acts))
    async with asyncio.timeout(DEADLINE):
        await acts.began.wait()
    return running


async def test_it_is_renewed_and_released_when_the_work_ends(server: Server, kube: Kube) -> None:
    lease, acts = Lease(kube, "parley", "me", TERMS), Acts()
    running = await begun(lease, acts)
    assert server.holder == "me"
    await eventually("it was renewed", lambda: server.writes > 2)
    lease.require()
    acts.let.set()
    async with asyncio.timeout(DEADLINE):
        await running
    assert server.holder is None
    with pytest.raises(LeaseLostError):
        lease.require()


async def test_what_fails_by_itself_releases_it_too(server: Server, kube: Kube) -> None:
    async def fails() -> None:
        raise RuntimeError("a watch ended")

    with pytest.raises(RuntimeError, match="a watch ended"):
        await act_while_held(Lease(kube, "parley", "me", TERMS), asyncio.Event(), fails)
    assert server.holder is None


async def test_a_server_that_hangs_ends_the_work(server: Server, kube: Kube) -> None:
    lease, acts = Lease(kube, "parley", "me", TERMS), Acts()
    running = await begun(lease, acts)
    server.hangs = True
    with pytest.raises(LeaseLostError, match="could not be renewed for 2 s"):
        async with asyncio.timeout(DEADLINE):
            await running
    assert acts.cancelled
    assert not lease.held
    assert server.holder == "me", "what may still be under way keeps others out for its time"


async def test_another_holder_ends_the_work(server: Server, kube: Kube) -> None:
    lease, acts = Lease(kube, "parley", "me", TERMS), Acts()
    running = await begun(lease, acts)
    server.steal("another")
    with pytest.raises(LeaseLostError, match="another holds the Lease now"):
        async with asyncio.timeout(DEADLINE):
            await running
    assert acts.cancelled
    assert server.holder == "another"


async def test_an_answer_that_is_lost_loses_nothing(server: Server, kube: Kube) -> None:
    lease, acts = Lease(kube, "parley", "me", TERMS), Acts()
    running = await begun(lease, acts)
    server.loses_answers = 1
    before = server.writes
    await eventually("it was renewed after that", lambda: server.writes > before + 2)
    assert lease.held
    acts.let.set()
    async with asyncio.timeout(DEADLINE):
        await running


async def test_a_standby_takes_over_what_is_not_renewed(server: Server, kube: Kube) -> None:
    first, second = Lease(kube, "parley", "first", TERMS), Lease(kube, "parley", "second", TERMS)
    async with asyncio.timeout(DEADLINE):
        await first.acquire()
        await second.acquire()
    assert not first.held
    assert (server.holder, second.holder) == ("second", "second")
    assert server.lease is not None
    assert server.lease["spec"]["leaseTransitions"] == 1


async def test_a_standby_that_is_stopped_writes_nothing(server: Server, kube: Kube) -> None:
    await Lease(kube, "parley", "first", TERMS).acquire()
    stop, acts, before = asyncio.Event(), Acts(), server.writes
    standby = Lease(kube, "parley", "second", TERMS)
    waiting = asyncio.create_task(act_while_held(standby, stop, acts))
    await eventually("it stands by", lambda: standby.holder == "first")
    stop.set()
    async with asyncio.timeout(DEADLINE):
        await waiting
    assert not acts.began.is_set()
    assert server.writes == before

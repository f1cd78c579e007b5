"""The proxy that makes one call go wrong: what it counts, what it does to that call, and that it leaves the others."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from aiohttp import web
from support.chaos.faults import FAULTS, action, refuse
from support.fault_proxy import Exchange, FaultProxy, Rule, Server
from support.wait import eventually


class Upstream:
    """A server that counts what gets to it; its watch says something each time that it is told to."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.said: asyncio.Queue[bytes] = asyncio.Queue()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if "watch" not in request.query:
            self.done.append(request.method)
            return web.json_response({"n": len(self.done)})
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(await self.said.get())


@pytest.fixture
async def upstream() -> AsyncIterator[tuple[Upstream, str]]:
    server, app = Upstream(), web.Application()
    app.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield server, f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.fixture
def kills() -> list[str]:
    return []


@pytest.fixture
def proxy(upstream: tuple[Upstream, str], kills: list[str]) -> Iterator[FaultProxy]:
    running = FaultProxy({"kube": Server(upstream[1])}, lambda: kills.append("killed"))
    running.begin()
    yield running
    running.stop()


@pytest.fixture
async def client(proxy: FaultProxy) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=proxy.urls["kube"], trust_env=False, timeout=5) as made:
        yield made


def strike_at(proxy: FaultProxy, fault: str, number: int) -> Rule:
    """Has the fault strike at this action; none of those needs more than the proxy."""
    rule = Rule(action, number, FAULTS[fault].strike(None))  # type: ignore[arg-type]
    proxy.begin(rule)
    return rule


async def test_the_second_action_alone_is_refused(
    proxy: FaultProxy, client: httpx.AsyncClient, upstream: tuple[Upstream, str]
) -> None:
    rule = Rule(action, 2, refuse(429)(None))  # type: ignore[arg-type]
    proxy.begin(rule)
    answers = [await client.post("/a"), await client.get("/a"), await client.put("/b"), await client.patch("/c")]
    assert [answer.status_code for answer in answers] == [200, 200, 429, 200]
    assert answers[2].json()["reason"] == "TooManyRequests"
    assert answers[2].headers["Retry-After"] == "1"
    assert upstream[0].done == ["POST", "GET", "PATCH"]
    assert [str(call) for call in rule.struck] == ["action 2: PUT kube/b"]
    assert [call.number for call in proxy.calls] == [1, 1, 2, 3]


async def test_a_lease_is_no_action(proxy: FaultProxy, client: httpx.AsyncClient) -> None:
    await client.put("/apis/coordination.k8s.io/v1/namespaces/home/leases/parley-operator")
    assert [call.kind for call in proxy.calls] == ["upkeep"]


@pytest.mark.parametrize(("fault", "done"), [("reset-undone", []), ("reset-done", ["POST"])])
async def test_a_reset(
    proxy: FaultProxy, client: httpx.AsyncClient, upstream: tuple[Upstream, str], fault: str, done: list[str]
) -> None:
    strike_at(proxy, fault, 1)
    with pytest.raises(httpx.TransportError):
        await client.post("/a")
    assert upstream[0].done == done


async def test_an_answer_that_is_held_is_of_what_was_done(
    proxy: FaultProxy, client: httpx.AsyncClient, upstream: tuple[Upstream, str]
) -> None:
    strike_at(proxy, "held", 1)
    with pytest.raises(httpx.ReadTimeout):
        await client.post("/a", timeout=0.5)
    assert upstream[0].done == ["POST"]


async def test_a_crash_before_the_answer(
    proxy: FaultProxy, client: httpx.AsyncClient, upstream: tuple[Upstream, str], kills: list[str]
) -> None:
    strike_at(proxy, "crash-unanswered", 1)
    with pytest.raises(httpx.TransportError):
        await client.post("/a")
    assert (kills, upstream[0].done) == (["killed"], ["POST"])


async def test_a_crash_after_the_answer_lets_no_further_call_through(
    proxy: FaultProxy, client: httpx.AsyncClient, upstream: tuple[Upstream, str], kills: list[str]
) -> None:
    strike_at(proxy, "crash-answered", 1)
    assert (await client.post("/a")).json() == {"n": 1}
    with pytest.raises(httpx.TransportError):
        await client.post("/b")
    assert (kills, upstream[0].done) == (["killed"], ["POST"])


async def test_a_crash_after_the_last_answer_needs_no_further_call(
    proxy: FaultProxy, client: httpx.AsyncClient, kills: list[str]
) -> None:
    strike_at(proxy, "crash-answered", 1)
    await client.post("/a")
    await eventually("it is killed", lambda: kills, 5)


async def test_a_watch_passes_at_once_is_held_back_and_cut(
    proxy: FaultProxy, client: httpx.AsyncClient, upstream: tuple[Upstream, str]
) -> None:
    async with client.stream("GET", "/a", params={"watch": "1"}) as stream:
        lines = stream.aiter_lines()
        await upstream[0].said.put(b'{"n": 1}\n')
        assert json.loads(await anext(lines)) == {"n": 1}
        strike_at(proxy, "watches-stalled", 1)
        await client.post("/a")
        await upstream[0].said.put(b'{"n": 2}\n')
        late = asyncio.create_task(anext(lines))
        assert (await asyncio.wait([late], timeout=0.3))[1], "it was told at once"
        assert json.loads(await late) == {"n": 2}
        strike_at(proxy, "watches-cut", 1)
        await client.post("/a")
        with pytest.raises(httpx.TransportError):
            await anext(lines)


async def test_a_server_that_is_away_looks_so(proxy: FaultProxy, client: httpx.AsyncClient) -> None:
    async def away(exchange: Exchange) -> web.StreamResponse:
        raise ConnectionRefusedError

    proxy.begin(Rule(action, 1, away))
    with pytest.raises(httpx.TransportError):
        await client.post("/a")
    assert proxy.fault is None

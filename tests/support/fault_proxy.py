"""A proxy between the operator and all that it talks to: it counts the calls and makes exactly one of them go wrong.

What is behind it is real, and nobody else goes through it. It listens in plain HTTP on loopback, so that no certificate
stands between it and what it counts; the way on is TLS where the server asks for it. Watches pass through unbuffered.
"""

import asyncio
import socket
import ssl
import struct
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import aiohttp
from aiohttp import web
from yarl import URL

type Peer = Literal["kube", "daily", "api"]
type Kind = Literal["action", "read", "watch", "upkeep"]

NOT_PASSED_ON = frozenset({"host", "content-length", "transfer-encoding", "connection", "accept-encoding"})
SETTLED_SECONDS = 0.25
"""After what silence the operator is taken to have used the last answer: its next call would have come by then."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request of the operator. `number` counts those of its kind from 1; `at` is by the monotonic clock."""

    peer: Peer
    kind: Kind
    number: int
    method: str
    path: str
    body: bytes = field(repr=False)
    at: float = field(repr=False)

    def __str__(self) -> str:
        return f"{self.kind} {self.number}: {self.method} {self.peer}{self.path}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Server:
    """Where a peer is; `ca_file` is the authority that its certificate has to be of."""

    url: str
    ca_file: Path | None = None


class Exchange:
    """One call on its way, in the hands of a fault."""

    def __init__(self, proxy: "FaultProxy", request: web.Request, call: Call) -> None:
        self.proxy = proxy
        self.call = call
        self.request = request

    async def forward(self) -> Answer:
        """Has the server do it, and keeps the answer. Not undone by an operator that hangs up meanwhile."""
        return await asyncio.shield(asyncio.ensure_future(self.proxy.ask(self.request, self.call)))

    async def deliver(self, answer: Answer) -> web.Response:
        """Gives the operator an answer, whole."""
        response = web.Response(status=answer.status, headers=answer.headers, body=answer.body)
        await response.prepare(self.request)
        await response.write_eof()
        return response

    def cut(self) -> web.Response:
        """Resets the connection in the place of an answer."""
        reset(self.request)
        return web.Response()


type Strike = Callable[[Exchange], Awaitable[web.StreamResponse]]


@dataclass
class Rule:
    """Which calls go wrong: of those that fit, from `number` on, as many as `times`."""

    fits: Callable[[Call], bool]
    number: int
    strike: Strike
    times: int = 1
    seen: int = 0
    struck: list[Call] = field(default_factory=list)

    def due(self, call: Call) -> bool:
        """Counts a call, and says whether it is one that goes wrong."""
        if not self.fits(call):
            return False
        self.seen += 1
        if not self.number <= self.seen < self.number + self.times:
            return False
        self.struck.append(call)
        return True


class FaultProxy:
    """The proxy in a thread with an event loop of its own. `kill` ends the operator at once."""

    def __init__(self, servers: Mapping[Peer, Server], kill: Callable[[], None]) -> None:
        self.urls: dict[Peer, str] = {}
        self.calls: list[Call] = []
        self.steps = 0
        """How many calls were through, ever: as long as it stays, the operator has changed nothing."""
        self.rule: Rule | None = None
        self.fault: Exception | None = None
        """What went wrong in the proxy itself: no case that it was in says anything."""
        self._servers = servers
        self._trusted = {
            peer: ssl.create_default_context(cafile=server.ca_file) if server.ca_file else True
            for peer, server in servers.items()
        }
        self._kill = kill
        self._counts: Counter[Kind] = Counter()
        self._watches: list[web.Request] = []
        self._pass = asyncio.Event()
        self._doomed = False
        self._loop = asyncio.new_event_loop()
        self._started, self._stop = threading.Event(), asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),), daemon=True)
        self._thread.start()
        self._started.wait(30)

    def begin(self, rule: Rule | None = None) -> None:
        """Counts from 1 again, by this rule."""
        self.calls, self._counts, self.rule, self._doomed = [], Counter(), rule, False

    def stop(self) -> None:
        """Ends it with every connection."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def kill_now(self) -> None:
        """Ends the operator before it learns anything more."""
        self._doomed = False
        self._kill()

    def kill_before_the_next_call(self) -> None:
        """Ends the operator once it has used the last answer: when it makes its next call, which gets nowhere."""
        self._doomed = True
        self._loop.call_later(SETTLED_SECONDS, lambda: self._doomed and self.kill_now())

    def cut_watches(self) -> None:
        """Resets the connection of every watch."""
        for request in list(self._watches):
            reset(request)

    def stall_watches(self, seconds: float) -> None:
        """Holds back what the watches have to tell."""
        self._pass.clear()
        self._loop.call_later(seconds, self._pass.set)

    async def ask(self, request: web.Request, call: Call) -> Answer:
        """Passes a call on and reads the whole answer."""
        async with self._passed_on(request, call) as response:
            return Answer(response.status, _passed(response.headers), await response.read())

    async def _serve(self) -> None:
        self._pass.set()
        timeout = aiohttp.ClientTimeout(total=None, connect=10)
        async with aiohttp.ClientSession(
            timeout=timeout, auto_decompress=False, connector=aiohttp.TCPConnector(limit=0)
        ) as self._session:
            runners = [await self._listen(peer) for peer in self._servers]
            self._started.set()
            await self._stop.wait()
            for runner in runners:
                await runner.cleanup()

    async def _listen(self, peer: Peer) -> web.AppRunner:
        app = web.Application(client_max_size=2**24)

        async def handle(request: web.Request) -> web.StreamResponse:
            return await self._handle(peer, request)

        app.router.add_route("*", "/{path:.*}", handle)
        # What the operator hangs up on is no longer read from the server: a watch would stay for ever.
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.urls[peer] = f"http://127.0.0.1:{runner.addresses[0][1]}"
        return runner

    async def _handle(self, peer: Peer, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        try:
            return await self._count_and_pass(peer, request, body)
        finally:
            self.steps += 1

    async def _count_and_pass(self, peer: Peer, request: web.Request, body: bytes) -> web.StreamResponse:
        kind = kind_of(request)
        self._counts[kind] += 1
        call = Call(peer, kind, self._counts[kind], request.method, request.path_qs, body, time.monotonic())
        exchange = Exchange(self, request, call)
        if self._doomed:
            self.kill_now()
            return exchange.cut()
        self.calls.append(call)
        try:
            if self.rule is not None and self.rule.due(call):
                return await self.rule.strike(exchange)
            return await (self._watch(exchange) if kind == "watch" else self._plain(exchange))
        except (aiohttp.ClientError, ConnectionError, TimeoutError):
            # The server is away: to the operator it is to look just so.
            return exchange.cut()
        except Exception as error:
            self.fault = error
            raise

    async def _plain(self, exchange: Exchange) -> web.StreamResponse:
        return await exchange.deliver(await exchange.forward())

    async def _watch(self, exchange: Exchange) -> web.StreamResponse:
        request = exchange.request
        async with self._passed_on(request, exchange.call) as source:
            response = web.StreamResponse(status=source.status, headers=_passed(source.headers))
            response.enable_chunked_encoding()
            await response.prepare(request)
            self._watches.append(request)
            try:
                async for chunk in source.content.iter_any():
                    await self._pass.wait()
                    await response.write(chunk)
            finally:
                self._watches.remove(request)
            await response.write_eof()
            return response

    def _passed_on(self, request: web.Request, call: Call) -> "aiohttp.client._RequestContextManager":
        url = URL(self._servers[call.peer].url + call.path, encoded=True)
        headers = {key: value for key, value in request.headers.items() if key.lower() not in NOT_PASSED_ON}
        body = call.body or None
        return self._session.request(request.method, url, data=body, headers=headers, ssl=self._trusted[call.peer])


def kind_of(request: web.Request) -> Kind:
    """What a request is for. Upkeep is what the clock asks for, no interview: the Lease, and what templates say."""
    if request.path.startswith("/apis/coordination.k8s.io/"):
        return "upkeep"
    if request.method not in ("GET", "HEAD"):
        return "upkeep" if "/interviewtemplates/" in request.path else "action"
    return "watch" if request.query.get("watch") in ("1", "true") else "read"


def reset(request: web.Request) -> None:
    """Ends a connection as one whose host went away does: RST, and what was not sent yet is lost."""
    transport = request.transport
    if transport is None:
        return
    connection: socket.socket = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def _passed(headers: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in headers.items() if key.lower() not in NOT_PASSED_ON - {"accept-encoding"}}

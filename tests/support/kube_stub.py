"""An HTTP server in the place of the API server, for what a real one can't be made to do: to fail, and to be newer."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from kubernetes.aio import client as untyped_client
from parley_api.kube import Kube

# The package claims to be typed, but its configuration carries no annotations.
client: Any = untyped_client

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class KubeStub:
    """Answers each path by its function; knows how often it was asked, and how many were answered at once."""

    kube: Kube
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    at_once: int = 0
    most_at_once: int = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked[request.path] += 1
        self.at_once += 1
        self.most_at_once = max(self.at_once, self.most_at_once)
        try:
            return await self.answers[request.path](request)
        finally:
            self.at_once -= 1


@asynccontextmanager
async def kube_stub() -> AsyncIterator[KubeStub]:
    """The server on a port of its own, and a connection to it."""
    application = web.Application()
    runner = web.AppRunner(application, shutdown_timeout=1)
    stub: KubeStub

    async def handle(request: web.Request) -> web.StreamResponse:
        return await stub.handle(request)

    application.router.add_route("*", "/{path:.*}", handle)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    stub = KubeStub(Kube(client.Configuration(host=f"http://127.0.0.1:{port}")))
    yield stub
    await stub.kube.close()
    await runner.cleanup()


def always(document: dict[str, Any], status: int = 200) -> Answer:
    """The same document each time."""

    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.json_response(document, status=status)

    return answer


def first(*failures: int | None, then: dict[str, Any]) -> Answer:
    """Fail with these statuses in turn (None: cut the connection), then answer the document."""
    left = list(failures)

    async def answer(request: web.Request) -> web.StreamResponse:
        if not left:
            return web.json_response(then)
        status = left.pop(0)
        if status is None:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        return web.json_response({"kind": "Status", "reason": "Failed", "message": "on purpose"}, status=status)

    return answer


async def body_of(request: web.Request) -> dict[str, Any]:
    """The document that was sent."""
    document: dict[str, Any] = json.loads(await request.read())
    return document

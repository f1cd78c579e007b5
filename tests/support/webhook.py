"""A template's webhook as its owners would run it: HTTPS, and the calls checked by Standard Webhooks' own library."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from standardwebhooks import Webhook, WebhookVerificationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from support.processes import free_ports
from support.wait import eventually

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@dataclass
class Receiver:
    """Answers by `answer`; `calls` are those whose signature was good, `ids` the `webhook-id` of each."""

    answer: Callable[[], Response] = field(default=lambda: JSONResponse({"salary": "60 to 80 thousand"}))
    key: str = KEY
    delay: float = 0.0
    port: int = 0
    calls: list[dict[str, Any]] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    refused: int = 0

    def url(self, path: str = "/salary", host: str = "localhost") -> str:
        """Its address."""
        return f"https://{host}:{self.port}{path}"

    async def serve(self, request: Request) -> Response:
        """Take a call."""
        try:
            call = Webhook(self.key).verify(await request.body(), dict(request.headers))
        except WebhookVerificationError:
            self.refused += 1
            return Response(status_code=401)
        self.calls.append(call)
        self.ids.append(request.headers["webhook-id"])
        await asyncio.sleep(self.delay)
        return self.answer()


class _Server(uvicorn.Server):
    """uvicorn without signal handlers: the test runner has its own."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def receiving(receiver: Receiver, tls: tuple[Path, Path]) -> AsyncIterator[Receiver]:
    """Serve it on 127.0.0.1 while the block runs; its `port` is set."""
    receiver.port = free_ports(1)[0]
    cert, key = tls
    app = Starlette(routes=[Route("/{path:path}", receiver.serve, methods=["POST", "GET"])])
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=receiver.port,
        log_level="warning",
        lifespan="off",
        ssl_certfile=cert,
        ssl_keyfile=key,
        timeout_graceful_shutdown=1,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve())
    await eventually("the webhook serves", lambda: server.started, 10)
    try:
        yield receiver
    finally:
        server.should_exit = True
        await task

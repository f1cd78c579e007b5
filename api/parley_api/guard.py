"""Around the whole app: headers of every answer, a limit on request bodies, a problem for what nothing caught."""

import logging
from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from parley_api import problems
from parley_api.problems import ProblemError

log = logging.getLogger(__name__)

# This API serves no page: nothing may be loaded, framed or guessed from its answers.
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


class Guard:
    """Pure ASGI, so that streams pass through it unbuffered."""

    def __init__(self, app: ASGIApp, max_body_bytes: int) -> None:
        self._app = app
        self._max = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        await _Exchange(self._app, self._max, scope, receive, send).run()


class _Exchange:
    """One request and its answer."""

    def __init__(self, app: ASGIApp, max_body_bytes: int, scope: Scope, receive: Receive, send: Send) -> None:
        self._app, self._scope, self._receive, self._send = app, scope, receive, send
        self._max = max_body_bytes
        self._received = 0
        self._begun = False

    async def run(self) -> None:
        try:
            self._require_small(_declared_length(self._scope))
            await self._app(self._scope, self._counted_receive, self._guarded_send)
        except HTTPException as error:
            await self._answer(problems.from_http(error))
        except Exception:
            # The log has the trace; the caller is told only that it was not theirs.
            log.exception("%s %s failed", self._scope["method"], self._scope["path"])
            await self._answer(ProblemError(500, "internal-error", "Parley's API failed; its log says why."))

    async def _answer(self, error: ProblemError) -> None:
        if self._begun:
            # Half an answer is out: only breaking the connection tells the caller that it is not whole.
            raise RuntimeError("the answer broke off") from error
        await error.response()(self._scope, self._receive, self._guarded_send)

    async def _counted_receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._received += len(message.get("body", b""))
            self._require_small(self._received)
        return message

    async def _guarded_send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._begun = True
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await self._send(message)

    def _require_small(self, size: int) -> None:
        if size > self._max:
            # FastAPI lets nothing but this pass from within the reading of a body.
            raise HTTPException(413, f"The body may have {self._max} bytes at most.")


def _declared_length(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0

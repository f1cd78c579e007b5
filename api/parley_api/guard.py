"""Around the whole app: headers of every answer, limits on request bodies, a problem for what nothing caught."""

import asyncio
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


# Whoever sends a body of a mebibyte at most has it sent by then, also by telephone.
BODY_SECONDS = 30.0


class AnswerHeaders:
    """Puts `HEADERS` on every answer. It belongs outside of all that answers, so that nothing passes it by."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)


class Guard:
    """Bounds what a request may send, and answers for what nothing caught.

    It belongs inside of CORS, so that a browser may read its answers too. Pure ASGI: streams pass it unbuffered.
    """

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
        self._body_until: float | None = None
        self._complete = False
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
        # A request may be slow to send its body, once: what comes after the body is the end of the connection.
        if self._body_until is None:
            self._body_until = asyncio.get_running_loop().time() + BODY_SECONDS
        try:
            async with asyncio.timeout_at(None if self._complete else self._body_until):
                message = await self._receive()
        except TimeoutError:
            raise HTTPException(
                408, f"The body took longer than {BODY_SECONDS:g} s.", headers={"Connection": "close"}
            ) from None
        if message["type"] == "http.request":
            self._received += len(message.get("body", b""))
            self._require_small(self._received)
            self._complete = not message.get("more_body", False)
        return message

    async def _guarded_send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._begun = True
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

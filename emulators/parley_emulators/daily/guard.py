"""What stands before every call: ordered faults, the API key, the rate limits."""

import asyncio
import hmac
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from parley_emulators.daily.errors import DailyError
from parley_emulators.daily.faults import FaultBook
from parley_emulators.daily.limits import Limits

PREFIX = "/v1"


class Guard:
    """Lets a call through, refuses it, delays it or cuts it off."""

    def __init__(
        self, app: ASGIApp, api_key: str, limits: Limits | None, faults: FaultBook, clock: Callable[[], float]
    ) -> None:
        """`clock` gives seconds for the limits' windows; nobody sets it back, as the domain's own time may be."""
        self._app = app
        self._api_key = api_key
        self._limits = limits
        self._faults = faults
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take a call."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        path = request.url.path.removeprefix(PREFIX)
        refusal: DailyError | None = None
        for fault in self._faults.due(request.method, path):
            await asyncio.sleep(fault.delay_seconds)
            match fault.kind:
                case "drop":
                    # An answer that is begun and not ended makes the server cut the connection.
                    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})
                    return
                case "error":
                    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
                    refusal = DailyError(fault.status, fault.error, fault.info, headers=headers)
        refusal = refusal or self._check(request, path)
        if refusal is None:
            await self._app(scope, receive, send)
        else:
            await JSONResponse(refusal.body, refusal.status, refusal.headers)(scope, receive, send)

    def _check(self, request: Request, path: str) -> DailyError | None:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not given:
            return DailyError(400, "authorization-header-error", "bad Authorization header format")
        if not hmac.compare_digest(given.encode(), self._api_key.encode()):
            return DailyError(401, "authentication-error")
        try:
            if self._limits is not None:
                self._limits.take(request.method, path, self._clock())
        except DailyError as error:
            return error
        return None

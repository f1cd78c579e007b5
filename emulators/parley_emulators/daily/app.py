"""The emulator as a whole: the REST API and the control port."""

import contextlib
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass

from fastapi import FastAPI, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from parley_emulators.daily.api import Service, presence_router, recordings_router, rooms_router, tokens_router
from parley_emulators.daily.control import control_app
from parley_emulators.daily.errors import DailyError
from parley_emulators.daily.faults import FaultBook
from parley_emulators.daily.guard import PREFIX, Guard
from parley_emulators.daily.limits import Limits
from parley_emulators.daily.settings import DailySettings
from parley_emulators.daily.state import Domain
from parley_emulators.daily.tokens import Signer
from parley_emulators.serving import serving


@dataclass
class RunningDaily:
    """An emulator that serves."""

    port: int
    control_port: int
    service: Service
    faults: FaultBook


def rest_app(settings: DailySettings, service: Service, faults: FaultBook) -> FastAPI:
    """The REST API's application."""
    app = FastAPI(title="Daily emulator", docs_url=None, redoc_url=None)
    limits = Limits() if settings.rate_limits else None
    key = settings.api_key.get_secret_value()
    app.add_middleware(Guard, api_key=key, limits=limits, faults=faults, clock=service.clock)

    @app.exception_handler(DailyError)
    async def refuse(_: object, error: DailyError) -> Response:
        return JSONResponse(error.body, error.status, error.headers)

    @app.exception_handler(RequestValidationError)
    async def refuse_query(_: object, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        info = f"parameter '{first['loc'][-1]}': {first['msg']}"
        return JSONResponse({"error": "invalid-request-error", "info": info}, 400)

    @app.exception_handler(HTTPException)
    async def refuse_path(_: object, error: HTTPException) -> Response:
        name = "not-found" if error.status_code == 404 else "invalid-request-error"
        return JSONResponse({"error": name, "info": str(error.detail)}, error.status_code)

    for router in (rooms_router, presence_router, tokens_router, recordings_router):
        app.include_router(router(service), prefix=PREFIX)
    return app


@contextlib.asynccontextmanager
async def running(settings: DailySettings) -> AsyncIterator[RunningDaily]:
    """Serve while the block runs.

    Raises:
        StartupError: A port cannot be had.
    """
    domain = Domain(settings.domain, settings.max_rooms)
    service, faults = Service(domain, Signer(secrets.token_bytes(32), domain.id)), FaultBook()
    rest = serving(rest_app(settings, service, faults), settings.host, settings.port)
    control = serving(control_app(service, faults), settings.host, settings.control_port)
    async with rest as rest_port, control as control_port:
        yield RunningDaily(rest_port.port, control_port.port, service, faults)

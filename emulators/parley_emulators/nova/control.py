"""The control port: health, faults and manners to order, sessions seen. Plain HTTP, for tests and probes alone."""

from collections.abc import Callable

from fastapi import FastAPI, Response

from parley_emulators.nova.faults import FaultBook, Faults
from parley_emulators.nova.manners import Manners, MannersBook
from parley_emulators.nova.record import SessionBook, SessionRecord


def control_app(faults: FaultBook, sessions: SessionBook, manners: MannersBook, ready: Callable[[], bool]) -> FastAPI:
    """The control port's application; `ready` tells whether the models are loaded and the model's port is open."""
    app = FastAPI(title="Nova Sonic emulator: control", docs_url=None, redoc_url=None)

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz")
    async def readyz(response: Response) -> dict[str, str]:
        if ready():
            return {"status": "ready"}
        response.status_code = 503
        return {"status": "the speech models are loading"}

    @app.get("/faults")
    async def get_faults() -> Faults:
        return Faults(faults=faults.ordered)

    @app.put("/faults")
    async def put_faults(order: Faults) -> Faults:
        faults.order(order.faults)
        return Faults(faults=faults.ordered)

    @app.delete("/faults", status_code=204)
    async def delete_faults() -> None:
        faults.order([])

    @app.get("/manners")
    async def get_manners() -> Manners:
        return manners.ordered

    @app.put("/manners")
    async def put_manners(order: Manners) -> Manners:
        manners.ordered = order
        return order

    @app.delete("/manners", status_code=204)
    async def delete_manners() -> None:
        manners.ordered = Manners()

    @app.get("/sessions")
    async def get_sessions() -> list[SessionRecord]:
        return sessions.records

    @app.delete("/sessions", status_code=204)
    async def delete_sessions() -> None:
        sessions.clear()

    return app

"""The control port: health, faults to order, and people for the rooms. Plain HTTP, for tests and probes alone."""

from typing import Any

from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from parley_emulators.daily.api import Service
from parley_emulators.daily.errors import DailyError, not_found
from parley_emulators.daily.faults import FaultBook, Faults


class Clock(BaseModel):
    """What time it is at this Daily: tests make old rooms without waiting."""

    model_config = ConfigDict(extra="forbid")

    ahead_seconds: float = Field(description="How far ahead it is of this machine's time; negative: behind.")


class Joining(BaseModel):
    """Who joins: what the token says, or a guest without one."""

    token: str | None = None


def control_app(service: Service, faults: FaultBook) -> FastAPI:
    """The control port's application."""
    app = FastAPI(title="Daily emulator: control", docs_url=None, redoc_url=None)
    domain, now = service.domain, service.now

    @app.exception_handler(DailyError)
    async def refuse(_: object, error: DailyError) -> Response:
        return JSONResponse(error.body, error.status, error.headers)

    @app.get("/healthz")
    @app.get("/readyz")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

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

    @app.put("/clock")
    async def put_clock(clock: Clock) -> Clock:
        service.ahead = clock.ahead_seconds
        return clock

    @app.get("/rooms")
    async def get_rooms() -> list[dict[str, Any]]:
        return [room.document() | {"participants": room.present(now())} for room in domain.rooms.values()]

    @app.post("/rooms/{name}/participants", status_code=201)
    async def join(name: str, joining: Joining) -> dict[str, Any]:
        token = service.signer.read(joining.token) if joining.token else None
        participant = domain.join(name, token, now())
        return {"id": participant.id, "userId": participant.user_id, "userName": participant.user_name}

    @app.delete("/rooms/{name}/participants/{participant}", status_code=204)
    async def leave(name: str, participant: str) -> None:
        room = domain.rooms.get(name)
        if room is None or room.participants.pop(participant, None) is None:
            raise not_found(f"nobody with id {participant} is in {name}")

    return app

"""The REST API: each call as Daily documents it."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request

from parley_emulators.daily import models
from parley_emulators.daily.errors import DailyError, invalid
from parley_emulators.daily.models import parse
from parley_emulators.daily.state import Domain
from parley_emulators.daily.tokens import Signer


@dataclass
class Service:
    """What the calls work on."""

    domain: Domain
    signer: Signer
    clock: Callable[[], float] = time.time
    ahead: float = 0
    """How many seconds this Daily is ahead of the clock."""

    def now(self) -> float:
        """Seconds since the epoch."""
        return self.clock() + self.ahead


async def _body(request: Request) -> Any:
    raw = await request.body()
    try:
        return json.loads(raw) if raw else None
    except ValueError as error:
        raise DailyError(400, "json-parsing-error", "the request body is no JSON") from error


def rooms_router(service: Service) -> APIRouter:
    """`/rooms`, but for what happens in them."""
    router, domain, now = APIRouter(), service.domain, service.now

    @router.post("/rooms")
    async def create_room(request: Request) -> dict[str, Any]:
        return domain.create(parse(models.RoomRequest, await _body(request)), now()).document()

    @router.get("/rooms")
    async def list_rooms(
        limit: int | None = None, ending_before: str | None = None, starting_after: str | None = None
    ) -> dict[str, Any]:
        return domain.page(limit, ending_before, starting_after, now())

    @router.get("/rooms/{name}")
    async def get_room(name: str) -> dict[str, Any]:
        return domain.room(name, now()).document()

    @router.post("/rooms/{name}")
    async def update_room(name: str, request: Request) -> dict[str, Any]:
        change = parse(models.RoomRequest, await _body(request))
        if change.name is not None:
            raise invalid("unknown parameter 'name'")
        return domain.update(name, change, now()).document()

    @router.delete("/rooms/{name}")
    async def delete_room(name: str) -> dict[str, Any]:
        domain.delete(name, now())
        return {"deleted": True, "name": name}

    return router


def presence_router(service: Service) -> APIRouter:
    """Who is where, and out with them."""
    router, domain, now = APIRouter(), service.domain, service.now

    @router.get("/presence")
    async def get_presence() -> dict[str, Any]:
        present = {room.name: room.present(now()) for room in domain.rooms.values()}
        return {name: people for name, people in present.items() if people}

    @router.get("/rooms/{name}/presence")
    async def get_room_presence(
        name: str,
        limit: int | None = None,
        userId: str | None = None,  # noqa: N803  -- Daily's name
    ) -> dict[str, Any]:
        present = domain.room(name, now()).present(now())
        chosen = [each for each in present if userId in (None, each["userId"])]
        return {"total_count": len(chosen), "data": chosen[:limit]}

    @router.post("/rooms/{name}/eject")
    async def eject(name: str, request: Request) -> dict[str, Any]:
        wanted = parse(models.EjectRequest, await _body(request))
        if not wanted.ids and not wanted.user_ids:
            raise invalid("one of the parameters 'ids' and 'user_ids' is required")
        return {"ejectedIds": domain.eject(name, wanted, now())}

    return router


def tokens_router(service: Service) -> APIRouter:
    """`/meeting-tokens`."""
    router, signer, now = APIRouter(), service.signer, service.now

    @router.post("/meeting-tokens")
    async def create_token(request: Request) -> dict[str, str]:
        return {"token": signer.mint(parse(models.TokenRequest, await _body(request)).properties, now())}

    @router.get("/meeting-tokens/{token}")
    async def validate_token(token: str, ignoreNbf: bool = False) -> dict[str, Any]:  # noqa: N803  -- Daily's name
        properties = signer.read(token)
        if properties.exp is not None and properties.exp <= now():
            raise invalid("the token has expired")
        if properties.nbf is not None and properties.nbf > now() and not ignoreNbf:
            raise invalid("the token is not yet valid")
        return properties.model_dump(exclude_none=True)

    return router


def recordings_router(service: Service) -> APIRouter:
    """`/recordings`, and starting and stopping them."""
    router, domain, now = APIRouter(), service.domain, service.now

    @router.post("/rooms/{name}/recordings/start")
    async def start_recording(name: str, request: Request) -> dict[str, str]:
        wanted = parse(models.RecordingRequest, await _body(request))
        room = domain.room(name, now())
        if not room.config.get("enable_recording"):
            raise invalid("recording is not enabled for this room")
        if not room.present(now()):
            raise invalid("the room has no active meeting")
        return {"recordingId": domain.recordings.start(name, room.meeting, wanted.instanceId, now()).id}

    @router.post("/rooms/{name}/recordings/stop")
    async def stop_recording(name: str, request: Request) -> dict[str, str]:
        wanted = parse(models.RecordingRequest, await _body(request))
        domain.room(name, now())
        return {"recordingId": domain.recordings.stop(name, wanted.instanceId, now()).id}

    @router.get("/recordings")
    async def list_recordings(room_name: str | None = None, limit: int | None = None) -> dict[str, Any]:
        return domain.recordings.page(room_name, limit)

    @router.get("/recordings/{recording_id}")
    async def get_recording(recording_id: str) -> dict[str, Any]:
        return domain.recordings.get(recording_id).document()

    @router.get("/recordings/{recording_id}/access-link")
    async def access_link(recording_id: str, valid_for_secs: int = 3600) -> dict[str, Any]:
        recording = domain.recordings.get(recording_id)
        if recording.stopped is None:
            raise invalid("the recording is still in progress")
        link = f"https://{domain.name}.daily.co/recordings/{recording.id}.mp4"
        return {"download_link": link, "expires": int(now()) + valid_for_secs}

    @router.delete("/recordings/{recording_id}")
    async def delete_recording(recording_id: str) -> dict[str, Any]:
        domain.recordings.delete(recording_id)
        return {"id": recording_id, "deleted": True}

    return router

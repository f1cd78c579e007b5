"""Daily's rooms by its REST API, https://docs.daily.co/reference/rest-api.

Rooms are private, hold two participants and close by themselves. A token is for one room and one person, and for
joining within a short time; it carries no `eject_at_token_exp`, since that would put its holder out of a running
conversation and, by Daily's rules, switch the room's own `eject_at_room_exp` off.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Generator, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

import httpx

from parley_rooms.errors import (
    RoomAuthError,
    RoomError,
    RoomNotFoundError,
    RoomRejectedError,
    RoomUnavailableError,
)
from parley_rooms.keys import ApiKey
from parley_rooms.patience import HoldOff, retry_after
from parley_rooms.provider import FoundRecording, FoundRoom, Grant, Occupant, Role, Room, RoomPlan, user_id
from parley_rooms.retry import Retry

API_URL: Final = "https://api.daily.co/v1"
MAX_PARTICIPANTS: Final = 2
CALL_SECONDS: Final = 30.0
"""How long a call may take in all, with its repetitions: whoever makes it holds a place that others wait for."""
_TIMEOUT: Final = httpx.Timeout(10, connect=5)
_TOLD_LENGTH: Final = 300
_PAGE_SIZE: Final = 100
# By itself Daily ends a recording after five minutes in which nobody speaks, and any after some hours
# (https://docs.daily.co/reference/rest-api/rooms/recordings/start); an interview's room ends sooner than these.
_RECORDING: Final = {"minIdleTimeOut": 3600, "maxDuration": 86_400}
_PERMISSIONS: Final[dict[Role, dict[str, Any]]] = {
    "bot": {"hasPresence": True, "canSend": ["audio"], "canAdmin": False},
    "candidate": {"hasPresence": True, "canSend": ["audio", "video"], "canAdmin": False},
}


class _Bearer(httpx.Auth):
    """Adds the key to each request, so that it stands in no attribute that somebody prints."""

    def __init__(self, key: ApiKey) -> None:
        self._key = key

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Set the Authorization header."""
        request.headers["Authorization"] = f"Bearer {self._key.read()}"
        yield request


class DailyRooms:
    """The `daily` provider: a `RoomProvider`, a `RoomDirectory` and a `RoomRecorder`.

    Args:
        api_key: the key of the Daily domain; it is read at each call and never logged.
        api_url: where the API is.
        transport: how to get there; None: over the network.
        retry: how often and how patiently a call is repeated.
        call_seconds: how long a call may take in all.
    """

    def __init__(
        self,
        api_key: ApiKey,
        api_url: str = API_URL,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        retry: Retry | None = None,
        call_seconds: float = CALL_SECONDS,
    ) -> None:
        self._key = api_key
        self._url = api_url.rstrip("/")
        self._retry = retry or Retry()
        self._call_seconds = call_seconds
        self._hold_off = HoldOff()
        self._http = httpx.AsyncClient(auth=_Bearer(api_key), timeout=_TIMEOUT, transport=transport)

    def __repr__(self) -> str:
        return f"DailyRooms({self._url!r})"

    async def ensure(self, plan: RoomPlan) -> Room:
        """Make the room, or bring the one that is there to the plan: a repeated call may find its own room."""
        body = {"privacy": "private", "properties": _room_properties(plan)}
        try:
            return await self._make(plan.name, body)
        except RoomRejectedError as error:
            if "already exists" not in str(error):
                raise
        try:
            return _room_of(await self._call("POST", _room_path(plan.name), body))
        except RoomNotFoundError:
            # Somebody deleted it just now, or it is past its end and only its name is still taken.
            with contextlib.suppress(RoomUnavailableError):
                await self.delete(plan.name)
            return await self._make(plan.name, body)

    async def _make(self, name: str, body: dict[str, Any]) -> Room:
        return _room_of(await self._call("POST", "/rooms", {"name": name, **body}))

    async def mint(self, grant: Grant) -> str:
        """A token for joining this room in this role until `join_by`."""
        properties = {
            "room_name": grant.room,
            "exp": _seconds(grant.join_by),
            "is_owner": False,
            "user_id": user_id(grant.role, grant.attempt),
            "user_name": grant.display_name,
            "enable_screenshare": False,
            "permissions": _PERMISSIONS[grant.role],
        }
        return _text(await self._call("POST", "/meeting-tokens", {"properties": properties}), "token")

    async def presence(self, name: str) -> list[Occupant]:
        """Who is in the room; Daily's answer may be some seconds old."""
        answer = await self._call("GET", f"{_room_path(name)}/presence")
        people = answer.get("data")
        if not isinstance(people, list) or not all(isinstance(person, dict) for person in people):
            raise RoomUnavailableError("Daily's answer does not say who is in the room")
        return [Occupant(user=person.get("userId")) for person in people]

    async def eject(self, name: str, user: str) -> None:
        """Put somebody out of the room. They can come back with a token that is still good, so mint short ones."""
        try:
            await self._call("POST", f"{_room_path(name)}/eject", {"user_ids": [user]})
        except RoomNotFoundError:
            return

    async def delete(self, name: str) -> None:
        """Remove the room."""
        try:
            await self._call("DELETE", _room_path(name))
        except RoomNotFoundError:
            return

    async def pages(self) -> AsyncIterator[Sequence[FoundRoom]]:
        """Every room of the domain, page by page, the newest first."""
        seen: set[str] = set()
        after = ""
        while True:
            answer = await self._call("GET", f"/rooms?limit={_PAGE_SIZE}{after}")
            rooms = answer.get("data")
            if not isinstance(rooms, list) or not all(isinstance(room, dict) for room in rooms):
                raise RoomUnavailableError("Daily's answer does not say which rooms there are")
            ids = [_text(room, "id") for room in rooms]
            # A cursor that is not heeded gives the first page again, for ever.
            if seen.issuperset(ids):
                return
            seen.update(ids)
            yield [FoundRoom(_text(room, "name"), _moment(room.get("created_at"))) for room in rooms]
            if len(rooms) < _PAGE_SIZE:
                return
            after = f"&starting_after={quote(ids[-1], safe='')}"

    async def occupied(self) -> set[str]:
        """Which rooms have somebody in them; Daily's answer may be some seconds old."""
        return {name for name, people in (await self._call("GET", "/presence")).items() if people}

    async def start_recording(self, name: str) -> None:
        """Record the room from now on. A room with nobody in it can't be recorded."""
        try:
            await self._call("POST", f"{_room_path(name)}/recordings/start", _RECORDING)
        except RoomRejectedError as error:
            if "active stream" not in str(error):
                raise

    async def stop_recording(self, name: str) -> None:
        """Record the room no longer."""
        try:
            await self._call("POST", f"{_room_path(name)}/recordings/stop", {})
        except RoomNotFoundError:
            return
        except RoomRejectedError as error:
            if "active stream" not in str(error):
                raise

    async def recordings(self, name: str) -> list[FoundRecording]:
        """What is kept of the room, the newest first: a hundred at most, of which each attempt makes one or two."""
        answer = await self._call("GET", f"/recordings?room_name={quote(name, safe='')}&limit={_PAGE_SIZE}")
        found = answer.get("data")
        if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
            raise RoomUnavailableError("Daily's answer does not say which recordings there are")
        # A filter that is not heeded would hand over, and have deleted, what others have recorded.
        return [_recording_of(item) for item in found if item.get("room_name") == name]

    async def delete_recording(self, recording: str) -> None:
        """Delete a recording; one that runs is refused (RoomRejectedError)."""
        try:
            await self._call("DELETE", f"/recordings/{quote(recording, safe='')}")
        except RoomNotFoundError:
            return

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """One call, repeated while it is worth it. Raises a RoomError."""
        try:
            async with asyncio.timeout(self._call_seconds):
                return await self._retry.run(lambda: self._once(method, path, body))
        except TimeoutError as error:
            raise RoomUnavailableError(f"Daily did not do it within {self._call_seconds:g} s") from error

    async def _once(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        kind = "deletions" if method == "DELETE" else "all else"
        self._hold_off.require_welcome(kind)
        try:
            response = await self._http.request(method, self._url + path, json=body)
        except httpx.RequestError as error:
            raise RoomUnavailableError(f"Daily can't be reached: {type(error).__name__} {error}") from error
        if response.is_success:
            return _document(response)
        refusal = self._refusal(response)
        # What is no longer than a pause of ours, the call waits for itself.
        if isinstance(refusal, RoomUnavailableError) and (refusal.retry_after or 0) > self._retry.longest_pause:
            self._hold_off.keep_away(kind, refusal.retry_after or 0)
        raise refusal

    def _refusal(self, response: httpx.Response) -> RoomError:
        """The error that tells what to do about this answer."""
        status = response.status_code
        body = _document_or_none(response) or {}
        what = f"{body.get('error', response.reason_phrase)} {body.get('info', '')}"
        said = f"Daily answered {status}: {what[:_TOLD_LENGTH]}".rstrip()
        if status in (401, 403) or body.get("error") == "authorization-header-error":
            return RoomAuthError(f"Daily refuses the API key: mend {self._key.place} ({said})")
        if status == 404:
            return RoomNotFoundError(said)
        if status == 429 or status >= 500:
            asked = retry_after(response.headers.get("Retry-After", ""), datetime.now(UTC))
            return RoomUnavailableError(said, asked)
        return RoomRejectedError(said)


def _room_path(name: str) -> str:
    return f"/rooms/{quote(name, safe='')}"


def _room_properties(plan: RoomPlan) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "exp": _seconds(plan.closes_at),
        "eject_at_room_exp": True,
        "max_participants": MAX_PARTICIPANTS,
        "enable_chat": False,
        "enable_screenshare": False,
    }
    if plan.geo is not None:
        properties["geo"] = plan.geo
    if plan.record:
        properties["enable_recording"] = "cloud"
    return properties


def _recording_of(item: dict[str, Any]) -> FoundRecording:
    started, duration = item.get("start_ts"), item.get("duration")
    return FoundRecording(
        id=_text(item, "id"),
        started_at=datetime.fromtimestamp(started, UTC) if isinstance(started, int) else None,
        duration_seconds=duration if isinstance(duration, int) else None,
        running=item.get("status") == "in-progress",
    )


def _room_of(answer: dict[str, Any]) -> Room:
    return Room(_text(answer, "name"), _text(answer, "url"))


def _document(response: httpx.Response) -> dict[str, Any]:
    document = _document_or_none(response)
    if document is None:
        raise RoomUnavailableError(f"Daily answered {response.status_code} with something that is no JSON object")
    return document


def _document_or_none(response: httpx.Response) -> dict[str, Any] | None:
    try:
        document = response.json()
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _text(document: dict[str, Any], key: str) -> str:
    value = document.get(key)
    if not isinstance(value, str) or not value:
        raise RoomUnavailableError(f"Daily's answer has no {key}")
    return value


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _moment(value: object) -> datetime | None:
    """A time of Daily's; None where it is none, or has no zone."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None

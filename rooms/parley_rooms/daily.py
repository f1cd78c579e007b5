"""Daily's rooms by its REST API, https://docs.daily.co/reference/rest-api.

Rooms are private, hold two participants and close by themselves. A token is for one room and one person, and for
joining within a short time; it carries no `eject_at_token_exp`, since that would put its holder out of a running
conversation and, by Daily's rules, switch the room's own `eject_at_room_exp` off.
"""

import math
from collections.abc import Generator
from datetime import datetime
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
from parley_rooms.provider import Grant, Occupant, Role, Room, RoomPlan, user_id
from parley_rooms.retry import Retry

API_URL: Final = "https://api.daily.co/v1"
MAX_PARTICIPANTS: Final = 2
_TIMEOUT: Final = httpx.Timeout(10, connect=5)
_PERMISSIONS: Final[dict[Role, dict[str, Any]]] = {
    "bot": {"hasPresence": True, "canSend": ["audio"], "canAdmin": False},
    "candidate": {"hasPresence": True, "canSend": ["audio", "video"], "canAdmin": False},
}


class _ApiKey(httpx.Auth):
    """Adds the key to each request, so that it stands in no attribute that somebody prints."""

    def __init__(self, key: str) -> None:
        self.__key = key

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Set the Authorization header."""
        request.headers["Authorization"] = f"Bearer {self.__key}"
        yield request


class DailyRooms:
    """The `daily` provider, a `RoomProvider`.

    Args:
        api_key: the key of the Daily domain; it is never logged.
        api_url: where the API is.
        transport: how to get there; None: over the network.
        retry: how often and how patiently a call is repeated.
    """

    def __init__(
        self,
        api_key: str,
        api_url: str = API_URL,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        retry: Retry | None = None,
    ) -> None:
        self._url = api_url.rstrip("/")
        self._retry = retry or Retry()
        self._http = httpx.AsyncClient(auth=_ApiKey(api_key), timeout=_TIMEOUT, transport=transport)

    def __repr__(self) -> str:
        return f"DailyRooms({self._url!r})"

    async def ensure(self, plan: RoomPlan) -> Room:
        """Make the room, or bring the one that is there to the plan: a repeated call may find its own room."""
        body = {"privacy": "private", "properties": _room_properties(plan)}
        try:
            answer = await self._call("POST", "/rooms", {"name": plan.name, **body})
        except RoomRejectedError as error:
            if "already exists" not in str(error):
                raise
            answer = await self._call("POST", _room_path(plan.name), body)
        return Room(_text(answer, "name"), _text(answer, "url"))

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

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """One call, repeated while it is worth it. Raises a RoomError."""
        return await self._retry.run(lambda: self._once(method, path, body))

    async def _once(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        try:
            response = await self._http.request(method, self._url + path, json=body)
        except httpx.RequestError as error:
            raise RoomUnavailableError(f"Daily can't be reached: {type(error).__name__} {error}") from error
        if not response.is_success:
            raise _refusal(response)
        return _document(response)


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
    return properties


def _refusal(response: httpx.Response) -> RoomError:
    """The error that tells what to do about this answer."""
    status = response.status_code
    body = _document_or_none(response) or {}
    message = f"Daily answered {status}: {body.get('error', response.reason_phrase)} {body.get('info', '')}".rstrip()
    if status in (401, 403) or body.get("error") == "authorization-header-error":
        return RoomAuthError(message)
    if status == 404:
        return RoomNotFoundError(message)
    if status == 429 or status >= 500:
        return RoomUnavailableError(message, _retry_after(response))
    return RoomRejectedError(message)


def _retry_after(response: httpx.Response) -> float | None:
    """Retry-After in seconds. Daily sends seconds; a date, the header's other form, is left to our own patience."""
    try:
        seconds = float(response.headers.get("Retry-After", ""))
    except ValueError:
        return None
    return seconds if seconds >= 0 and math.isfinite(seconds) else None


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

"""What Parley needs of whoever serves the rooms. Every call is safe to repeat.

A `websocket` room has no provider: the bot serves it, so it is there as long as its pod, and a ticket opens it.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

Role = Literal["bot", "candidate"]


def user_id(role: Role, attempt: int) -> str:
    """Who somebody is in the room: the one candidate, or the bot of an attempt."""
    return "candidate" if role == "candidate" else f"bot-{attempt}"


@dataclass(frozen=True)
class RoomPlan:
    """The room that is wanted. It closes by itself at `closes_at`, whatever becomes of Parley.

    `record`: it can be recorded; that it is, is ordered when somebody who has agreed comes in.
    """

    name: str
    closes_at: datetime
    geo: str | None = None
    record: bool = False


@dataclass(frozen=True)
class Room:
    """The room that is there, and its address."""

    name: str
    url: str


@dataclass(frozen=True)
class Grant:
    """Who may join which room, and until when. Joining is what `join_by` bounds; staying is bounded by the room."""

    room: str
    role: Role
    attempt: int
    join_by: datetime
    display_name: str


@dataclass(frozen=True)
class Occupant:
    """Somebody in the room: `user` is what `user_id` gave them."""

    user: str | None


class RoomProvider(Protocol):
    """Serves rooms.

    Every call raises a `RoomError`: `RoomAuthError`, `RoomUnavailableError`, `RoomRejectedError`, or, where a room
    has to be there, `RoomNotFoundError`.
    """

    async def ensure(self, plan: RoomPlan) -> Room:
        """Make the room, or bring the one of this name to the plan."""
        ...

    async def mint(self, grant: Grant) -> str:
        """A token that lets its holder join this room in this role, and do no more than the role needs."""
        ...

    async def presence(self, name: str) -> list[Occupant]:
        """Who is in the room."""
        ...

    async def eject(self, name: str, user: str) -> None:
        """Put somebody out of the room; nobody there, or no such room, is success."""
        ...

    async def delete(self, name: str) -> None:
        """Remove the room and put everybody out; no such room is success."""
        ...

    async def aclose(self) -> None:
        """Close connections to the provider."""
        ...


@dataclass(frozen=True)
class FoundRoom:
    """A room of the account, whoever made it, and when; None where the provider does not say."""

    name: str
    created_at: datetime | None


class RoomDirectory(Protocol):
    """Tells of every room of the provider's account, for who looks for those that were forgotten.

    Raises a `RoomError` as a `RoomProvider` does.
    """

    def pages(self) -> AsyncIterator[Sequence[FoundRoom]]:
        """The rooms, page by page, the newest first."""
        ...

    async def occupied(self) -> set[str]:
        """The names of the rooms with somebody in them."""
        ...

    async def delete(self, name: str) -> None:
        """Remove a room; no such room is success."""
        ...


@dataclass(frozen=True)
class FoundRecording:
    """A recording that the provider keeps; what it does not tell is None."""

    id: str
    started_at: datetime | None
    duration_seconds: int | None
    running: bool


class RoomRecorder(Protocol):
    """Records rooms, for providers that do. Raises a `RoomError` as a `RoomProvider` does."""

    async def start_recording(self, name: str) -> None:
        """Record the room from now on; one that is being recorded is success."""
        ...

    async def stop_recording(self, name: str) -> None:
        """Record the room no longer; none that runs, or no such room, is success."""
        ...

    async def recordings(self, name: str) -> list[FoundRecording]:
        """What is kept of the room, also of one that is gone."""
        ...

    async def delete_recording(self, recording: str) -> None:
        """Delete a recording by its id; no such one is success."""
        ...


class RecordedRooms(RoomProvider, RoomRecorder, Protocol):
    """A provider that records its rooms, too."""

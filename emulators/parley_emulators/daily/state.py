"""The domain: its rooms, who is in them, what is recorded. Callers tell the time, in seconds since the epoch."""

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from parley_emulators.daily.errors import DailyError, invalid, not_found
from parley_emulators.daily.models import EjectRequest, RoomRequest, TokenProperties
from parley_emulators.daily.recordings import RecordingBook

_LONGEST_PAGE = 100


@dataclass
class Participant:
    """Someone in a room."""

    id: str
    user_id: str | None
    user_name: str | None
    joined: float
    token: TokenProperties

    def gone_at(self, room: "Room") -> float | None:
        """When Daily puts this participant out; None: never."""
        config, token = room.config, self.token
        ends: list[float] = []
        # A token's own end takes the place of the room's (Daily's page on meeting tokens).
        if token.eject_at_token_exp and token.exp:
            ends.append(token.exp)
        elif config.get("eject_at_room_exp") and config.get("exp"):
            ends.append(config["exp"])
        elapsed = token.eject_after_elapsed or config.get("eject_after_elapsed")
        if elapsed:
            ends.append(self.joined + elapsed)
        return min(ends, default=None)


@dataclass
class Room:
    """A room and who is in it."""

    id: str
    name: str
    url: str
    created: float
    privacy: str
    config: dict[str, Any]
    participants: dict[str, Participant] = field(default_factory=dict)
    banned: set[str] = field(default_factory=set)
    meeting: str = field(default_factory=lambda: str(uuid.uuid4()))

    def document(self) -> dict[str, Any]:
        """The room as the API shows it."""
        return {
            "id": self.id, "name": self.name, "api_created": True, "privacy": self.privacy, "url": self.url,
            "created_at": timestamp(self.created), "config": self.config,
        }  # fmt: skip

    def expired(self, now: float) -> bool:
        """Whether it is past its end."""
        exp = self.config.get("exp")
        return exp is not None and exp <= now

    def present(self, now: float) -> list[dict[str, Any]]:
        """Who is in it now; those whose time is over are put out first."""
        for participant in list(self.participants.values()):
            gone_at = participant.gone_at(self)
            if gone_at is not None and gone_at <= now:
                del self.participants[participant.id]
        return [self._presence(participant, now) for participant in self.participants.values()]

    def _presence(self, participant: Participant, now: float) -> dict[str, Any]:
        return {
            "room": self.name, "id": participant.id, "userId": participant.user_id, "userName": participant.user_name,
            "mtgSessionId": self.meeting, "joinTime": timestamp(participant.joined),
            "duration": int(now - participant.joined),
        }  # fmt: skip


@dataclass
class Domain:
    """All that one API key sees."""

    name: str
    max_rooms: int
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    rooms: dict[str, Room] = field(default_factory=dict)
    recordings: RecordingBook = field(default_factory=RecordingBook)

    def create(self, request: RoomRequest, now: float) -> Room:
        """Make a room.

        Raises:
            DailyError: Its name is taken, or the domain has too many.
        """
        name = request.name or uuid.uuid4().hex[:20]
        if name in self.rooms and not self.rooms[name].expired(now):
            raise invalid(f"a room named {name} already exists")
        if sum(not room.expired(now) for room in self.rooms.values()) >= self.max_rooms:
            raise invalid("the domain has reached its limit of rooms")
        config = request.properties.model_dump(exclude_none=True)
        url = f"https://{self.name}.daily.co/{name}"
        room = Room(str(uuid.uuid4()), name, url, now, request.privacy or "public", config)
        self.rooms[name] = room
        return room

    def update(self, name: str, request: RoomRequest, now: float) -> Room:
        """Change what the request names.

        Raises:
            DailyError: There is no such room.
        """
        room = self.room(name, now)
        room.privacy = request.privacy or room.privacy
        for key in request.properties.model_fields_set:
            value = getattr(request.properties, key)
            if value is None:
                room.config.pop(key, None)
            else:
                room.config[key] = request.properties.model_dump(include={key})[key]
        return room

    def room(self, name: str, now: float) -> Room:
        """A room that is there and not past its end.

        Raises:
            DailyError: There is none.
        """
        room = self.rooms.get(name)
        if room is None or room.expired(now):
            raise not_found(f"room {name} does not exist")
        return room

    def delete(self, name: str, now: float) -> None:
        """Remove a room and put out who is in it.

        Raises:
            DailyError: There is none; one past its end is removed, and Daily says so in its 404.
        """
        room = self.rooms.pop(name, None)
        if room is None:
            raise not_found(f"room {name} does not exist")
        self.recordings.stop_all(name, now)
        if room.expired(now):
            raise not_found(f"room {name} does not exist", deleted=True)

    def page(
        self, limit: int | None, ending_before: str | None, starting_after: str | None, now: float
    ) -> dict[str, Any]:
        """Rooms, the newest first.

        Raises:
            DailyError: The limit is none, or a cursor names no room.
        """
        if limit is not None and not 1 <= limit <= _LONGEST_PAGE:
            raise invalid(f"parameter 'limit' must be between 1 and {_LONGEST_PAGE}")
        rooms = [room for room in reversed(self.rooms.values()) if not room.expired(now)]
        ids = [room.id for room in rooms]
        try:
            first = ids.index(starting_after) + 1 if starting_after else 0
            last = ids.index(ending_before) if ending_before else len(ids)
        except ValueError as error:
            raise invalid("the cursor names no room") from error
        shown = rooms[first:last]
        size = limit or _LONGEST_PAGE
        shown = shown[-size:] if ending_before and not starting_after else shown[:size]
        return {"total_count": len(rooms), "data": [room.document() for room in shown]}

    def join(self, name: str, token: TokenProperties | None, now: float) -> Participant:
        """Let somebody in, as Daily's calls do it.

        Raises:
            DailyError: 403 with the `error` that daily-js reports, such as `exp-token` or `meeting-full`.
        """
        room = self.rooms.get(name)
        if room is None:
            raise _refused("no-room", "The meeting you're trying to join does not exist.")
        config, holder = room.config, token or TokenProperties()
        _check_times(config, holder, now)
        if token is None and room.privacy == "private":
            raise _refused("not-allowed", "You are not allowed to join this meeting.")
        if (holder.room_name or name) != name or (holder.user_id and holder.user_id in room.banned):
            raise _refused("not-allowed", "You are not allowed to join this meeting.")
        if len(room.present(now)) >= config.get("max_participants", 200):
            raise _refused("meeting-full", "Meeting is full.")
        user_id = holder.user_id or str(uuid.uuid4())
        participant = Participant(str(uuid.uuid4()), user_id, holder.user_name, now, holder)
        if not room.participants:
            room.meeting = str(uuid.uuid4())
        room.participants[participant.id] = participant
        if holder.start_cloud_recording and self.recordings.active(name, None) is None:
            self.recordings.start(name, room.meeting, None, now)
        return participant

    def eject(self, name: str, request: EjectRequest, now: float) -> list[str]:
        """Put participants out; the answer is who of those named was there.

        Raises:
            DailyError: There is no such room.
        """
        room = self.room(name, now)
        if request.ban:
            room.banned.update(request.user_ids)
        ejected = [p.id for p in room.participants.values() if p.id in request.ids or p.user_id in request.user_ids]
        for participant in ejected:
            del room.participants[participant]
        return ejected


def timestamp(seconds: float) -> str:
    """Daily's form of a time."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _check_times(config: dict[str, Any], token: TokenProperties, now: float) -> None:
    for what, nbf, exp in (("room", config.get("nbf"), config.get("exp")), ("token", token.nbf, token.exp)):
        if nbf is not None and nbf > now:
            raise _refused(f"nbf-{what}", f"The {what} is not yet valid.")
        if exp is not None and exp <= now:
            raise _refused(f"exp-{what}", f"The {what} has expired.")


def _refused(error: str, info: str) -> DailyError:
    return DailyError(403, error, info)

"""The room that an assignment grants."""

from datetime import datetime

from parley_protocol import BotInputs, DailyRoom, WebsocketRoom
from parley_protocol.assignment import RoomGrant
from parley_rooms.provider import RecordedRooms

from parley_api import daily
from parley_api.problems import ProblemError


async def grant(rooms: RecordedRooms | None, inputs: BotInputs, now: datetime) -> RoomGrant:
    """The grant for this bot; a Daily token is minted for this answer and lets it join within a minute.

    Raises:
        ProblemError: 500, the inputs lack what their kind of room needs; and as `daily.mint`.
    """
    room = inputs.room
    if room.provider == "websocket":
        return WebsocketRoom(ticket_key=_required(room.ticket_key, "ticket key"))
    url = _required(room.url, "URL")
    return DailyRoom(room_url=url, token=await daily.mint(rooms, inputs, "bot", inputs.plan.interviewer.name, now))


def _required(value: str | None, what: str) -> str:
    if value is None:
        raise ProblemError(500, "inputs-unreadable", f"The inputs Secret holds no {what} for its room.")
    return value

"""The room that an assignment grants."""

from parley_protocol import BotInputs, WebsocketRoom
from parley_protocol.assignment import RoomGrant

from parley_api.problems import ProblemError
from parley_api.settings import Settings


async def grant(settings: Settings, inputs: BotInputs) -> RoomGrant:
    """The grant for this bot, a Daily token minted now."""
    room = inputs.room
    if room.provider == "websocket":
        if room.ticket_key is None:
            raise ProblemError(500, "inputs-unreadable", "The inputs Secret holds no ticket key for a WebSocket room.")
        return WebsocketRoom(ticket_key=room.ticket_key)
    raise NotImplementedError

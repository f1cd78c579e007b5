"""Rooms that the bot serves itself: nothing has to be made or removed, and a ticket is all that opens one."""

from collections.abc import Callable

from parley_rooms.provider import Grant, Occupant, Room, RoomPlan

Signer = Callable[[Grant], str]
"""Signs a ticket. The tickets' form is the protocol's, which rooms know nothing of: the program brings it."""


class WebsocketRooms:
    """The `websocket` provider. The room is there as long as the bot is."""

    def __init__(self, sign: Signer) -> None:
        self._sign = sign

    async def ensure(self, plan: RoomPlan) -> Room:
        """The room of this name; its address is the API's relay, which needs no address here."""
        return Room(plan.name)

    async def mint(self, grant: Grant) -> str:
        """A ticket for the candidate. The bot is at home in its room and needs none."""
        return self._sign(grant)

    async def presence(self, name: str) -> list[Occupant] | None:
        """Not known here: the bot alone sees every connection."""
        return None

    async def eject(self, name: str, user: str) -> None:
        """Nothing to do: the bot ends a former connection when a new one takes over, and its own with itself."""

    async def delete(self, name: str) -> None:
        """Nothing to do: the room ends with the bot."""

    async def aclose(self) -> None:
        """Nothing to close."""

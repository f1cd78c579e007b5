"""Which rooms nobody will remove any more: their ledger was lost, or the provider failed when they were to go."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from parley_rooms.names import child_of_room
from parley_rooms.provider import FoundRoom

from parley_operator.installation import Installation

YOUNG = timedelta(minutes=15)
"""A room that is younger may be about to be written into its ledger, or its bot be on its way into it."""


def own_rooms(installation: Installation, rooms: Iterable[FoundRoom], now: datetime) -> dict[str, str]:
    """The rooms that this installation made, by name, with the child that each is for.

    Young ones are left out, and with them those whose age is not told.
    """
    keys, name = installation.link_keys, installation.name
    found = {room.name: child_of_room(keys, name, room.name) for room in rooms if _settled(room, now)}
    return {room: child for room, child in found.items() if child is not None}


def orphans(own: Mapping[str, str], in_use: Collection[str], occupied: Collection[str]) -> list[str]:
    """The rooms to remove.

    `in_use` are the children that something is still done for, seen after the rooms were: a child's name holds its
    Interview's uid, so one that is not there does not come back. A room with somebody in it (`occupied`) is left to its
    own end whatever it seems to be: it is nobody's conversation to break off.
    """
    return [room for room, child in sorted(own.items()) if child not in in_use and room not in occupied]


def _settled(room: FoundRoom, now: datetime) -> bool:
    return room.created_at is not None and now - room.created_at >= YOUNG

"""Tokens for Daily rooms, minted at the moment of joining; what Daily refuses, as problems for the caller."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from parley_protocol import BotInputs
from parley_rooms.daily import DailyRooms
from parley_rooms.errors import RoomError, RoomNotFoundError, RoomUnavailableError
from parley_rooms.keys import mounted_key
from parley_rooms.provider import Grant, RecordedRooms, Role, user_id

from parley_api.problems import ProblemError
from parley_api.settings import DailySettings

log = logging.getLogger(__name__)

JOIN_SECONDS = 60
RETRY_SECONDS = 2
# Asking this API sooner than Daily wishes costs Daily nothing: the client keeps away from it by itself.
LONGEST_RETRY_SECONDS = 30
# For each of the two steps of joining: proxies give a request up after a minute, and a candidate before.
PATIENCE_SECONDS = 10.0


def daily_rooms(settings: DailySettings) -> DailyRooms | None:
    """Daily's rooms; None without a key."""
    if settings.daily_api_key_file is None:
        return None
    key = mounted_key(settings.daily_api_key_file, settings.daily_secret)
    return DailyRooms(key, str(settings.daily_api_url))


async def mint(rooms: RecordedRooms | None, inputs: BotInputs, role: Role, display_name: str, now: datetime) -> str:
    """A token that lets its holder join the interview's room within a minute.

    Raises:
        ProblemError: 409 `not-ready` while there is no such room, 503 `room-unavailable`.
    """
    join_by = now + timedelta(seconds=JOIN_SECONDS)
    async with _refusals_as_problems():
        return await _required(rooms).mint(Grant(inputs.room.name, role, inputs.attempt, join_by, display_name))


async def make_way(rooms: RecordedRooms | None, inputs: BotInputs, *, take_over: bool) -> None:
    """Put the candidate's other tab out of the room, or refuse the new one, as the template says.

    Raises:
        ProblemError: 409 `already-joined`, and as `mint`.
    """
    candidate = user_id("candidate", inputs.attempt)
    async with _refusals_as_problems():
        occupants = await _required(rooms).presence(inputs.room.name)
        if all(occupant.user != candidate for occupant in occupants):
            return
        if not take_over:
            raise ProblemError(
                409,
                "already-joined",
                "The interview is open in another window: go on there, or close it.",
            )
        await _required(rooms).eject(inputs.room.name, candidate)


async def record(rooms: RecordedRooms | None, inputs: BotInputs, *, required: bool) -> None:
    """Have the interview's room recorded, in which the bot is already; where it is not required, as far as it can be.

    Raises:
        ProblemError: it is required, and as `mint`.
    """
    try:
        async with _refusals_as_problems():
            await _required(rooms).start_recording(inputs.room.name)
    except ProblemError:
        if required:
            raise
        log.warning("interview %s is not recorded: Daily did not begin to", inputs.interview.uid)


def _required(rooms: RecordedRooms | None) -> RecordedRooms:
    if rooms is None:
        log.error("an interview has a Daily room, but PARLEY_DAILY_API_KEY_FILE is not set")
        raise ProblemError(503, "room-unavailable", "This installation can't open the interview's room.")
    return rooms


@asynccontextmanager
async def _refusals_as_problems() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            yield
    except RoomNotFoundError:
        raise ProblemError(
            409, "not-ready", "The room is being made; ask again in a moment.", headers={"Retry-After": "1"}
        ) from None
    except (RoomError, TimeoutError) as error:
        log.warning("Daily: %s", error if isinstance(error, RoomError) else f"no answer in {PATIENCE_SECONDS:g} s")
        wait = error.retry_after if isinstance(error, RoomUnavailableError) else None
        raise ProblemError(
            503,
            "room-unavailable",
            "The provider of the room does not let anybody in now; try again in a moment.",
            headers={"Retry-After": str(max(1, min(round(wait or RETRY_SECONDS), LONGEST_RETRY_SECONDS)))},
        ) from error

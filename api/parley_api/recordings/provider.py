"""What a room's provider has recorded: found for the manifest, and deleted with the interview."""

import asyncio
import logging

from parley_protocol import BotInputs, ConsentRecord, ProviderRecording, RecordingAccount
from parley_rooms.errors import RoomError
from parley_rooms.provider import RoomRecorder

from parley_api.store import StoreUnavailableError

log = logging.getLogger(__name__)

DAILY = "daily"
FIND_SECONDS = 8.0
"""How long an end waits for Daily to tell of its recordings: whoever orders it waits for twenty seconds."""
DELETE_SECONDS = 15.0
"""How long an order waits for Daily to delete them: whoever gave it is to learn what Daily says before it hangs up.
What was deleted by then is, and the next order goes on."""


async def account(
    rooms: RoomRecorder | None, inputs: BotInputs | None, consent: ConsentRecord | None
) -> RecordingAccount | None:
    """What is known of a recording beside its parts: the consent to it, and what Daily keeps.

    None where none was to be made, or where nobody has agreed to one.
    """
    if inputs is None or not inputs.plan.recording.wanted or consent is None:
        return None
    if inputs.room.provider != DAILY:
        return RecordingAccount(consent=consent)
    found = await _found(rooms, inputs.room.name)
    return RecordingAccount(consent=consent, provider=DAILY, provider_recordings=found or [], found=found is not None)


async def erase(rooms: RoomRecorder | None, inputs: BotInputs | None, *, within: float = DELETE_SECONDS) -> None:
    """Delete what Daily has recorded in the interview's room; one that still runs is ended first. Again: nothing.

    `within` is how many seconds Daily may take for all of it.

    Raises:
        StoreUnavailableError: it could not be done now: it is to be done again, before the store forgets the room.
    """
    if inputs is None or inputs.room.provider != DAILY or not inputs.plan.recording.wanted:
        return
    room = inputs.room.name
    try:
        async with asyncio.timeout(within):
            await _delete_all(_required(rooms), room)
    except (RoomError, TimeoutError) as error:
        why = f"Daily did not do it within {within:g} s" if isinstance(error, TimeoutError) else error
        raise StoreUnavailableError(f"the recordings of room {room} are still there: {why}") from error


async def _delete_all(rooms: RoomRecorder, room: str) -> None:
    found = await rooms.recordings(room)
    if any(recording.running for recording in found):
        await rooms.stop_recording(room)
    for recording in found:
        await rooms.delete_recording(recording.id)


async def find(rooms: RoomRecorder | None, room: str) -> list[ProviderRecording]:
    """What Daily keeps of the room, the oldest first; one that still runs is ended. Raises RoomError."""
    await _required(rooms).stop_recording(room)
    found = await _required(rooms).recordings(room)
    return [
        ProviderRecording(id=item.id, started_at=item.started_at, duration_seconds=item.duration_seconds)
        for item in reversed(found)
    ]


async def _found(rooms: RoomRecorder | None, room: str) -> list[ProviderRecording] | None:
    """The same; None where Daily does not say: the end does not wait for it, `linking` asks again."""
    try:
        async with asyncio.timeout(FIND_SECONDS):
            return await find(rooms, room)
    except (RoomError, TimeoutError) as error:
        log.warning("the recordings of room %s are not found: %s", room, error or "no answer")
        return None


def _required(rooms: RoomRecorder | None) -> RoomRecorder:
    if rooms is None:
        raise RoomError("PARLEY_DAILY_API_KEY_FILE is not set, so Daily can't be asked")
    return rooms

"""Daily's recordings that an interview's end did not find: asked for again, and put into the manifest.

An end waits for Daily some seconds only, and Daily may tell of a recording later. Whoever goes over the store asks it
again; after three days what is known stays as it is.
"""

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta

from parley_protocol import InterviewRef, Manifest, RecordingAccount
from parley_rooms.errors import RoomError
from parley_rooms.provider import RoomRecorder
from pydantic import ValidationError

from parley_api.recordings import provider
from parley_api.store import Store, layout
from parley_api.transcripts.archive import JSON, kept_plan
from parley_api.transcripts.erasure import ErasedError, require_not_erased

log = logging.getLogger(__name__)

LOOK_FOR = timedelta(days=3)
ALL_SECONDS = 1200.0
"""How long one run asks for, in all: each interview may take as long as a client of Daily's repeats its calls."""


def is_unlinked(manifest: Manifest, now: datetime) -> bool:
    """Whether the manifest names none of the recordings that Daily was to make, and Daily is still to be asked."""
    account = manifest.recording
    if account is None or account.provider is None or account.provider_recordings:
        return False
    return now < manifest.created_at + LOOK_FOR


async def link_all(store: Store, rooms: RoomRecorder | None, unlinked: Iterable[Manifest]) -> int:
    """Ask Daily for the recordings that these lack, and replace them; of how many it told some. Again: the same.

    What fails is logged, and is for the next run. Raises StoreUnavailableError.
    """
    linked = 0
    try:
        async with asyncio.timeout(ALL_SECONDS):
            for manifest in unlinked:
                with suppress(ErasedError):
                    linked += await _link(store, rooms, manifest)
    except TimeoutError:
        log.warning("Daily was asked for recordings for %g s: the next run goes on", ALL_SECONDS)
    return linked


async def _link(store: Store, rooms: RoomRecorder | None, manifest: Manifest) -> bool:
    ref = InterviewRef(namespace=manifest.namespace, name=manifest.name, uid=manifest.uid)
    try:
        inputs = await kept_plan(store, ref)
        if inputs is None:
            return False
        found = await provider.find(rooms, inputs.room.name)
    except (RoomError, ValidationError) as error:
        log.warning("the recordings of %s/%s are not found yet: %s", ref.namespace, ref.uid, error)
        return False
    account = (manifest.recording or RecordingAccount()).model_copy(
        update={"provider_recordings": found, "found": True}
    )
    if account == manifest.recording:
        return False
    # Nobody else changes a manifest that is there, so that it may be replaced.
    key = layout.artifact(ref.namespace, ref.uid, layout.MANIFEST)
    await store.put(key, manifest.model_copy(update={"recording": account}).to_json(), JSON)
    await require_not_erased(store, ref.namespace, ref.uid)
    return bool(found)

"""Daily's recordings that an interview's end did not find, or not whole: asked for again, and put into the manifest.

An end waits for Daily some seconds only, and Daily may tell later of a recording, of another one, or of how long one
is. Whoever goes over the store asks it again, though all may be known; after three days what is known stays as it is.
"""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import NamedTuple

from parley_protocol import InterviewRef, Manifest, ProviderRecording, RecordingAccount
from parley_rooms.errors import RoomError
from parley_rooms.provider import RoomRecorder
from pydantic import ValidationError

from parley_api.recordings import provider
from parley_api.store import Store, layout
from parley_api.transcripts.archive import JSON, kept_plan, manifest_of
from parley_api.transcripts.erasure import ErasedError, require_not_erased

log = logging.getLogger(__name__)

LOOK_FOR = timedelta(days=3)
ALL_SECONDS = 1200.0
"""How long one run asks for, in all: each interview may take as long as a client of Daily's repeats its calls."""


class ToAsk(NamedTuple):
    """An interview whose recordings Daily is asked for; in order, those come first of which the least is known.

    Not its manifest: there may be more of those than memory should hold.
    """

    known: int
    namespace: str
    uid: str

    @classmethod
    def of(cls, manifest: Manifest) -> "ToAsk":
        """The interview of a manifest."""
        told = _recordings(manifest)
        known = 0 if not told else 1 if any(one.duration_seconds is None for one in told) else 2
        return cls(known, manifest.namespace, manifest.uid)


def is_to_ask(manifest: Manifest, now: datetime) -> bool:
    """Whether Daily was to record the interview, and may still tell what the manifest lacks."""
    account = manifest.recording
    return account is not None and account.provider is not None and now < manifest.created_at + LOOK_FOR


async def link_all(store: Store, rooms: RoomRecorder | None, asked: Iterable[ToAsk]) -> int:
    """Ask Daily what these lack, and replace them; of how many it told something. Again: the same.

    Those that lack most come first. What fails is logged, and is for the next run. Raises StoreUnavailableError.
    """
    linked = 0
    try:
        async with asyncio.timeout(ALL_SECONDS):
            for _, namespace, uid in sorted(asked):
                manifest = await manifest_of(store, namespace, uid)
                with suppress(ErasedError):
                    linked += manifest is not None and await _link(store, rooms, manifest)
    except TimeoutError:
        log.warning("Daily was asked for recordings for %g s: the next run goes on", ALL_SECONDS)
    return linked


async def _link(store: Store, rooms: RoomRecorder | None, manifest: Manifest) -> bool:
    ref = InterviewRef(namespace=manifest.namespace, name=manifest.name, uid=manifest.uid)
    known = _recordings(manifest)
    try:
        inputs = await kept_plan(store, ref)
        if inputs is None:
            return False
        found = await provider.find(rooms, inputs.room.name)
    except (RoomError, ValidationError) as error:
        log.warning("the recordings of %s/%s are not found yet: %s", ref.namespace, ref.uid, error)
        return False
    account = (manifest.recording or RecordingAccount()).model_copy(
        update={"provider_recordings": merged(known, found), "found": True}
    )
    if account == manifest.recording:
        return False
    # Nobody else changes a manifest that is there, so that it may be replaced.
    key = layout.artifact(ref.namespace, ref.uid, layout.MANIFEST)
    await store.put(key, manifest.model_copy(update={"recording": account}).to_json(), JSON)
    await require_not_erased(store, ref.namespace, ref.uid)
    return account.provider_recordings != known


def merged(known: Sequence[ProviderRecording], found: Sequence[ProviderRecording]) -> list[ProviderRecording]:
    """All recordings, the oldest first, each with whatever was ever told of it."""
    told = {one.id: one for one in known}
    for one in found:
        former = told.get(one.id, one).model_dump()
        told[one.id] = one.model_copy(update={name: former[name] for name, value in one if value is None})
    return sorted(told.values(), key=lambda one: (one.started_at is None, one.started_at or datetime.max))


def _recordings(manifest: Manifest) -> list[ProviderRecording]:
    return [] if manifest.recording is None else manifest.recording.provider_recordings

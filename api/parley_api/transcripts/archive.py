"""Transcripts in the store: published once, and read."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from parley_protocol import (
    BotInputs,
    ConsentRecord,
    InterviewRef,
    Manifest,
    ManifestEntry,
    RecordingAccount,
    Transcript,
)
from parley_protocol.assignment import AttemptEvents
from parley_protocol.model import Message
from pydantic import AwareDatetime

from parley_api.recordings import joining, parts
from parley_api.store import Store, layout
from parley_api.transcripts.assemble import Ending, Subject, assemble
from parley_api.transcripts.erasure import ErasedError, require_not_erased
from parley_api.transcripts.render import ARTIFACTS, Format, render

JSON = "application/json"


@dataclass(frozen=True)
class Beside:
    """What the manifest tells that neither events nor parts do: the consent, and what is known of the recording."""

    consent: ConsentRecord | None = None
    recording: RecordingAccount | None = None


Elsewhere = Callable[[], Awaitable[Beside]]
"""Asked at the end, once: it may call on others."""


async def nothing_elsewhere() -> Beside:
    """For an interview that nobody has agreed to, and that was not to be recorded."""
    return Beside()


class KeptPlan(Message):
    """`plan.json`: what the transcript needs of the inputs, and since when it is kept.

    Where no transcript ever comes, retention counts from there.
    """

    kept_at: AwareDatetime
    inputs: BotInputs


async def keep_plan(store: Store, inputs: BotInputs) -> None:
    """Store what the transcript needs of the inputs, once, so that sealing depends on no Secret.

    Neither keys nor the candidate's documents belong there.

    Raises:
        ErasedError: the interview was erased.
        StoreUnavailableError: the store failed; call again.
    """
    plan = inputs.plan.model_copy(update={"context": None, "facts": [], "tools": []})
    room = inputs.room.model_copy(update={"ticket_key": None, "url": None})
    bare = inputs.model_copy(update={"plan": plan, "room": room, "webhooks": []})
    kept = KeptPlan(kept_at=datetime.now(UTC), inputs=bare)
    ref = inputs.interview
    await store.put_once(layout.artifact(ref.namespace, ref.uid, layout.PLAN), kept.to_json(), JSON)
    await require_not_erased(store, ref.namespace, ref.uid)


async def kept_plan(store: Store, ref: InterviewRef) -> BotInputs | None:
    """The inputs as `keep_plan` stored them, or None."""
    data = await store.get(layout.artifact(ref.namespace, ref.uid, layout.PLAN))
    return None if data is None else KeptPlan.model_validate_json(data).inputs


async def publish(
    store: Store,
    ref: InterviewRef,
    inputs: BotInputs | None,
    history: list[AttemptEvents],
    ending: Ending,
    elsewhere: Elsewhere = nothing_elsewhere,
) -> Transcript:
    """Store the transcript in every form, the recording and the manifest; the first publication stands.

    `transcript.json` decides, being written once; the other forms follow from it alone, so a publication that was cut
    short is completed by the next. The recording's parts go last, when the manifest tells of its file.

    Raises:
        ErasedError: the interview was erased.
        StoreUnavailableError: the store failed; call again.
    """
    await require_not_erased(store, ref.namespace, ref.uid)
    transcript = await published(store, ref)
    if transcript is None:
        subject = Subject(ref.namespace, ref.name, ref.uid) if inputs is None else Subject.of(inputs)
        transcript = await _publish_json(store, ref, assemble(subject, history, ending))
    await _publish_rest(store, ref, transcript, None if inputs is None else inputs.retention_days, elsewhere)
    await require_not_erased(store, ref.namespace, ref.uid)
    return transcript


async def published(store: Store, ref: InterviewRef) -> Transcript | None:
    """The transcript that was published, or None."""
    data = await read(store, ref.namespace, ref.uid, "json")
    return None if data is None else Transcript.model_validate_json(data)


async def manifest_of(store: Store, namespace: str, uid: str) -> Manifest | None:
    """The manifest, or None where there is none (yet). Raises StoreUnavailableError."""
    data = await store.get(layout.artifact(namespace, uid, layout.MANIFEST))
    return None if data is None else Manifest.model_validate_json(data)


async def read(store: Store, namespace: str, uid: str, form: Format) -> bytes | None:
    """One form of the final transcript, or None where there is none (yet). Raises StoreUnavailableError."""
    return await store.get(layout.artifact(namespace, uid, ARTIFACTS[form].name))


async def _publish_json(store: Store, ref: InterviewRef, transcript: Transcript) -> Transcript:
    artifact = ARTIFACTS["json"]
    key = layout.artifact(ref.namespace, ref.uid, artifact.name)
    if await store.put_once(key, render(transcript, "json"), artifact.content_type):
        return transcript
    first = await published(store, ref)
    if first is None:
        raise ErasedError(f"interview {ref.namespace}/{ref.uid} was erased")
    return first


async def _publish_rest(
    store: Store, ref: InterviewRef, transcript: Transcript, retention_days: int | None, elsewhere: Elsewhere
) -> None:
    key = layout.artifact(ref.namespace, ref.uid, layout.MANIFEST)
    if await store.get(key) is not None:
        await parts.forget(store, ref)
        return
    entries = []
    for form, artifact in ARTIFACTS.items():
        data = render(transcript, form)
        if form != "json":
            await store.put(layout.artifact(ref.namespace, ref.uid, artifact.name), data, artifact.content_type)
        entries.append(
            ManifestEntry(
                name=artifact.name,
                sha256=hashlib.sha256(data).hexdigest(),
                size=len(data),
                content_type=artifact.content_type,
            )
        )
    joined, beside = await joining.join(store, ref), await elsewhere()
    recording = beside.recording
    if joined is not None:
        entries.append(joined.entry)
        recording = (recording or RecordingAccount()).model_copy(update={"segments": joined.segments})
    manifest = Manifest(
        namespace=ref.namespace,
        name=ref.name,
        uid=ref.uid,
        created_at=datetime.now(UTC),
        delete_after=None if retention_days is None else transcript.finished_at + timedelta(days=retention_days),
        artifacts=entries,
        consent=beside.consent,
        recording=recording,
    )
    await store.put_once(key, manifest.to_json(), JSON)
    await parts.forget(store, ref)

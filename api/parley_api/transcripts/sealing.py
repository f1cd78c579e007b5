"""The end of an interview's log: written once, before the events are read for the transcript.

Then each event that is acknowledged is in the transcript: its writer looks for the end after the write, and finds none
only where whoever ends it has yet to read. It tells how the interview ended, so that whoever comes after a crash
completes what was begun. It stays beside the transcript; where nothing was said it stands alone, for a day.
"""

from datetime import timedelta

from parley_protocol import InterviewRef
from parley_protocol.assignment import AttemptEvents
from parley_protocol.model import Message
from pydantic import AwareDatetime

from parley_api.store import Store, layout
from parley_api.transcripts.assemble import Ending, last_event_at
from parley_api.transcripts.erasure import ErasedError, require_not_erased

JSON = "application/json"
ALONE_FOR = timedelta(days=1)
"""A write that hung must find it: longer than any store's client repeats a call."""


class Sealing(Message):
    """`sealing.json`: when the log was closed, and the end that was told first. Names no person.

    Without `finished_at` the interview ended when its last event was.
    """

    closed_at: AwareDatetime
    reason: str
    attempt: int
    finished_at: AwareDatetime | None = None

    def ending(self, history: list[AttemptEvents]) -> Ending:
        """The end, for a transcript of this history."""
        at = self.finished_at or last_event_at(history) or self.closed_at
        return Ending(self.reason, at, self.attempt)


async def close_log(store: Store, ref: InterviewRef, sealing: Sealing) -> Sealing:
    """Let the log take no more events; what is to be read of it is read after this. The first end stands.

    Raises:
        ErasedError: the interview was erased.
        StoreUnavailableError: the store failed; call again.
    """
    first = await store.put_once(layout.artifact(ref.namespace, ref.uid, layout.SEALING), sealing.to_json(), JSON)
    await require_not_erased(store, ref.namespace, ref.uid)
    standing = sealing if first else await sealing_of(store, ref)
    if standing is None:
        raise ErasedError(f"interview {ref.namespace}/{ref.uid} was erased")
    return standing


async def sealing_of(store: Store, ref: InterviewRef) -> Sealing | None:
    """How the interview ended; None while its log takes events. Raises StoreUnavailableError."""
    data = await store.get(layout.artifact(ref.namespace, ref.uid, layout.SEALING))
    return None if data is None else Sealing.model_validate_json(data)


async def is_sealed(store: Store, namespace: str, uid: str) -> bool:
    """Whether the log takes no more events. Raises StoreUnavailableError."""
    return await store.size(layout.artifact(namespace, uid, layout.SEALING)) is not None


async def delete_but_end(store: Store, ref: InterviewRef) -> None:
    """Delete what was kept of an interview in which nothing was said: its plan names the candidate.

    The log's end stays, or a batch that is on its way would be acknowledged; and the proof of an erasure.
    """
    kept = frozenset(layout.artifact(ref.namespace, ref.uid, name) for name in (layout.SEALING, layout.ERASURE))
    await store.delete_prefix(layout.prefix(ref.namespace, ref.uid), keep=kept)

"""Erasure: everything of an interview goes, a proof stays, and nothing comes back.

A write that was under way when the interview was erased can land behind the erasure's back. So whoever writes looks
for the proof afterwards and takes away what it wrote, and the retention sweep does so for a writer that died between.
"""

from datetime import UTC, datetime

from parley_protocol.model import Message
from pydantic import AwareDatetime

from parley_api.store import Store, StoreError, layout

JSON = "application/json"


class ErasedError(StoreError):
    """The interview was erased: nothing of it is stored any more, nor will be."""


class ErasureProof(Message):
    """`erasure.json`: that everything of an interview was deleted, when and why. Names no person."""

    namespace: str
    uid: str
    erased_at: AwareDatetime
    why: str


async def erase(store: Store, namespace: str, uid: str, *, why: str) -> None:
    """Delete every artifact, every version of each, and leave `erasure.json`; again changes nothing.

    The proof comes first: from then on the log takes no event and nothing is published.
    """
    proof = ErasureProof(namespace=namespace, uid=uid, erased_at=datetime.now(UTC), why=why)
    await store.put_once(layout.artifact(namespace, uid, layout.ERASURE), proof.to_json(), JSON)
    await delete_but_proof(store, namespace, uid)


async def proof_of(store: Store, namespace: str, uid: str) -> ErasureProof | None:
    """The proof of the interview's erasure, where it was erased. Raises StoreUnavailableError."""
    data = await store.get(layout.artifact(namespace, uid, layout.ERASURE))
    return None if data is None else ErasureProof.model_validate_json(data)


async def delete_but_proof(store: Store, namespace: str, uid: str) -> None:
    """Delete what is stored of the interview, save the proof of an erasure. Raises StoreUnavailableError."""
    proof = layout.artifact(namespace, uid, layout.ERASURE)
    await store.delete_prefix(layout.prefix(namespace, uid), keep=frozenset({proof}))


async def require_not_erased(store: Store, namespace: str, uid: str) -> None:
    """Call it after each write: after an erasure, what was written behind its back goes again.

    Raises:
        ErasedError: the interview was erased.
        StoreUnavailableError: the store failed; call again.
    """
    if await store.get(layout.artifact(namespace, uid, layout.ERASURE)) is not None:
        await delete_but_proof(store, namespace, uid)
        raise ErasedError(f"interview {namespace}/{uid} was erased")

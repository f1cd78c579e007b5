"""What is answered for an artifact that was erased."""

from parley_api.problems import ProblemError
from parley_api.session_status import timestamp
from parley_api.store import Store
from parley_api.transcripts.erasure import proof_of


async def require_kept(store: Store, namespace: str, uid: str, what: str) -> None:
    """Let pass an interview that was not erased. `what` is missing: transcript or recording.

    Raises:
        ProblemError: 410, it was, with `erasedAt`.
        StoreUnavailableError: the store failed.
    """
    erased = await proof_of(store, namespace, uid)
    if erased is None:
        return
    at = timestamp(erased.erased_at)
    why = "its time was over" if erased.why == "retention" else "that was ordered"
    raise ProblemError(410, f"{what}-erased", f"The {what} was erased at {at}: {why}.", members={"erasedAt": at})

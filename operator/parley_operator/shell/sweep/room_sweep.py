"""Finds this installation's orphaned rooms at the provider and removes them, a few at a time."""

import logging
from collections.abc import Collection
from datetime import datetime

from parley_crds import Phase
from parley_crds.names import child_name
from parley_rooms.provider import FoundRoom, RoomDirectory

from parley_operator.installation import Installation
from parley_operator.plan.rooms import orphans, own_rooms
from parley_operator.shell.client.kube import INTERVIEWS, METADATA_ONLY, SECRETS, Json, Kube

logger = logging.getLogger(__name__)

MOST_PAGES = 100
"""Rooms are looked at a hundred a page, the newest first; what lies further back closes itself."""
MOST_REMOVED = 20
"""In one sweep: less than half of what Daily lets one delete in half a minute, so that interviews can end meanwhile."""
FINAL_PHASES = frozenset(str(phase) for phase in Phase if phase.is_final)


async def sweep_rooms(
    kube: Kube, installation: Installation, namespaces: Collection[str], directory: RoomDirectory | None, now: datetime
) -> list[str]:
    """Removes rooms that no ledger and no Interview stands for; gives those that were removed.

    What was removed before a provider failed, or wanted less traffic, stays so, and the next sweep goes on. Where the
    cluster can't be read whole, nothing is removed.

    Raises:
        RoomError: the provider did not tell of every room, or did not remove one.
        KubeError, aiohttp.ClientError, TimeoutError: the API server did not tell of every ledger and Interview.
    """
    removed: list[str] = []
    if directory is None:
        return removed
    own = own_rooms(installation, await _found(directory), now)
    # The cluster after the rooms: whatever a room was made for before is seen.
    unneeded = orphans(own, await _in_use(kube, installation, namespaces), ()) if own else []
    for name in orphans({name: own[name] for name in unneeded}, (), await _occupied(directory, unneeded)):
        if len(removed) == MOST_REMOVED:
            logger.info("more rooms are orphaned than are removed in one sweep")
            break
        await directory.delete(name)
        removed.append(name)
        logger.info("the room %s was orphaned", name)
    return removed


async def _found(directory: RoomDirectory) -> list[FoundRoom]:
    found: list[FoundRoom] = []
    pages = 0
    async for page in directory.pages():
        found += page
        pages += 1
        if pages == MOST_PAGES:
            logger.warning("the provider has more rooms than the sweep looks at (%d)", len(found))
            break
    return found


async def _occupied(directory: RoomDirectory, rooms: Collection[str]) -> set[str]:
    return await directory.occupied() if rooms else set()


async def _in_use(kube: Kube, installation: Installation, namespaces: Collection[str]) -> set[str]:
    """The children of Interviews that are not over, and every ledger, whatever became of its labels."""
    ledgers = await kube.list(SECRETS, installation.bots_namespace, accept=METADATA_ONLY)
    in_use = {str(secret["metadata"]["name"]) for secret in ledgers}
    scopes: list[str | None] = [*namespaces] or [None]
    for namespace in scopes:
        async for page in kube.pages(INTERVIEWS, namespace):
            in_use |= {_child(interview) for interview in page if not _over(interview)}
    return in_use


def _child(interview: Json) -> str:
    return child_name(interview["metadata"]["name"], interview["metadata"]["uid"])


def _over(interview: Json) -> bool:
    return (interview.get("status") or {}).get("phase") in FINAL_PHASES

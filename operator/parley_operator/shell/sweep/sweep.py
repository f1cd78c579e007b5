"""Finds what nobody watches: what Interviews that are gone left, snapshots that none names, and old tombstones."""

import contextlib
import logging
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta

from parley_crds.names import (
    ANNOTATION_LAST_SEEN,
    LABEL_INSTALLATION,
    LABEL_MANAGED_BY,
    LABEL_TEMPLATE,
    MANAGED_BY,
    tombstone_name,
)
from parley_protocol import InterviewRef

from parley_operator.installation import Installation
from parley_operator.shell.capacity.census import Census
from parley_operator.shell.client.children import ledgers
from parley_operator.shell.client.kube import (
    INTERVIEWS,
    METADATA_ONLY,
    REVISIONS,
    Json,
    Kube,
    NotFoundError,
)
from parley_operator.shell.reconcile.revisions import Pins, collect
from parley_operator.tombstones import KEPT_DAYS, tombstone_labels

logger = logging.getLogger(__name__)

SETTLED = timedelta(minutes=5)
"""A snapshot younger than that may be about to be named."""


SEEN_STEP = timedelta(days=1)
"""How exact a tombstone's note of when it was last needed is: one write a day."""


async def sweep_children(
    kube: Kube, installation: Installation, wake: Callable[[InterviewRef], None]
) -> list[InterviewRef]:
    """Wakes every interview that has an inputs Secret: the reconciler removes what its Interview left behind."""
    found = await ledgers(kube, installation)
    for ref in found:
        wake(ref)
    return found


async def sweep_census(
    kube: Kube, namespaces: Collection[str], census: Census, wake: Callable[[InterviewRef], None]
) -> None:
    """Takes over which Interviews there are, and wakes those whose deletion no watch told of."""
    census.mark()
    scopes: list[str | None] = [*namespaces] or [None]
    present = [
        interview["metadata"]["uid"]
        for namespace in scopes
        async for page in kube.pages(INTERVIEWS, namespace, accept=METADATA_ONLY)
        for interview in page
    ]
    for ref in census.reconcile(present):
        wake(ref)


async def sweep_revisions(kube: Kube, installation: Installation, namespaces: Collection[str], pins: Pins) -> None:
    """Deletes the snapshots that no Interview names."""
    labels = f"{LABEL_MANAGED_BY}={MANAGED_BY},{LABEL_INSTALLATION}={installation.name},{LABEL_TEMPLATE}"
    scopes: list[str | None] = [*namespaces] or [None]
    for namespace in scopes:
        revisions = await kube.list(REVISIONS, namespace, labels, accept=METADATA_ONLY)
        found = [revision["metadata"] for revision in revisions]
        settled = {(each["namespace"], each["name"]) for each in found if _age(each) >= SETTLED}
        if not settled:
            continue
        named = {
            (interview["metadata"]["namespace"], interview.get("status", {}).get("template", {}).get("revision"))
            async for page in kube.pages(INTERVIEWS, namespace)
            for interview in page
        }
        for space, name in sorted(settled - named):
            # One that was named since the listing is seen by the second look.
            async with pins.collecting(space, name) as free:
                if free and await collect(kube, space, name):
                    logger.info("ControllerRevision %s/%s was not named any more", space, name)


async def sweep_tombstones(kube: Kube, installation: Installation, namespaces: Collection[str], now: datetime) -> None:
    """Deletes the tombstones that had no Interview of their name for `KEPT_DAYS`, and notes the day on the others."""
    labels = ",".join(f"{key}={value}" for key, value in tombstone_labels(installation.name).items())
    scopes: list[str | None] = [*namespaces] or [None]
    for namespace in scopes:
        found = [item["metadata"] for item in await kube.list(REVISIONS, namespace, labels, accept=METADATA_ONLY)]
        # The youngest need neither; where there are no others, the Interviews are not read.
        aged = [metadata for metadata in found if now - _last_seen(metadata) >= SEEN_STEP]
        if not aged:
            continue
        named = {
            (interview["metadata"]["namespace"], tombstone_name(interview["metadata"]["name"]))
            async for page in kube.pages(INTERVIEWS, namespace, accept=METADATA_ONLY)
            for interview in page
        }
        for metadata in aged:
            await _keep_or_delete(kube, metadata, now, named=(metadata["namespace"], metadata["name"]) in named)


async def _keep_or_delete(kube: Kube, metadata: Json, now: datetime, *, named: bool) -> None:
    space, name = metadata["namespace"], metadata["name"]
    if named:
        seen = {ANNOTATION_LAST_SEEN: f"{now:%Y-%m-%dT%H:%M:%SZ}"}
        with contextlib.suppress(NotFoundError):
            await kube.patch(REVISIONS, space, name, {"metadata": {"annotations": seen}})
    elif now - _last_seen(metadata) >= timedelta(days=KEPT_DAYS):
        await kube.delete(REVISIONS, space, name, uid=metadata["uid"], resource_version=metadata["resourceVersion"])
        logger.info("the tombstone %s/%s was not needed for %d days", space, name, KEPT_DAYS)


def _last_seen(metadata: Json) -> datetime:
    """When there was last an Interview of a tombstone's name, as far as is noted: it was made of one."""
    created = datetime.fromisoformat(metadata["creationTimestamp"])
    try:
        return max(created, datetime.fromisoformat(metadata.get("annotations", {})[ANNOTATION_LAST_SEEN]))
    except (KeyError, ValueError, TypeError):
        return created


def _age(metadata: Json) -> timedelta:
    return datetime.now(UTC) - datetime.fromisoformat(metadata["creationTimestamp"])

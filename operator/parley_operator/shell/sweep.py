"""Finds what nobody watches: inputs Secrets of Interviews that are gone, and snapshots that no Interview names."""

import logging
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta

from parley_crds.names import (
    ANNOTATION_INTERVIEW_NAME,
    ANNOTATION_INTERVIEW_NAMESPACE,
    LABEL_INSTALLATION,
    LABEL_INTERVIEW_UID,
    LABEL_MANAGED_BY,
    LABEL_TEMPLATE,
    MANAGED_BY,
)
from parley_protocol import InterviewRef

from parley_operator.installation import Installation
from parley_operator.shell.kube import INTERVIEWS, METADATA_ONLY, REVISIONS, SECRETS, Json, Kube
from parley_operator.shell.revisions import Pins, collect

logger = logging.getLogger(__name__)

SETTLED = timedelta(minutes=5)
"""A snapshot younger than that may be about to be named."""


def ref_of_child(child: Json) -> InterviewRef | None:
    """The Interview that an object in the bots' namespace belongs to."""
    metadata = child.get("metadata", {})
    labels, annotations = metadata.get("labels") or {}, metadata.get("annotations") or {}
    uid, name = labels.get(LABEL_INTERVIEW_UID), annotations.get(ANNOTATION_INTERVIEW_NAME)
    namespace = annotations.get(ANNOTATION_INTERVIEW_NAMESPACE)
    if not uid or not name or not namespace:
        return None
    return InterviewRef(namespace=namespace, name=name, uid=uid)


async def sweep_children(kube: Kube, installation: Installation, wake: Callable[[InterviewRef], None]) -> None:
    """Wakes every interview that has an inputs Secret: the reconciler removes what its Interview left behind."""
    labels = f"{LABEL_MANAGED_BY}={MANAGED_BY},{LABEL_INSTALLATION}={installation.name},{LABEL_INTERVIEW_UID}"
    for secret in await kube.list(SECRETS, installation.bots_namespace, labels, accept=METADATA_ONLY):
        ref = ref_of_child(secret)
        if ref is not None:
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


def _age(metadata: Json) -> timedelta:
    return datetime.now(UTC) - datetime.fromisoformat(metadata["creationTimestamp"])

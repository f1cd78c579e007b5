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
from parley_operator.shell.kube import INTERVIEWS, REVISIONS, SECRETS, Json, Kube
from parley_operator.shell.reconciler import Reconciler

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
    for secret in await kube.list(SECRETS, installation.bots_namespace, labels):
        ref = ref_of_child(secret)
        if ref is not None:
            wake(ref)


async def sweep_revisions(
    kube: Kube, installation: Installation, namespaces: Collection[str], reconciler: Reconciler
) -> None:
    """Deletes the snapshots that no Interview names."""
    labels = f"{LABEL_MANAGED_BY}={MANAGED_BY},{LABEL_INSTALLATION}={installation.name},{LABEL_TEMPLATE}"
    scopes: list[str | None] = [*namespaces] or [None]
    for namespace in scopes:
        async with reconciler.pins:
            revisions = await kube.list(REVISIONS, namespace, labels)
            if not revisions:
                continue
            named = {
                (interview["metadata"]["namespace"], interview.get("status", {}).get("template", {}).get("revision"))
                async for page in kube.pages(INTERVIEWS, namespace)
                for interview in page
            }
            for revision in revisions:
                await _collect(kube, revision["metadata"], named)


async def _collect(kube: Kube, metadata: Json, named: set[tuple[str, str | None]]) -> None:
    age = datetime.now(UTC) - datetime.fromisoformat(metadata["creationTimestamp"])
    if (metadata["namespace"], metadata["name"]) in named or age < SETTLED:
        return
    logger.info("ControllerRevision %s/%s is not named any more", metadata["namespace"], metadata["name"])
    await kube.delete(REVISIONS, metadata["namespace"], metadata["name"], uid=metadata["uid"])

"""What belongs to interviews in the bots' namespace: labels and annotations tell whose each object is."""

from parley_crds.names import (
    ANNOTATION_INTERVIEW_NAME,
    ANNOTATION_INTERVIEW_NAMESPACE,
    LABEL_INSTALLATION,
    LABEL_INTERVIEW_UID,
    LABEL_MANAGED_BY,
    MANAGED_BY,
)
from parley_protocol import InterviewRef

from parley_operator.installation import Installation
from parley_operator.shell.client.kube import METADATA_ONLY, SECRETS, Json, Kube


def ref_of_child(child: Json) -> InterviewRef | None:
    """The Interview that an object in the bots' namespace belongs to."""
    metadata = child.get("metadata", {})
    labels, annotations = metadata.get("labels") or {}, metadata.get("annotations") or {}
    uid, name = labels.get(LABEL_INTERVIEW_UID), annotations.get(ANNOTATION_INTERVIEW_NAME)
    namespace = annotations.get(ANNOTATION_INTERVIEW_NAMESPACE)
    if not uid or not name or not namespace:
        return None
    return InterviewRef(namespace=namespace, name=name, uid=uid)


async def ledgers(kube: Kube, installation: Installation) -> list[InterviewRef]:
    """The interviews that have an inputs Secret."""
    labels = f"{LABEL_MANAGED_BY}={MANAGED_BY},{LABEL_INSTALLATION}={installation.name},{LABEL_INTERVIEW_UID}"
    secrets = await kube.list(SECRETS, installation.bots_namespace, labels, accept=METADATA_ONLY)
    return [ref for ref in map(ref_of_child, secrets) if ref is not None]

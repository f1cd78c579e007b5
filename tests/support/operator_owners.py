"""Whether what the operator makes goes when its Interview is gone: by an owner, or by the sweep where none can be."""

from typing import Any

from parley_crds import Interview
from parley_crds.names import LABEL_INSTALLATION, LABEL_MANAGED_BY, LABEL_TEMPLATE, MANAGED_BY
from parley_operator.shell.client.children import ref_of_child
from parley_operator.tombstones import tombstone_labels


def goes_with(interview: Interview, manifest: dict[str, Any], installation: str, inputs_uid: str | None) -> bool:
    """Whether an object is owned by the Interview, or by the inputs Secret (of this uid) in the bots' namespace.

    An owner in another namespace is none: the garbage collector would take the object at once.
    """
    metadata, own = manifest["metadata"], interview.metadata
    owner = own.uid if metadata["namespace"] == own.namespace else inputs_uid
    if "ownerReferences" in metadata:
        return [each["uid"] for each in metadata["ownerReferences"]] == [owner]
    return _is_swept(interview, manifest, installation)


def _is_swept(interview: Interview, manifest: dict[str, Any], installation: str) -> bool:
    """Whether a sweep lists it: of a Secret it is to know the Interview as well."""
    labels = manifest["metadata"].get("labels", {})
    if not {LABEL_MANAGED_BY: MANAGED_BY, LABEL_INSTALLATION: installation}.items() <= labels.items():
        return False
    if manifest["kind"] == "ControllerRevision":
        return LABEL_TEMPLATE in labels or tombstone_labels(installation).items() <= labels.items()
    ref, own = ref_of_child(manifest), interview.metadata
    return ref is not None and (ref.namespace, ref.name, ref.uid) == (own.namespace, own.name, own.uid)

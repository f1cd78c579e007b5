"""The objects that the operator makes, apart from the pod: link Secret, inputs Secret, template snapshot."""

import hashlib
import json
from typing import Any

from parley_crds import API_VERSION, GROUP, INTERVIEW_KIND, Interview, InterviewTemplateSpec
from parley_crds.names import (
    INPUTS_KEY,
    LABEL_INSTALLATION,
    LABEL_MANAGED_BY,
    LABEL_TEMPLATE,
    LINK_TOKEN_KEY,
    LINK_URL_KEY,
    MANAGED_BY,
    child_name,
    interview_annotations,
    link_secret_name,
    object_labels,
    revision_name,
    template_label,
)
from parley_protocol import BotInputs
from parley_rooms.links import link_url, mint_link

from parley_operator.installation import Installation
from parley_operator.placement import Placement
from parley_operator.snapshot import InputsSecret, LinkSecret, Revision

type Json = dict[str, Any]

PLACEMENT_KEY = "placement.json"
"""In the inputs Secret, beside what the bot is given."""
ANNOTATION_FAILURES = f"{GROUP}/failures"
"""On the inputs Secret: how many bots were lost. It stands beside the attempt so that both change in one write."""


def content_hash(template: InterviewTemplateSpec) -> str:
    """Ten hex digits over the content; the same content has the same hash, whatever the order of its keys."""
    return _hash(template.to_dict())


def is_what_was_pinned(data: Json, content: InterviewTemplateSpec, pinned_hash: str) -> bool:
    """Whether a snapshot's data have this hash.

    As they stand, for a newer schema may have defaults that were not hashed; or as they are read, for who restored them
    from a backup may have written 1.0 as 1.
    """
    return pinned_hash in (_hash(data), content_hash(content))


def _hash(data: Json) -> str:
    text = json.dumps(data, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def pin(template_name: str, content: InterviewTemplateSpec) -> Revision:
    """The snapshot of a template's content as it is to be named."""
    return Revision(name=revision_name(template_name, content_hash(content)), content=content)


def revision_manifest(installation: Installation, namespace: str, template_name: str, revision: Revision) -> Json:
    """The ControllerRevision. It has no owner: the template's deletion must not take it."""
    return {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": {
            "name": revision.name,
            "namespace": namespace,
            "labels": {
                LABEL_MANAGED_BY: MANAGED_BY,
                LABEL_INSTALLATION: installation.name,
                LABEL_TEMPLATE: template_label(template_name),
            },
        },
        "data": revision.content.to_dict(),
        "revision": 1,
    }


def wanted_link(installation: Installation, interview: Interview) -> LinkSecret:
    """The candidate's link of the Interview's current epoch; the same at every call."""
    token = mint_link(installation.link_key, interview.metadata.uid or "", interview.spec.link_epoch)
    return LinkSecret(url=link_url(installation.link_base_url, token), token=token)


def link_manifest(installation: Installation, interview: Interview, link: LinkSecret) -> Json:
    """The link's Secret, owned by the Interview."""
    metadata = interview.metadata
    uid = metadata.uid or ""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "Opaque",
        "metadata": {
            "name": link_secret_name(child_name(metadata.name, uid)),
            "namespace": metadata.namespace,
            "labels": object_labels(installation.name, uid),
            "ownerReferences": [
                {"apiVersion": API_VERSION, "kind": INTERVIEW_KIND, "name": metadata.name, "uid": uid},
            ],
        },
        "stringData": {LINK_URL_KEY: link.url, LINK_TOKEN_KEY: link.token},
    }


def inputs_manifest(installation: Installation, inputs: BotInputs, placement: Placement, failures: int) -> Json:
    """The inputs Secret."""
    ref = inputs.interview
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "Opaque",
        "metadata": {
            "name": child_name(ref.name, ref.uid),
            "namespace": installation.bots_namespace,
            "labels": object_labels(installation.name, ref.uid),
            "annotations": interview_annotations(ref.namespace, ref.name) | {ANNOTATION_FAILURES: str(failures)},
        },
        "stringData": {
            INPUTS_KEY: inputs.to_json().decode(),
            PLACEMENT_KEY: placement.model_dump_json(by_alias=True, exclude_none=True),
        },
    }


def changed_inputs(
    installation: Installation, ledger: InputsSecret, inputs: BotInputs, *, failures: int | None = None
) -> Json:
    """The inputs Secret with other inputs, as a replacement of what was observed."""
    manifest = inputs_manifest(
        installation, inputs, ledger.placement, ledger.failures if failures is None else failures
    )
    manifest["metadata"]["resourceVersion"] = ledger.resource_version
    return manifest

"""What stays of an Interview that its TTL removed, so that the same one put back by GitOps is not held a second time.

A tombstone is a ControllerRevision in the Interview's namespace: the operator may write those there anyway, and they
need no type of their own. It holds the Interview's name and how it ended, and nothing of the candidate.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from parley_crds import SPEC_HASHES, ConditionType, Interview, InterviewSpec, Phase
from parley_crds.base import ApiModel, Reason, Time
from parley_crds.names import LABEL_INSTALLATION, LABEL_MANAGED_BY, LABEL_TOMBSTONE, MANAGED_BY, tombstone_name
from pydantic import Field, ValidationError

type Json = dict[str, Any]

KEPT_DAYS = 90
"""How long a tombstone stays after there was last an Interview of its name: longer than anything waits to be put back,
short enough that no namespace fills up with them."""
CONTROLS = {
    "suspend",
    "cancel",
    "link_epoch",
    "backoff_limit",
    "active_deadline_seconds",
    "ttl_seconds_after_finished",
    "deletion_policy",
}
"""The fields that say how an interview is held, and not which one it is: people change them by hand on the one that
runs, while Git keeps the former. An interview that was cancelled by hand must not be held when Git puts it back."""


class End(ApiModel):
    """How an Interview ended: `data` of its tombstone. `condition` is the one that made it final.

    `spec_hash` is that of its spec at the end, `accepted_spec_hashes` those that it was accepted with before: people
    edit one that waits while Git keeps the former. A tombstone of an older operator has none of these.
    """

    interview: str
    uid: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")]
    spec_hash: str
    accepted_spec_hashes: list[str] = Field(default=[])
    phase: Phase
    condition: Literal[ConditionType.COMPLETE, ConditionType.FAILED]
    reason: Reason
    finished_at: Time

    def is_of(self, spec: InterviewSpec) -> bool:
        """Whether this spec makes the interview that ended."""
        return spec_hash(spec) in (self.spec_hash, *self.accepted_spec_hashes)


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A tombstone that was found. `end` is None where it can't be read, or somebody else made the object."""

    uid: str
    end: End | None


def spec_hash(spec: InterviewSpec) -> str:
    """SHA-256 in hex of what makes it this interview.

    A field at its default is left out, so a default that Git spells out, or a later schema adds, changes nothing.
    """
    said = spec.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude=CONTROLS)
    return hashlib.sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def remembered(hashes: list[str] | None, spec: InterviewSpec) -> list[str]:
    """The hashes with this spec's: the first, which Git had at the beginning, stays, and of the others the latest."""
    present = spec_hash(spec)
    first, *others = hashes or [present]
    if present in (first, *others):
        return [first, *others]
    return [first, *others, present] if len(others) + 1 < SPEC_HASHES else [first, *others[1:], present]


def tombstone_manifest(installation: str, interview: Interview, end: End) -> Json:
    """The tombstone of an Interview. It has no owner: it outlives the Interview."""
    return {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": {
            "name": tombstone_name(interview.metadata.name),
            "namespace": interview.metadata.namespace,
            "labels": tombstone_labels(installation),
        },
        "data": end.to_dict(),
        "revision": 1,
    }


def tombstone_labels(installation: str) -> dict[str, str]:
    """The labels of an installation's tombstones."""
    return {LABEL_MANAGED_BY: MANAGED_BY, LABEL_INSTALLATION: installation, LABEL_TOMBSTONE: "true"}


def tombstone_of(installation: str, interview_name: str, found: Mapping[str, Any]) -> Tombstone:
    """The tombstone, from its object; one that is another installation's or another name's tells nothing here."""
    metadata = found["metadata"]
    uid = str(metadata["uid"])
    if not tombstone_labels(installation).items() <= (metadata.get("labels") or {}).items():
        return Tombstone(uid, None)
    try:
        end = End.model_validate(found.get("data") or {})
    except ValidationError:
        return Tombstone(uid, None)
    return Tombstone(uid, end if end.interview == interview_name else None)

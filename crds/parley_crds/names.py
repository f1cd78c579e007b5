"""Names and labels of what Parley makes, legal for any legal name of an Interview (253 characters, dots)."""

import hashlib
import re
from typing import Final

from parley_crds.group import GROUP

LABEL_MANAGED_BY: Final = "app.kubernetes.io/managed-by"
MANAGED_BY: Final = "parley"
LABEL_INSTALLATION: Final = f"{GROUP}/installation"
LABEL_INTERVIEW_UID: Final = f"{GROUP}/interview-uid"
LABEL_ATTEMPT: Final = f"{GROUP}/attempt"
LABEL_IN_INTERVIEW: Final = f"{GROUP}/in-interview"
"""On a bot's pod, set to "true": a candidate talks with it, so the chart's budget has a drain wait for it."""
LABEL_TEMPLATE: Final = f"{GROUP}/template"
LABEL_TOMBSTONE: Final = f"{GROUP}/tombstone"
LABEL_READABLE: Final = f"{GROUP}/readable"
"""A Secret or ConfigMap is read as context only with this label set to "true"."""
ANNOTATION_LAST_SEEN: Final = f"{GROUP}/last-seen"
"""On a tombstone: when there was last an Interview of its name."""
ANNOTATION_INTERVIEW_NAMESPACE: Final = f"{GROUP}/interview-namespace"
ANNOTATION_INTERVIEW_NAME: Final = f"{GROUP}/interview-name"
FINALIZER: Final = f"{GROUP}/interview"

INPUTS_KEY: Final = "inputs.json"
LINK_URL_KEY: Final = "url"
LINK_TOKEN_KEY: Final = "token"  # noqa: S105 - the name of a Secret's key, not a secret

CHILD_NAME_MAX: Final = 52
_LABEL_MAX: Final = 63
_NAME_MAX: Final = 253
_HASH_DIGITS: Final = 10
_LABEL = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")


def child_name(interview_name: str, uid: str) -> str:
    """`itv-<short>-<hash of the uid>`: a DNS label of at most 52 characters, the same for ever for one Interview.

    The name is there for people; the hash alone makes it unique, so an Interview made anew gets new children.
    """
    room = CHILD_NAME_MAX - len("itv--") - _HASH_DIGITS
    short = re.sub(r"[^a-z0-9]+", "-", interview_name.lower()).strip("-")[:room].rstrip("-") or "x"
    return f"itv-{short}-{_digest(uid)}"


def pod_name(child: str, attempt: int) -> str:
    """The bot's pod of an attempt."""
    return f"{child}-{attempt}"


def link_secret_name(child: str) -> str:
    """The Secret in the Interview's namespace that holds the candidate's link."""
    return f"{child}-link"


def revision_name(template_name: str, content_hash: str) -> str:
    """The ControllerRevision of a template's content. Template names are bounded so that it fits; else it is cut."""
    return f"{template_name[: _NAME_MAX - 1 - len(content_hash)].rstrip('-.')}-{content_hash}"


def tombstone_name(interview_name: str) -> str:
    """The ControllerRevision that remembers how the Interview of this name ended, whatever uid it had.

    No snapshot of a template has such a name: each of those ends with the digits of a hash.
    """
    return f"{child_name(interview_name, interview_name)}-finished"


def template_label(template_name: str) -> str:
    """A template's name as the value of a label: itself where it fits, else shortened with a hash."""
    if len(template_name) <= _LABEL_MAX and _LABEL.fullmatch(template_name):
        return template_name
    short = template_name[: _LABEL_MAX - 1 - _HASH_DIGITS].strip("-._")
    return f"{short}-{_digest(template_name)}".lstrip("-")


def object_labels(installation: str, uid: str) -> dict[str, str]:
    """The labels of everything that belongs to one interview, by which a sweep finds it."""
    return {LABEL_MANAGED_BY: MANAGED_BY, LABEL_INSTALLATION: installation, LABEL_INTERVIEW_UID: uid}


def pod_labels(installation: str, uid: str, attempt: int) -> dict[str, str]:
    """The labels of the bot's pod of an attempt."""
    return {**object_labels(installation, uid), LABEL_ATTEMPT: str(attempt)}


def interview_annotations(namespace: str, name: str) -> dict[str, str]:
    """Where an object of the bots' namespace comes from."""
    return {ANNOTATION_INTERVIEW_NAMESPACE: namespace, ANNOTATION_INTERVIEW_NAME: name}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_HASH_DIGITS]

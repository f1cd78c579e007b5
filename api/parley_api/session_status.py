"""The API's share of an Interview's status, written by server-side apply under the field manager `parley-api`.

An apply must carry its manager's whole set, or what it leaves out is removed. So this module alone writes it: it reads
the object, changes the set by a pure function, and applies it with the uid (another Interview of the same name is not
touched) and the resource version (a second writer of this set can't be overwritten unseen).
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from parley_api.kube import API_VERSION, Document, Kube, KubeError, interviews_path

FIELD_MANAGER = "parley-api"
ARRIVED = "CandidateArrived"
FINISHED = "SessionFinished"
ATTEMPTS = 8
CONFLICT = 409


@dataclass(frozen=True)
class SessionState:
    """What the API owns: `status.session` and its two conditions, by type."""

    session: Document = field(default_factory=dict)
    conditions: dict[str, Document] = field(default_factory=dict)


Change = Callable[[SessionState], SessionState]


def state_of(interview: Document) -> SessionState:
    """The API's share of an Interview as read."""
    status = interview.get("status") or {}
    owned = {item["type"]: item for item in status.get("conditions") or [] if item["type"] in (ARRIVED, FINISHED)}
    return SessionState(session=dict(status.get("session") or {}), conditions=owned)


def consented(version: str, now: datetime, generation: int) -> Change:
    """The candidate agreed to this version of the consent; the first agreement to a version stands."""

    def change(state: SessionState) -> SessionState:
        if state.session.get("consentedAt") and state.session.get("consentVersion") == version:
            return state
        session = {**state.session, "consentedAt": timestamp(now), "consentVersion": version}
        arrived = _condition(ARRIVED, "Consented", "The candidate opened the link and consented.", now, generation)
        return SessionState(session, {ARRIVED: arrived, **state.conditions})

    return change


def joined(attempt: int, at: datetime) -> Change:
    """The candidate joined the room of this attempt; the first joining starts the interview's clock."""

    def change(state: SessionState) -> SessionState:
        session = {"startedAt": timestamp(at), **state.session, "joinedAt": timestamp(at), "attempt": attempt}
        return replace(state, session=session)

    return change


def finished(reason: str, at: datetime, generation: int, message: str = "The transcript is stored.") -> Change:
    """The final transcript is stored. The first end stands; to say it again changes nothing."""

    def change(state: SessionState) -> SessionState:
        if FINISHED in state.conditions:
            return state
        session = {**state.session, "finishedAt": timestamp(at), "reason": reason}
        condition = _condition(FINISHED, reason, message, at, generation)
        return SessionState(session, {**state.conditions, FINISHED: condition})

    return change


async def update(kube: Kube, namespace: str, name: str, uid: str, change: Change) -> Document:
    """Apply `change` to the API's share and return the Interview; no write where nothing changes.

    Raises:
        KubeError: 404, the Interview is gone or another of its name has come; or the API server refused.
    """
    path = interviews_path(namespace, name)
    for attempt in range(ATTEMPTS):
        interview = await kube.get(path)
        if interview["metadata"]["uid"] != uid:
            raise KubeError(404, "NotFound", f"interview {namespace}/{name} with uid {uid} is gone")
        before = state_of(interview)
        after = change(before)
        if after == before:
            return interview
        try:
            return await kube.apply(f"{path}/status", _document(interview, after), manager=FIELD_MANAGER)
        except KubeError as error:
            if error.status != CONFLICT or attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable: the last attempt returns or raises")


def timestamp(moment: datetime) -> str:
    """A time as Kubernetes writes it: UTC, whole seconds, `Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _document(interview: Document, state: SessionState) -> Document:
    metadata = interview["metadata"]
    return {
        "apiVersion": API_VERSION,
        "kind": "Interview",
        "metadata": {key: metadata[key] for key in ("name", "namespace", "uid", "resourceVersion")},
        "status": {"session": state.session, "conditions": list(state.conditions.values())},
    }


def _condition(kind: str, reason: str, message: str, now: datetime, generation: int) -> dict[str, Any]:
    return {
        "type": kind,
        "status": "True",
        "reason": reason,
        "message": message,
        "lastTransitionTime": timestamp(now),
        "observedGeneration": generation,
    }

"""The API's share of an Interview's status, written by server-side apply under the field manager `parley-api`.

An apply must carry its manager's whole set, or what it leaves out is removed. So this module alone writes it: it reads
the object, changes the set by a pure function, and applies it with the uid (another Interview of the same name is not
touched) and the resource version (a second writer of this set can't be overwritten unseen).
"""

import asyncio
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from parley_crds import API_MANAGER, API_VERSION, INTERVIEW_KIND, ConditionType
from parley_protocol import ConsentRecord, InterviewRef

from parley_api.kube import Document, Kube, KubeError, interviews_path

log = logging.getLogger(__name__)

ARRIVED = ConditionType.CANDIDATE_ARRIVED.value
FINISHED = ConditionType.SESSION_FINISHED.value
ATTEMPTS = 8
PAUSE_SECONDS = (0.02, 0.5)
NOT_FOUND = 404
CONFLICT = 409
BUSY = 503


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


def consented(version: str, now: datetime) -> Change:
    """The candidate agreed to this version of the consent; the first agreement to a version stands."""

    def change(state: SessionState) -> SessionState:
        if state.session.get("consentedAt") and state.session.get("consentVersion") == version:
            return state
        session = {**state.session, "consentedAt": timestamp(now), "consentVersion": version}
        condition = _condition(ARRIVED, "Consented", "The candidate opened the link and consented.", now)
        return SessionState(session, {ARRIVED: condition, **state.conditions})

    return change


def arrived(now: datetime) -> Change:
    """The candidate is here where no consent is asked for."""

    def change(state: SessionState) -> SessionState:
        if ARRIVED in state.conditions:
            return state
        condition = _condition(ARRIVED, "Arrived", "The candidate opened the link and asked to join.", now)
        return replace(state, conditions={ARRIVED: condition, **state.conditions})

    return change


def joined(at: datetime) -> Change:
    """The candidate joined the room; the first joining starts the interview's clock."""

    def change(state: SessionState) -> SessionState:
        session = {"startedAt": timestamp(at), **state.session, "joinedAt": timestamp(at)}
        return replace(state, session=session)

    return change


def finished(reason: str, attempt: int, at: datetime) -> Change:
    """The final transcript of an interview is stored. The first end stands; to say it again changes nothing."""

    def change(state: SessionState) -> SessionState:
        if FINISHED in state.conditions:
            return state
        session = {**state.session, "finishedAt": timestamp(at), "reason": reason, "attempt": attempt}
        condition = _condition(FINISHED, reason, "The transcript is stored.", at)
        return SessionState(session, {**state.conditions, FINISHED: condition})

    return change


async def update(kube: Kube, namespace: str, name: str, uid: str, change: Change) -> Document:
    """Apply `change` to the API's share and return the Interview; no write where nothing changes.

    Raises:
        KubeError: 404, the Interview is gone or another of its name has come; 503, it changes too often, try again; or
            the API server refused.
    """
    path = interviews_path(namespace, name)
    for attempt in range(ATTEMPTS):
        if attempt:
            await asyncio.sleep(_pause(attempt))
        interview = await kube.get(path)
        if interview["metadata"]["uid"] != uid:
            raise KubeError(404, "NotFound", f"interview {namespace}/{name} with uid {uid} is gone")
        before = state_of(interview)
        after = change(before)
        if after == before:
            return interview
        try:
            return await kube.apply(f"{path}/status", _document(interview, after), manager=API_MANAGER)
        except KubeError as error:
            if error.status != CONFLICT:
                raise
    raise KubeError(BUSY, "Busy", f"interview {namespace}/{name} changed at each of {ATTEMPTS} tries to write it")


def _pause(attempt: int) -> float:
    """Seconds before try number `attempt` (from 1): doubling, with full jitter, so that writers who met part."""
    shortest, longest = PAUSE_SECONDS
    return random.uniform(0, min(longest, shortest * 2**attempt))  # noqa: S311 - jitter keeps no secret


async def current_attempt(kube: Kube, ref: InterviewRef) -> int:
    """The attempt that the operator counts, 1 where it counts none or the Interview is gone. Raises KubeError."""
    interview = await kube.find(interviews_path(ref.namespace, ref.name))
    if interview is None or interview["metadata"]["uid"] != ref.uid:
        return 1
    attempts = (interview.get("status") or {}).get("attempts") or {}
    return max(1, int(attempts.get("current") or 0))


async def session_of(kube: Kube, ref: InterviewRef) -> Document:
    """`status.session` as the API server has it; empty where nothing is told or the Interview is gone. KubeError."""
    interview = await kube.find(interviews_path(ref.namespace, ref.name))
    if interview is None or interview["metadata"]["uid"] != ref.uid:
        return {}
    return state_of(interview).session


async def consent_of(kube: Kube, ref: InterviewRef) -> ConsentRecord | None:
    """What the candidate agreed to; None where they have not, or where the Interview is gone. Raises KubeError."""
    session = await session_of(kube, ref)
    version = session.get("consentVersion")
    if version is None:
        return None
    given = session.get("consentedAt")
    return ConsentRecord(version=version, given_at=None if given is None else datetime.fromisoformat(given))


async def mark_started(kube: Kube, ref: InterviewRef, *, at: datetime) -> None:
    """The candidate joined the room. Safe to repeat; an Interview that is gone is no error."""
    await _update_if_there(kube, ref, joined(at))


async def mark_finished(kube: Kube, ref: InterviewRef, *, at: datetime, reason: str, attempt: int) -> None:
    """The final transcript is stored. Safe to repeat; an Interview that is gone is no error."""
    await _update_if_there(kube, ref, finished(reason, attempt, at))


async def _update_if_there(kube: Kube, ref: InterviewRef, change: Change) -> None:
    try:
        await update(kube, ref.namespace, ref.name, ref.uid, change)
    except KubeError as error:
        if error.status != NOT_FOUND:
            raise
        log.info("Interview %s/%s is gone; its status stays unwritten", ref.namespace, ref.name)


def timestamp(moment: datetime) -> str:
    """A time as Kubernetes writes it: UTC, whole seconds, `Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _document(interview: Document, state: SessionState) -> Document:
    metadata = interview["metadata"]
    known = state_of(interview).conditions
    conditions = [
        # What is new was decided on the object as read.
        item if item == known.get(kind) else {**item, "observedGeneration": metadata["generation"]}
        for kind, item in state.conditions.items()
    ]
    return {
        "apiVersion": API_VERSION,
        "kind": INTERVIEW_KIND,
        "metadata": {key: metadata[key] for key in ("name", "namespace", "uid", "resourceVersion")},
        "status": {"session": state.session, "conditions": conditions},
    }


def _condition(kind: str, reason: str, message: str, now: datetime) -> dict[str, Any]:
    return {
        "type": kind,
        "status": "True",
        "reason": reason,
        "message": message,
        "lastTransitionTime": timestamp(now),
    }

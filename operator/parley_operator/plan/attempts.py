"""The bots of one interview: what became of the current one, and the record of all."""

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from parley_crds import Attempt, Attempts
from parley_protocol.exits import ExitCode

from parley_operator.snapshot import InputsSecret, Pod

HISTORY = 10
MESSAGE_LENGTH = 1024
LINE_LENGTH = 300
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")

EXIT_REASONS: dict[int, str] = {
    ExitCode.MODEL_REFUSED: "ModelRefused",
    ExitCode.ROOM_NOT_JOINED: "RoomJoinFailed",
    ExitCode.API_REFUSED: "ApiRefused",
    ExitCode.NOT_REPORTED: "NotReported",
    ExitCode.ROOM_LOST: "RoomLost",
}
"""The bot's own exit codes. Its next attempt waits a little: what refused it once may do so again at once."""
EXITED = "Exited"
"""A bot that ended by itself: it has said how."""
OWN = frozenset({*EXIT_REASONS.values(), "BotCrashed", "PodFailed"})
INFRASTRUCTURE = {
    "Evicted": "Evicted",
    "Preempting": "Preempted",
    "PreemptionByScheduler": "Preempted",
    "OOMKilled": "OutOfMemory",
    "NodeLost": "NodeLost",
    "NodeShutdown": "NodeShutdown",
    "Terminated": "NodeShutdown",
    "DeadlineExceeded": "DeadlineExceeded",
    "ContainerStatusUnknown": "NodeLost",
    "UnexpectedAdmissionError": "NotAdmitted",
    "OutOfcpu": "NotAdmitted",
    "OutOfmemory": "NotAdmitted",
    "OutOfephemeral-storage": "NotAdmitted",
    "OutOfpods": "NotAdmitted",
    "NodeAffinity": "NotAdmitted",
    "TopologyAffinityError": "NotAdmitted",
    "StartError": "ContainerNotCreated",
    "ContainerCannotRun": "ContainerNotCreated",
    "DeletionByTaintManager": "NodeLost",
    "DeletionByPodGC": "NodeLost",
    "TerminationByKubelet": "NodeShutdown",
    "EvictionByEvictionAPI": "Evicted",
}
"""What Kubernetes says of a pod that it ended, and what it is called here. A bot that was in its room has its successor
at once; one that never was may only be met by the same again, so the second such has to wait."""

BACKOFF_SECONDS = 5
LONGEST_BACKOFF_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Fate:
    """How an attempt ended."""

    ended_at: datetime
    reason: str
    message: str


def record_of(attempts: Attempts | None, number: int) -> Attempt | None:
    """The record of an attempt."""
    history = [] if attempts is None else attempts.history
    return next((record for record in history if record.attempt == number), None)


def next_number(attempts: Attempts | None) -> int:
    """A number that no recorded attempt has: numbers are never used twice."""
    return 1 + max((record.attempt for record in attempts.history), default=0) if attempts is not None else 1


def recorded(attempts: Attempts | None, record: Attempt, failures: int) -> Attempts:
    """The attempts with this record added or replaced."""
    history = [] if attempts is None else [old for old in attempts.history if old.attempt != record.attempt]
    history = sorted([*history, record], key=lambda item: item.attempt)[-HISTORY:]
    return Attempts(current=history[-1].attempt, failures=failures, history=history)


def fate_of(record: Attempt | None, pod: Pod | None, now: datetime) -> Fate | None:
    """How the current attempt ended; None while it has not: its pod lives, dies still, or was not made yet."""
    if pod is not None:
        if not pod.dead:
            return None
        if record is not None and record.ended_at is not None:
            return _fate_from(record)
        return _fate_of_dead(pod, None if record is None else record.started_at, now)
    if record is None:
        return None
    # What was known of a pod before it went is why it went.
    return _fate_from(record) or Fate(now, record.reason or "PodLost", record.message or "The bot's pod was deleted")


def foretold(record: Attempt, pod: Pod) -> Attempt:
    """The record with the reason for which a pod is being deleted: it may be gone before anybody sees it dead."""
    reason = INFRASTRUCTURE.get(pod.reason)
    if pod.deleted_at is None or reason is None or record.reason is not None:
        return record
    message = f"{pod.name} is being deleted: {last_line(pod.message) or pod.reason}"
    return record.model_copy(update={"reason": reason, "message": message[:MESSAGE_LENGTH]})


def closed(record: Attempt | None, number: int, pod_name: str, fate: Fate) -> Attempt:
    """The record of an attempt that ended."""
    base = record or Attempt(attempt=number, pod_name=pod_name, started_at=fate.ended_at)
    message = fate.message[:MESSAGE_LENGTH]
    return base.model_copy(update={"ended_at": fate.ended_at, "reason": fate.reason, "message": message})


def retry_at(attempts: Attempts | None, ledger: InputsSecret, now: datetime) -> datetime | None:
    """When the current attempt may start: after its predecessor's pause; None: at once."""
    if attempts is None or not attempts.history or ledger.inputs is None:
        return None
    last = attempts.history[-1]
    if last.attempt >= ledger.inputs.attempt or last.ended_at is None:
        return None
    if last.ended_at > now:
        return None  # a former replica's clock was ahead: how long it is until then, nobody is to wait for
    return last.ended_at + timedelta(seconds=_pause(last, ledger.failures - 1, ledger.inputs.interview.uid))


def _fate_from(record: Attempt) -> Fate | None:
    if record.ended_at is None:
        return None
    return Fate(record.ended_at, record.reason or "PodLost", record.message or "")


def _fate_of_dead(pod: Pod, started_at: datetime | None, now: datetime) -> Fate:
    """The end of a pod. When it was, its node says, whose clock may be ahead or behind: between the start and now."""
    ended_at = min(pod.ended_at or now, now)
    if started_at is not None:
        ended_at = max(ended_at, min(started_at, now))
    reason = _reason(pod)
    code = "" if pod.exit_code is None else f" (exit code {pod.exit_code})"
    last_word = last_line(pod.message)
    told = f": {last_word}" if last_word else ""
    return Fate(ended_at.replace(microsecond=0), reason, f"{pod.name} ended{code}{told}")


def last_line(text: str) -> str:
    """The last line of a container's last words, without the colours of a terminal; of a JSON log its message."""
    lines = [line.strip() for line in _ANSI.sub("", text).splitlines() if line.strip()]
    if not lines:
        return ""
    try:
        record = json.loads(lines[-1])
        line = str(record["message"]) if isinstance(record, dict) and "message" in record else lines[-1]
    except ValueError:
        line = lines[-1]
    return "".join(letter for letter in line if letter.isprintable())[:LINE_LENGTH]


def _reason(pod: Pod) -> str:
    if pod.reason in INFRASTRUCTURE:
        return INFRASTRUCTURE[pod.reason]
    if pod.deleted_at is not None:
        # Told to go, a bot may end well without having finished the interview.
        return "PodDeleted"
    if pod.exit_code is None:
        return "PodFailed"
    return EXIT_REASONS.get(pod.exit_code, "Exited" if pod.exit_code == ExitCode.FINISHED else "BotCrashed")


def _pause(last: Attempt, before: int, uid: str) -> float:
    """How long (seconds) the successor of an attempt waits; `before` is how many were lost before it.

    A first crash, and what happened to a bot that had come into its room or had lived for as long as the longest pause,
    is no sign that it happens again at once. Everything else is repeated with growing pauses.
    """
    lived = (last.ended_at - last.started_at).total_seconds() if last.ended_at and last.started_at else 0.0
    if last.reason in OWN:
        at_once = last.reason == "BotCrashed" and before <= 0
    else:
        at_once = before <= 0 or last.ready_at is not None or lived >= LONGEST_BACKOFF_SECONDS
    if at_once:
        return 0
    longest = float(min(BACKOFF_SECONDS << min(max(before, 0), 10), LONGEST_BACKOFF_SECONDS))
    return longest * (1 - _chance(uid, last.attempt) / 2)


def _chance(uid: str, attempt: int) -> float:
    """A number from 0 to 1 that is any, and for one attempt always the same: a plan asked twice must answer alike.

    Half of each pause is left to it, so that bots that were lost together do not come back together.
    """
    digest = hashlib.sha256(f"{uid}/{attempt}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64

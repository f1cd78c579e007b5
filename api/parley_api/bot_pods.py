"""The bot that serves an interview now: its pod and its inputs, in the bots' namespace."""

import base64
import logging
from dataclasses import dataclass

from parley_crds import Interview
from parley_crds.names import INPUTS_KEY, LABEL_INTERVIEW_UID, child_name, pod_name
from parley_protocol import BotInputs

from parley_api.kube import Document, Kube, core_path
from parley_api.problems import ProblemError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class BotPod:
    """A bot's pod that is ready (it is in the room) and reachable at `ip`."""

    name: str
    ip: str
    attempt: int


async def ready_pod(kube: Kube, bots_namespace: str, interview: Interview) -> BotPod | None:
    """The pod of the interview's current attempt, or None while it is not ready to take the candidate."""
    attempts = interview.status.attempts
    if attempts is None or attempts.current < 1:
        return None
    metadata = interview.metadata
    name = pod_name(child_name(metadata.name, metadata.uid or ""), attempts.current)
    pod = await kube.find(core_path("pods", bots_namespace, name))
    if pod is None or (pod["metadata"].get("labels") or {}).get(LABEL_INTERVIEW_UID) != metadata.uid:
        return None
    ip = _ready_ip(pod)
    return None if ip is None else BotPod(name=name, ip=ip, attempt=attempts.current)


async def bot_inputs(kube: Kube, bots_namespace: str, interview: Interview) -> BotInputs | None:
    """The inputs that the operator wrote for this interview's bots, or None before or after.

    Raises:
        ProblemError: as `parse_inputs`.
        KubeError: the API server could not be asked.
    """
    metadata = interview.metadata
    path = core_path("secrets", bots_namespace, child_name(metadata.name, metadata.uid or ""))
    secret = await kube.find(path)
    if secret is None:
        return None
    inputs = parse_inputs(secret)
    return inputs if inputs.interview.uid == metadata.uid else None


def parse_inputs(secret: Document) -> BotInputs:
    """What an inputs Secret holds.

    Raises:
        ProblemError: 500 `inputs-unreadable`, it holds nothing that this version can read.
    """
    name = secret["metadata"]["name"]
    try:
        return BotInputs.model_validate_json(base64.b64decode((secret.get("data") or {})[INPUTS_KEY], validate=True))
    except (KeyError, ValueError) as error:  # malformed base64 and what is not valid are ValueErrors
        # Neither content nor trace goes into the log: they hold the candidate's documents and a key.
        reason = type(error).__name__
        log.error("Secret %s holds no inputs that this version can read: %s", name, reason)  # noqa: TRY400 - see above
        raise ProblemError(
            500, "inputs-unreadable", f"The inputs Secret {name} can't be read: operator and API differ in version."
        ) from None


def _ready_ip(pod: Document) -> str | None:
    if pod["metadata"].get("deletionTimestamp"):
        return None
    status = pod.get("status") or {}
    ready = any(item["type"] == "Ready" and item["status"] == "True" for item in status.get("conditions") or [])
    return status.get("podIP") if ready else None

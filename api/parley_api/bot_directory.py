"""Which interview a bot's token speaks for: the token names its pod, the pod its Secret, the Secret the interview.

A bot holds nothing that it could present for another interview, and no request names one.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from parley_crds.names import LABEL_ATTEMPT, LABEL_INTERVIEW_UID
from parley_protocol import BotInputs

from parley_api.auth import INTERNAL_AUDIENCE, Authenticator, Identity
from parley_api.bot_pods import parse_inputs
from parley_api.kube import Document, Kube, core_path
from parley_api.problems import ProblemError

POD_NAME = "authentication.kubernetes.io/pod-name"
POD_UID = "authentication.kubernetes.io/pod-uid"
CACHE_SECONDS = 5.0
CACHE_ENTRIES = 1024


@dataclass(frozen=True)
class Bot:
    """A bot that may speak for its interview now: its pod and what the operator gave it."""

    pod: str
    inputs: BotInputs

    @property
    def attempt(self) -> int:
        """The attempt that this bot is, which is the current one."""
        return self.inputs.attempt


class BotDirectory:
    """Tells bots and the operator from everybody else.

    A bot that was found is remembered for five seconds, so that a replaced one is shut out soon after.
    """

    def __init__(
        self,
        kube: Kube,
        authenticator: Authenticator,
        *,
        namespace: str,
        service_account: str,
        operator: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`service_account` is the bots', in `namespace`; `operator` is the operator's user name."""
        self._kube = kube
        self._authenticator = authenticator
        self._namespace = namespace
        self._bots = user_name(namespace, service_account)
        self._operator = operator
        self._clock = clock
        self._known: OrderedDict[tuple[str, str], tuple[float, Bot]] = OrderedDict()

    async def bot(self, token: str, *, fresh: bool = False) -> Bot:
        """The bot whose token this is; `fresh` looks again whether it is still the current attempt.

        Raises:
            ProblemError: 401, no good token; 403, a good token of somebody else; 409 `stale-attempt`, a bot that was
                replaced.
            KubeError: the API server could not be asked.
        """
        identity = await self._authenticator.identify(token, INTERNAL_AUDIENCE)
        if identity.username != self._bots:
            raise _forbidden(f"This token is {identity.username}'s; only {self._bots} may speak as a bot.")
        pod, uid = _pod_of(identity)
        key = (pod, uid)
        known = self._known.get(key)
        if known and known[0] > self._clock() and not fresh:
            return known[1]
        self._known.pop(key, None)
        bot = Bot(pod=pod, inputs=await self._inputs(pod, uid))
        self._known[key] = (self._clock() + CACHE_SECONDS, bot)
        while len(self._known) > CACHE_ENTRIES:
            self._known.popitem(last=False)
        return bot

    async def require_operator(self, token: str) -> None:
        """Raise the problem 401 or 403 unless the token is the operator's."""
        identity = await self._authenticator.identify(token, INTERNAL_AUDIENCE)
        if identity.username != self._operator:
            raise _forbidden(f"This token is {identity.username}'s; only {self._operator} may call this path.")

    async def inputs(self, secret_name: str, uid: str) -> BotInputs | None:
        """The inputs in a Secret of the bots' namespace; None where it is gone or another interview's."""
        secret = await self._kube.find(core_path("secrets", self._namespace, secret_name))
        if secret is None or _labels(secret).get(LABEL_INTERVIEW_UID) != uid:
            return None
        return parse_inputs(secret)

    async def _inputs(self, pod_name: str, pod_uid: str) -> BotInputs:
        pod = await self._kube.find(core_path("pods", self._namespace, pod_name))
        if pod is None or pod["metadata"]["uid"] != pod_uid:
            raise _forbidden(f"The token's pod {pod_name} is gone: a token dies with its pod.")
        uid, owner = _labels(pod).get(LABEL_INTERVIEW_UID), _owner(pod)
        if uid is None or owner is None:
            raise _forbidden(f"The token's pod {pod_name} is no interview's bot.")
        secret = await self._kube.find(core_path("secrets", self._namespace, owner["name"]))
        if (
            secret is None
            or secret["metadata"]["uid"] != owner["uid"]
            or _labels(secret).get(LABEL_INTERVIEW_UID) != uid
        ):
            raise _forbidden(f"The interview of the token's pod {pod_name} is over: its inputs are gone.")
        inputs = parse_inputs(secret)
        if inputs.interview.uid != uid:
            raise _forbidden(f"The token's pod {pod_name} and its inputs Secret name different interviews.")
        attempt = _labels(pod).get(LABEL_ATTEMPT, "")
        if attempt != str(inputs.attempt):
            raise stale_attempt(attempt, inputs.attempt)
        return inputs


def user_name(namespace: str, service_account: str) -> str:
    """The user name that the API server gives a service account."""
    return f"system:serviceaccount:{namespace}:{service_account}"


def stale_attempt(mine: object, current: int) -> ProblemError:
    """The 409 problem of a bot that was replaced: it must stop."""
    return ProblemError(
        409,
        "stale-attempt",
        f"Attempt {mine or '?'} is not the current one, which is {current}: stop.",
        members={"currentAttempt": current},
    )


def _pod_of(identity: Identity) -> tuple[str, str]:
    names, uids = identity.extra.get(POD_NAME) or [], identity.extra.get(POD_UID) or []
    if len(names) != 1 or len(uids) != 1:
        raise _forbidden("This token is bound to no pod; a bot sends the projected token of its own.")
    return names[0], uids[0]


def _forbidden(detail: str) -> ProblemError:
    return ProblemError(403, "forbidden", detail)


def _labels(item: Document) -> dict[str, str]:
    return item["metadata"].get("labels") or {}


def _owner(pod: Document) -> Document | None:
    """The Secret that controls the pod. The operator alone makes such pods; a label can be put on any."""
    for reference in pod["metadata"].get("ownerReferences") or []:
        if reference.get("controller") and reference["kind"] == "Secret":
            owner: Document = reference
            return owner
    return None

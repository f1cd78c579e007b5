"""Who calls (TokenReview) and what they may do (SubjectAccessReview). RBAC is the one place of rights."""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from parley_api.kube import GROUP, VERSION, Document, Kube
from parley_api.problems import ProblemError

PEOPLE_AUDIENCE = "parley"
INTERNAL_AUDIENCE = "parley-api"
CACHE_SECONDS = 10.0
CACHE_ENTRIES = 1024
# Longer than any token of Kubernetes; a guard against filling its API with rubbish.
TOKEN_CHARACTERS = 16_384
REVIEWS = "/apis/authentication.k8s.io/v1/tokenreviews"
ACCESS_REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"


@dataclass(frozen=True)
class Identity:
    """Who the token belongs to, as the API server says. `extra` names the pod of a token that is bound to one."""

    username: str
    uid: str
    groups: tuple[str, ...]
    extra: dict[str, list[str]]


class Authenticator:
    """Asks the API server, and remembers a good token for ten seconds."""

    def __init__(self, kube: Kube, clock: Callable[[], float] = time.monotonic) -> None:
        self._kube = kube
        self._clock = clock
        self._known: OrderedDict[tuple[bytes, str], tuple[float, Identity]] = OrderedDict()

    async def identify(self, token: str, audience: str) -> Identity:
        """The owner of a token of this very audience.

        Raises:
            ProblemError: 401, the token is not good, or was made for another audience (such as the API server's own).
            KubeError: the API server could not be asked.
        """
        if not token or len(token) > TOKEN_CHARACTERS:
            raise unauthenticated("The bearer token is empty or too long.")
        key = (hashlib.sha256(token.encode()).digest(), audience)
        known = self._known.get(key)
        if known and known[0] > self._clock():
            return known[1]
        review = await self._kube.create(
            REVIEWS,
            {
                "apiVersion": "authentication.k8s.io/v1",
                "kind": "TokenReview",
                "spec": {"token": token, "audiences": [audience]},
            },
        )
        identity = _identity(review.get("status", {}), audience)
        self._known[key] = (self._clock() + CACHE_SECONDS, identity)
        self._known.move_to_end(key)
        while len(self._known) > CACHE_ENTRIES:
            self._known.popitem(last=False)
        return identity

    async def may(self, who: Identity, verb: str, namespace: str, name: str = "", subresource: str = "") -> bool:
        """Whether RBAC lets them do `verb` on Interviews of the namespace, or on a (virtual) subresource of one."""
        review = await self._kube.create(
            ACCESS_REVIEWS,
            {
                "apiVersion": "authorization.k8s.io/v1",
                "kind": "SubjectAccessReview",
                "spec": {
                    "user": who.username,
                    "uid": who.uid,
                    "groups": list(who.groups),
                    "extra": who.extra,
                    "resourceAttributes": {
                        "group": GROUP,
                        "version": VERSION,
                        "resource": "interviews",
                        "subresource": subresource,
                        "namespace": namespace,
                        "name": name,
                        "verb": verb,
                    },
                },
            },
        )
        status = review.get("status", {})
        return bool(status.get("allowed")) and not status.get("denied")

    async def require(self, who: Identity, verb: str, namespace: str, name: str = "", subresource: str = "") -> None:
        """Raise the 403 problem that names the missing right, unless they have it."""
        if await self.may(who, verb, namespace, name, subresource):
            return
        resource = "interviews" + (f"/{subresource}" if subresource else "")
        raise ProblemError(
            403,
            "forbidden",
            f"{who.username} may not {verb} {resource}.{GROUP} in namespace {namespace}: a Role must grant it.",
        )


def _identity(status: Document, audience: str) -> Identity:
    # An authenticator that knows no audiences answers without them: such a token is good for the API server itself.
    if not status.get("authenticated") or audience not in (status.get("audiences") or []):
        raise unauthenticated(f"The token is not valid, has expired, or was not made for the audience {audience!r}.")
    user = status.get("user") or {}
    return Identity(
        username=user.get("username") or "",
        uid=user.get("uid") or "",
        groups=tuple(user.get("groups") or ()),
        extra=user.get("extra") or {},
    )


def unauthenticated(detail: str) -> ProblemError:
    """The 401 problem, with the challenge of RFC 6750."""
    return ProblemError(
        401, "unauthenticated", detail, headers={"WWW-Authenticate": 'Bearer realm="parley", error="invalid_token"'}
    )


_bearer = HTTPBearer(auto_error=False, description="A token of the audience that this path asks for.")


async def bearer_token(
    _request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> str:
    """The bearer token of the request; 401 without one."""
    if credentials is None:
        raise ProblemError(
            401,
            "unauthenticated",
            "A bearer token is needed: Authorization: Bearer <token>.",
            headers={"WWW-Authenticate": 'Bearer realm="parley"'},
        )
    return credentials.credentials


BearerToken = Annotated[str, Depends(bearer_token)]

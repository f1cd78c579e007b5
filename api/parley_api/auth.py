"""Who calls (TokenReview) and what they may do (SubjectAccessReview). RBAC is the one place of rights."""

import asyncio
import base64
import hashlib
import json
import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from parley_api.kube import GROUP, OVERLOADED, UNREACHABLE, VERSION, Document, Kube, KubeError
from parley_api.problems import ProblemError

PEOPLE_AUDIENCE = "parley"
INTERNAL_AUDIENCE = "parley-api"
CACHE_SECONDS = 10.0
CACHE_ENTRIES = 1024
# Longer than any token of Kubernetes; a guard against filling its API with rubbish.
TOKEN_CHARACTERS = 16_384
# Rubbish must not take the connections that bots' events and consents need, nor the API server's time.
REVIEWS_AT_ONCE = 8
REVIEW_WAIT_SECONDS = 2.0
REVIEWS = "/apis/authentication.k8s.io/v1/tokenreviews"
ACCESS_REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"


@dataclass(frozen=True)
class Identity:
    """Who the token belongs to, as the API server says. `extra` names the pod of a token that is bound to one."""

    username: str
    uid: str
    groups: tuple[str, ...]
    extra: dict[str, list[str]]


TokenKey = tuple[bytes, str]
"""A token's digest and the audience that it was reviewed for."""


class _Remembered[T]:
    """What was found for a token, for ten seconds; the oldest of many is forgotten."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._kept: OrderedDict[TokenKey, tuple[float, T]] = OrderedDict()

    def get(self, key: TokenKey) -> T | None:
        until, found = self._kept.get(key, (0.0, None))
        return found if until > self._clock() else None

    def put(self, key: TokenKey, found: T) -> None:
        self._kept[key] = (self._clock() + CACHE_SECONDS, found)
        self._kept.move_to_end(key)
        while len(self._kept) > CACHE_ENTRIES:
            self._kept.popitem(last=False)


class Authenticator:
    """Asks the API server about a token once, however often it comes, and remembers the answer for ten seconds.

    Good and refused tokens are remembered apart, so that rubbish displaces nobody. Of each audience a few are asked
    about at once: strangers who send rubbish to the public port do not keep a bot waiting.
    """

    def __init__(self, kube: Kube, clock: Callable[[], float] = time.monotonic) -> None:
        self._kube = kube
        self._good: _Remembered[Identity] = _Remembered(clock)
        self._refused: _Remembered[bool] = _Remembered(clock)
        self._asked: dict[TokenKey, asyncio.Task[Identity]] = {}
        self._places: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(REVIEWS_AT_ONCE))

    async def identify(self, token: str, audience: str) -> Identity:
        """The owner of a token of this very audience.

        Raises:
            ProblemError: 401, the token is not good, or was made for another audience (such as the API server's own).
            KubeError: the API server could not be asked.
        """
        if not token or len(token) > TOKEN_CHARACTERS:
            raise unauthenticated("The bearer token is empty or too long.")
        # Inside, every good token is a projected one: what says itself that it is none need not be asked about.
        if audience == INTERNAL_AUDIENCE and audience not in claimed_audiences(token):
            raise _not_good(audience)
        key = (hashlib.sha256(token.encode()).digest(), audience)
        known = self._good.get(key)
        if known is not None:
            return known
        if self._refused.get(key):
            raise _not_good(audience)
        asked = self._asked.get(key)
        if asked is None:
            asked = self._asked[key] = asyncio.create_task(self._ask(key, token))
            asked.add_done_callback(lambda done: self._answered(key, done))
        # A caller who leaves does not take the answer from the others.
        return await asyncio.shield(asked)

    async def _ask(self, key: TokenKey, token: str) -> Identity:
        _, audience = key
        place = self._places[audience]
        try:
            async with asyncio.timeout(REVIEW_WAIT_SECONDS):
                await place.acquire()
        except TimeoutError:
            raise KubeError(UNREACHABLE, OVERLOADED, "too many tokens are to be reviewed at once") from None
        try:
            review = await self._kube.review(
                REVIEWS,
                {
                    "apiVersion": "authentication.k8s.io/v1",
                    "kind": "TokenReview",
                    "spec": {"token": token, "audiences": [audience]},
                },
            )
        finally:
            place.release()
        identity = _identity(review.get("status", {}), audience)
        if identity is None:
            self._refused.put(key, True)
            raise _not_good(audience)
        self._good.put(key, identity)
        return identity

    def _answered(self, key: TokenKey, done: asyncio.Task[Identity]) -> None:
        del self._asked[key]
        if not done.cancelled():
            done.exception()  # looked at, in case that every caller has left

    async def may(self, who: Identity, verb: str, namespace: str, name: str = "", subresource: str = "") -> bool:
        """Whether RBAC lets them do `verb` on Interviews of the namespace, or on a (virtual) subresource of one."""
        review = await self._kube.review(
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


def claimed_audiences(token: str) -> list[str]:
    """The audiences that a JWT claims, unverified; none of what is no JWT."""
    parts = token.split(".")
    if len(parts) != 3:
        return []
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):  # binascii.Error and UnicodeError are ValueErrors
        return []
    audiences = claims.get("aud") if isinstance(claims, dict) else None
    return [audiences] if isinstance(audiences, str) else audiences if isinstance(audiences, list) else []


def _identity(status: Document, audience: str) -> Identity | None:
    # An authenticator that knows no audiences answers without them: such a token is good for the API server itself.
    if not status.get("authenticated") or audience not in (status.get("audiences") or []):
        return None
    user = status.get("user") or {}
    return Identity(
        username=user.get("username") or "",
        uid=user.get("uid") or "",
        groups=tuple(user.get("groups") or ()),
        extra=user.get("extra") or {},
    )


def _not_good(audience: str) -> ProblemError:
    return unauthenticated(f"The token is not valid, has expired, or was not made for the audience {audience!r}.")


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

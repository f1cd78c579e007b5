"""A thin asynchronous layer over the Kubernetes API: JSON documents in and out, one error type, no generated models.

Configuration comes from the pod's service account (its token is read again as it rotates) or from `KUBECONFIG`.
"""

import asyncio
import json
import os
import random
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import aiohttp
from kubernetes.aio import client
from kubernetes.aio import config as untyped_config

Document = dict[str, Any]
# The package claims to be typed, but these loaders carry no annotations.
config: Any = untyped_config
Query = Mapping[str, str | int | bool | None]

GROUP = "parley.dev"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"
REQUEST_TIMEOUT = aiohttp.ClientTimeout(total=15, connect=5)
# The server ends a watch, and sends a bookmark about each minute: a longer silence is a connection that died.
WATCH_SECONDS = 240
WATCH_TIMEOUT = aiohttp.ClientTimeout(total=None, connect=5, sock_read=100)
NOT_FOUND = 404
UNREACHABLE = 503
OVERLOADED = "Overloaded"
"""Reason of a 503 that is this process's own: it asks no more for now."""
# An API server that restarts cuts connections for a moment, one that is busy says 429: what is safe to repeat is
# repeated, unless the caller has waited long already.
TRIES = 3
TRY_AGAIN_WITHIN_SECONDS = 5.0
PAUSE_SECONDS = 0.2
PASSING = frozenset({429, 500, 502, 503, 504})


@dataclass
class KubeError(Exception):
    """The Kubernetes API refused, or could not be reached (status 503, reason `Unreachable`)."""

    status: int
    reason: str
    message: str
    details: Document = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.status} {self.reason}: {self.message}"


def interviews_path(namespace: str | None = None, name: str | None = None, sub: str | None = None) -> str:
    """Path of Interviews: all, of a namespace, one of them, or its subresource."""
    return resource_path(f"/apis/{API_VERSION}", "interviews", namespace, name, sub)


def core_path(plural: str, namespace: str | None = None, name: str | None = None) -> str:
    """Path of a resource of the core group, such as `pods` or `secrets`."""
    return resource_path("/api/v1", plural, namespace, name)


def resource_path(root: str, plural: str, namespace: str | None, name: str | None, sub: str | None = None) -> str:
    """Path of a resource below `root`; names are quoted, so none can reach another path.

    Raises:
        KubeError: 404, a name is `.` or `..`, which no object has and a client folds away, quoted or not.
    """
    for part in (namespace, name):
        if part in (".", ".."):
            raise KubeError(404, "NotFound", f"nothing can be named {part!r}")
    parts = [root]
    if namespace is not None:
        parts += ["namespaces", quote(namespace, safe="")]
    parts.append(plural)
    parts += [quote(part, safe="") for part in (name, sub) if part is not None]
    return "/".join(parts)


class Kube:
    """One connection pool to the Kubernetes API."""

    def __init__(self, configuration: client.Configuration) -> None:
        self._configuration = configuration
        self._client: Any = client.ApiClient(configuration)

    @classmethod
    async def connect(cls) -> "Kube":
        """Read the configuration; nothing is sent yet.

        Raises:
            kubernetes.aio.config.ConfigException: neither a service account nor a kubeconfig is there.
        """
        configuration = client.Configuration()
        kubeconfig = os.environ.get("KUBECONFIG")
        if kubeconfig or "KUBERNETES_SERVICE_HOST" not in os.environ:
            await config.load_kube_config(config_file=kubeconfig, client_configuration=configuration)
        else:
            config.load_incluster_config(client_configuration=configuration)
        return cls(configuration)

    async def close(self) -> None:
        """Close the pool."""
        await self._client.close()

    async def get(self, path: str, query: Query | None = None) -> Document:
        """Get one object or a list; a failure that may pass is tried again. Raises KubeError."""
        return await self._repeated("GET", path, query)

    async def find(self, path: str) -> Document | None:
        """The object, or None where the API server says that there is none. Raises KubeError for anything else."""
        try:
            return await self.get(path)
        except KubeError as error:
            if error.status == NOT_FOUND:
                return None
            raise

    async def review(self, path: str, body: Document) -> Document:
        """Ask by a review (of a token, of a right); nothing is stored, so it is repeated as `get`. Raises KubeError."""
        return await self._repeated("POST", path, None, body)

    async def create(self, path: str, body: Document, query: Query | None = None) -> Document:
        """Create an object. Raises KubeError."""
        return await self._json("POST", path, query, body)

    async def apply(self, path: str, body: Document, *, manager: str) -> Document:
        """Server-side apply with force; `body` must be the manager's whole set. Raises KubeError."""
        query = {"fieldManager": manager, "force": "true"}
        return await self._json("PATCH", path, query, body, "application/apply-patch+yaml")

    async def merge_patch(self, path: str, body: Document, *, manager: str) -> Document:
        """Merge patch (lists are replaced). Raises KubeError."""
        return await self._json("PATCH", path, {"fieldManager": manager}, body, "application/merge-patch+json")

    async def watch(self, path: str, query: Query) -> AsyncIterator[Document]:
        """Yield watch events until the server ends the watch. Raises KubeError, also for an `ERROR` event (410)."""
        watched = {**query, "watch": "true", "allowWatchBookmarks": "true", "timeoutSeconds": WATCH_SECONDS}
        response = await self._send("GET", path, watched, None, "application/json", WATCH_TIMEOUT)
        try:
            async for line in response.content:
                event: Document = json.loads(line)
                if event["type"] == "ERROR":
                    raise _error(event["object"].get("code", 500), event["object"])
                yield event
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise KubeError(UNREACHABLE, "Unreachable", f"the watch broke: {type(error).__name__}") from error
        finally:
            response.close()

    async def _repeated(
        self, method: str, path: str, query: Query | None = None, body: Document | None = None
    ) -> Document:
        """A call that changes nothing, so that it may be tried again after a failure that may pass."""
        begun = time.monotonic()
        for attempt in range(1, TRIES):
            try:
                return await self._json(method, path, query, body)
            except KubeError as error:
                if error.status not in PASSING or time.monotonic() - begun > TRY_AGAIN_WITHIN_SECONDS:
                    raise
            await asyncio.sleep(PAUSE_SECONDS * attempt * random.uniform(0.5, 1.5))  # noqa: S311 - jitter, not a secret
        return await self._json(method, path, query, body)

    async def _json(
        self,
        method: str,
        path: str,
        query: Query | None = None,
        body: Document | None = None,
        content_type: str = "application/json",
    ) -> Document:
        response = await self._send(method, path, query or {}, body, content_type, REQUEST_TIMEOUT)
        try:
            document: Document = await response.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise KubeError(UNREACHABLE, "Unreachable", f"{method} {path}: {type(error).__name__}") from error
        finally:
            response.release()
        return document

    async def _send(
        self,
        method: str,
        path: str,
        query: Query,
        body: Document | None,
        content_type: str,
        limits: aiohttp.ClientTimeout,
    ) -> aiohttp.ClientResponse:
        headers = {"Accept": "application/json", "Content-Type": content_type, "User-Agent": "parley-api"}
        authorization = await self._configuration.get_api_key_with_prefix("BearerToken", alias="authorization")
        if authorization:
            headers["Authorization"] = authorization
        pairs = urlencode({key: value for key, value in query.items() if value is not None})
        url = f"{self._configuration.host}{path}{'?' if pairs else ''}{pairs}"
        try:
            answer = await self._client.call_api(method, url, headers, body, _request_timeout=limits)
            response: aiohttp.ClientResponse = answer.response
            if response.status >= 400:
                raise _refusal(response.status, _status(await response.read()))
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise KubeError(UNREACHABLE, "Unreachable", f"{method} {path}: {type(error).__name__}") from error
        return response


def _status(body: bytes) -> Document:
    """The `Status` of a refusal; an answer of something else (a proxy) is kept as its message."""
    try:
        document = json.loads(body)
    except ValueError:
        document = None
    return document if isinstance(document, dict) else {"message": body.decode(errors="replace")[:500]}


def _refusal(status: int, document: Document) -> KubeError:
    """An answer's error. A load balancer between has a 404 of its own, by which nothing is known to be gone."""
    if status == NOT_FOUND and (document.get("kind"), document.get("reason")) != ("Status", "NotFound"):
        return KubeError(UNREACHABLE, "NotAnObject", f"404, not by the API server: {document.get('message', '')}")
    return _error(status, document)


def _error(status: int, document: Document) -> KubeError:
    return KubeError(
        status, document.get("reason") or "Unknown", document.get("message") or "", document.get("details") or {}
    )

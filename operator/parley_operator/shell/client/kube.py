"""A small Kubernetes client of plain JSON objects over `kubernetes.aio`: every call has a timeout and bounded retries.

The generated classes would drop fields that they do not know and cost a conversion each way; a level-based controller
wants exactly what the server holds.
"""

import asyncio
import json
import logging
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import aiohttp
from kubernetes.aio.client import ApiClient
from parley_protocol import InterviewRef
from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from parley_operator.shell.client.pace import Pace

logger = logging.getLogger(__name__)

type Json = dict[str, Any]

TIMEOUT = aiohttp.ClientTimeout(total=15, connect=5)
ATTEMPTS = 4
FIRST_PAUSE_SECONDS = 0.1
PAGE_SIZE = 500
JSON = "application/json"
NOT_AN_OBJECT = "NotAnObject"
"""The reason of an answer that is none of the API server's, though its status says that all is well, or that nothing is
there: a load balancer between has a 404 of its own."""
METADATA_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
"""What a list is asked for as where the objects' content is large, or nobody's business."""


class KubeError(Exception):
    """The API server refused a call. `reason` is its machine-readable word (`NotFound`, `Conflict`, …).

    `retry_after` is how many seconds it asks to be left alone; 0 where it does not say.
    """

    def __init__(self, status: int, reason: str, message: str, retry_after: float = 0) -> None:
        super().__init__(f"{status} {reason}: {message}")
        self.status = status
        self.reason = reason
        self.retry_after = retry_after


class NotFoundError(KubeError):
    """404, and the API server's own word: no such object. Of a type that it does not serve it gives no such word."""


class ConflictError(KubeError):
    """409: the object changed since it was read, or another write came between (as in a quota's count)."""


class AlreadyExistsError(ConflictError):
    """409: the name is taken."""


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource type by its URL: the API's prefix (`api/v1`, `apis/apps/v1`) and the plural."""

    api: str
    plural: str

    def path(self, namespace: str | None, name: str | None = None, subresource: str | None = None) -> str:
        """The URL path of the collection, the object or its subresource."""
        scope = f"/namespaces/{namespace}" if namespace else ""
        return "/".join(filter(None, [f"/{self.api}{scope}/{self.plural}", name, subresource]))


type Key = tuple[Resource, str, str]
"""An object's resource, namespace and name."""

INTERVIEWS = Resource("apis/parley.dev/v1alpha1", "interviews")
TEMPLATES = Resource("apis/parley.dev/v1alpha1", "interviewtemplates")
REVISIONS = Resource("apis/apps/v1", "controllerrevisions")
PODS = Resource("api/v1", "pods")
SECRETS = Resource("api/v1", "secrets")
CONFIG_MAPS = Resource("api/v1", "configmaps")
EVENTS = Resource("apis/events.k8s.io/v1", "events")


def _transient(error: BaseException) -> bool:
    """Whether the same call may succeed in a moment; every call made here is safe to repeat."""
    if isinstance(error, KubeError):
        return error.status == 429 or error.status >= 500 or error.reason == NOT_AN_OBJECT
    return isinstance(error, aiohttp.ClientConnectionError | TimeoutError)


class Kube:
    """Reads and writes objects. Raises `KubeError`, or `aiohttp.ClientError`/`TimeoutError` when retries ran out."""

    def __init__(self, client: ApiClient) -> None:
        self._client = client
        self._pace = Pace()

    async def get(self, resource: Resource, namespace: str | None, name: str) -> Json | None:
        """The object, or None where there is none."""
        try:
            return await self._call("GET", resource.path(namespace, name))
        except NotFoundError:
            return None

    async def interview(self, ref: InterviewRef) -> Json | None:
        """The Interview of this uid, or None where it is gone, whatever has its name now."""
        found = await self.get(INTERVIEWS, ref.namespace, ref.name)
        return None if found is None or found["metadata"]["uid"] != ref.uid else found

    async def list(
        self, resource: Resource, namespace: str | None, labels: str = "", *, accept: str = JSON
    ) -> list[Json]:
        """Every object of a namespace (None: of all) whose labels match; each one's metadata with `METADATA_ONLY`."""
        return [item async for page in self.pages(resource, namespace, labels, accept=accept) for item in page]

    async def pages(
        self,
        resource: Resource,
        namespace: str | None,
        labels: str = "",
        *,
        fields: str = "",
        size: int = PAGE_SIZE,
        accept: str = JSON,
    ) -> AsyncIterator[Sequence[Json]]:
        """The same page by page, of at most `size` objects each: for who may stop early, or keeps little of each."""
        query = {"limit": str(size), "labelSelector": labels, "fieldSelector": fields}
        query = {key: value for key, value in query.items() if value}
        while True:
            page = await self._call("GET", resource.path(namespace), query=query, accept=accept)
            # A list of metadata alone that is empty has null for its items.
            yield page.get("items") or []
            token = page.get("metadata", {}).get("continue")
            if not token:
                return
            query["continue"] = token

    async def create(self, resource: Resource, manifest: Json) -> Json:
        """Creates an object; raises `AlreadyExistsError` where the name is taken."""
        metadata = manifest["metadata"]
        key = (resource, metadata["namespace"], metadata["name"])
        return await self._write(key, "POST", resource.path(metadata["namespace"]), body=manifest)

    async def replace(self, resource: Resource, manifest: Json) -> Json:
        """Replaces an object that was read before; its resourceVersion makes a lost update a `ConflictError`."""
        metadata = manifest["metadata"]
        key = (resource, metadata["namespace"], metadata["name"])
        return await self._write(key, "PUT", resource.path(*key[1:]), body=manifest)

    async def apply(self, resource: Resource, manifest: Json, manager: str, subresource: str | None = None) -> Json:
        """Server-side apply of a manager's whole set. A uid in the metadata guards against a namesake (409)."""
        metadata = manifest["metadata"]
        key = (resource, metadata["namespace"], metadata["name"])
        return await self._write(
            key,
            "PATCH",
            resource.path(*key[1:], subresource),
            query={"fieldManager": manager, "force": "true"},
            body=manifest,
            content_type="application/apply-patch+yaml",
        )

    async def patch(self, resource: Resource, namespace: str, name: str, patch: Json) -> Json:
        """A JSON merge patch; a resourceVersion in it makes a lost update a `ConflictError`."""
        key, path = (resource, namespace, name), resource.path(namespace, name)
        return await self._write(key, "PATCH", path, body=patch, content_type="application/merge-patch+json")

    async def delete(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        *,
        uid: str | None = None,
        resource_version: str | None = None,
        grace: int | None = None,
    ) -> None:
        """Deletes an object, only while it has this uid and version; one that is gone, or is another, is success."""
        options: Json = {"propagationPolicy": "Background"}
        wanted = {"uid": uid, "resourceVersion": resource_version}
        if preconditions := {key: value for key, value in wanted.items() if value is not None}:
            options["preconditions"] = preconditions
        if grace is not None:
            options["gracePeriodSeconds"] = grace
        try:
            await self._write((resource, namespace, name), "DELETE", resource.path(namespace, name), body=options)
        except NotFoundError:
            return
        except ConflictError:
            logger.debug("%s %s/%s is another object now", resource.plural, namespace, name)

    async def _write(self, key: Key, method: str, path: str, **sent: Any) -> Json:
        """Every write; the answer is the object of this key as it is now, or the `Status` of its end."""
        return await self._call(method, path, **sent)

    async def discover(self, api: str) -> set[str]:
        """The plurals that an API group version serves; empty when it is not there."""
        try:
            answer = await self._call("GET", f"/{api}")
        except KubeError as error:
            # Of a group that it does not serve the API server says so in plain text, as anything else does.
            if error.status == 404:
                return set()
            raise
        return {str(entry["name"]) for entry in answer.get("resources", [])}

    async def _call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Json | None = None,
        content_type: str = JSON,
        accept: str = JSON,
    ) -> Json:
        call = partial(
            self._call_once, method, path, query or {}, body, {"Accept": accept, "Content-Type": content_type}
        )
        try:
            return await call()
        except (KubeError, aiohttp.ClientError, TimeoutError) as error:
            if not _transient(error):
                raise
        # Made only here: it costs as much as the call itself, and nearly every call succeeds at once.
        retrying = AsyncRetrying(
            retry=retry_if_exception(_transient),
            stop=stop_after_attempt(ATTEMPTS - 1),
            wait=wait_random_exponential(multiplier=0.1, max=2),
            reraise=True,
        )
        await asyncio.sleep(random.uniform(0, FIRST_PAUSE_SECONDS))  # noqa: S311 - jitter, not a secret
        return await retrying(call)

    async def _call_once(
        self, method: str, path: str, query: Mapping[str, str], body: Json | None, sent: Mapping[str, str]
    ) -> Json:
        await self._pace.keep()
        # The body goes past the client's conversion of its own models, which walks through every value.
        verb, url, headers, _, _ = await self._client.param_serialize(
            method,
            path,
            query_params=list(query.items()),
            header_params=dict(sent),
            auth_settings=["BearerToken"],
        )
        response: Any = await self._client.call_api(
            verb, url, header_params=headers, body=body, _request_timeout=TIMEOUT
        )
        raw: bytes = await response.read()
        if response.status >= 300:
            error = _error(response.status, raw, _seconds(response.headers.get("Retry-After")))
            if response.status in (429, 503):
                self._pace.refused(error.retry_after)
            raise error
        return _object(response.status, raw)


def _object(status: int, raw: bytes) -> Json:
    """The object of a good answer. What something between here and the API server has said or cut off is none."""
    try:
        answer = json.loads(raw)
    except ValueError:
        answer = None
    if isinstance(answer, dict):
        return answer
    # Its content may be a part of a Secret.
    raise KubeError(status, NOT_AN_OBJECT, f"{len(raw)} bytes that are no JSON object")


def _seconds(retry_after: str | None) -> float:
    """A Retry-After of seconds, which is all that the API server sends."""
    return float(retry_after) if retry_after is not None and retry_after.isdecimal() else 0.0


def _error(status: int, raw: bytes, retry_after: float) -> KubeError:
    """The error that a `Status` object tells, or the bare body where a proxy answered instead."""
    try:
        told: Json = json.loads(raw)
        kind, reason, message = (str(told.get(key, "")) for key in ("kind", "reason", "message"))
    except (ValueError, AttributeError):
        kind, reason, message = "", "", raw[:200].decode(errors="replace")
    if status == 404:
        if (kind, reason) == ("Status", "NotFound"):
            return NotFoundError(status, reason, message, retry_after)
        return KubeError(status, NOT_AN_OBJECT, message, retry_after)
    if reason == "AlreadyExists":
        return AlreadyExistsError(status, reason, message, retry_after)
    return (ConflictError if status == 409 else KubeError)(status, reason, message, retry_after)

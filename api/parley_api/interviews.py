"""A cache of the installation's Interviews: listed once, then watched, found by uid."""

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator, Callable, Sequence

from parley_crds import Interview
from parley_protocol import FieldError
from pydantic import ValidationError

from parley_api.kube import Document, Kube, KubeError, interviews_path
from parley_api.problems import ProblemError, field_path

log = logging.getLogger(__name__)

PAGE = 500
RETRY_SECONDS = (0.2, 15.0)
GONE = 410
# Bookmarks come about each minute: without one for longer, what the cache lacks may be there.
FRESH_SECONDS = 120.0
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
Listener = Callable[[str], None]


class InterviewCache:
    """Interviews of some namespaces, or of all; `on_change` is called with the uid of each that changed.

    Its reading may be a moment old: what decides a write is read from the API server. What nobody reads here, and may
    be longer than all the rest, is left out: an Interview's context and who manages which field.
    """

    def __init__(self, kube: Kube, namespaces: Sequence[str], on_change: Listener) -> None:
        self._kube = kube
        self._scopes: list[str | None] = list(namespaces) or [None]
        self._on_change = on_change
        self._by_uid: dict[str, Document] = {}
        self._heard: dict[str | None, float] = {}

    @property
    def ready(self) -> bool:
        """Whether every namespace has been listed once."""
        return len(self._heard) == len(self._scopes)

    @property
    def fresh(self) -> bool:
        """Whether every namespace was heard of lately: only then an Interview that is not here is not there."""
        return self.ready and min(self._heard.values()) > time.monotonic() - FRESH_SECONDS

    def by_uid(self, uid: str) -> Document | None:
        """The Interview with this uid, as last seen; not to be changed."""
        return self._by_uid.get(uid)

    async def run(self) -> None:
        """Keep the cache current until cancelled."""
        async with asyncio.TaskGroup() as group:
            for scope in self._scopes:
                group.create_task(self._follow(scope))

    async def _follow(self, scope: str | None) -> None:
        """List and watch one scope for ever, backing off while the API server refuses."""
        delay, version = RETRY_SECONDS[0], ""
        while True:
            try:
                if not version:
                    version = await self._list(scope)
                async for seen in self._watch(scope, version):
                    version, delay = seen, RETRY_SECONDS[0]
            except KubeError as error:
                log.warning("watching Interviews of %s: %s; again in %.1f s", scope or "all namespaces", error, delay)
                # A broken connection resumes where it was; anything else (410: too old) is listed anew.
                version = version if error.reason == "Unreachable" else ""
                await _pause(delay)
                delay = min(delay * 2, RETRY_SECONDS[1])

    async def _list(self, scope: str | None) -> str:
        """List the scope by pages, drop what is gone, and return the resource version to watch from."""
        seen: set[str] = set()
        token = ""
        while True:
            page = await self._kube.get(interviews_path(scope), {"limit": PAGE, "continue": token or None})
            for item in page["items"]:
                seen.add(item["metadata"]["uid"])
                self._put(item)
            token = page["metadata"].get("continue") or ""
            if not token:
                break
        for uid in [uid for uid, item in self._by_uid.items() if self._in(scope, item) and uid not in seen]:
            self._drop(uid)
        self._heard[scope] = time.monotonic()
        version: str = page["metadata"]["resourceVersion"]
        return version

    async def _watch(self, scope: str | None, version: str) -> AsyncIterator[str]:
        """Follow the changes after a resource version; yields each one's own, from which to go on."""
        async for event in self._kube.watch(interviews_path(scope), {"resourceVersion": version}):
            item = event["object"]
            self._heard[scope] = time.monotonic()
            if event["type"] == "DELETED":
                self._drop(item["metadata"]["uid"])
            elif event["type"] != "BOOKMARK":
                self._put(item)
            yield item["metadata"]["resourceVersion"]

    def _in(self, scope: str | None, item: Document) -> bool:
        return scope is None or item["metadata"]["namespace"] == scope

    def _put(self, item: Document) -> None:
        metadata = item["metadata"]
        metadata.pop("managedFields", None)
        metadata.get("annotations", {}).pop(LAST_APPLIED, None)
        item["spec"].pop("context", None)
        known = self._by_uid.get(metadata["uid"])
        self._by_uid[metadata["uid"]] = item
        if known is None or known["metadata"]["resourceVersion"] != metadata["resourceVersion"]:
            self._on_change(metadata["uid"])

    def _drop(self, uid: str) -> None:
        if self._by_uid.pop(uid, None) is not None:
            self._on_change(uid)


async def _pause(seconds: float) -> None:
    await asyncio.sleep(seconds * random.uniform(0.8, 1.2))  # noqa: S311 - jitter, not a secret


def read_interview(document: Document) -> Interview:
    """The Interview of a document as the API server has it; fields of a newer schema are passed over.

    Raises:
        ProblemError: 500 `interview-unreadable`, which names the fields that this version can't make sense of.
    """
    try:
        return Interview.model_validate(document, extra="ignore")
    except ValidationError as error:
        metadata = document["metadata"]
        fields = [
            FieldError(field=field_path(item["loc"]), message=item["msg"])
            for item in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        where = f"{metadata['namespace']}/{metadata['name']}"
        named = ", ".join(field.field for field in fields)
        log.error("Interview %s can't be read: %s", where, named)  # noqa: TRY400 - a trace would hold its content
        raise ProblemError(
            500,
            "interview-unreadable",
            f"Interview {where} is of another version than this API, which can't read {named}.",
            errors=fields,
        ) from None


async def read_again(kube: Kube, document: Document) -> Document | None:
    """The same Interview (by uid) as the API server has it now, or None when it is gone. Raises KubeError."""
    metadata = document["metadata"]
    fresh = await kube.find(interviews_path(metadata["namespace"], metadata["name"]))
    return fresh if fresh is not None and fresh["metadata"]["uid"] == metadata["uid"] else None

"""What the operator knows of the cluster without asking: what watches told it, and what its own writes were answered.

A reconcile that reads a dozen objects from the API server each time can't keep up with dozens of interviews a second.
What is watched is answered from memory, never from an older state than the operator's own last write: the API server
answers a write with the object. What is doubted (a write that was refused, or whose answer never came) is read anew.
What a watch missed, `verify` finds: kopf lists again after a gap, and tells nothing of what vanished in it.
"""

from collections.abc import Collection, Iterator
from typing import Any

from kubernetes.aio.client import ApiClient
from parley_crds.names import LABEL_INSTALLATION, LABEL_INTERVIEW_UID, LABEL_MANAGED_BY, MANAGED_BY
from parley_protocol import InterviewRef

from parley_operator.shell.client.children import ref_of_child
from parley_operator.shell.client.kube import (
    INTERVIEWS,
    METADATA_ONLY,
    PODS,
    REVISIONS,
    SECRETS,
    TEMPLATES,
    Json,
    Key,
    Kube,
    Resource,
)
from parley_operator.shell.watch.memory import Memory, key_of

WATCHED = (INTERVIEWS, TEMPLATES, PODS)

REMEMBERED_SECONDS = 60.0
"""How long what nobody watches is taken as it was last read or written: links, snapshots, tombstones."""


class Mirror(Kube):
    """A `Kube` that answers from memory: Interviews, templates, and what is in the bots' namespace.

    `namespaces` are those that are watched; empty: all. Not for other threads than its loop's.
    """

    def __init__(self, client: ApiClient, installation: str, bots_namespace: str, namespaces: Collection[str]) -> None:
        super().__init__(client)
        self._bots = bots_namespace
        self._namespaces = list(namespaces)
        self._labels = f"{LABEL_MANAGED_BY}={MANAGED_BY},{LABEL_INSTALLATION}={installation},{LABEL_INTERVIEW_UID}"
        self._memory = Memory()

    # What watches tell

    async def fill(self) -> None:
        """Learns what is in the bots' namespace. Before that, what is missing from the memory would seem lost."""
        for pod in await self.list(PODS, self._bots, self._labels):
            self._memory.put(PODS, pod)
        for secret in await self.list(SECRETS, self._bots, self._labels, accept=METADATA_ONLY):
            self._memory.put(SECRETS, secret, read=False)

    def saw(self, resource: Resource, body: Json, *, deleted: bool) -> bool:
        """Takes what a watch told; gives whether it is news."""
        if deleted:
            return self._memory.lose(key_of(resource, body), body["metadata"]["uid"])
        return self._memory.put(resource, body)

    def forget(self, resource: Resource, namespace: str, name: str) -> None:
        """Keeps an object no longer; whoever asks for it has it read."""
        self._memory.forget((resource, namespace, name))

    # What is read

    async def get(self, resource: Resource, namespace: str | None, name: str) -> Json | None:
        """The object, or None where there is none; what is watched from memory."""
        if resource not in WATCHED or namespace is None:
            return await super().get(resource, namespace, name)
        key = (resource, namespace, name)
        held = self._memory.find(key)
        if held is None or (held.body is None and self._memory.age(held) >= REMEMBERED_SECONDS):
            return await self._read(key)
        return held.body

    async def interview(self, ref: InterviewRef) -> Json | None:
        """The Interview of this uid, or None where it is gone, whatever has its name now.

        A namesake is not kept: the watch is still to tell of it, and only news wakes whom it is about.
        """
        found = await super().interview(ref)
        held = self._memory.find((INTERVIEWS, ref.namespace, ref.name))
        if found is None and held is not None and held.body is not None:
            self.forget(INTERVIEWS, ref.namespace, ref.name)
        return found

    async def ledger(self, name: str) -> Json | None:
        """The inputs Secret of this name: every one that there is was listed, or made by this process."""
        key = (SECRETS, self._bots, name)
        held = self._memory.find(key)
        if held is not None and held.read:
            return held.body
        return await self._read(key) if held is not None or self._memory.is_doubted(key) else None

    async def recall(self, resource: Resource, namespace: str, name: str) -> Json | None:
        """The object as it was within the last `REMEMBERED_SECONDS`, or None where there was none."""
        key = (resource, namespace, name)
        held = self._memory.find(key)
        if held is not None and held.read and self._memory.age(held) < REMEMBERED_SECONDS:
            return held.body
        return await self._read(key)

    def is_unheard_of(self, resource: Resource, namespace: str, name: str) -> bool:
        """Whether nothing under this name was read, written or doubted of late."""
        key = (resource, namespace, name)
        return self._memory.held(key) is None and not self._memory.is_doubted(key)

    async def bots(self, uid: str) -> list[Json]:
        """The pods of an interview."""
        for key in self._memory.doubted(PODS, self._bots):
            await self._read(key)
        return self._memory.of_interview(PODS, self._bots, uid)

    def interviews(self, namespace: str) -> Iterator[Json]:
        """The Interviews of a namespace, as far as they are known; not to be gone through across an `await`."""
        return self._memory.each(INTERVIEWS, namespace)

    async def _read(self, key: Key) -> Json | None:
        """Asks the API server; where a watch told of a later state while the answer was on its way, that one."""
        before, asked_at = self._memory.held(key), self._memory.now
        found = await super().get(*key)
        if found is None:
            self._memory.confirm_absent(key, before)
        else:
            self._memory.confirm(key, found, asked_at)
        held = self._memory.held(key)
        return held.body if held is not None and held.read else None

    def _is_mirrored(self, key: Key) -> bool:
        return key[0] in (INTERVIEWS, TEMPLATES) or (key[1] == self._bots and key[0] in (PODS, SECRETS))

    # What is written

    async def _write(self, key: Key, method: str, path: str, **sent: Any) -> Json:
        asked_at = self._memory.now
        try:
            answer = await super()._write(key, method, path, **sent)
        except BaseException:
            # Refused, the object is another than was thought; unanswered, it may be.
            if self._is_kept(key):
                self._memory.doubt(key)
            raise
        if self._is_kept(key):
            self._take(key, answer, asked_at)
        return answer

    def _take(self, key: Key, answer: Json, asked_at: float) -> None:
        """Keeps what a write was answered: the object, or a `Status` where it is gone."""
        if answer.get("kind") == "Status":
            self._memory.lose(key, answer.get("details", {}).get("uid"))
        elif _is_removed(answer["metadata"]):
            self._memory.lose(key, answer["metadata"]["uid"])
        else:
            self._memory.confirm(key, answer, asked_at)

    def _is_kept(self, key: Key) -> bool:
        return self._is_mirrored(key) or key[0] in (SECRETS, REVISIONS)

    # What keeps it true

    async def verify_bots(self) -> set[InterviewRef]:
        """Holds the bots' namespace against the memory; gives the interviews of what differs, to be looked at anew."""
        found: set[InterviewRef] = set()
        for resource in (PODS, SECRETS):
            found |= await self._verify(resource, self._bots, self._labels)
        self._memory.tidy(REMEMBERED_SECONDS, lasting=self._is_mirrored)
        return found

    async def verify_interviews(self) -> set[InterviewRef]:
        """Holds the Interviews that are known against those that are there; gives those that differ."""
        found: set[InterviewRef] = set()
        scopes: list[str | None] = [*self._namespaces] or [None]
        for namespace in scopes:
            found |= await self._verify(INTERVIEWS, namespace, "")
            await self._verify(TEMPLATES, namespace, "")
        return found

    async def _verify(self, resource: Resource, namespace: str | None, labels: str) -> set[InterviewRef]:
        """What was known before the list began, and is not in it, is gone; what is later in it is read anew."""
        known = self._memory.there(resource, namespace)
        listed: dict[Key, Json] = {}
        async for page in self.pages(resource, namespace, labels, accept=METADATA_ONLY):
            listed |= {key_of(resource, body): body for body in page}
        found: set[InterviewRef | None] = set()
        for key, body in known.items():
            if key not in listed and self._memory.lose(key, body["metadata"]["uid"]):
                found.add(_interview_of(resource, body))
        for key, body in listed.items():
            if resource == SECRETS and self._memory.put(resource, body, read=False):
                found.add(_interview_of(resource, body))
            elif self._memory.is_behind(key, body["metadata"]):
                self._memory.doubt(key)
                found.add(_interview_of(resource, body))
        return {ref for ref in found if ref is not None}


def _is_removed(metadata: Json) -> bool:
    """Whether an answer is an object's last: being deleted, and held by no finalizer and no grace any more."""
    held = metadata.get("finalizers") or metadata.get("deletionGracePeriodSeconds")
    return "deletionTimestamp" in metadata and not held


def _interview_of(resource: Resource, body: Json) -> InterviewRef | None:
    if resource != INTERVIEWS:
        return ref_of_child(body)
    metadata = body["metadata"]
    return InterviewRef(namespace=metadata["namespace"], name=metadata["name"], uid=metadata["uid"])

"""The last state of each object that was seen, and which of two states is the later one. No I/O."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from parley_crds.names import LABEL_INTERVIEW_UID

from parley_operator.shell.client.kube import Json, Key, Resource

GONE_SECONDS = 600
"""How long a late word of an object that is gone may still come."""


def key_of(resource: Resource, body: Json) -> Key:
    """The key of an object."""
    metadata = body["metadata"]
    return resource, metadata["namespace"], metadata["name"]


@dataclass(frozen=True, slots=True)
class Held:
    """What is known under a key since `at` (seconds of the memory's clock).

    `body` None: no such object was there. `read` False: its metadata alone are known.
    """

    body: Json | None
    at: float
    read: bool = True


class Memory:
    """Objects by key, and those that carry an interview's uid by that, too.

    Of two states of one object the one with the higher resourceVersion stands: they may be compared as numbers
    (https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions). A uid that was deleted never
    comes back, whatever a watch tells late; one that was taken for deleted by mistake does when it is read.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._held: dict[Key, Held] = {}
        self._by_interview: dict[tuple[Resource, str], set[Key]] = {}
        self._gone: dict[str, float] = {}
        self._doubted: set[Key] = set()

    def __len__(self) -> int:
        return len(self._held)

    @property
    def now(self) -> float:
        """The time by the memory's clock, in seconds."""
        return self._clock()

    def find(self, key: Key) -> Held | None:
        """What is known under a key; None where nothing is, or where it is doubted."""
        return None if key in self._doubted else self._held.get(key)

    def age(self, held: Held) -> float:
        """For how long (seconds) this has been known."""
        return self._clock() - held.at

    def put(self, resource: Resource, body: Json, *, read: bool = True) -> bool:
        """Keeps a state unless a later one is known; gives whether it is news."""
        key, metadata = key_of(resource, body), body["metadata"]
        if metadata["uid"] in self._gone:
            return False
        old = self._held.get(key)
        if old is not None and old.body is not None and not _is_later(metadata, old.body["metadata"]):
            if read and not old.read and _version(metadata) == _version(old.body["metadata"]):
                self._hold(key, Held(body, self._clock()))
            return False
        self._hold(key, Held(body, self._clock(), read))
        return True

    def held(self, key: Key) -> Held | None:
        """What is kept under a key, doubted or not."""
        return self._held.get(key)

    def confirm_absent(self, key: Key, before: Held | None) -> None:
        """Keeps that nothing was there when it was read, unless something came since `before`, which was held then.

        Only then: the answer may be older than what a watch has told while it was on its way.
        """
        if self._held.get(key) is before:
            self._doubted.discard(key)
            self.lose(key)

    def confirm(self, key: Key, body: Json, asked_at: float) -> None:
        """Keeps what was read under a key, or answered to a write, whatever was known or doubted before.

        `asked_at` (by the memory's clock) is when the question was sent: what was taken for gone before then, and is
        in the answer, is there.
        """
        self._doubted.discard(key)
        uid = body["metadata"]["uid"]
        if self._gone.get(uid, asked_at) < asked_at:
            del self._gone[uid]
        if not self.put(key[0], body):
            held = self._held.get(key)
            if held is not None:
                self._held[key] = Held(held.body, self._clock(), held.read)

    def lose(self, key: Key, uid: str | None = None) -> bool:
        """Keeps that the object of this uid, or whatever is known, is there no more; gives whether it is news."""
        held = self._held.get(key)
        known = None if held is None or held.body is None else held.body["metadata"]["uid"]
        lost = known if uid is None else uid
        news = lost is not None and lost not in self._gone
        if lost is not None:
            self._gone[lost] = self._clock()
        if known == lost:
            self._unlink(key)
            self._doubted.discard(key)
            self._held[key] = Held(None, self._clock())
        return news

    def doubt(self, key: Key) -> None:
        """What is known under a key may be old: it is to be read anew."""
        self._doubted.add(key)

    def is_doubted(self, key: Key) -> bool:
        """Whether what is known under a key is to be read anew."""
        return key in self._doubted

    def is_behind(self, key: Key, metadata: Json) -> bool:
        """Whether these metadata are of a later state than the one that is known to be there."""
        held = self._held.get(key)
        return held is not None and held.body is not None and _is_later(metadata, held.body["metadata"])

    def doubted(self, resource: Resource, namespace: str) -> list[Key]:
        """The keys that are to be read anew."""
        return [key for key in self._doubted if key[:2] == (resource, namespace)]

    def forget(self, key: Key) -> None:
        """Keeps nothing under a key any more."""
        self._unlink(key)
        self._held.pop(key, None)
        self._doubted.discard(key)

    def of_interview(self, resource: Resource, namespace: str, uid: str) -> list[Json]:
        """The objects of a namespace that carry an interview's uid, in the order of their names."""
        keys = sorted(key[2] for key in self._by_interview.get((resource, uid), ()) if key[1] == namespace)
        held = (self._held[resource, namespace, name].body for name in keys)
        return [body for body in held if body is not None]

    def each(self, resource: Resource, namespace: str) -> Iterator[Json]:
        """What is known to be there of a resource in a namespace, without an order; nothing may change meanwhile."""
        for key, held in self._held.items():
            if key[0] == resource and key[1] == namespace and held.body is not None:
                yield held.body

    def there(self, resource: Resource, namespace: str | None) -> dict[Key, Json]:
        """What is known to be there of a resource in a namespace (None: in all)."""
        return {
            key: held.body
            for key, held in self._held.items()
            if key[0] == resource and held.body is not None and namespace in (None, key[1])
        }

    def tidy(self, seconds: float, lasting: Callable[[Key], bool]) -> None:
        """Forgets what was gone, or is not kept up to date (`lasting`), for this long."""
        now = self._clock()
        self._gone = {uid: at for uid, at in self._gone.items() if now - at < GONE_SECONDS}
        for key, held in list(self._held.items()):
            if now - held.at >= seconds and (held.body is None or not lasting(key)):
                self.forget(key)

    def _hold(self, key: Key, held: Held) -> None:
        self._unlink(key)
        self._held[key] = held
        if (uid := _interview_uid(held)) is not None:
            self._by_interview.setdefault((key[0], uid), set()).add(key)

    def _unlink(self, key: Key) -> None:
        uid = _interview_uid(self._held.get(key))
        if uid is None:
            return
        keys = self._by_interview.get((key[0], uid), set())
        keys.discard(key)
        if not keys:
            self._by_interview.pop((key[0], uid), None)


def _interview_uid(held: Held | None) -> str | None:
    labels: Json = {} if held is None or held.body is None else held.body["metadata"].get("labels") or {}
    return labels.get(LABEL_INTERVIEW_UID)


def _is_later(new: Json, old: Json) -> bool:
    """Whether metadata are of a later state than others of the same name."""
    mine, theirs = _version(new), _version(old)
    return mine > theirs if mine is not None and theirs is not None else new != old


def _version(metadata: Json) -> int | None:
    text = str(metadata.get("resourceVersion", ""))
    return int(text) if text.isdecimal() else None

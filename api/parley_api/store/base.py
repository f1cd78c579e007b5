"""The contract that every store keeps, and its errors."""

import re
from collections.abc import AsyncIterator
from typing import Protocol

_SEGMENT = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
_MAX_KEY = 900  # S3 allows 1,024 bytes; a folder's path needs room for its root


# A class with a method named `list` can't name the type within itself.
Keys = list[str]


class StoreError(Exception):
    """The store could not do what was asked; the message says what and why."""


class StoreKeyError(StoreError, ValueError):
    """A key or prefix that no caller of ours makes: a bug, or an attempt to leave the store's root."""


class StoreUnavailableError(StoreError):
    """The store did not answer, or refused: nothing was acknowledged, and the same call may be made again."""


class Store(Protocol):
    """Bytes by key. Keys are `/`-joined segments of letters, digits, `.`, `_` and `-`; prefixes end with `/`.

    Every method raises StoreKeyError for a malformed key and StoreUnavailableError when the store fails.
    """

    async def get(self, key: str) -> bytes | None:
        """The object's bytes, or None when there is none."""

    async def put_once(self, key: str, data: bytes, content_type: str) -> bool:
        """Write an object that must not exist yet; durable on return.

        False: there is one already, which stays as it was. It may be this very call's: a retry after a lost answer
        finds its own object, so callers compare before they take False for a conflict.
        """

    async def put(self, key: str, data: bytes, content_type: str) -> None:
        """Write or replace an object as a whole; durable on return."""

    async def put_stream(self, key: str, data: AsyncIterator[bytes], content_type: str) -> None:
        """Write or replace an object from its pieces, of which a few MiB are held at a time; durable on return.

        Where `data` raises, nothing is written, and what it raised is raised.
        """

    async def size(self, key: str) -> int | None:
        """How many bytes an object has; None where there is none."""

    async def get_range(self, key: str, start: int, length: int) -> bytes | None:
        """So many bytes of an object (one at least) from a place within it, fewer at its end; None: it is not there."""

    async def list(self, prefix: str) -> Keys:
        """Every key under the prefix (at any depth), sorted."""

    def pages(self, prefix: str) -> AsyncIterator[Keys]:
        """The same keys in parts, for more of them than memory should hold.

        Keys that share a folder follow one another; what is deleted meanwhile may come or not.
        """

    async def delete_prefix(self, prefix: str, *, keep: frozenset[str] = frozenset()) -> int:
        """Delete every object under the prefix, every version of each, save the keys `keep`; returns how many keys."""

    async def check(self) -> None:
        """Raise StoreUnavailableError unless the store can be reached: for readiness."""


def checked_key(key: str) -> str:
    """The key itself.

    Raises:
        StoreKeyError: it is empty, too long, or holds a segment that is hidden, relative or odd.
    """
    if len(key) > _MAX_KEY or not all(_SEGMENT.fullmatch(segment) for segment in key.split("/")):
        raise StoreKeyError(f"not a store key: {key[:80]!r}")
    return key


def checked_prefix(prefix: str) -> str:
    """The prefix itself, which ends with `/`.

    Raises:
        StoreKeyError: it does not end with `/`, or is no key before it.
    """
    if not prefix.endswith("/"):
        raise StoreKeyError(f"not a store prefix (no slash at its end): {prefix[:80]!r}")
    checked_key(prefix[:-1])
    return prefix

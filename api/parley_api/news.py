"""A bell for each interview: rung when something of it was stored, heard by the streams that are open for it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class News:
    """Wakes listeners of a uid. It carries no content, so nothing is queued and a slow listener costs nothing.

    With several API replicas only this one's events ring; a stream looks into the store from time to time besides.
    """

    def __init__(self) -> None:
        self._listeners: dict[str, set[asyncio.Event]] = {}

    def ring(self, uid: str) -> None:
        """Something of this interview was stored or changed."""
        for bell in self._listeners.get(uid, ()):
            bell.set()

    @property
    def listening(self) -> int:
        """How many listen."""
        return sum(map(len, self._listeners.values()))

    @contextmanager
    def listen(self, uid: str) -> Iterator[asyncio.Event]:
        """An event that is set by each ring; the listener clears it before it looks."""
        bell = asyncio.Event()
        self._listeners.setdefault(uid, set()).add(bell)
        try:
            yield bell
        finally:
            listeners = self._listeners[uid]
            listeners.discard(bell)
            if not listeners:
                del self._listeners[uid]

"""The encoded stream cut into parts, and the parts that wait to be acknowledged. Pure."""

from collections import deque
from dataclasses import dataclass
from typing import Final

from parley_bot.recording.pages import GRANULES_PER_MS, pages, pre_skip

PART_MS: Final = 10_000
PART_BYTES: Final = 262_144
"""Where a part is cut although it lasts less: half of what the API takes."""
SPOOL_BYTES: Final = 8 * 1024 * 1024
"""Parts that wait while the API is away: about a quarter of an hour."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some pages, with their place on the interview's time."""

    number: int
    start_ms: int
    duration_ms: int
    data: bytes


class Cutter:
    """Cuts the stream at its pages. The first part is the headers alone: whatever is lost, they are not.

    Args:
        start_ms: Where on the interview's time the stream begins.
    """

    def __init__(self, start_ms: int) -> None:
        self._stream_ms, self._cut_ms = start_ms, start_ms
        self._number, self._skip = 0, 0
        self._data, self._end_ms = bytearray(), start_ms

    def add(self, data: bytes) -> list[Part]:
        """Take whole pages in; returns the parts that are complete by now.

        Raises:
            ValueError: these are no pages of an Opus stream.
        """
        if not data:
            return []
        if self._number == 0:
            self._skip = pre_skip(next(pages(data)))
        self._data += data
        for page in pages(data):
            if page.granule:
                self._end_ms = self._stream_ms + max(0, page.granule - self._skip) // GRANULES_PER_MS
        long = self._end_ms - self._cut_ms >= PART_MS or len(self._data) >= PART_BYTES
        return [self._cut()] if long or self._number == 0 else []

    def rest(self) -> list[Part]:
        """What is left when the stream has ended."""
        return [self._cut()] if self._data else []

    def _cut(self) -> Part:
        self._number += 1
        part = Part(self._number, self._cut_ms, self._end_ms - self._cut_ms, bytes(self._data))
        self._data.clear()
        self._cut_ms = self._end_ms
        return part


class Spool:
    """Parts that are not acknowledged, in order. Where there are too many the oldest goes, but never the headers."""

    def __init__(self, limit: int = SPOOL_BYTES) -> None:
        self._limit, self._size = limit, 0
        self._parts: deque[Part] = deque()
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._parts)

    @property
    def size(self) -> int:
        """Bytes that wait."""
        return self._size

    @property
    def next(self) -> Part | None:
        """The part to send; the same until it is `sent`, or was dropped for want of room."""
        return self._parts[0] if self._parts else None

    def add(self, part: Part) -> int:
        """Keep a part; returns how many had to go for it."""
        self._parts.append(part)
        self._size += len(part.data)
        gone = 0
        while self._size > self._limit and len(self._parts) > 1:
            gone += self._drop()
        self.dropped += gone
        return gone

    def sent(self, part: Part) -> None:
        """The part is durable; it may have been dropped meanwhile."""
        if part in self._parts:
            self._parts.remove(part)
            self._size -= len(part.data)

    def _drop(self) -> int:
        at = 1 if self._parts[0].number == 1 else 0
        self._size -= len(self._parts[at].data)
        del self._parts[at]
        return 1

"""Pages of an Ogg stream, and how much sound they hold: RFC 3533, section 6, and RFC 7845. Pure."""

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

_CAPTURE: Final = b"OggS"
_HEAD: Final = struct.Struct("<4sBBqIIIB")
_OPUS_HEAD: Final = b"OpusHead"
_PRE_SKIP: Final = struct.Struct("<H")
GRANULES_PER_MS: Final = 48
"""Opus counts samples at 48 kHz, at whatever rate it was encoded."""


class Page(NamedTuple):
    """A page: how far the stream has got with it (None: nothing ends in it), and its content."""

    granule: int | None
    body: bytes


def pages(data: bytes) -> Iterator[Page]:
    """The pages of whole pages.

    Raises:
        ValueError: the data are something else.
    """
    at = 0
    while at < len(data):
        if len(data) - at < _HEAD.size:
            raise ValueError("half a page")
        capture, _, _, granule, _, _, _, count = _HEAD.unpack_from(data, at)
        body = at + _HEAD.size + count
        end = body + sum(data[at + _HEAD.size : body])
        if capture != _CAPTURE or end > len(data):
            raise ValueError("no whole page")
        yield Page(None if granule < 0 else granule, data[body:end])
        at = end


def pre_skip(head: Page) -> int:
    """How many granules at the beginning are no sound, as the stream's first page tells (RFC 7845, section 5.1).

    Raises:
        ValueError: it is no such page.
    """
    if not head.body.startswith(_OPUS_HEAD):
        raise ValueError("no head of an Opus stream")
    (granules,) = _PRE_SKIP.unpack_from(head.body, 10)
    return int(granules)

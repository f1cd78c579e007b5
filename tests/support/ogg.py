"""Parts of a recording as a bot sends them, of packets that tell which they are."""

import struct
from collections.abc import Iterator

from parley_api.recordings.ogg import FIRST, page, pages

SERIAL = 7
PACKET_GRANULES = 960
"""20 ms of a packet that begins with TOC."""
TOC = 0xFC
SECOND = 50
"""Packets of a second."""


def headers(serial: int = SERIAL, channels: int = 2) -> bytes:
    """The first part: the headers alone."""
    head = b"OpusHead" + bytes([1, channels]) + struct.pack("<HIhB", 312, 24_000, 0, 0)
    tags = b"OpusTags" + struct.pack("<I", 4) + b"test" + struct.pack("<I", 0)
    return page([head], 0, serial, 0, FIRST) + page([tags], 0, serial, 1)


def packet(number: int) -> bytes:
    """The packet of this number within its stream."""
    return bytes([TOC]) + struct.pack("<I", number) + bytes(100)


def sound(second: int, serial: int = SERIAL) -> bytes:
    """A page with this second (from 0) of a stream."""
    packets = [packet(second * SECOND + number) for number in range(SECOND)]
    return page(packets, (second + 1) * SECOND * PACKET_GRANULES, serial, second + 2)


def stream(seconds: int, serial: int = SERIAL) -> list[bytes]:
    """The parts of a stream: the headers, then a second each."""
    return [headers(serial), *(sound(second, serial) for second in range(seconds))]


def numbers(data: bytes) -> Iterator[int | None]:
    """Which packets a stream holds, in order; None for one of silence."""
    for one in pages(data):
        for each in one.packets:
            if not each.startswith((b"OpusHead", b"OpusTags")):
                yield None if len(each) == 3 else struct.unpack_from("<I", each, 1)[0]

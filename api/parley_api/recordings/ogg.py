"""Pages and packets of an Ogg stream: RFC 3533, sections 5 and 6. Pure."""

import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

_HEAD: Final = struct.Struct("<4sBBqIIIB")
_CAPTURE: Final = b"OggS"
_CRC: Final = slice(22, 26)
_REVERSED: Final = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_FULL: Final = 255
CONTINUED: Final = 1
FIRST: Final = 2
LAST: Final = 4


class OggError(ValueError):
    """The bytes are no whole pages of an Ogg stream."""


class Page(NamedTuple):
    """A page: its flags, the granule that its last whole packet ends at, its serial, and its packets.

    `whole` is how many of the packets end in it: all, or all but the last.
    """

    flags: int
    granule: int
    serial: int
    packets: Sequence[bytes]
    whole: int


def pages(data: bytes) -> Iterator[Page]:
    """The pages of which the data are made.

    Raises:
        OggError: they are made of something else, or a page is damaged.
    """
    at = 0
    while at < len(data):
        if len(data) - at < _HEAD.size:
            raise OggError("half a page at the end")
        capture, _, flags, granule, serial, _, crc, count = _HEAD.unpack_from(data, at)
        lacing = data[at + _HEAD.size : at + _HEAD.size + count]
        body = at + _HEAD.size + count
        end = body + sum(lacing)
        if capture != _CAPTURE or len(lacing) < count or end > len(data):
            raise OggError("no whole page where one should begin")
        if crc != _checksum(data[at:end]):
            raise OggError("a page is damaged")
        packets = _packets(lacing, data[body:end])
        whole = len(packets) - (1 if lacing and lacing[-1] == _FULL else 0)
        yield Page(flags, granule, serial, packets, whole)
        at = end


def page(packets: Sequence[bytes], granule: int, serial: int, sequence: int, flags: int = 0) -> bytes:
    """A page of whole packets, of which the lacing values are to be 255 at most."""
    lacing = b"".join(laced(packet) for packet in packets)
    head = _HEAD.pack(_CAPTURE, 0, flags, granule, serial, sequence, 0, len(lacing))
    data = bytearray(head + lacing + b"".join(packets))
    data[_CRC] = struct.pack("<I", _checksum(data))
    return bytes(data)


def laced(packet: bytes) -> bytes:
    """A packet's lacing values."""
    return bytes([_FULL]) * (len(packet) // _FULL) + bytes([len(packet) % _FULL])


def _packets(lacing: bytes, body: bytes) -> list[bytes]:
    packets, at, size = [], 0, 0
    for number, value in enumerate(lacing):
        size += value
        if value < _FULL or number == len(lacing) - 1:
            packets.append(body[at : at + size])
            at, size = at + size, 0
    return packets


def _checksum(data: bytes | bytearray) -> int:
    """Ogg's CRC, with the field itself as zero: zlib's polynomial, the bits the other way round, from 0 to 0."""
    blank = data[: _CRC.start] + bytes(4) + data[_CRC.stop :]
    mirrored = zlib.crc32(blank.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{mirrored:032b}"[::-1], 2)

"""Parts of several bots' streams made one stream of Ogg Opus, with silence where something is missing: RFC 7845. Pure.

Chained, as Ogg allows it, many a player would show or play the first link alone (libsndfile does), and whatever is
missing would move all that comes after it. In one stream, a place in the file is a place on the interview's time.
"""

from collections.abc import Iterable
from typing import Final

from parley_api.recordings.ogg import CONTINUED, FIRST, LAST, OggError, laced, page, pages
from parley_api.store.layout import PartKey

GRANULES_PER_MS: Final = 48
"""Opus counts at 48 kHz, at whatever rate it was encoded."""
SILENCE: Final = bytes([0xFC, 0xFF, 0xFE])
"""A packet of 20 ms of silence, stereo (RFC 6716: configuration 31, one frame)."""
_SILENCE_GRANULES: Final = 960
_HEADERS: Final = (b"OpusHead", b"OpusTags")
_STEREO: Final = 2
_PACKETS: Final = 50
_LACING: Final = 255


class OneStream:
    """Takes parts in, in order, and gives pages.

    Args:
        start_ms: Where on the interview's time the first attempt's stream begins.
    """

    def __init__(self, start_ms: int) -> None:
        self._start_ms = start_ms
        self._serial: int | None = None
        self._sequence = 0
        self._attempt: int | None = None
        self._offset = self._cursor = 0
        self._partial: bytes | None = None
        self._waiting: list[bytes] = []
        self._lacing = 0
        self._trim = 0

    def add(self, part: PartKey, data: bytes) -> bytes:
        """The pages that the part completes.

        Raises:
            OggError: it is no part of such a stream.
        """
        if part.attempt != self._attempt:
            self._attempt, self._partial = part.attempt, None
            self._offset = (part.start_ms - self._start_ms) * GRANULES_PER_MS
        out = bytearray()
        for one in pages(data):
            packets = self._whole(one.packets, one.whole, continued=bool(one.flags & CONTINUED))
            if one.granule == 0 and packets and packets[0].startswith(_HEADERS):
                out += self._begin(packets, one.serial)
                continue
            if not packets:
                continue
            lasts, end = sum(map(granules, packets)), self._offset + one.granule
            out += self._fill(end - lasts)
            out += self._put(packets)
            # A stream's last page says where sound ends within its last packet.
            self._trim = max(0, min(self._cursor - end, lasts)) if one.flags & LAST else 0
        return bytes(out)

    def finish(self) -> bytes:
        """The last page."""
        if self._serial is None:
            return b""
        return self._page(self._cursor - self._trim, LAST)

    def _whole(self, packets: Iterable[bytes], count: int, *, continued: bool) -> list[bytes]:
        """The packets that end here; one whose other half was lost is left out."""
        found = list(packets)
        whole, rest = found[:count], found[count:]
        if continued and whole:
            begun, self._partial = self._partial, None
            whole[:1] = [begun + whole[0]] if begun is not None else []
        elif continued and rest:
            rest = [self._partial + rest[0]] if self._partial is not None else []
        self._partial = rest[0] if rest else None
        return whole

    def _begin(self, headers: list[bytes], serial: int) -> bytes:
        """The headers of the first stream are those of all."""
        head = headers[0]
        if head.startswith(_HEADERS[0]) and (len(head) < 19 or head[9] != _STEREO):
            raise OggError("no stream of two channels")
        if self._serial is not None and self._sequence >= len(_HEADERS):
            return b""
        self._serial = serial if self._serial is None else self._serial
        flags = FIRST if self._sequence == 0 else 0
        out = page(headers, 0, self._serial, self._sequence, flags)
        self._sequence += 1
        return out

    def _fill(self, position: int) -> bytes:
        """Silence up to a position, to the nearest packet."""
        missing = round((position - self._cursor) / _SILENCE_GRANULES)
        return self._put([SILENCE] * missing) if missing > 0 else b""

    def _put(self, packets: Iterable[bytes]) -> bytes:
        out = bytearray()
        for packet in packets:
            size = len(laced(packet))
            if len(self._waiting) >= _PACKETS or self._lacing + size > _LACING:
                out += self._page(self._cursor)
            self._waiting.append(packet)
            self._lacing += size
            self._cursor += granules(packet)
        return bytes(out)

    def _page(self, granule: int, flags: int = 0) -> bytes:
        if self._serial is None:
            raise OggError("sound before the headers")
        out = page(self._waiting, granule, self._serial, self._sequence, flags)
        self._sequence += 1
        self._waiting, self._lacing = [], 0
        return out


def granules(packet: bytes) -> int:
    """How long a packet lasts (RFC 6716, section 3.1)."""
    if not packet:
        return 0
    config, code = packet[0] >> 3, packet[0] & 3
    if config < 12:
        frame = (480, 960, 1920, 2880)[config % 4]
    elif config < 16:
        frame = (480, 960)[config % 2]
    else:
        frame = (120, 240, 480, 960)[config % 4]
    frames = (1, 2, 2)[code] if code < 3 else (packet[1] & 63 if len(packet) > 1 else 0)
    return frame * frames

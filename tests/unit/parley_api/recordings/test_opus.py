"""One stream of several: what libopus makes of it, and where each packet comes to lie."""

import io
import struct

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from parley_api.recordings.ogg import LAST, OggError, page, pages
from parley_api.recordings.opus import OneStream, granules
from parley_api.store.layout import PartKey
from parley_bot.recording.encoder import RATE, OggOpus
from parley_bot.recording.parts import Cutter
from parley_bot.recording.tape import Block
from support.ogg import PACKET_GRANULES, SECOND, headers, numbers, packet, sound, stream


def spoken(seconds: int, start_ms: int, hertz: int, attempt: int) -> list[tuple[PartKey, bytes]]:
    """What a bot sends of a candidate who hums on one note."""
    encoder, cutter = OggOpus(), Cutter(start_ms)
    hum = (8000 * np.sin(2 * np.pi * hertz * np.arange(16_000) / 16_000)).astype(np.int16)
    block = Block(hum, np.zeros(RATE, np.int16))
    parts = [part for _ in range(seconds) for part in cutter.add(encoder.write(block))]
    parts += cutter.add(encoder.close(Block(hum[:0], hum[:0]))) + cutter.rest()
    return [(PartKey(attempt, part.number, part.start_ms, part.duration_ms), part.data) for part in parts]


def joined(parts: list[tuple[PartKey, bytes]]) -> bytes:
    stream = OneStream(parts[0][0].start_ms)
    return b"".join([*(stream.add(*part) for part in parts), stream.finish()])


def decoded(data: bytes) -> "np.ndarray[tuple[int, int], np.dtype[np.int16]]":
    sound, rate = soundfile.read(io.BytesIO(data), dtype="int16")
    assert rate == RATE
    return np.asarray(sound)


def loud(data: bytes) -> list[bool]:
    """Whether the left is loud, for each tenth of a second."""
    sound = decoded(data)[:, 0].astype(float)
    tenths = sound[: len(sound) // 2400 * 2400].reshape(-1, 2400)
    return [bool(level > 1000) for level in np.sqrt((tenths**2).mean(axis=1))]


def test_one_bots_stream_is_the_same_sound() -> None:
    parts = spoken(13, 0, 440, 1)
    before, after = decoded(b"".join(data for _, data in parts)), decoded(joined(parts))
    assert before.shape == after.shape == (13 * RATE, 2)
    assert np.array_equal(before, after)


def test_a_replaced_bots_stream_lies_where_it_was_spoken() -> None:
    parts = [*spoken(5, 1000, 440, 1), *spoken(4, 9000, 660, 2)]
    heard = loud(joined(parts))
    assert len(heard) == 120
    assert all(heard[1:49])
    assert not any(heard[52:79])
    assert all(heard[82:119])


def test_a_bot_that_was_killed_leaves_what_it_had_sent() -> None:
    parts = [*spoken(25, 0, 440, 1)[:-1], *spoken(4, 30_000, 660, 2)]
    end = (parts[2][0].start_ms + parts[2][0].duration_ms) // 100
    heard = loud(joined(parts))
    assert len(heard) == 340
    assert all(heard[1 : end - 1])
    assert not any(heard[end + 3 : 299])
    assert all(heard[302:339])


def test_a_part_that_was_lost_is_silence_and_moves_nothing() -> None:
    parts = spoken(35, 0, 440, 1)
    lost = parts.pop(2)[0]
    begin, end = lost.start_ms // 100, (lost.start_ms + lost.duration_ms) // 100
    heard = loud(joined(parts))
    assert len(heard) == 350
    assert all(heard[1 : begin - 1])
    assert not any(heard[begin + 3 : end - 1])
    assert all(heard[end + 2 : 349])


def keyed(bodies: list[bytes], attempt: int = 1, start_ms: int = 0) -> list[tuple[PartKey, bytes]]:
    return [(PartKey(attempt, number, start_ms, 0), body) for number, body in enumerate(bodies, start=1)]


@given(st.sets(st.integers(1, 12)), st.integers(0, 20_000), st.booleans())
def test_whatever_is_lost_each_packet_lies_at_its_time(lost: set[int], pause_ms: int, second: bool) -> None:
    first = [part for part in keyed(stream(12)) if part[0].number - 1 not in lost]
    then = keyed(stream(3, serial=9), attempt=2, start_ms=12_000 + pause_ms) if second else []
    data = joined([*first, *then])
    found = list(numbers(data))
    for at, number in enumerate(found[: 12 * SECOND]):
        assert number in (at, None)
        assert (number is None) == (at // SECOND + 1 in lost) or not second
    if second:
        begins = found.index(0, 12 * SECOND)
        assert abs(begins * 20 - (12_000 + pause_ms)) <= 10
        assert found[begins:] == list(range(3 * SECOND))
    sequence = [struct.unpack_from("<I", data, at + 18)[0] for at in _page_starts(data)]
    assert sequence == list(range(len(sequence)))
    made = list(pages(data))
    assert {one.serial for one in made} == {7}
    assert [bool(one.flags & LAST) for one in made] == [False] * (len(made) - 1) + [True]
    assert made[-1].granule == len(found) * PACKET_GRANULES


def _page_starts(data: bytes) -> list[int]:
    starts, at = list[int](), 0
    while at < len(data):
        starts.append(at)
        count = data[at + 26]
        at += 27 + count + sum(data[at + 27 : at + 27 + count])
    return starts


def test_a_packet_whose_other_half_was_lost_is_left_out() -> None:
    """Half of one at the end of a page: 255 bytes that go on."""
    first, half = packet(0), bytes([0xFC]) + bytes(254)
    lacing = bytes([len(first), 255])
    head = struct.Struct("<4sBBqIIIB").pack(b"OggS", 0, 0, PACKET_GRANULES, 7, 2, 0, 2)
    begun = _with_checksum(head + lacing + first + half)
    rest = bytes(44)
    goes_on = _with_checksum(
        struct.Struct("<4sBBqIIIB").pack(b"OggS", 0, 1, 3 * PACKET_GRANULES, 7, 3, 0, 2)
        + bytes([len(rest), len(first)])
        + rest
        + packet(2)
    )
    whole = list(pages(joined(keyed([headers(), begun, goes_on]))))
    assert [len(each) for each in whole[-1].packets] == [len(first), 255 + 44, len(first)]
    without = list(numbers(joined(keyed([headers(), begun, sound(1)]))))
    assert without[:2] == [0, None]
    behind = list(numbers(joined(keyed([headers(), sound(0), goes_on]))))
    assert behind[-1] == 2


def _with_checksum(data: bytes) -> bytes:
    """By the CRC's definition, bit by bit: what `page` makes is held against it."""
    register = 0
    for byte in data:
        register ^= byte << 24
        for _ in range(8):
            register = (register << 1 ^ (0x04C11DB7 if register & 0x80000000 else 0)) & 0xFFFFFFFF
    return data[:22] + struct.pack("<I", register) + data[26:]


def test_the_checksum_is_ogg_s() -> None:
    made = page([packet(1), packet(2)], 960, 7, 3)
    assert made == _with_checksum(made[:22] + bytes(4) + made[26:])


@pytest.mark.parametrize("at", range(0, 300, 37))
def test_a_damaged_page_is_told(at: int) -> None:
    data = bytearray(sound(0))
    data[at] ^= 0x10
    with pytest.raises(OggError):
        list(pages(bytes(data)))


@given(st.binary(max_size=200))
def test_whatever_comes_is_pages_or_told(data: bytes) -> None:
    try:
        list(pages(data))
    except OggError:
        return
    assert data == b""


def test_a_stream_of_one_channel_is_told() -> None:
    with pytest.raises(OggError, match="two channels"):
        joined(keyed([headers(channels=1)]))
    with pytest.raises(OggError, match="headers"):
        joined(keyed([b"".join(sound(second) for second in range(3))]))


@pytest.mark.parametrize(
    ("toc", "more", "lasts"),
    [(0xFC, 0, 960), (0xF8, 0, 960), (0xFD, 0, 1920), (0xFF, 3, 2880), (0x00, 0, 480), (0x18, 0, 2880), (0x60, 0, 480)],
)
def test_how_long_a_packet_lasts(toc: int, more: int, lasts: int) -> None:
    assert granules(bytes([toc, more])) == lasts
    assert granules(b"") == 0

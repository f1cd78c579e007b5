"""The encoded stream, its cutting into parts, and what is kept of them while the API is away."""

import io
from itertools import pairwise

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from parley_bot.recording.encoder import RATE, OggOpus
from parley_bot.recording.pages import pages, pre_skip
from parley_bot.recording.parts import PART_MS, Cutter, Part, Spool
from parley_bot.recording.tape import Block
from parley_bot.recording.track import Samples

HEARD = 16_000


def sine(hertz: int, rate: int, seconds: float) -> Samples:
    return (8000 * np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate)).astype(np.int16)


def stream(seconds: int) -> list[bytes]:
    """A stream as it comes, a second at a time: first the candidate is heard, then the interviewer."""
    encoder, half = OggOpus(), seconds // 2
    left = np.concatenate([sine(440, HEARD, half), np.zeros(HEARD * (seconds - half), np.int16)])
    right = np.concatenate([np.zeros(RATE * half, np.int16), sine(660, RATE, seconds - half)])
    blocks = [Block(left[n * HEARD : (n + 1) * HEARD], right[n * RATE : (n + 1) * RATE]) for n in range(seconds)]
    empty = Block(np.zeros(0, np.int16), np.zeros(0, np.int16))
    return [*(encoder.write(block) for block in blocks), encoder.close(empty)]


@pytest.fixture(scope="module")
def encoded() -> list[bytes]:
    return stream(24)


def cut(data: list[bytes], start_ms: int) -> list[Part]:
    cutter = Cutter(start_ms)
    return [part for piece in data for part in cutter.add(piece)] + cutter.rest()


def test_each_side_is_on_its_channel_at_its_time(encoded: list[bytes]) -> None:
    sound, rate = soundfile.read(io.BytesIO(b"".join(encoded)), dtype="int16")
    assert (sound.shape, rate) == ((24 * RATE, 2), RATE)
    level = np.abs(sound.astype(float)).reshape(-1, RATE // 50, 2).mean(axis=1)
    assert (level[5:595, 0] > 4000).all()
    assert (level[605:, 0] < 100).all()
    assert (level[5:595, 1] < 100).all()
    assert (level[605:1195, 1] > 4000).all()


def test_the_stream_comes_while_it_is_made(encoded: list[bytes]) -> None:
    assert all(encoded[1:]), "a page each second"


def test_parts_are_whole_pages_that_follow_one_another(encoded: list[bytes]) -> None:
    parts = cut(encoded, 1500)
    assert [part.number for part in parts] == [1, 2, 3, 4]
    assert (parts[0].start_ms, parts[0].duration_ms) == (1500, 0), "the headers alone"
    assert all(before.start_ms + before.duration_ms == after.start_ms for before, after in pairwise(parts))
    assert all(PART_MS <= part.duration_ms <= PART_MS + 1000 for part in parts[1:-1])
    assert parts[-1].start_ms + parts[-1].duration_ms == 1500 + 24_000
    assert b"".join(part.data for part in parts) == b"".join(encoded)
    assert all(list(pages(part.data)) for part in parts)


def test_a_stream_that_was_broken_off_can_be_heard_up_to_there(encoded: list[bytes]) -> None:
    parts = cut(encoded, 0)
    sound, _ = soundfile.read(io.BytesIO(b"".join(part.data for part in parts[:-1])), dtype="int16")
    assert abs(len(sound) / RATE - parts[-1].start_ms / 1000) < 0.1


def test_what_is_no_page_is_told() -> None:
    with pytest.raises(ValueError, match="whole page"):
        list(pages(b"RIFF" + bytes(60)))
    with pytest.raises(ValueError, match="half a page"):
        list(pages(b"OggS"))
    with pytest.raises(ValueError, match="Opus"):
        pre_skip(next(pages(b"OggS\x00\x02" + bytes(20) + b"\x01\x04abcd")))


@given(st.lists(st.integers(1, 40), max_size=40), st.integers(40, 120), st.data())
def test_a_spool_stays_within_its_bound_and_keeps_the_headers(
    sizes: list[int], limit: int, data: st.DataObject
) -> None:
    spool, gone, sent = Spool(limit), 0, list[int]()
    for number, size in enumerate(sizes, start=1):
        gone += spool.add(Part(number, 0, 0, bytes(size)))
        assert spool.size <= limit or len(spool) <= 2
        if data.draw(st.booleans()) and (part := spool.next) is not None:
            spool.sent(part)
            sent.append(part.number)
    while (part := spool.next) is not None:
        spool.sent(part)
        sent.append(part.number)
    assert spool.size == 0
    assert sent == sorted(sent)
    assert spool.dropped == gone == len(sizes) - len(sent)
    assert not sizes or sent[0] == 1

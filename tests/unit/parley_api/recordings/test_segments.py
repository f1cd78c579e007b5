"""What stored parts make together, for any order of their keys and whatever is missing."""

from hypothesis import given
from hypothesis import strategies as st
from parley_api.recordings.segments import playable, segments
from parley_api.store import layout
from parley_api.store.layout import PartKey
from parley_protocol import RecordingGap


def part(attempt: int, number: int, start_ms: int, duration_ms: int) -> PartKey:
    return PartKey(attempt, number, start_ms, duration_ms)


WHOLE = [part(1, 1, 0, 0), part(1, 2, 0, 10_000), part(1, 3, 10_000, 10_500)]


def test_parts_that_follow_one_another_have_no_gap() -> None:
    (segment,) = segments(WHOLE)
    assert (segment.attempt, segment.start_ms, segment.duration_ms, segment.gaps) == (1, 0, 20_500, [])


def test_a_part_that_is_missing_is_a_gap() -> None:
    (segment,) = segments([*WHOLE, part(1, 6, 40_000, 5_000)])
    assert segment.duration_ms == 45_000
    assert segment.gaps == [RecordingGap(start_ms=20_500, duration_ms=19_500)]


def test_each_attempt_is_a_segment() -> None:
    second = [part(2, 1, 60_000, 0), part(2, 2, 60_000, 3_000)]
    assert [(one.attempt, one.start_ms, one.duration_ms) for one in segments([*WHOLE, *second])] == [
        (1, 0, 20_500),
        (2, 60_000, 3_000),
    ]


def test_an_attempt_without_its_headers_is_left_out() -> None:
    assert playable([*WHOLE, part(2, 2, 60_000, 3_000)]) == WHOLE


PARTS = st.lists(st.builds(part, st.integers(1, 3), st.integers(1, 6), st.integers(0, 99), st.integers(0, 99)))


@given(PARTS, st.randoms())
def test_the_order_of_the_keys_is_of_no_matter(parts: list[PartKey], random: object) -> None:
    shuffled = list(parts)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    found = playable(parts)
    assert playable(shuffled) == found == playable(found)
    numbers = [(one.attempt, one.number) for one in found]
    assert numbers == sorted(set(numbers))
    for segment in segments(found):
        end = segment.start_ms
        for gap in segment.gaps:
            assert gap.start_ms >= end
            assert gap.duration_ms > 0
            end = gap.start_ms + gap.duration_ms
        assert end <= segment.start_ms + segment.duration_ms


@given(st.integers(1, 99_999), st.integers(1, 20_000), st.integers(0, 10**9), st.integers(0, 10**9))
def test_a_key_tells_its_part(attempt: int, number: int, start_ms: int, duration_ms: int) -> None:
    one = part(attempt, number, start_ms, duration_ms)
    assert layout.parse_part_key(layout.part_key("hiring", "u-1", one)) == one

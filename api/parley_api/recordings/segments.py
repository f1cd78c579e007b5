"""What the stored parts make together: pure, and the same for any order of the keys."""

from collections.abc import Iterable, Sequence

from parley_protocol import RecordingGap, RecordingSegment

from parley_api.store.layout import PartKey

FIRST = 1
"""The number of an attempt's first part, which holds the headers: without it nobody can decode the others."""


def playable(parts: Iterable[PartKey]) -> list[PartKey]:
    """The parts in the order of the file, each once, without attempts that lack their first."""
    numbered = {(part.attempt, part.number): part for part in sorted(parts, reverse=True)}
    decodable = {attempt for attempt, number in numbered if number == FIRST}
    return [part for (attempt, _), part in sorted(numbered.items()) if attempt in decodable]


def segments(parts: Sequence[PartKey]) -> list[RecordingSegment]:
    """The segments of playable parts: one for each attempt, with the gaps between its parts."""
    attempts: dict[int, list[PartKey]] = {}
    for part in parts:
        attempts.setdefault(part.attempt, []).append(part)
    return [_segment(attempt, own) for attempt, own in attempts.items()]


def _segment(attempt: int, parts: Sequence[PartKey]) -> RecordingSegment:
    gaps, end = [], parts[0].start_ms
    for part in parts:
        if part.start_ms > end:
            gaps.append(RecordingGap(start_ms=end, duration_ms=part.start_ms - end))
        end = max(end, part.start_ms + part.duration_ms)
    start = parts[0].start_ms
    return RecordingSegment(attempt=attempt, start_ms=start, duration_ms=end - start, gaps=gaps)

"""The figures that the benchmarks keep."""

import pytest
from support.figures import Reply, percentile, summary


@pytest.mark.parametrize(("share", "expected"), [(0.0, 1), (0.05, 1), (0.5, 10), (0.95, 19), (0.96, 20), (1.0, 20)])
def test_the_nearest_rank(share: float, expected: float) -> None:
    assert percentile([float(n) for n in range(20, 0, -1)], share) == expected


def test_what_was_not_measured_is_said() -> None:
    assert summary([]) == "not measured"
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)


def test_what_is_neither_wait_nor_model_is_ours() -> None:
    reply = Reply.of(1020.0, {"wait_ms": 851, "model_ms": 49, "ours_ms": 17.5, "total_ms": 918})
    assert (reply.ours, reply.in_bot) == (120.0, 17.5)

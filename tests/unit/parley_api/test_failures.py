"""The limit on failures."""

from parley_api.failures import FAILURES, REMEMBERED, WINDOW_SECONDS, FailureLimit


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_ten_a_minute_and_no_more() -> None:
    clock = Clock()
    limit = FailureLimit(clock)
    assert [limit.failed("a") for _ in range(FAILURES)] == [None] * FAILURES
    assert limit.failed("a") == WINDOW_SECONDS
    clock.now += 20.5
    assert limit.failed("a") == 39
    assert limit.failed("b") is None
    clock.now += 39.5
    assert limit.failed("a") is None


def test_the_memory_is_bounded() -> None:
    limit = FailureLimit(Clock())
    for _ in range(FAILURES + 1):
        limit.failed("first")
    for number in range(REMEMBERED):
        limit.failed(str(number))
    assert limit.failed("first") is None

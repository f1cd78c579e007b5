"""The API server's word on how fast it may be called is kept, and bounded."""

import asyncio

import pytest
from parley_operator.shell.client import pace
from parley_operator.shell.client.pace import LONGEST_SECONDS, Pace


class Time:
    """A clock that moves by sleeping."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        monkeypatch.setattr(pace.asyncio, "sleep", self.sleep)

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    return Time(monkeypatch)


def test_nobody_waits_where_nobody_asked_for_it(time: Time) -> None:
    asyncio.run(Pace(time).keep())
    assert time.now == 0


def test_what_was_asked_for_is_kept(time: Time) -> None:
    kept = Pace(time)
    kept.refused(4)
    kept.refused(1)
    asyncio.run(kept.keep())
    assert 4 <= time.now <= 6
    asyncio.run(kept.keep())
    assert time.now <= 6


def test_no_answer_stops_the_operator_for_long(time: Time) -> None:
    kept = Pace(time)
    kept.refused(86_400)
    asyncio.run(kept.keep())
    assert time.now <= LONGEST_SECONDS * 1.5

"""The interview's time across attempts and absences."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from parley_bot.timeline import Timeline, used_seconds
from parley_protocol import ConnectionChanged, NumberedEvent, ToolCalled

T0 = datetime(2026, 11, 22, tzinfo=UTC)


def at(ms: int, who: str | None = None, what: str = "") -> NumberedEvent:
    event = ConnectionChanged.model_validate({"who": who, "what": what}) if who else ToolCalled(name="t", outcome="ok")
    return NumberedEvent(n=1, at=T0 + timedelta(milliseconds=ms), at_ms=ms, event=event)


CAME = at(0, "candidate", "joined")


def test_counts_from_the_first_joining() -> None:
    timeline = Timeline()
    assert timeline.ms(time.monotonic()) == 0
    now = time.monotonic()
    timeline.start(now)
    timeline.start(now + 5)
    assert timeline.ms(now + 1.5) == 1500
    assert timeline.ms(now - 1) == 0


def test_goes_on_for_a_replacement() -> None:
    timeline = Timeline(datetime.now(UTC) - timedelta(seconds=90))
    assert timeline.ms(time.monotonic()) == pytest.approx(90_000, abs=500)


@pytest.mark.parametrize(
    ("events", "used"),
    [
        ([], 0),
        ([at(0, "bot", "joined")], 0),
        ([CAME, at(5000)], 5),
        ([CAME, at(5000, "candidate", "left"), at(60_000, "candidate", "joined"), at(61_000)], 6),
        # the bot died at 5 s, its replacement came at 30 s and the candidate at 32 s
        ([CAME, at(5000), at(30_000, "bot", "joined"), at(32_000, "candidate", "joined"), at(33_000)], 6),
        # the model lost its session and got another one
        ([CAME, at(5000, "model", "left"), at(8000, "model", "joined"), at(9000)], 9),
        # told to go at 5 s
        ([CAME, at(5000, "bot", "left"), at(30_000, "bot", "joined")], 5),
    ],
)
def test_used_time_leaves_absences_out(events: list[NumberedEvent], used: float) -> None:
    assert used_seconds(events) == used

"""What a provider asks for by Retry-After, and that everybody keeps to it."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parley_rooms.errors import RoomUnavailableError
from parley_rooms.patience import LONGEST_SECONDS, HoldOff, retry_after

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        ("30", 30),
        ("1.5", 1.5),
        ("600", 600),
        ("601", 600),
        ("31536000", 600),
        ("1e300", 600),
        ("Sun, 22 Nov 2026 12:00:30 GMT", 30),
        ("Sun, 22 Nov 2026 12:00:30 -0000", 30),
        ("Sunday, 22-Nov-26 12:00:30 GMT", 30),
        ("Sun, 22 Nov 2026 14:00:30 +0200", 30),
        ("Mon, 22 Nov 2027 12:00:00 GMT", 600),
        ("Sun, 22 Nov 2026 11:59:59 GMT", None),
        ("-1", None),
        ("nan", None),
        ("inf", None),
        ("", None),
        ("soon", None),
        ("Sun, 99 Nov 2026 12:00:30 GMT", None),
    ],
)
def test_both_forms_are_read_and_none_is_believed_for_long(value: str, seconds: float | None) -> None:
    assert retry_after(value, NOW) == seconds


@given(st.text(max_size=60))
def test_whatever_it_says_it_is_no_crash_and_bounded(value: str) -> None:
    asked = retry_after(value, NOW)
    assert asked is None or 0 <= asked <= LONGEST_SECONDS


@given(st.integers(0, 600))
def test_a_date_asks_for_as_much_as_seconds_do(seconds: int) -> None:
    date = format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)
    assert retry_after(date, NOW) == retry_after(str(seconds), NOW)


class Clock:
    """A clock that goes when it is told to."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_one_answer_keeps_all_calls_of_its_kind_away_until_its_time_is_over() -> None:
    clock = Clock()
    hold_off = HoldOff(clock)
    hold_off.keep_away("deletions", 30)
    hold_off.keep_away("deletions", 5)
    hold_off.require_welcome("all else")
    clock.now += 10
    with pytest.raises(RoomUnavailableError) as caught:
        hold_off.require_welcome("deletions")
    assert caught.value.retry_after == 20
    clock.now += 20
    hold_off.require_welcome("deletions")

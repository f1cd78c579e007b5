"""Which stored batches a reader of the stream still needs: the same events as reading all of them."""

from hypothesis import given
from hypothesis import strategies as st
from parley_api.people.stream import START, Cursor, unread
from parley_api.store.layout import EventsKey


@st.composite
def logs(draw: st.DrawFn) -> dict[EventsKey, list[Cursor]]:
    """Batches of some attempts, each attempt a chain from event 1 without gaps."""
    log: dict[EventsKey, list[Cursor]] = {}
    for attempt in range(1, draw(st.integers(1, 3)) + 1):
        first = 1
        for size in draw(st.lists(st.integers(1, 4), max_size=4)):
            log[EventsKey(attempt, first)] = [Cursor(attempt, n) for n in range(first, first + size)]
            first += size
    return log


@given(logs(), st.integers(0, 4), st.integers(0, 20))
def test_nothing_after_the_cursor_is_left_out(log: dict[EventsKey, list[Cursor]], attempt: int, n: int) -> None:
    cursor = Cursor(attempt, n)
    keys = sorted(log)
    found = [event for key in unread(keys, cursor, {}) for event in log[key] if event > cursor]
    assert found == [event for key in keys for event in log[key] if event > cursor]


@given(logs(), st.data())
def test_what_was_read_is_not_read_again(log: dict[EventsKey, list[Cursor]], data: st.DataObject) -> None:
    keys = sorted(log)
    if not keys:
        return
    attempts = {key.attempt for key in keys}
    done = {attempt: data.draw(st.integers(0, 20)) for attempt in attempts}
    assert unread(keys, START, done) == [key for key in keys if key.first > done[key.attempt]]


def test_what_a_replaced_bot_stores_late_is_sent() -> None:
    keys = [EventsKey(1, 1), EventsKey(1, 4), EventsKey(2, 1)]
    assert unread(keys, START, {1: 1, 2: 1}) == [EventsKey(1, 4)]


@given(logs(), st.integers(1, 3), st.integers(1, 12))
def test_at_most_one_batch_is_read_in_vain(log: dict[EventsKey, list[Cursor]], attempt: int, n: int) -> None:
    """Per attempt before the cursor's the last batch alone can't be ruled out by its successor."""
    cursor = Cursor(attempt, n)
    vain = [key for key in unread(sorted(log), cursor, {}) if log[key][-1] <= cursor]
    assert len(vain) <= 1

"""How far ahead of its playing sound is sent."""

from hypothesis import given
from hypothesis import strategies as st
from parley_bot.server.transport import Pace

CHUNK = 0.04


def test_the_first_sound_is_followed_at_once_and_the_rest_as_it_is_played() -> None:
    pace, now, sent = Pace(0.12), 100.0, []
    for _ in range(8):
        sent.append(round(now - 100.0, 3))
        now += pace.pause(CHUNK, now)
    assert sent == [0, 0, 0, 0, 0.04, 0.08, 0.12, 0.16]


def test_after_a_pause_or_an_interruption_there_is_a_head_start_again() -> None:
    pace = Pace(0.121)
    assert [pace.pause(CHUNK, 100.0) for _ in range(3)] == [0, 0, 0]
    assert pace.pause(CHUNK, 100.0) > 0
    pace.forget()
    assert pace.pause(CHUNK, 100.0) == 0
    assert pace.pause(0.1, 105.0) == 0


@given(st.lists(st.floats(0, 0.2), max_size=50))
def test_a_listener_never_has_more_than_the_head_start_when_a_pause_is_over(late: list[float]) -> None:
    pace, now, played_until = Pace(0.12), 0.0, 0.0
    for more in late:
        now += more
        played_until = max(played_until, now) + CHUNK
        now += pace.pause(CHUNK, now)
        assert played_until - now <= 0.12 + 1e-9

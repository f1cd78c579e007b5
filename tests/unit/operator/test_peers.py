"""A peer that is away costs each interview a moment, not a minute, and nothing at all whoever does not need it."""

from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import pytest
from parley_operator.shell.client.api import ApiError
from parley_operator.shell.client.kube import ConflictError
from parley_operator.shell.reconcile import peers
from parley_operator.shell.reconcile.peers import AWAY_SECONDS, FAILURES, Peer, PeerAwayError, PeerBusyError
from parley_rooms.errors import RoomUnavailableError


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


SINCE = datetime(2026, 11, 29, 10, tzinfo=UTC)


def peer_of(clock: Clock, name: str = "the API") -> Peer:
    return Peer(name, clock=clock, now=lambda: SINCE + timedelta(seconds=clock.now))


async def fail(peer: Peer, error: Exception, uid: str) -> None:
    with pytest.raises(type(error), match=str(error)):
        async with peer.call(uid):
            raise error


async def succeed(peer: Peer) -> None:
    async with peer.call("well"):
        pass


async def refused(peer: Peer) -> PeerAwayError:
    """How a call is refused that was not made."""
    asked = False
    with pytest.raises(PeerAwayError) as error:
        async with peer.call("another"):
            asked = True
    assert not asked
    return error.value


async def test_a_peer_that_is_away_is_not_asked_for_a_moment(clock: Clock) -> None:
    peer = peer_of(clock)
    for number in range(FAILURES):
        await fail(peer, ApiError("seal: no answer"), f"uid-{number}")
        clock.now += 1
    await refused(peer)
    clock.now += AWAY_SECONDS
    await succeed(peer)
    for number in range(FAILURES - 1):
        await fail(peer, ApiError("once more"), f"uid-{number}")
    await succeed(peer)


async def test_who_is_not_asked_is_told_nothing_of_another_interview(clock: Clock) -> None:
    peer = peer_of(clock)
    for number in range(FAILURES):
        await fail(peer, ApiError("erase: of hiring/jane-doe"), f"uid-{number}")
        clock.now += 1
    error = await refused(peer)
    assert str(error) == "the API is away since 2026-11-29T10:00:00Z and was not asked"
    assert (error.__cause__, error.__context__) == (None, None)


async def test_one_failure_after_the_moment_is_enough_for_the_next(clock: Clock) -> None:
    peer = peer_of(clock, "Daily")
    for number in range(FAILURES):
        await fail(peer, RoomUnavailableError("503"), f"uid-{number}")
    clock.now = AWAY_SECONDS
    await fail(peer, RoomUnavailableError("still 503", retry_after=30), "uid-0")
    error = await refused(peer)
    assert str(error) == "Daily is away since 2026-11-29T10:00:00Z and was not asked"
    assert error.retry_after == 30


async def test_one_interviews_trouble_is_not_the_peers(clock: Clock) -> None:
    peer = peer_of(clock)
    for _ in range(3 * FAILURES):
        await fail(peer, ApiError("this one can't be sealed"), "uid-0")
        await succeed(peer)
    for _ in range(3 * FAILURES):
        await fail(peer, ConflictError(409, "Conflict", "changed"), "uid-1")
    await succeed(peer)


async def test_nor_is_it_where_nothing_else_is_asked_meanwhile(clock: Clock) -> None:
    peer = peer_of(clock)
    for _ in range(3 * FAILURES):
        await fail(peer, ApiError("this one can't be erased"), "uid-0")
    for number in range(FAILURES - 1):
        await fail(peer, ApiError("nor these"), f"uid-{number}")
    await succeed(peer)


async def test_so_many_calls_at_once_and_no_endless_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "BUSY_SECONDS", 0.01)
    peer = Peer("Daily", at_once=2)
    async with AsyncExitStack() as under_way:
        for _ in range(2):
            await under_way.enter_async_context(peer.call("long"))
        with pytest.raises(PeerBusyError, match="too many calls to Daily"):
            await succeed(peer)
    await succeed(peer)

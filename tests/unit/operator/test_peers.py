"""A peer that is away costs each interview a moment, not a minute, and nothing at all whoever does not need it."""

from contextlib import AsyncExitStack

import pytest
from parley_operator.shell.client.api import ApiError
from parley_operator.shell.client.kube import ConflictError
from parley_operator.shell.reconcile import peers
from parley_operator.shell.reconcile.peers import AWAY_SECONDS, FAILURES, Peer, PeerBusyError
from parley_rooms.errors import RoomUnavailableError


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def fail(peer: Peer, error: Exception) -> None:
    with pytest.raises(type(error), match=str(error)):
        async with peer.call():
            raise error


async def succeed(peer: Peer) -> None:
    async with peer.call():
        pass


async def test_a_peer_that_is_away_is_not_asked_for_a_moment(clock: Clock) -> None:
    peer = Peer("the API", clock=clock)
    for _ in range(FAILURES):
        await fail(peer, ApiError("seal: no answer"))
    asked = False
    with pytest.raises(ApiError, match="seal: no answer"):
        async with peer.call():
            asked = True
    assert not asked
    clock.now = AWAY_SECONDS
    await succeed(peer)
    await fail(peer, ApiError("once more"))
    await succeed(peer)


async def test_one_failure_after_the_moment_is_enough_for_the_next(clock: Clock) -> None:
    peer = Peer("the API", clock=clock)
    for _ in range(FAILURES):
        await fail(peer, RoomUnavailableError("503"))
    clock.now = AWAY_SECONDS
    await fail(peer, RoomUnavailableError("still 503"))
    asked = False
    with pytest.raises(RoomUnavailableError, match="still 503"):
        async with peer.call():
            asked = True
    assert not asked


async def test_one_interviews_trouble_is_not_the_peers(clock: Clock) -> None:
    peer = Peer("the API", clock=clock)
    for _ in range(3 * FAILURES):
        await fail(peer, ApiError("this one can't be sealed"))
        await succeed(peer)
    for _ in range(3 * FAILURES):
        await fail(peer, ConflictError(409, "Conflict", "changed"))
    await succeed(peer)


async def test_so_many_calls_at_once_and_no_endless_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "BUSY_SECONDS", 0.01)
    peer = Peer("Daily", at_once=2)
    async with AsyncExitStack() as under_way:
        for _ in range(2):
            await under_way.enter_async_context(peer.call())
        with pytest.raises(PeerBusyError, match="too many calls to Daily"):
            await succeed(peer)
    await succeed(peer)

"""Reconciles end in order when the operator stops."""

import asyncio

import pytest
from parley_operator.shell.service.lease import LeaseLostError
from parley_operator.shell.telemetry.metrics import Meter
from parley_operator.shell.turns.rounds import Rounds
from parley_operator.shell.turns.workers import RetryLaterError, Settled
from parley_protocol import InterviewRef

REF = InterviewRef(namespace="hiring", name="jane", uid="u")
DEADLINE = 5.0


class Held:
    """A reconciler that ends when it is let."""

    def __init__(self) -> None:
        self.begun = 0
        self.let = asyncio.Event()

    async def __call__(self, _: InterviewRef) -> Settled:
        self.begun += 1
        await self.let.wait()
        return Settled()


async def test_what_runs_is_waited_for_and_nothing_begins() -> None:
    held = Held()
    rounds = Rounds(held, Meter("1"))
    running = asyncio.create_task(rounds(REF))
    await asyncio.sleep(0)
    draining = asyncio.create_task(rounds.drain(60))
    await asyncio.sleep(0)
    late = asyncio.create_task(rounds(REF))
    await asyncio.sleep(0)
    assert (held.begun, rounds.running, draining.done()) == (1, 1, False)
    held.let.set()
    async with asyncio.timeout(DEADLINE):
        await draining
        assert await running == Settled()
    assert (held.begun, rounds.running, rounds.ended, late.done()) == (1, 0, 1, False)
    late.cancel()


async def test_what_does_not_end_is_told_of(caplog: pytest.LogCaptureFixture) -> None:
    rounds = Rounds(Held(), Meter("1"))
    running = asyncio.create_task(rounds(REF))
    await asyncio.sleep(0)
    await rounds.drain(0.01)
    assert "1 reconciles did not end within 0.01 s" in caplog.text
    running.cancel()


async def test_a_lost_lease_is_no_fault_of_the_reconcile() -> None:
    async def fenced(_: InterviewRef) -> Settled:
        raise LeaseLostError("the Lease is not held any more")

    meter = Meter("1")
    rounds = Rounds(fenced, meter)
    with pytest.raises(RetryLaterError, match="hiring/jane: the Lease is not held"):
        await rounds(REF)
    assert rounds.running == 0
    assert meter.registry.get_sample_value("parley_operator_reconciles_total", {"result": "cut_off"}) == 1

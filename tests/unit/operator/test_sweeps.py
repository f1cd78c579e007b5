"""The sweeps: one that fails is no reason for none to follow."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from parley_operator.shell.sweep import sweeps
from parley_operator.shell.sweep.sweeps import Sweeps
from parley_operator.shell.telemetry.metrics import Meter
from parley_rooms.errors import RoomAuthError, RoomError, RoomUnavailableError
from parley_rooms.provider import FoundRoom
from support.operator_installation import INSTALLATION


async def test_a_sweep_that_meets_something_odd_is_followed_by_the_next(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    begun: list[int] = []
    third = asyncio.Event()

    async def odd(*_: Any) -> None:
        begun.append(1)
        if len(begun) == 3:
            third.set()
        raise KeyError("creationTimestamp")

    monkeypatch.setattr(sweeps, "SWEEP_SECONDS", 0)
    monkeypatch.setattr(sweeps, "sweep_children", odd)
    around: Any = None
    meter = Meter("1")
    every = Sweeps(around, INSTALLATION, [], around, around, around, None)
    sweeping = asyncio.create_task(every.run(around, meter))
    try:
        async with asyncio.timeout(5):
            await third.wait()
        assert "creationTimestamp" in caplog.text
        assert (meter.registry.get_sample_value("parley_operator_sweeps_total", {"result": "failed"}) or 0) >= 2
    finally:
        sweeping.cancel()


class Directory:
    """A provider's rooms, of which there are none, or which it does not tell."""

    def __init__(self, error: RoomError | None) -> None:
        self.error = error

    async def pages(self) -> AsyncIterator[Sequence[FoundRoom]]:
        if self.error is not None:
            raise self.error
        yield []


@pytest.mark.parametrize(
    ("error", "result"),
    [(None, "ok"), (RoomUnavailableError("no answer"), "failed"), (RoomAuthError("the key is refused"), "failed")],
)
async def test_a_sweep_is_whole_only_where_the_provider_told_of_its_rooms(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: RoomError | None, result: str
) -> None:
    async def finds_nothing(*_: Any) -> list[Any]:
        return []

    for step in ("sweep_children", "sweep_census", "sweep_revisions", "sweep_tombstones"):
        monkeypatch.setattr(sweeps, step, finds_nothing)
    ended = asyncio.Event()

    class Told(Meter):
        def swept(self, *, whole: bool) -> None:
            super().swept(whole=whole)
            ended.set()

    class NoSlots:
        def recount(self, *_: Any) -> None:
            """Nothing was found."""

    around: Any = None
    slots: Any = NoSlots()
    directory: Any = Directory(error)
    meter = Told("1")
    every = Sweeps(around, INSTALLATION, [], around, slots, around, directory)
    sweeping = asyncio.create_task(every.run(around, meter))
    try:
        async with asyncio.timeout(5):
            await ended.wait()
    finally:
        sweeping.cancel()
    value = meter.registry.get_sample_value
    assert value("parley_operator_sweeps_total", {"result": result}) == 1
    assert bool(value("parley_operator_last_successful_sweep_timestamp_seconds")) == (error is None)
    assert (f"the sweep failed: {error}" in caplog.text) == (error is not None)

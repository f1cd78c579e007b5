"""The sweeps: one that fails is no reason for none to follow."""

import asyncio
from typing import Any

import pytest
from parley_operator.shell.sweep import sweeps
from parley_operator.shell.sweep.sweeps import Sweeps
from parley_operator.shell.telemetry.metrics import Meter
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

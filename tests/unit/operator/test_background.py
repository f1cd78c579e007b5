"""What runs beside the operator's work: one that fails is not missed by it, and all end with it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest
from parley_operator.shell import acting
from parley_operator.shell.service.background import beside
from parley_operator.shell.telemetry.metrics import Meter
from support.operator_installation import INSTALLATION

DEADLINE = 5.0


class OddError(Exception):
    """What nobody has thought of."""


class Endless:
    """Runs until it is cancelled, and tells that it was."""

    def __init__(self) -> None:
        self.began, self.ended = asyncio.Event(), False

    async def __call__(self, *_: object) -> None:
        self.began.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.ended = True


async def fails(*_: object) -> None:
    raise OddError


async def ends(*_: object) -> None:
    """Has nothing more to do."""


async def test_a_job_that_fails_ends_what_it_runs_beside() -> None:
    work, other = Endless(), Endless()
    with pytest.raises(OddError):
        await asyncio.wait_for(beside(work(), other(), fails()), DEADLINE)
    assert work.ended
    assert other.ended


async def test_a_job_that_has_nothing_more_to_do_ends_nothing() -> None:
    job, done = Endless(), asyncio.Event()

    async def work() -> None:
        await job.began.wait()
        done.set()

    await asyncio.wait_for(beside(work(), ends(), job()), DEADLINE)
    assert done.is_set()
    assert job.ended


async def test_the_works_own_failure_is_told_as_it_is() -> None:
    job = Endless()
    with pytest.raises(OddError):
        await asyncio.wait_for(beside(fails(), job()), DEADLINE)
    assert job.began.is_set() == job.ended


async def test_a_cancellation_ends_all_of_it() -> None:
    work, job = Endless(), Endless()
    running = asyncio.create_task(beside(work(), job()))
    await asyncio.wait_for(job.began.wait(), DEADLINE)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(running, DEADLINE)
    assert work.ended
    assert job.ended


@pytest.mark.parametrize("job", ["keep_true", "begin_counted", "Sweeps.run"])
async def test_the_active_replica_does_not_outlive_its_background(monkeypatch: pytest.MonkeyPatch, job: str) -> None:
    @contextlib.asynccontextmanager
    async def no_watches(*_: object) -> AsyncIterator[tuple[()]]:
        yield ()

    for name in ("keep_true", "begin_counted", "Sweeps.run"):
        monkeypatch.setattr(f"parley_operator.shell.acting.{name}", fails if name == job else Endless())
    monkeypatch.setattr(acting, "_await_types", ends)
    monkeypatch.setattr(acting, "watching", no_watches)
    around: Any = SimpleNamespace(require=lambda: None)
    replica = acting.Replica(around, around, around, Meter("test"))
    settings: Any = SimpleNamespace(
        watch_namespaces=[],
        lead_seconds=60,
        daily_api_key_file=None,
        api_internal_url="https://api.test",
        ca_file=None,
        token_file=None,
    )
    with pytest.raises(OddError):
        await asyncio.wait_for(acting.act(replica, settings, INSTALLATION, asyncio.Event()), DEADLINE)

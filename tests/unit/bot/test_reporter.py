"""The reporter against a real server that is away, forgets to acknowledge, or refuses."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from parley_bot.exits import ApiRefusedError
from parley_bot.reporter import ApiClient, Reporter, Spool
from parley_bot.timeline import Timeline
from parley_protocol import FinishReason, NumberedEvent, ToolCalled
from support.bot import ApiPeer, eventually, interview_plan, serving


@pytest.fixture
async def peer() -> AsyncIterator[ApiPeer]:
    async with serving(ApiPeer(interview_plan())) as running:
        yield running


@pytest.fixture
async def client(peer: ApiPeer, tmp_path: Path) -> AsyncIterator[ApiClient]:
    (tmp_path / "token").write_text("pod-token\n")
    client = ApiClient(peer.url, tmp_path / "token")
    yield client
    await client.close()


class Running:
    """A reporter that runs, as one container's life."""

    def __init__(self, client: ApiClient, folder: Path, stored: list[NumberedEvent] | None = None) -> None:
        self.reporter = Reporter(client, Spool(folder / "spool", 1), 1, Timeline(), stored or [])
        self.task = asyncio.create_task(self.reporter.run())

    async def die(self) -> None:
        self.task.cancel()
        await asyncio.wait({self.task})


def event(name: str) -> ToolCalled:
    return ToolCalled(name=name, outcome="ok")


def names(events: list[NumberedEvent]) -> list[str]:
    return [entry.event.name for entry in events if isinstance(entry.event, ToolCalled)]


async def test_reports_and_finishes(peer: ApiPeer, client: ApiClient, tmp_path: Path) -> None:
    running = Running(client, tmp_path)
    for number in range(600):
        running.reporter.report(event(f"e{number}"))
    assert await running.reporter.finish(FinishReason.COMPLETED, timeout=20)
    assert names(peer.stored[1]) == [f"e{number}" for number in range(600)]
    assert [entry.n for entry in peer.stored[1]] == list(range(1, 601))
    assert all(last - first < 256 for first, last in peer.batches)
    assert peer.finished is not None
    await running.die()


async def test_survives_an_outage_of_the_api(peer: ApiPeer, client: ApiClient, tmp_path: Path) -> None:
    running = Running(client, tmp_path)
    peer.down = True
    running.reporter.report(event("while it is away"))
    await eventually("it is spooled", lambda: Spool(tmp_path / "spool", 1).load(), 5)
    assert not await running.reporter.drained(0.5)
    peer.down = False
    assert await running.reporter.drained(20)
    assert names(peer.stored[1]) == ["while it is away"]
    await running.die()


async def test_lost_acknowledgements_double_nothing(peer: ApiPeer, client: ApiClient, tmp_path: Path) -> None:
    running = Running(client, tmp_path)
    peer.lose_acks = 2
    for number in range(3):
        running.reporter.report(event(f"e{number}"))
    assert await running.reporter.drained(20)
    assert names(peer.stored[1]) == ["e0", "e1", "e2"]
    await running.die()


async def test_a_restarted_container_sends_what_is_left(peer: ApiPeer, client: ApiClient, tmp_path: Path) -> None:
    first = Running(client, tmp_path)
    first.reporter.report(event("stored"))
    assert await first.reporter.drained(10)
    peer.down = True
    first.reporter.report(event("spooled"))
    await eventually("it is spooled", lambda: len(Spool(tmp_path / "spool", 1).load()) == 2, 5)
    await first.die()

    peer.down = False
    second = Running(client, tmp_path, peer.stored[1])
    assert names(list(second.reporter.recovered)) == ["spooled"]
    second.reporter.report(event("new"))
    assert await second.reporter.drained(10)
    assert names(peer.stored[1]) == ["stored", "spooled", "new"]
    await second.die()


async def test_a_torn_line_is_dropped(client: ApiClient, tmp_path: Path) -> None:
    running = Running(client, tmp_path)
    running.reporter.report(event("whole"))
    assert await running.reporter.drained(10)
    await running.die()
    spool = Spool(tmp_path / "spool", 1)
    with spool.path.open("ab") as file:
        file.write(b'{"n":2,"at":"2026-')
    assert names(spool.load()) == ["whole"]
    spool.append(spool.load())
    assert names(spool.load()) == ["whole", "whole"], "the torn line is gone from the file"


async def test_another_attempt_ends_it(peer: ApiPeer, client: ApiClient, tmp_path: Path) -> None:
    running = Running(client, tmp_path)
    peer.attempt = 2
    running.reporter.report(event("too late"))
    with pytest.raises(ApiRefusedError, match="stale-attempt"):
        await running.task
    with pytest.raises(ApiRefusedError):
        await running.reporter.finish(FinishReason.COMPLETED, timeout=5)


async def test_an_end_that_is_not_acknowledged_keeps_the_spool(
    peer: ApiPeer, client: ApiClient, tmp_path: Path
) -> None:
    running = Running(client, tmp_path)
    peer.down = True
    running.reporter.report(event("e"))
    assert not await running.reporter.finish(FinishReason.COMPLETED, timeout=1)
    assert names(Spool(tmp_path / "spool", 1).load()) == ["e"]
    await running.die()


async def test_a_spool_that_fails_costs_no_event(peer: ApiPeer, client: ApiClient, tmp_path: Path) -> None:
    running = Running(client, tmp_path)
    (tmp_path / "spool" / "events-0001.jsonl").mkdir()
    running.reporter.report(event("from memory"))
    assert await running.reporter.drained(10)
    assert names(peer.stored[1]) == ["from memory"]
    await running.die()


async def test_the_assignment_waits_for_the_api(peer: ApiPeer, client: ApiClient) -> None:
    peer.down = True
    fetching = asyncio.create_task(client.assignment(timeout=20))
    await asyncio.wait({fetching}, timeout=0.5)
    peer.down = False
    assert (await fetching).attempt == 1


async def test_a_token_that_is_refused_is_the_last_word(client: ApiClient, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("another")
    with pytest.raises(ApiRefusedError, match="unauthenticated"):
        await client.assignment(timeout=20)

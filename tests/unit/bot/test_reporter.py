"""The reporter against a real server that is away, forgets to acknowledge, or refuses."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from parley_bot.exits import ApiRefusedError, ApiUnavailableError
from parley_bot.reporter import ApiClient, Reporter, pauses
from parley_bot.reporter import reporter as reporting
from parley_bot.timeline import Timeline
from parley_protocol import (
    EventAck,
    EventBatch,
    FinishReason,
    FinishRequest,
    NumberedEvent,
    ToolAnswer,
    ToolCalled,
    ToolOutcome,
    ToolRequest,
)
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
    """A reporter that runs."""

    def __init__(self, client: ApiClient) -> None:
        self.reporter = Reporter(client, 1, Timeline())
        self.task = asyncio.create_task(self.reporter.run())

    async def die(self) -> None:
        self.task.cancel()
        await asyncio.wait({self.task})


def event(name: str) -> ToolCalled:
    return ToolCalled(name=name, outcome="ok")


def names(events: list[NumberedEvent]) -> list[str]:
    return [entry.event.name for entry in events if isinstance(entry.event, ToolCalled)]


async def test_reports_and_finishes(peer: ApiPeer, client: ApiClient) -> None:
    running = Running(client)
    for number in range(600):
        running.reporter.report(event(f"e{number}"))
    assert await running.reporter.finish(FinishReason.COMPLETED, timeout=20)
    assert names(peer.stored[1]) == [f"e{number}" for number in range(600)]
    assert [entry.n for entry in peer.stored[1]] == list(range(1, 601))
    assert all(last - first < 256 for first, last in peer.batches)
    assert peer.finished is not None
    await running.die()


async def test_survives_an_outage_of_the_api(peer: ApiPeer, client: ApiClient) -> None:
    running = Running(client)
    peer.down = True
    running.reporter.report(event("while it is away"))
    assert not await running.reporter.drained(0.5)
    peer.down = False
    assert await running.reporter.drained(20)
    assert names(peer.stored[1]) == ["while it is away"]
    await running.die()


async def test_lost_acknowledgements_double_nothing(peer: ApiPeer, client: ApiClient) -> None:
    running = Running(client)
    peer.lose_acks = 2
    for number in range(3):
        running.reporter.report(event(f"e{number}"))
    assert await running.reporter.drained(20)
    assert names(peer.stored[1]) == ["e0", "e1", "e2"]
    await running.die()


async def test_another_attempt_ends_it(peer: ApiPeer, client: ApiClient) -> None:
    running = Running(client)
    peer.attempt = 2
    running.reporter.report(event("too late"))
    with pytest.raises(ApiRefusedError, match="stale-attempt"):
        await running.task
    with pytest.raises(ApiRefusedError):
        await running.reporter.finish(FinishReason.COMPLETED, timeout=5)


async def test_an_end_that_is_not_acknowledged_is_told(peer: ApiPeer, client: ApiClient) -> None:
    running = Running(client)
    peer.down = True
    running.reporter.report(event("e"))
    assert not await running.reporter.finish(FinishReason.COMPLETED, timeout=1)
    await running.die()


async def test_what_is_reported_while_the_end_waits_comes_before_it(
    peer: ApiPeer, client: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    running, send = Running(client), client.send

    async def send_slowly(batch: EventBatch) -> EventAck:
        if batch.events[0].n == 1:
            running.reporter.report(event("meanwhile"))
        else:
            await asyncio.sleep(0.2)  # an end that does not wait for this batch would be there before it
        return await send(batch)

    monkeypatch.setattr(client, "send", send_slowly)
    running.reporter.report(event("e"))
    assert await running.reporter.finish(FinishReason.COMPLETED, timeout=20)
    assert names(peer.stored[1]) == ["e", "meanwhile"]
    assert peer.finished is not None
    assert peer.finished.last_event == 2
    await running.die()


async def test_after_the_end_nothing_is_reported(
    peer: ApiPeer, client: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    running, finish, tried = Running(client), client.finish, 0

    async def lose_the_first_answer(request: FinishRequest) -> None:
        nonlocal tried
        tried += 1
        await finish(request)
        running.reporter.report(event("too late"))
        if tried == 1:
            raise ApiUnavailableError("the answer is lost")

    monkeypatch.setattr(client, "finish", lose_the_first_answer)
    running.reporter.report(event("e"))
    assert await running.reporter.finish(FinishReason.COMPLETED, timeout=20)
    assert names(peer.stored[1]) == ["e"]
    assert not running.task.done(), "nothing was refused"
    await running.die()


async def test_who_begins_to_wait_while_a_try_fails_does_not_wait_for_a_pause_either(
    peer: ApiPeer, client: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    running, send, tried = Running(client), client.send, asyncio.Event()

    async def fail_once(batch: EventBatch) -> EventAck:
        if tried.is_set():
            return await send(batch)
        tried.set()
        await running.reporter._pauses._hurry.wait()
        raise ApiUnavailableError("POST: 503")

    monkeypatch.setattr(pauses, "backoff", lambda _failures: 3600.0)
    monkeypatch.setattr(client, "send", fail_once)
    running.reporter.report(event("e"))
    await tried.wait()
    assert await running.reporter.drained(20)
    await running.die()


async def test_who_waits_for_the_rest_does_not_wait_for_a_pause(
    peer: ApiPeer, client: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    pausing = asyncio.Event()

    def an_hour(_failures: int) -> float:
        pausing.set()
        return 3600.0

    monkeypatch.setattr(pauses, "backoff", an_hour)
    running = Running(client)
    peer.down = True
    running.reporter.report(event("e"))
    await asyncio.wait_for(pausing.wait(), 20)
    peer.down = False
    assert await running.reporter.drained(20)
    await running.die()


async def test_an_answer_that_is_no_acknowledgement_is_tried_again(peer: ApiPeer, client: ApiClient) -> None:
    running = Running(client)
    peer.garbled = 1
    running.reporter.report(event("e"))
    assert await running.reporter.drained(20)
    assert names(peer.stored[1]) == ["e"]
    await running.die()


async def test_an_assignment_that_cannot_be_read_is_not_quoted(peer: ApiPeer, client: ApiClient) -> None:
    peer.extra = {"room": {"provider": "websocket", "ticketKey": "a-secret-key", "unknown": "a-secret-too"}}
    with pytest.raises(ApiRefusedError, match="room") as refused:
        await client.assignment(timeout=5)
    assert "secret" not in str(refused.value)
    assert refused.value.__cause__ is None


async def test_the_assignment_waits_for_the_api(peer: ApiPeer, client: ApiClient) -> None:
    peer.down = True
    fetching = asyncio.create_task(client.assignment(timeout=20))
    await eventually("it has asked twice", lambda: peer.asked >= 2, 10)
    peer.down = False
    assert (await fetching).attempt == 1


async def test_an_api_that_goes_away_with_nothing_to_be_told_is_missed_where_that_matters(
    peer: ApiPeer, client: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting, "_PROBE_SECONDS", 0.05)
    running = Running(client)
    reporter = running.reporter
    reporter.report(event("left"))
    assert await reporter.drained(20)
    peer.down, asked = True, peer.asked
    await asyncio.sleep(0.2)  # it would have been asked by now
    assert (reporter.api_is_there, peer.asked) == (True, asked), "nobody wants to know"
    reporter.probing = True
    reporter.report(event("e"))
    await eventually("it is missed", lambda: not reporter.api_is_there, 5)
    peer.down = False
    await eventually("it is there", lambda: reporter.api_is_there, 5)
    peer.down = True
    await eventually("it is missed, though it was told everything", lambda: not reporter.api_is_there, 5)
    assert reporter.waiting == ()
    peer.down, peer.attempt = False, 2
    await eventually("one that refuses is there", lambda: reporter.api_is_there, 5)
    assert not running.task.done()
    assert names(peer.stored[1]) == ["left", "e"]
    await running.die()


@pytest.mark.parametrize("text", ['{"level": "\\ud83d"}', '{"level": ' * 300 + "1" + "}" * 300], ids=["half", "deep"])
async def test_arguments_that_cannot_be_sent_are_not_valid(peer: ApiPeer, client: ApiClient, text: str) -> None:
    request = ToolRequest(attempt=1, call_id="a", arguments=json.loads(text))
    answer = await client.call_tool("salary", request)
    assert answer == ToolAnswer(outcome=ToolOutcome.ARGUMENTS_NOT_VALID)
    assert peer.tool_calls == []


async def test_a_token_that_is_refused_is_the_last_word(client: ApiClient, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("another")
    with pytest.raises(ApiRefusedError, match="unauthenticated"):
        await client.assignment(timeout=20)

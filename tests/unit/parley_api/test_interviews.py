"""How patiently the cache follows an API server that cuts it off."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web
from parley_api import interviews
from parley_api.interviews import RETRY_SECONDS, InterviewCache
from parley_api.kube import interviews_path
from support.kube_stub import KubeStub, kube_stub

PATH = interviews_path()
LISTED = {"metadata": {"resourceVersion": "1"}, "items": []}
BOOKMARK = {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "2"}}}
EXPIRED = {"type": "ERROR", "object": {"code": 410, "reason": "Expired", "message": "too old"}}


@pytest.fixture
async def stub() -> AsyncIterator[KubeStub]:
    async with kube_stub() as stub:
        yield stub


async def _pauses(stub: KubeStub, monkeypatch: pytest.MonkeyPatch, count: int) -> list[float]:
    """The first pauses that the cache makes, in seconds; none of them passes."""
    made: list[float] = []
    enough = asyncio.Event()

    async def pause(seconds: float) -> None:
        made.append(seconds)
        if len(made) >= count:
            enough.set()
            await asyncio.Event().wait()

    monkeypatch.setattr(interviews, "_pause", pause)
    following = asyncio.create_task(InterviewCache(stub.kube, [], lambda _uid: None).run())
    async with asyncio.timeout(10):
        await enough.wait()
    following.cancel()
    return made


def _watched(*events: dict[str, Any], lists: list[str]) -> Callable[[web.Request], Any]:
    """Each list is answered, each watch sends these events and is then cut."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if "watch" not in request.query:
            lists.append("listed")
            return web.json_response(LISTED)
        response = web.StreamResponse()
        await response.prepare(request)
        for event in events:
            await response.write(json.dumps(event).encode() + b"\n")
        if EXPIRED not in events:
            assert request.transport is not None
            request.transport.abort()
        return response

    return answer


async def test_lists_that_expire_at_once_are_not_asked_for_without_a_pause(
    stub: KubeStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    lists: list[str] = []
    stub.answers[PATH] = _watched(EXPIRED, lists=lists)
    pauses = await _pauses(stub, monkeypatch, 4)
    assert len(lists) == 4
    assert pauses == [pytest.approx(RETRY_SECONDS[0] * 2**number) for number in range(4)]


async def test_a_watch_that_told_something_was_a_good_one(stub: KubeStub, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that cuts each watch does not make the cache slow: it goes on from what it heard last."""
    lists: list[str] = []
    stub.answers[PATH] = _watched(BOOKMARK, lists=lists)
    assert await _pauses(stub, monkeypatch, 3) == [pytest.approx(RETRY_SECONDS[0])] * 3
    assert lists == ["listed"]

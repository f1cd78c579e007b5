"""The value of a priority class: read once in a while, and 0 where there is none to be had."""

from typing import Any

import pytest
from parley_operator.shell.capacity.priorities import KEPT_SECONDS, Priorities
from parley_operator.shell.client.kube import KubeError


class Server:
    """The API server, with one class."""

    def __init__(self) -> None:
        self.now = 0.0
        self.asked: list[str] = []
        self.error: KubeError | None = None
        around: Any = self
        self.priorities = Priorities(around, lambda: self.now)

    async def get(self, _: Any, namespace: str | None, name: str) -> dict[str, Any] | None:
        assert namespace is None
        self.asked.append(name)
        if self.error is not None:
            raise self.error
        return {"value": 1000} if name == "urgent" else None


async def test_a_class_is_read_and_kept_for_a_while() -> None:
    server = Server()
    assert [await server.priorities.of("urgent") for _ in range(3)] == [1000] * 3
    assert server.asked == ["urgent"]
    server.now = KEPT_SECONDS
    await server.priorities.of("urgent")
    assert server.asked == ["urgent", "urgent"]


async def test_without_a_class_there_is_nothing_to_read() -> None:
    server = Server()
    assert await server.priorities.of(None) == 0
    assert server.asked == []


async def test_a_class_that_is_not_there_or_not_to_be_read_counts_as_none(caplog: pytest.LogCaptureFixture) -> None:
    server = Server()
    assert await server.priorities.of("gone") == 0
    server.error = KubeError(403, "Forbidden", "no")
    assert await server.priorities.of("secret") == 0
    assert "the priority class secret can't be read" in caplog.text


async def test_an_api_server_that_is_away_is_no_answer() -> None:
    server = Server()
    server.error = KubeError(503, "ServiceUnavailable", "away")
    with pytest.raises(KubeError):
        await server.priorities.of("urgent")
    server.error = None
    assert await server.priorities.of("urgent") == 1000

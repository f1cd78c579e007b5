"""What stands before everything that is done outside: it counts, and lets a replica without the Lease change nothing.

Cancelling is not enough: a process that was stopped for a while and goes on runs what was ready first, and only then
the timer that would have cancelled it.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from kubernetes.aio.client import ApiClient, Configuration
from parley_protocol import InterviewRef
from parley_rooms.errors import RoomAuthError, RoomError, RoomNotFoundError, RoomRejectedError, RoomUnavailableError
from parley_rooms.provider import FoundRoom, Grant, Occupant, Room, RoomDirectory, RoomPlan, RoomProvider

from parley_operator.kube_paths import code_of, verb_and_resource
from parley_operator.shell.client.api import ApiClient as ApiOrders
from parley_operator.shell.client.api import ApiError
from parley_operator.shell.telemetry.metrics import Meter

type Gate = Callable[[], None]
"""Raises where nothing may be changed."""

READING = frozenset({"GET", "HEAD"})
_OUTCOMES: dict[type[RoomError], str] = {
    RoomAuthError: "refused",
    RoomNotFoundError: "not_found",
    RoomRejectedError: "rejected",
    RoomUnavailableError: "unavailable",
}


class FencedClient(ApiClient):
    """A client of the API server that asks before each write."""

    def __init__(self, configuration: Configuration, agent: str, meter: Meter, gate: Gate = lambda: None) -> None:
        """`agent` is what the audit log calls this replica."""
        super().__init__(configuration=configuration)
        self.user_agent = agent
        self._meter = meter
        self._gate = gate

    async def call_api(self, method: str, url: str, *rest: Any, **named: Any) -> Any:
        """One request; raises what the gate raises."""
        if method not in READING:
            self._gate()
        began, code = time.monotonic(), "none"
        try:
            response = await super().call_api(method, url, *rest, **named)
            code = code_of(response.status)
            return response
        finally:
            verb, resource = verb_and_resource(method, urlsplit(url).path)
            self._meter.requested(verb, resource, code, time.monotonic() - began)


class FencedApi(ApiOrders):
    """The API's internal listener, asked before each order."""

    def __init__(self, url: str, ca_file: Path, token_file: Path, meter: Meter, gate: Gate) -> None:
        super().__init__(url, ca_file, token_file)
        self._meter = meter
        self._gate = gate

    async def seal(self, ref: InterviewRef, reason: str) -> None:
        """As the order; raises what the gate raises."""
        async with self._counted("seal"):
            await super().seal(ref, reason)

    async def erase(self, ref: InterviewRef) -> None:
        """As the order; raises what the gate raises."""
        async with self._counted("erase"):
            await super().erase(ref)

    @asynccontextmanager
    async def _counted(self, order: str) -> AsyncIterator[None]:
        self._gate()
        outcome = "failed"
        try:
            yield
            outcome = "ok"
        except ApiError:
            outcome = "unavailable"
            raise
        finally:
            self._meter.ordered(order, outcome)


class Rooms(RoomProvider, RoomDirectory, Protocol):
    """A provider that tells of its rooms, too."""


class FencedRooms:
    """Rooms of a provider, asked before each call that changes something."""

    def __init__(self, name: str, inner: Rooms, meter: Meter, gate: Gate) -> None:
        self._name = name
        self._inner = inner
        self._meter = meter
        self._gate = gate

    async def ensure(self, plan: RoomPlan) -> Room:
        """As the provider; raises what the gate raises."""
        self._gate()
        return await self._counted("ensure", self._inner.ensure(plan))

    async def mint(self, grant: Grant) -> str:
        """As the provider; raises what the gate raises."""
        self._gate()
        return await self._counted("mint", self._inner.mint(grant))

    async def presence(self, name: str) -> list[Occupant]:
        """As the provider."""
        return await self._counted("presence", self._inner.presence(name))

    async def eject(self, name: str, user: str) -> None:
        """As the provider; raises what the gate raises."""
        self._gate()
        await self._counted("eject", self._inner.eject(name, user))

    async def delete(self, name: str) -> None:
        """As the provider; raises what the gate raises."""
        self._gate()
        await self._counted("delete", self._inner.delete(name))

    async def pages(self) -> AsyncIterator[Sequence[FoundRoom]]:
        """As the provider."""
        pages = self._inner.pages()
        while (page := await self._counted("pages", anext(pages, None))) is not None:
            yield page

    async def occupied(self) -> set[str]:
        """As the provider."""
        return await self._counted("occupied", self._inner.occupied())

    async def aclose(self) -> None:
        """As the provider."""
        await self._inner.aclose()

    async def _counted[T](self, operation: str, call: Awaitable[T]) -> T:
        began, outcome = time.monotonic(), "failed"
        try:
            answer = await call
        except RoomError as error:
            outcome = _OUTCOMES.get(type(error), outcome)
            raise
        else:
            outcome = "ok"
            return answer
        finally:
            self._meter.called_rooms(self._name, operation, outcome, time.monotonic() - began)

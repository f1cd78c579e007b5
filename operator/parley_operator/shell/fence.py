"""What stands before every write to the outside: a replica that lost the Lease writes nothing more.

Cancelling is not enough: a process that was stopped for a while and goes on runs what was ready first, and only then
the timer that would have cancelled it.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from kubernetes.aio.client import ApiClient, Configuration
from parley_protocol import InterviewRef
from parley_rooms.provider import Grant, Occupant, Room, RoomPlan, RoomProvider

from parley_operator.shell.api import ApiClient as ApiOrders

type Gate = Callable[[], None]
"""Raises where nothing may be written."""

READING = frozenset({"GET", "HEAD"})


class FencedClient(ApiClient):
    """A client of the API server that asks before each write."""

    def __init__(self, configuration: Configuration, gate: Gate, agent: str) -> None:
        """`agent` is what the audit log calls this replica."""
        super().__init__(configuration=configuration)
        self.user_agent = agent
        self._gate = gate

    async def call_api(self, method: str, url: str, *rest: Any, **named: Any) -> Any:
        """One request; raises what the gate raises."""
        if method not in READING:
            self._gate()
        return await super().call_api(method, url, *rest, **named)


class FencedApi(ApiOrders):
    """The API's internal listener, asked before each order."""

    def __init__(self, url: str, ca_file: Path, token_file: Path, gate: Gate) -> None:
        super().__init__(url, ca_file, token_file)
        self._gate = gate

    async def seal(self, ref: InterviewRef, reason: str) -> None:
        """As the order; raises what the gate raises."""
        self._gate()
        await super().seal(ref, reason)

    async def erase(self, ref: InterviewRef) -> None:
        """As the order; raises what the gate raises."""
        self._gate()
        await super().erase(ref)


class FencedRooms:
    """A `RoomProvider` that asks before each call."""

    def __init__(self, inner: RoomProvider, gate: Gate) -> None:
        self._inner = inner
        self._gate = gate

    async def ensure(self, plan: RoomPlan) -> Room:
        """As the provider; raises what the gate raises."""
        self._gate()
        return await self._inner.ensure(plan)

    async def mint(self, grant: Grant) -> str:
        """As the provider; raises what the gate raises."""
        self._gate()
        return await self._inner.mint(grant)

    async def presence(self, name: str) -> list[Occupant]:
        """As the provider."""
        return await self._inner.presence(name)

    async def eject(self, name: str, user: str) -> None:
        """As the provider; raises what the gate raises."""
        self._gate()
        await self._inner.eject(name, user)

    async def delete(self, name: str) -> None:
        """As the provider; raises what the gate raises."""
        self._gate()
        await self._inner.delete(name)

    async def aclose(self) -> None:
        """As the provider."""
        await self._inner.aclose()

"""Every order of what several actors do at one store: each of their calls waits until it is chosen.

A call is one step, done before the next begins: what a store promises of one call is held by its own tests.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from parley_api.store import Store

# Between two calls an actor waits for nothing but the loop, and for locks that another holds.
_ROUNDS = 25


@dataclass
class _Call:
    chosen: asyncio.Event = field(default_factory=asyncio.Event)
    done: asyncio.Event = field(default_factory=asyncio.Event)


class Steps:
    """One run of several actors. `choose` is given how many calls wait, and says which is next (from 0)."""

    def __init__(self, choose: Callable[[int], int]) -> None:
        self._choose = choose
        self._waiting: list[_Call] = []

    def at(self, store: Store) -> Store:
        """The store, as an actor is to use it."""
        return cast("Store", SteppedStore(store, self))  # it hands on whatever a Store has

    async def run(self, *actors: Awaitable[Any]) -> list[Any]:
        """What the actors return, or raise, in their order."""
        tasks = [asyncio.ensure_future(actor) for actor in actors]
        while not all(task.done() for task in tasks):
            for _ in range(_ROUNDS):
                await asyncio.sleep(0)
            if self._waiting:
                call = self._waiting.pop(self._choose(len(self._waiting)))
                call.chosen.set()
                await call.done.wait()
        return await asyncio.gather(*tasks, return_exceptions=True)

    async def take(self, call: Awaitable[Any]) -> Any:
        """Wait for the turn, then call."""
        mine = _Call()
        self._waiting.append(mine)
        await mine.chosen.wait()
        try:
            return await call
        finally:
            mine.done.set()


class SteppedStore:
    """A store whose calls wait for their turn."""

    def __init__(self, store: Store, steps: Steps) -> None:
        self._store, self._steps = store, steps

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)

        async def call(*args: Any, **kwargs: Any) -> Any:
            return await self._steps.take(method(*args, **kwargs))

        return call


class _Order:
    """Takes the calls in the order that is begun with, and then always the first that waits."""

    def __init__(self, begun: Sequence[int]) -> None:
        self._begun = begun
        self._taken: list[tuple[int, int]] = []

    def choose(self, width: int) -> int:
        at = len(self._taken)
        choice = self._begun[at] if at < len(self._begun) else 0
        self._taken.append((choice, width))
        return choice

    def next(self) -> list[int]:
        """How the next order begins; empty where this was the last."""
        left = list(self._taken)
        while left and left[-1][0] == left[-1][1] - 1:
            left.pop()
        return [choice for choice, _ in left[:-1]] + [left[-1][0] + 1] if left else []


async def every_order(longest: int) -> AsyncIterator[Steps]:
    """The steps of one run after the other, until all orders were taken; fails where there are more than `longest`."""
    begun: list[int] = []
    for _ in range(longest):
        order = _Order(begun)
        yield Steps(order.choose)
        begun = order.next()
        if not begun:
            return
    raise AssertionError(f"there are more than {longest} orders")

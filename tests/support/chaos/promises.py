"""What is promised beside the end itself, held against what was seen. No I/O."""

import json
from collections.abc import Collection, Sequence

from support.chaos.kubelet import Bots
from support.fault_proxy import Call

type Told = tuple[str, str]
"""An Event's type and reason."""

TROUBLES = frozenset({("Warning", "StepFailed"), ("Warning", "ReconcileFailed")})
"""What people are told of a fault while it lasts."""
MORE_EVENTS = 4
"""What a fault may add to what people are told."""
MORE_ACTIONS = 12
"""What a fault may add to twice the actions of a path: beyond that something is done over and over."""


class Broken(AssertionError):
    """A promise was not kept."""


def hold_bots(seen: Sequence[Bots], expected: int) -> None:
    """There were as many bots as without a fault, each attempt's pod was made once, and no two were there at once."""
    made = {name: uids for bots in seen for name, uids in bots.uids.items()}
    if len(made) != expected:
        raise Broken(f"the bots were {sorted(made)}, not {expected}")
    if twice := [name for name, uids in made.items() if len(uids) > 1]:
        raise Broken(f"made twice: {twice}")
    if any(bots.most > 1 for bots in seen):
        raise Broken("two bots were there at once")


def hold_limit(together: Bots, limit: int | None) -> None:
    """No more bots were there at once, of all interviews together, than the installation lets be."""
    if limit is not None and together.most > limit:
        raise Broken(f"{together.most} bots were there at once, where {limit} may be")


def hold_rooms(calls: Sequence[Call], allowed: Collection[str]) -> None:
    """No other room was made than the interview's one."""
    made = {
        json.loads(call.body)["name"]
        for call in calls
        if (call.peer, call.method, call.path) == ("daily", "POST", "/v1/rooms")
    }
    if others := made - set(allowed):
        raise Broken(f"other rooms were made: {others}")


def hold_actions(calls: Sequence[Call], usual: Sequence[int]) -> None:
    """Nothing was done over and over; `usual` counts each path's actions without a fault."""
    actions = sum(call.kind == "action" for call in calls)
    if actions > 2 * sum(usual) + MORE_ACTIONS * len(usual):
        raise Broken(f"{actions} actions, where it takes {sum(usual)}")


def hold_events(told: Sequence[Told], usual: Sequence[Told]) -> None:
    """People were told what they are without a fault, and of the fault, each once."""
    if news := set(told) - set(usual) - TROUBLES:
        raise Broken(f"people were told what was not so: {news}")
    if len(told) > len(usual) + MORE_EVENTS:
        raise Broken(f"people were told too much: {sorted(told)}")

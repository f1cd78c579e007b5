"""How many interviews may run at once, and whose turn it is: pure functions over claims and limits.

The order in which slots are given is the one that people would give them in: the priority class is the platform team's
own word, so it goes first, as with the scheduler; within a class a candidate who is at the page goes before a bot that
would wait for nobody; then whoever was due earlier, and then whoever was created earlier. Nothing that runs makes room.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

Count = Annotated[int, Field(ge=0)]


class Capacity(BaseModel):
    """How many interviews may have a bot at once; what is unset is not limited. 0 lets nothing new begin."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)

    total: Count | None = None
    per_namespace: Count | None = None
    namespaces: Mapping[str, Count] = Field(default={})
    """Limits of single namespaces, in place of `per_namespace`."""

    @property
    def limited(self) -> bool:
        """Whether there is any limit at all."""
        return self.total is not None or self.per_namespace is not None or bool(self.namespaces)

    def of(self, namespace: str) -> int | None:
        """The limit of a namespace."""
        return self.namespaces.get(namespace, self.per_namespace)


@dataclass(frozen=True, slots=True)
class SlotRequest:
    """That an interview is due and wants a slot for its first bot; with all that its place is decided by."""

    due: datetime
    created: datetime
    arrived: bool = False
    priority_class: str | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """An interview that holds a slot, or wants one."""

    uid: str
    namespace: str
    due: datetime
    created: datetime
    priority: int = 0
    arrived: bool = False
    holds: bool = False

    @property
    def rank(self) -> tuple[int, bool, datetime, datetime, str]:
        """The lowest comes first. The uid settles what nothing else does, so that the order is always the same."""
        return -self.priority, not self.arrived, self.due, self.created, self.uid


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the queue, from 1 to `of`, and the limit that is reached: `taken` slots of `limit`.

    Interviews of a namespace that is full wait among themselves; all others wait for the installation together.
    """

    place: int
    of: int
    reason: Literal["InstallationFull", "NamespaceFull"]
    taken: int
    limit: int


type Turn = Literal["Holds", "MayTake"] | Place


def turns(claims: Iterable[Claim], capacity: Capacity) -> dict[str, Turn]:
    """Each claim's turn by its uid: whoever may take a slot first, and after them whoever waits, both in order.

    A claim whose namespace is full is passed over, so that it holds up nobody else.
    """
    claims = list(claims)
    found: dict[str, Turn] = {claim.uid: "Holds" for claim in claims if claim.holds}
    taken = Counter(claim.namespace for claim in claims if claim.holds)
    total = len(found)
    waiting: list[Claim] = []
    for claim in sorted((claim for claim in claims if not claim.holds), key=lambda claim: claim.rank):
        if _has_room(total, capacity.total) and _has_room(taken[claim.namespace], capacity.of(claim.namespace)):
            found[claim.uid] = "MayTake"
            taken[claim.namespace] += 1
            total += 1
        else:
            waiting.append(claim)
    return found | _places(waiting, capacity, taken, total)


def place_seconds(place: int) -> float:
    """For how long a place that was told stands before it is told anew: 10 s and more.

    Each place further back is told a little less often, so that 1,000 who wait cost eight writes a second, not 100.
    """
    return 10 + place / 2


def _has_room(taken: int, limit: int | None) -> bool:
    return limit is None or taken < limit


def _places(waiting: list[Claim], capacity: Capacity, taken: Mapping[str, int], total: int) -> dict[str, Turn]:
    # A namespace only fills up while slots are given, so at the end it is full for each of its claims, or for none.
    queues = {
        claim.uid: None if _has_room(taken[claim.namespace], capacity.of(claim.namespace)) else claim.namespace
        for claim in waiting
    }
    lengths, reached = Counter(queues.values()), Counter[str | None]()
    places: dict[str, Turn] = {}
    for uid, queue in queues.items():
        reached[queue] += 1
        if queue is None:
            places[uid] = Place(reached[queue], lengths[queue], "InstallationFull", total, capacity.total or 0)
        else:
            limit = capacity.of(queue) or 0
            places[uid] = Place(reached[queue], lengths[queue], "NamespaceFull", taken[queue], limit)
    return places

"""How many interviews may run at once, and whose turn it is: decided from claims and limits alone.

The order in which slots are given is the one that people would give them in: the priority class is the platform team's
own word, so it goes first, as with the scheduler; within a class a candidate who is at the page goes before a bot that
would wait for nobody; then whoever was due earlier, and then whoever was created earlier. Nothing that runs makes room.
"""

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Mapping
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


type Rank = tuple[int, bool, datetime, datetime, str]


@dataclass(frozen=True, slots=True)
class Claim:
    """An interview that wants a slot."""

    uid: str
    namespace: str
    due: datetime
    created: datetime
    priority: int = 0
    arrived: bool = False

    @property
    def rank(self) -> Rank:
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


@dataclass(frozen=True, slots=True)
class Occupancy:
    """How full an installation is: slots that are taken, of so many (None: not limited as a whole), and who waits."""

    taken: int
    limit: int | None
    waiting: int


type Turn = Literal["MayTake"] | Place


class Line:
    """Who has a slot and who waits for one, kept in order, so that no question costs more the more wait.

    It has no clock and does no I/O; what it answers follows from what it was told.
    """

    def __init__(self, capacity: Capacity) -> None:
        self._capacity = capacity
        self._taken: dict[str, str] = {}
        self._count: Counter[str] = Counter()
        self._claims: dict[str, Claim] = {}
        self._ranks: dict[str, list[Rank]] = {}

    @property
    def taken(self) -> int:
        """How many slots are taken."""
        return len(self._taken)

    @property
    def waiting(self) -> int:
        """How many claims wait."""
        return len(self._claims)

    @property
    def occupancy(self) -> Occupancy:
        """How full the installation is."""
        return Occupancy(self.taken, self._capacity.total, self.waiting)

    def take(self, uid: str, namespace: str) -> None:
        """The interview has a slot, whatever the limits say: it waits no more."""
        self.leave(uid)
        if uid not in self._taken:
            self._taken[uid] = namespace
            self._count[namespace] += 1

    def free(self, uid: str) -> None:
        """The interview has no slot."""
        if (namespace := self._taken.pop(uid, None)) is not None:
            self._count[namespace] -= 1

    def wait(self, claim: Claim) -> bool:
        """The interview wants a slot; gives whether that is news."""
        if self._claims.get(claim.uid) == claim:
            return False
        self.leave(claim.uid)
        self._claims[claim.uid] = claim
        insort(self._ranks.setdefault(claim.namespace, []), claim.rank)
        return True

    def leave(self, uid: str) -> None:
        """The interview wants no slot."""
        if (claim := self._claims.pop(uid, None)) is None:
            return
        ranks = self._ranks[claim.namespace]
        del ranks[bisect_left(ranks, claim.rank)]
        if not ranks:
            del self._ranks[claim.namespace]

    def next(self) -> Claim | None:
        """Who may take a slot first. A namespace that is full is passed over, so that it holds up no other."""
        if not _has_room(self.taken, self._capacity.total):
            return None
        heads = [ranks[0] for namespace, ranks in self._ranks.items() if not self._is_full(namespace)]
        return self._claims[min(heads)[-1]] if heads else None

    def place(self, uid: str) -> Place | None:
        """The place of who waits."""
        if (claim := self._claims.get(uid)) is None:
            return None
        namespace = claim.namespace
        if self._is_full(namespace):
            taken, limit = self._count[namespace], self._capacity.of(namespace) or 0
            return Place(*_standing(claim, [self._ranks[namespace]]), "NamespaceFull", taken, limit)
        queue = [ranks for other, ranks in self._ranks.items() if not self._is_full(other)]
        return Place(*_standing(claim, queue), "InstallationFull", self.taken, self._capacity.total or 0)

    def _is_full(self, namespace: str) -> bool:
        return not _has_room(self._count[namespace], self._capacity.of(namespace))


def place_seconds(place: int) -> float:
    """For how long a place that was told stands before it is told anew: 10 s and more.

    Each place further back is told a little less often, so that 1,000 who wait cost eight writes a second, not 100.
    """
    return 10 + place / 2


def _standing(claim: Claim, queue: list[list[Rank]]) -> tuple[int, int]:
    """The place of a claim in a queue that is kept in parts, and the queue's length."""
    return 1 + sum(bisect_left(ranks, claim.rank) for ranks in queue), sum(map(len, queue))


def _has_room(taken: int, limit: int | None) -> bool:
    return limit is None or taken < limit

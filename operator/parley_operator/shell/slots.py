"""Who holds a slot and who waits for one: counted from the ledgers that exist, never from memory alone.

A slot is held as long as the interview's inputs Secret is there. From the word that an interview may take one until its
Secret is seen the slot is reserved, for a while: what never comes of it must not take it from the others for ever.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from parley_crds import WAITING_FOR_CAPACITY, ConditionType, Phase
from parley_protocol import InterviewRef

from parley_operator.capacity import Capacity, Claim, Place, SlotRequest, Turn, place_seconds, turns
from parley_operator.installation import Installation
from parley_operator.shell.act import ACTION_ERRORS
from parley_operator.shell.kube import INTERVIEWS, Json, Kube
from parley_operator.shell.sweep import ledgers

logger = logging.getLogger(__name__)

GRANT = timedelta(seconds=60)
"""How long a slot is reserved for an interview whose ledger is not seen."""
PATIENCE = timedelta(seconds=10)
"""For how long after a start the interviews that had a place before it are waited for, so that none is passed."""
COUNT_RETRY_SECONDS = 2


@dataclass(slots=True)
class _Waiting:
    ref: InterviewRef
    claim: Claim
    told: Place | None = None
    stands_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Held:
    claim: Claim
    seen_at: datetime


class Slots:
    """The slots of one installation. It wakes whoever's turn it has become, in order; without limits it does nothing.

    Call it on one event loop.
    """

    def __init__(
        self, capacity: Capacity, wake: Callable[[InterviewRef], None], clock: Callable[[], datetime] | None = None
    ) -> None:
        self._capacity = capacity
        self._wake = wake
        self._clock = clock or (lambda: datetime.now(UTC))
        self._held: dict[str, _Held] = {}
        self._granted: dict[str, tuple[Claim, datetime]] = {}
        self._waiting: dict[str, _Waiting] = {}
        self._expected: set[str] = set()
        self._patient_until: datetime | None = None
        self._turns: dict[str, Turn] | None = None

    @property
    def limited(self) -> bool:
        """Whether there is anything to count."""
        return self._capacity.limited

    @property
    def taken(self) -> int:
        """How many slots are held or reserved."""
        return len(self._held.keys() | self._granted.keys())

    @property
    def waiting(self) -> int:
        """How many interviews wait for a slot."""
        return len(self._waiting)

    def begin(self, held: Iterable[InterviewRef], expected: Iterable[str]) -> None:
        """Gives slots from now on: `held` have a ledger, `expected` are the uids that waited before this start."""
        for ref in held:
            self.hold(ref)
        self._expected = set(expected)
        self._patient_until = self._clock() + PATIENCE
        self._advance()

    def ask(self, ref: InterviewRef, request: SlotRequest, priority: int) -> Turn | None:
        """The turn of an interview that is due and has no ledger; None while it is not known, soon after a start."""
        self._drop_held(ref.uid)
        self._expected.discard(ref.uid)
        claim = Claim(ref.uid, ref.namespace, request.due, request.created, priority, request.arrived)
        waiting = self._waiting.get(ref.uid)
        if ref.uid not in self._granted and (waiting is None or waiting.claim != claim):
            self._waiting[ref.uid] = _Waiting(ref, claim)
            self._turns = None
        self._advance(asking=ref.uid)
        if ref.uid in self._granted:
            return "MayTake"
        return self._place_of(ref.uid) if self._gives() else None

    def hold(self, ref: InterviewRef) -> None:
        """The interview's ledger is there."""
        if not self.limited:
            return
        if ref.uid not in self._held:
            self._turns = None
        self._held[ref.uid] = _Held(_holding(ref), self._clock())
        self._stop_waiting(ref.uid)

    def release(self, ref: InterviewRef) -> None:
        """The interview has no ledger and wants none."""
        if not self.limited:
            return
        self._drop_held(ref.uid)
        if self._granted.pop(ref.uid, None) is not None:
            self._turns = None
        self._stop_waiting(ref.uid)
        self._advance()

    def recount(self, held: Collection[InterviewRef], since: datetime) -> None:
        """Takes over a list of the ledgers that was begun at `since`; what was seen later stands."""
        listed = {ref.uid for ref in held}
        for uid, known in list(self._held.items()):
            if uid not in listed and known.seen_at < since:
                self._drop_held(uid)
        for ref in held:
            if ref.uid not in self._held:
                self.hold(ref)
        self._advance()

    def _drop_held(self, uid: str) -> None:
        if self._held.pop(uid, None) is not None:
            self._turns = None

    def _stop_waiting(self, uid: str) -> None:
        self._expected.discard(uid)
        if self._waiting.pop(uid, None) is not None:
            self._turns = None

    def _advance(self, asking: str | None = None) -> None:
        """Reserves what is free for whoever comes first, and wakes them; who asks is told anyway."""
        now = self._clock()
        self._let_grants_lapse(now)
        if self._turns is None:
            taken = {uid: claim for uid, (claim, _) in self._granted.items()}
            taken |= {uid: known.claim for uid, known in self._held.items()}
            self._turns = turns([*taken.values(), *(each.claim for each in self._waiting.values())], self._capacity)
        if not self._gives():
            return
        for uid in [uid for uid, turn in self._turns.items() if turn == "MayTake" and uid in self._waiting]:
            ref = self._waiting.pop(uid).ref
            self._granted[uid] = (_holding(ref), now + GRANT)
            if uid != asking:
                self._wake(ref)

    def _gives(self) -> bool:
        """Whether all is counted, and those who waited before this start have asked or were waited for."""
        if self._patient_until is None:
            return False
        if self._patient_until <= self._clock():
            self._expected.clear()
        return not self._expected

    def _let_grants_lapse(self, now: datetime) -> None:
        lapsed = [uid for uid, (_, until) in self._granted.items() if until <= now]
        for uid in lapsed:
            del self._granted[uid]
            self._turns = None
            if uid not in self._held:
                logger.warning("the slot of interview %s lapsed: its inputs were not made", uid)

    def _place_of(self, uid: str) -> Place | None:
        """The place as it was last told, for as long as that stands: each telling is a write."""
        turn = None if self._turns is None else self._turns.get(uid)
        waiting, now = self._waiting[uid], self._clock()
        if isinstance(turn, Place) and (waiting.stands_until is None or waiting.stands_until <= now):
            waiting.told = turn
            waiting.stands_until = now + timedelta(seconds=place_seconds(turn.place))
        return waiting.told


def _holding(ref: InterviewRef) -> Claim:
    return Claim(ref.uid, ref.namespace, datetime.min, datetime.min, holds=True)


async def begin_counted(slots: Slots, kube: Kube, installation: Installation, namespaces: Collection[str]) -> None:
    """Counts what runs and what waits, until that has worked once; before that no interview gets a slot."""
    while slots.limited:
        try:
            expected = await _told_to_wait(kube, namespaces)
            slots.begin(await ledgers(kube, installation), expected)
        except ACTION_ERRORS as error:
            logger.warning("the interviews that run could not be counted: %s", error)
            await asyncio.sleep(COUNT_RETRY_SECONDS)
        else:
            logger.info("%d slots are taken, %d interviews waited for one", slots.taken, len(expected))
            return


async def _told_to_wait(kube: Kube, namespaces: Collection[str]) -> list[str]:
    """The uids of the interviews that were told a place, by their status."""
    fields = ",".join(f"status.phase!={phase}" for phase in Phase if phase.is_final)
    scopes: list[str | None] = [*namespaces] or [None]
    return [
        interview["metadata"]["uid"]
        for namespace in scopes
        async for page in kube.pages(INTERVIEWS, namespace, fields=fields)
        for interview in page
        if _waits(interview)
    ]


def _waits(interview: Json) -> bool:
    conditions = (interview.get("status") or {}).get("conditions") or []
    told = [item["reason"] for item in conditions if item["type"] == ConditionType.RECONCILING]
    return told == [WAITING_FOR_CAPACITY]

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

from parley_operator.capacity import Capacity, Claim, Line, Occupancy, Place, SlotRequest, Turn, place_seconds
from parley_operator.installation import Installation
from parley_operator.shell.client.children import ledgers
from parley_operator.shell.client.failures import ACTION_ERRORS
from parley_operator.shell.client.kube import INTERVIEWS, Json, Kube

logger = logging.getLogger(__name__)

GRANT = timedelta(seconds=60)
"""How long a slot is reserved for an interview whose ledger is not seen."""
PATIENCE = timedelta(seconds=10)
"""For how long after a start the interviews that had a place before it are waited for, so that none is passed."""
COUNT_RETRY_SECONDS = 2


@dataclass(slots=True)
class _Waiting:
    ref: InterviewRef
    told: Place | None = None
    stands_until: datetime | None = None


class Slots:
    """The slots of one installation. It wakes whoever's turn it has become, in order; without limits it does nothing.

    Call it on one event loop.
    """

    def __init__(
        self, capacity: Capacity, wake: Callable[[InterviewRef], None], clock: Callable[[], datetime] | None = None
    ) -> None:
        self._wake = wake
        self._clock = clock or (lambda: datetime.now(UTC))
        self._line = Line(capacity)
        self._seen: dict[str, datetime] = {}
        """When the ledger of each interview that has one was last seen."""
        self._granted: dict[str, datetime] = {}
        """Until when a slot is reserved, in order."""
        self._waiting: dict[str, _Waiting] = {}
        self._expected: set[str] = set()
        self._patient_until: datetime | None = None
        self.limited = capacity.limited

    @property
    def taken(self) -> int:
        """How many slots are held or reserved."""
        return self._line.taken

    @property
    def waiting(self) -> int:
        """How many interviews wait for a slot."""
        return self._line.waiting

    @property
    def occupancy(self) -> Occupancy | None:
        """How full the installation is; None where nothing is limited, and so not counted. Any thread may ask."""
        return self._line.occupancy if self.limited else None

    def begin(self, held: Iterable[InterviewRef], expected: Iterable[str]) -> None:
        """Gives slots from now on: `held` have a ledger, `expected` are the uids that waited before this start."""
        for ref in held:
            self.hold(ref)
        self._expected = set(expected)
        self._patient_until = self._clock() + PATIENCE
        self._advance()

    def ask(self, ref: InterviewRef, request: SlotRequest, priority: int) -> Turn | None:
        """The turn of an interview that is due and has no ledger; None while it is not known, soon after a start."""
        uid = ref.uid
        self._expected.discard(uid)
        self._seen.pop(uid, None)
        self._let_grants_lapse()
        if uid not in self._granted:
            self._line.free(uid)
            claim = Claim(uid, ref.namespace, request.due, request.created, priority, request.arrived)
            if self._line.wait(claim):
                self._waiting[uid] = _Waiting(ref)
        self._advance(asking=uid)
        if uid in self._granted:
            return "MayTake"
        return self._place_of(uid) if self._gives() else None

    def hold(self, ref: InterviewRef) -> None:
        """The interview's ledger is there."""
        if not self.limited:
            return
        self._seen[ref.uid] = self._clock()
        self._stop_waiting(ref.uid)
        self._line.take(ref.uid, ref.namespace)

    def release(self, ref: InterviewRef) -> None:
        """The interview has no ledger and wants none."""
        if not self.limited:
            return
        self._seen.pop(ref.uid, None)
        self._granted.pop(ref.uid, None)
        self._stop_waiting(ref.uid)
        self._line.free(ref.uid)
        self._advance()

    def recount(self, held: Collection[InterviewRef], since: datetime) -> None:
        """Takes over a list of the ledgers that was begun at `since`; what was seen later stands."""
        listed = {ref.uid for ref in held}
        for uid in [uid for uid, seen in self._seen.items() if uid not in listed and seen < since]:
            del self._seen[uid]
            if uid not in self._granted:
                self._line.free(uid)
        for ref in held:
            if ref.uid not in self._seen:
                self.hold(ref)
        self._advance()

    def _stop_waiting(self, uid: str) -> None:
        self._expected.discard(uid)
        self._waiting.pop(uid, None)
        self._line.leave(uid)

    def _advance(self, asking: str | None = None) -> None:
        """Reserves what is free for whoever comes first, and wakes them; who asks is told anyway."""
        self._let_grants_lapse()
        while self._gives() and (claim := self._line.next()) is not None:
            ref = self._waiting.pop(claim.uid).ref
            self._line.take(claim.uid, claim.namespace)
            self._granted[claim.uid] = self._clock() + GRANT
            if claim.uid != asking:
                self._wake(ref)

    def _gives(self) -> bool:
        """Whether all is counted, and those who waited before this start have asked or were waited for."""
        if self._patient_until is None:
            return False
        if self._patient_until <= self._clock():
            self._expected.clear()
        return not self._expected

    def _let_grants_lapse(self) -> None:
        now = self._clock()
        while self._granted and (oldest := next(iter(self._granted.items())))[1] <= now:
            uid = oldest[0]
            del self._granted[uid]
            if uid not in self._seen:
                self._line.free(uid)
                logger.warning("the slot of interview %s lapsed: its inputs were not made", uid)

    def _place_of(self, uid: str) -> Place | None:
        """The place as it was last told, for as long as that stands: each telling is a write."""
        waiting, now = self._waiting[uid], self._clock()
        if waiting.stands_until is None or waiting.stands_until <= now:
            waiting.told = self._line.place(uid)
            if waiting.told is not None:
                waiting.stands_until = now + timedelta(seconds=place_seconds(waiting.told.place))
        return waiting.told


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

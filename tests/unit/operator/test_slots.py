"""Slots: counted from ledgers, reserved for a while, given in order, and within the limits after a restart too."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from parley_operator.capacity import Capacity, Occupancy, Place, SlotRequest, Turn
from parley_operator.shell.capacity.slots import GRANT, PATIENCE, Slots
from parley_protocol import InterviewRef

START = datetime(2026, 11, 29, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def ref(uid: str, namespace: str = "hiring") -> InterviewRef:
    return InterviewRef(namespace=namespace, name=f"jane-{uid}", uid=uid)


def request(order: float = 0) -> SlotRequest:
    return SlotRequest(due=START + order * SECOND, created=START)


class Site:
    """Slots under a clock that the test moves."""

    def __init__(self, begun: bool = True, **limits: Any) -> None:
        self.now = START
        self.woken: list[str] = []
        self.slots = Slots(Capacity(**limits), lambda woken: self.woken.append(woken.uid), lambda: self.now)
        if begun:
            self.slots.begin([], [])

    def ask(self, uid: str, order: float = 0, priority: int = 0, namespace: str = "hiring") -> Turn | None:
        return self.slots.ask(ref(uid, namespace), request(order), priority)

    def advance(self, by: timedelta) -> None:
        self.now += by


def test_a_free_slot_is_taken_and_the_next_waits() -> None:
    site = Site(total=1)
    assert site.ask("a") == "MayTake"
    assert site.ask("b", 1) == Place(1, 1, "InstallationFull", taken=1, limit=1)
    assert site.ask("c", 2) == Place(2, 2, "InstallationFull", taken=1, limit=1)
    assert site.ask("a") == "MayTake", "as long as its ledger is not there"
    site.slots.hold(ref("a"))
    assert (site.slots.taken, site.slots.waiting) == (1, 2)


def test_how_full_it_is_is_told_of_the_whole_installation() -> None:
    site = Site(total=2, per_namespace=1)
    site.ask("a")
    site.ask("b", 1)
    site.slots.hold(ref("c", "sales"))
    assert site.slots.occupancy == Occupancy(taken=2, limit=2, waiting=1)
    assert Site(per_namespace=1).slots.occupancy == Occupancy(taken=0, limit=None, waiting=0)
    assert Site().slots.occupancy is None


def test_a_freed_slot_wakes_who_comes_first_and_is_theirs() -> None:
    site = Site(total=1)
    site.ask("a")
    site.slots.hold(ref("a"))
    site.ask("late", 9)
    site.ask("early", 1)
    site.slots.release(ref("a"))
    assert site.woken == ["early"]
    assert isinstance(site.ask("urgent", priority=1000), Place), "it is given already"
    assert site.ask("early") == "MayTake"


def test_all_that_became_free_wakes_in_order() -> None:
    site = Site(total=3)
    for uid in "abc":
        site.slots.hold(ref(uid))
    for order, uid in enumerate(["first", "second", "third"]):
        site.ask(uid, order)
    site.slots.recount([ref("c")], site.now + SECOND)
    assert site.woken == ["first", "second"]


def test_a_slot_of_which_nothing_comes_lapses() -> None:
    site = Site(total=1)
    site.ask("stuck")
    site.ask("next", 1)
    site.advance(GRANT)
    assert site.ask("next", 1) == "MayTake"
    assert isinstance(site.ask("stuck"), Place)


def test_a_slot_with_a_ledger_does_not_lapse() -> None:
    site = Site(total=1)
    site.ask("runs")
    site.slots.hold(ref("runs"))
    site.advance(100 * GRANT)
    assert isinstance(site.ask("next", 1), Place)


def test_a_place_stands_for_a_while() -> None:
    site = Site(total=1)
    site.ask("a")
    for order, uid in enumerate("bcd"):
        site.ask(uid, order)
    site.slots.release(ref("b"))
    told = site.ask("d", 2)
    assert isinstance(told, Place)
    assert told.place == 3
    site.advance(timedelta(seconds=12))
    assert site.ask("d", 2) == Place(2, 2, "InstallationFull", taken=1, limit=1)


def test_a_candidate_who_comes_moves_up_and_is_told_at_once() -> None:
    site = Site(total=0)
    site.ask("a", 1)
    assert site.ask("b", 2) == Place(2, 2, "InstallationFull", taken=0, limit=0)
    arrived = SlotRequest(due=START + 2 * SECOND, created=START, arrived=True)
    assert site.slots.ask(ref("b"), arrived, 0) == Place(1, 2, "InstallationFull", taken=0, limit=0)


def test_nothing_begins_before_it_is_counted() -> None:
    site = Site(begun=False, total=2)
    assert [site.ask(uid, order) for order, uid in enumerate("bcd")] == [None, None, None]
    assert site.woken == []
    site.slots.begin([ref("a")], [])
    assert site.woken == ["b"]
    assert site.ask("d", 2) == Place(2, 2, "InstallationFull", taken=2, limit=2)


def test_who_waited_before_a_restart_is_not_passed_after_it() -> None:
    site = Site(begun=False, total=2)
    site.slots.begin([ref("runs")], ["first"])
    assert site.ask("second", 2) is None
    assert site.ask("first", 1) == "MayTake"
    assert isinstance(site.ask("second", 2), Place)


def test_who_does_not_come_back_after_a_restart_is_not_waited_for_long() -> None:
    site = Site(begun=False, total=1)
    site.slots.begin([], ["never"])
    assert site.ask("second", 2) is None
    site.advance(PATIENCE)
    assert site.ask("second", 2) == "MayTake"


def test_a_list_does_not_take_what_was_made_after_it_began() -> None:
    site = Site(total=2)
    began = site.now
    site.advance(SECOND)
    site.slots.hold(ref("made meanwhile"))
    site.slots.recount([], began)
    assert site.slots.taken == 1
    site.advance(SECOND)
    site.slots.recount([], site.now)
    assert site.slots.taken == 0


def test_without_limits_nothing_is_kept() -> None:
    site = Site()
    site.slots.hold(ref("a"))
    site.slots.release(ref("b"))
    assert not site.slots.limited
    assert (site.slots.taken, site.slots.waiting) == (0, 0)


@pytest.mark.parametrize("namespaces", [("hiring", "hiring"), ("hiring", "sales")])
def test_a_namespaces_limit_is_its_own(namespaces: tuple[str, str]) -> None:
    site = Site(per_namespace=1)
    assert site.ask("a", namespace=namespaces[0]) == "MayTake"
    second = site.ask("b", namespace=namespaces[1])
    assert (second == "MayTake") is (namespaces[0] != namespaces[1])


uids = st.sampled_from([f"{namespace}-{n}" for namespace in ("hiring", "sales") for n in range(5)])


class Interviews(RuleBasedStateMachine):
    """A few interviews that ask, begin, end and are forgotten in any order, and an operator that is killed."""

    @initialize(total=st.none() | st.integers(0, 4), share=st.none() | st.integers(0, 3))
    def install(self, total: int | None, share: int | None) -> None:
        self.capacity = Capacity(total=4 if total is None and share is None else total, per_namespace=share)
        self.ledgers: set[str] = set()
        self.now = START
        self.start()

    def start(self) -> None:
        self.woken: list[str] = []
        self.slots = Slots(self.capacity, lambda woken: self.woken.append(woken.uid), lambda: self.now)
        self.slots.begin([self.of(uid) for uid in self.ledgers], [])

    def of(self, uid: str) -> InterviewRef:
        return ref(uid, uid.partition("-")[0])

    @rule(uid=uids, order=st.integers(0, 3), priority=st.integers(0, 1), made=st.booleans())
    def looks(self, uid: str, order: int, priority: int, made: bool) -> None:
        if uid in self.ledgers:
            self.slots.hold(self.of(uid))
        elif self.slots.ask(self.of(uid), request(order), priority) == "MayTake" and made:
            self.ledgers.add(uid)
            self.slots.hold(self.of(uid))

    @rule(uid=uids)
    def ends(self, uid: str) -> None:
        self.ledgers.discard(uid)
        self.slots.release(self.of(uid))

    @rule(seconds=st.integers(1, 90))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds * SECOND

    @rule()
    def is_killed(self) -> None:
        self.start()

    @rule()
    def a_woken_one_begins(self) -> None:
        for uid in self.woken:
            self.looks(uid, 0, 0, made=True)
        self.woken.clear()

    @invariant()
    def the_limits_hold(self) -> None:
        if not hasattr(self, "ledgers"):
            return
        assert self.capacity.total is None or len(self.ledgers) <= self.capacity.total
        for namespace in ("hiring", "sales"):
            of_it = [uid for uid in self.ledgers if uid.startswith(namespace)]
            assert self.capacity.per_namespace is None or len(of_it) <= self.capacity.per_namespace


TestInterviews = Interviews.TestCase
TestInterviews.settings = settings(max_examples=50, stateful_step_count=30, deadline=None)

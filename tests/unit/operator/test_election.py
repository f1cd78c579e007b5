"""The Lease's decisions: whatever is late, lost or stopped for a while, no two candidates hold it at once."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from parley_operator.election import Claim, Record, Seen, Terms, Wait, decide, held_until, release, see

TERMS = Terms()
OTHER = Record("other", 15, "t0", "t1", 3)


def decided(record: Record | None, since: float = 0, now: float = 0) -> Claim | Wait:
    return decide(Seen(record, None if record is None else "7", since), now, "me", "now", TERMS)


def test_no_lease_is_claimed_by_making_one() -> None:
    assert decided(None) == Claim(Record("me", 15, "now", "now", 0), None)


def test_one_that_was_released_is_claimed_at_once() -> None:
    assert decided(release(OTHER, "t2")) == Claim(Record("me", 15, "now", "now", 4), "7")


def test_ones_own_is_renewed() -> None:
    mine = replace(OTHER, holder="me")
    assert decided(mine) == Claim(replace(mine, renewed="now"), "7")


def test_anothers_is_left_alone_until_it_has_not_changed_for_its_duration() -> None:
    assert decided(OTHER, since=100, now=114) == Wait(1, "other")
    assert decided(OTHER, since=100, now=115) == Claim(Record("me", 15, "now", "now", 4), "7")
    assert decided(replace(OTHER, duration=40), since=100, now=115) == Wait(25, "other")
    assert decided(replace(OTHER, duration=None), since=100, now=114) == Wait(1, "other")


def test_only_a_changed_record_starts_the_time_anew() -> None:
    first = see(None, OTHER, "1", 10)
    labelled = see(first, OTHER, "2", 20)
    assert (labelled.since, labelled.version) == (10, "2")
    assert see(labelled, replace(OTHER, renewed="t2"), "3", 30).since == 30


@pytest.mark.parametrize("terms", [{"duration": 10.0}, {"renew_within": 4.0}, {"retry": 0.0}, {"duration": math.nan}])
def test_times_that_leave_no_margin_are_refused(terms: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must fall"):
        Terms(**terms)


@dataclass
class Candidate:
    """One process. Its clock runs at the rate of all, from a start of its own."""

    name: str
    offset: float
    seen: Seen | None = None
    until: float = -math.inf
    go_on: Callable[[], None] | None = None
    """The next step of the attempt that is under way."""


class Elections(RuleBasedStateMachine):
    """A server and two candidates; each step of an attempt may be late or lost, and processes may halt anywhere."""

    some = st.integers(0, 1)
    seldom = st.sampled_from([False, False, False, False, True])

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.record: Record | None = None
        self.version: str | None = None
        self.writes = 0
        self.candidates = [Candidate("a", 1e6), Candidate("b", -5000)]

    def _clock(self, candidate: Candidate) -> float:
        return self.now + candidate.offset

    def _holds(self, candidate: Candidate) -> bool:
        return self._clock(candidate) < candidate.until

    @rule(seconds=st.sampled_from([1.0, 4.0, 6.0, 9.0, 15.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule(index=some, lost=seldom)
    def an_attempt_goes_on(self, index: int, lost: bool) -> None:
        candidate = self.candidates[index]
        step = candidate.go_on or (lambda: self._begin(candidate))
        candidate.go_on = None
        if not lost:
            step()

    @rule(index=some, lost=seldom)
    def an_attempt_is_made_in_a_moment(self, index: int, lost: bool) -> None:
        for _ in range(4):
            self.an_attempt_goes_on(index, lost)

    def _begin(self, candidate: Candidate) -> None:
        if self._holds(candidate):  # what it wrote last is what it knows
            self._decide(candidate)
            return
        found = (self.record, self.version)
        candidate.go_on = lambda: self._read(candidate, *found)

    def _read(self, candidate: Candidate, record: Record | None, version: str | None) -> None:
        candidate.seen = see(candidate.seen, record, version, self._clock(candidate))
        self._decide(candidate)

    def _decide(self, candidate: Candidate) -> None:
        assert candidate.seen is not None
        sent = self._clock(candidate)
        choice = decide(candidate.seen, sent, candidate.name, f"{candidate.name} {self.now}", TERMS)
        if isinstance(choice, Wait):
            candidate.until = -math.inf
        else:
            candidate.go_on = lambda: self._arrive(candidate, choice, sent)

    def _arrive(self, candidate: Candidate, claim: Claim, sent: float) -> None:
        if claim.version == self.version:
            version = self._store(claim.record)
            candidate.go_on = lambda: self._confirm(candidate, claim.record, version, sent)

    def _confirm(self, candidate: Candidate, record: Record, version: str, sent: float) -> None:
        candidate.seen = see(candidate.seen, record, version, self._clock(candidate))
        candidate.until = held_until(sent, TERMS)

    @rule(index=some)
    def one_gives_it_up(self, index: int) -> None:
        candidate = self.candidates[index]
        candidate.until, candidate.go_on = -math.inf, None
        seen = candidate.seen
        if seen is not None and seen.record is not None and seen.record.holder == candidate.name:
            claim = Claim(release(seen.record, f"{self.now}"), seen.version)
            candidate.go_on = lambda: self._arrive(candidate, claim, -math.inf)

    @rule()
    def somebody_labels_it(self) -> None:
        if self.record is not None:
            self._store(self.record)

    def _store(self, record: Record) -> str:
        self.writes += 1
        self.record, self.version = record, str(self.writes)
        return self.version

    @invariant()
    def no_two_hold_it(self) -> None:
        holders = [each.name for each in self.candidates if self._holds(each)]
        assert len(holders) <= 1, holders


TestElections = Elections.TestCase
TestElections.settings = settings(max_examples=400, stateful_step_count=40)

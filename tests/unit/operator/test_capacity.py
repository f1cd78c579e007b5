"""Whose turn it is: limits are never exceeded, no slot is left unused, nobody is passed over among equals."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parley_operator.capacity import Capacity, Claim, Line, Place, place_seconds
from pydantic import ValidationError

START = datetime(2026, 11, 29, 12, tzinfo=UTC)
NAMESPACES = ("hiring", "sales", "legal")


def claim(uid: str, namespace: str = "hiring", due: float = 0, created: float = 0, **more: Any) -> Claim:
    times = {"due": START + timedelta(seconds=due), "created": START + timedelta(seconds=created)}
    return Claim(uid, namespace, **times, **more)


type Found = dict[str, Place | str]


def turns(claims: list[tuple[Claim, bool]], capacity: Capacity) -> Found:
    """Each one's turn, whether it has a slot or not: first whoever has one, then whoever may take one, in order."""
    line, found = Line(capacity), dict[str, Place | str]()
    for made, holds in claims:
        if holds:
            line.take(made.uid, made.namespace)
            found[made.uid] = "Holds"
        else:
            line.wait(made)
    while (first := line.next()) is not None:
        line.take(first.uid, first.namespace)
        found[first.uid] = "MayTake"
    waiting = sorted((made for made, _ in claims if made.uid not in found), key=lambda made: made.rank)
    assert line.waiting == len(waiting)
    return found | {made.uid: line.place(made.uid) for made in waiting}


limits = st.none() | st.integers(0, 6)
capacities = st.builds(
    Capacity,
    total=limits,
    per_namespace=limits,
    namespaces=st.dictionaries(st.sampled_from(NAMESPACES), st.integers(0, 6)),
)
any_claim = st.builds(
    claim,
    uid=st.integers(0, 10_000).map(str),
    namespace=st.sampled_from(NAMESPACES),
    due=st.integers(0, 3),
    created=st.integers(0, 3),
    priority=st.integers(-1, 1),
    arrived=st.booleans(),
)
any_claims = st.lists(st.tuples(any_claim, st.booleans()), max_size=24, unique_by=lambda made: made[0].uid)


def fits(taken: int, limit: int | None) -> bool:
    return limit is None or taken <= limit


def split(claims: list[tuple[Claim, bool]], found: Found) -> tuple[list[Claim], list[Claim], list[Claim]]:
    """Who holds a slot, who may take one, and who waits, each in the order of the turns."""
    by_uid = {made.uid: made for made, _ in claims}
    ordered = [(by_uid[uid], turn) for uid, turn in found.items()]
    return (
        [made for made, turn in ordered if turn == "Holds"],
        [made for made, turn in ordered if turn == "MayTake"],
        [made for made, turn in ordered if isinstance(turn, Place)],
    )


@given(any_claims, capacities)
def test_limits_are_never_exceeded_by_what_begins(claims: list[tuple[Claim, bool]], capacity: Capacity) -> None:
    held, taking, waiting = split(claims, turns(claims, capacity))
    assert len(held) + len(taking) + len(waiting) == len(claims)
    assert {made.uid for made in held} == {made.uid for made, holds in claims if holds}, "nothing that runs makes room"
    if taking:
        assert fits(len(held) + len(taking), capacity.total)
    both = Counter(made.namespace for made in held + taking)
    for namespace in {made.namespace for made in taking}:
        assert fits(both[namespace], capacity.of(namespace))


@given(any_claims, capacities)
def test_no_slot_is_left_to_whom_nothing_keeps_from_it(claims: list[tuple[Claim, bool]], capacity: Capacity) -> None:
    held, taking, waiting = split(claims, turns(claims, capacity))
    taken = Counter(made.namespace for made in held + taking)
    for made in waiting:
        no_room = not fits(taken[made.namespace] + 1, capacity.of(made.namespace))
        assert no_room or not fits(len(held) + len(taking) + 1, capacity.total)


@given(any_claims, capacities)
def test_whoever_waits_is_passed_only_where_the_own_namespace_is_full(
    claims: list[tuple[Claim, bool]], capacity: Capacity
) -> None:
    found = turns(claims, capacity)
    _, taking, waiting = split(claims, found)
    for made in waiting:
        passed_by = [other for other in taking if other.rank > made.rank]
        assert all(other.namespace != made.namespace for other in passed_by)
        assert not passed_by or found[made.uid].reason == "NamespaceFull"


@given(any_claims, capacities)
def test_places_are_numbered_in_order_without_gaps(claims: list[tuple[Claim, bool]], capacity: Capacity) -> None:
    found = turns(claims, capacity)
    queues: dict[str, list[tuple[Claim, Place]]] = {}
    for made, _ in claims:
        turn = found[made.uid]
        if isinstance(turn, Place):
            queue = made.namespace if turn.reason == "NamespaceFull" else ""
            queues.setdefault(queue, []).append((made, turn))
    for members in queues.values():
        members.sort(key=lambda member: member[0].rank)
        assert [place.place for _, place in members] == list(range(1, len(members) + 1))
        assert {place.of for _, place in members} == {len(members)}
        assert all(place.taken >= place.limit for _, place in members)


@given(any_claims, capacities, st.randoms())
def test_the_order_does_not_depend_on_who_is_named_first(
    claims: list[tuple[Claim, bool]], capacity: Capacity, random: Random
) -> None:
    shuffled = list(claims)
    random.shuffle(shuffled)
    assert turns(shuffled, capacity) == turns(claims, capacity)


@given(st.lists(st.sampled_from(NAMESPACES), min_size=1, max_size=12), st.integers(1, 3))
def test_each_of_equals_has_its_turn_whoever_comes_after(namespaces: list[str], total: int) -> None:
    """The one who waits longest is never passed, though another comes whenever one begins."""
    waiting = [claim(f"first-{n}", namespace, created=n) for n, namespace in enumerate(namespaces)]
    capacity, rounds = Capacity(total=total, per_namespace=1), 0
    while any(made.uid.startswith("first") for made in waiting):
        rounds += 1
        assert rounds <= len(namespaces)
        found = turns([(made, False) for made in waiting], capacity)
        begun = {uid for uid, turn in found.items() if turn == "MayTake"}
        waiting = [made for made in waiting if made.uid not in begun]
        waiting += [claim(f"late-{rounds}-{uid}", "hiring", created=100 + rounds) for uid in begun]


def test_a_full_namespace_blocks_no_other() -> None:
    claims = [
        (claim("runs", "hiring"), True),
        (claim("next", "hiring"), False),
        (claim("later", "sales", created=60), False),
    ]
    found = turns(claims, Capacity(total=5, namespaces={"hiring": 1}))
    assert found["later"] == "MayTake"
    assert found["next"] == Place(1, 1, "NamespaceFull", taken=1, limit=1)


def test_the_order_is_class_then_arrival_then_time() -> None:
    ordered = [
        claim("created late", created=5),
        claim("created early", created=1),
        claim("due early", due=-60, created=9),
        claim("at the page", due=60, created=9, arrived=True),
        claim("of a class", due=90, created=9, priority=1000),
    ]
    claims = [(made, False) for made in ordered]
    expected = ["of a class", "at the page", "due early", "created early", "created late"]
    assert list(turns(claims, Capacity(total=0))) == expected
    assert turns(claims, Capacity(total=2))["due early"] == Place(1, 3, "InstallationFull", taken=2, limit=2)


@given(any_claims, any_claims, capacities)
def test_what_was_there_before_leaves_no_trace(
    before: list[tuple[Claim, bool]], claims: list[tuple[Claim, bool]], capacity: Capacity
) -> None:
    """Whatever was told and taken back, the line answers as one that was told only what is so now."""
    used, fresh = Line(capacity), Line(capacity)
    for made, holds in before:
        used.take(made.uid, made.namespace) if holds else used.wait(made)
    for made, _ in before:
        used.free(made.uid)
        used.leave(made.uid)
    for made, holds in claims:
        for line in (used, fresh):
            line.take(made.uid, made.namespace) if holds else line.wait(made)
    assert (used.taken, used.waiting, used.next()) == (fresh.taken, fresh.waiting, fresh.next())
    assert [used.place(made.uid) for made, _ in claims] == [fresh.place(made.uid) for made, _ in claims]


def test_without_limits_nobody_waits() -> None:
    assert not Capacity().limited
    assert turns([(claim("a"), False), (claim("b", "sales"), False)], Capacity()) == {"a": "MayTake", "b": "MayTake"}


@pytest.mark.parametrize("limit", [{"total": 0}, {"per_namespace": 3}, {"namespaces": {"hiring": 1}}])
def test_any_limit_is_one(limit: dict[str, object]) -> None:
    assert Capacity.model_validate(limit).limited


def test_a_limit_below_what_runs_ends_nothing() -> None:
    claims = [(claim("a"), True), (claim("b"), True), (claim("c"), False)]
    found = turns(claims, Capacity(total=1))
    assert (found["a"], found["b"]) == ("Holds", "Holds")
    assert found["c"] == Place(1, 1, "InstallationFull", taken=2, limit=1)


@pytest.mark.parametrize("wrong", [{"total": -1}, {"namespaces": {"hiring": -1}}, {"max": 1}])
def test_a_limit_that_is_none_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Capacity.model_validate(wrong)


def test_the_further_back_the_less_often_a_place_is_told() -> None:
    a_second = sum(1 / place_seconds(place) for place in range(1, 1001))
    assert place_seconds(1) >= 10
    assert a_second < 8

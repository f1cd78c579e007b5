"""Conditions: a map by type whose time of transition moves with the status alone."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from parley_crds import Condition, find_condition, is_true, set_condition

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
types = st.sampled_from(["Accepted", "Joinable", "Complete"])
statuses = st.sampled_from(["True", "False", "Unknown"])


@given(st.lists(st.tuples(types, statuses, st.sampled_from(["One", "Other"])), max_size=20))
def test_each_type_is_there_once_with_its_latest_word(writes: list[tuple[str, str, str]]) -> None:
    conditions: list[Condition] = []
    changed: dict[str, datetime] = {}
    for minute, (type_, status, reason) in enumerate(writes):
        now = NOW + timedelta(minutes=minute)
        before = find_condition(conditions, type_)
        if before is None or before.status != status:
            changed[type_] = now
        conditions = set_condition(conditions, type_, status, reason, now=now, observed_generation=minute)  # type: ignore[arg-type] # hypothesis draws a str
        latest = find_condition(conditions, type_)
        assert latest is not None
        assert (latest.status, latest.reason, latest.observed_generation) == (status, reason, minute)
        assert latest.last_transition_time == changed[type_]
    assert len({condition.type for condition in conditions}) == len(conditions)


def test_the_others_are_left_as_they_are() -> None:
    first = set_condition([], "Accepted", True, "Pinned", now=NOW)
    both = set_condition(first, "Joinable", False, "Waiting", now=NOW)
    assert set_condition(both, "Joinable", True, "Open", now=NOW)[0] is first[0]
    assert first == set_condition([], "Accepted", True, "Pinned", now=NOW)


def test_only_true_is_true() -> None:
    assert is_true(set_condition([], "Accepted", True, "Pinned", now=NOW), "Accepted")
    assert not is_true(set_condition([], "Accepted", "Unknown", "Waiting", now=NOW), "Accepted")
    assert not is_true([], "Accepted")


def test_a_long_message_is_cut_to_what_the_schema_allows() -> None:
    (condition,) = set_condition([], "Failed", True, "TechnicalFault", "x" * 5000, now=NOW)
    assert len(condition.message) == 1024
    assert condition.message.endswith("…")

"""The CRDs' rules, evaluated as the API server does."""

from typing import Any

import pytest
from parley_cli.validation.cel import RuleNotReadableError, compiled, holds
from parley_cli.validation.check import MODELS, schema_of
from parley_cli.validation.schema import rules

TIME = {"type": "string", "format": "date-time"}
SCHEMA = {"properties": {"t": TIME, "u": TIME}}
RULES = [rule for kind in MODELS for rule in rules(schema_of(kind))]


def test_the_crds_have_rules() -> None:
    assert len(RULES) >= 8


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_of_the_crds_is_understood(rule: str) -> None:
    compiled(rule)


@pytest.mark.parametrize(
    ("rule", "value", "expected"),
    [
        ("self.a < self.b", {"a": 1, "b": 2}, True),
        ("self.a <= self.b && self.a != self.b", {"a": 2, "b": 2}, False),
        ("!has(self.a) || self.a == 'x'", {}, True),
        ("!has(self.a) || self.a == 'x'", {"a": "y"}, False),
        ("!has(self.geo) || has(self.provider) && self.provider == 'daily'", {"geo": "x", "provider": "daily"}, True),
        ("!has(self.geo) || has(self.provider) && self.provider == 'daily'", {"geo": "x"}, False),
        ("[has(self.a), has(self.b)].filter(s, s).size() == 1", {"a": 1, "b": 2}, False),
        ("[has(self.a), has(self.b)].filter(s, s).size() == 1", {"b": 2}, True),
        ("self.q.all(x, !has(x.n) || x.n <= self.m)", {"q": [{"n": 3}, {}], "m": 2}, False),
        ("self.q.exists(x, x == 2)", {"q": [1, 2]}, True),
        ("!(self.name in ['a', 'b'])", {"name": "b"}, False),
        ("self.on ? self.n > 0 : self.n == -1", {"on": False, "n": -1}, True),
        ("self.t >= timestamp('2000-01-01T00:00:00Z')", {"t": "1999-12-31T23:59:59Z"}, False),
        # Times of different zones, as instants and not as text.
        ("self.t < self.u", {"t": "2026-11-22T12:00:00Z", "u": "2026-11-22T13:00:00+02:00"}, False),
        # What can't be evaluated does not hold.
        ("self.a == 1", {}, False),
        ("self.a < 1", {"a": "x"}, False),
        ("self.t < self.u", {"t": "2026-11-22T12:00:00Z", "u": "soon"}, False),
        # An error on one side does not matter where the other decides.
        ("self.nothing == 1 || true", {}, True),
        ("self.nothing == 1 && false || true", {}, True),
    ],
)
def test_a_rule(rule: str, value: Any, expected: bool) -> None:
    assert holds(rule, SCHEMA, value) is expected


@pytest.mark.parametrize("rule", ["self.a +", "(self.a", "self.a == @"])
def test_what_is_no_rule_is_told(rule: str) -> None:
    with pytest.raises(RuleNotReadableError):
        compiled(rule)

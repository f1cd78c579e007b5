"""Schemas that people write into templates: which are refused, and that none can hold up whoever checks a value."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parley_crds.json_schemas import LEVELS, SCHEMA_BYTES, schema_problem, value_problem

LEVEL = {"type": "object", "properties": {"level": {"type": "string", "maxLength": 20}}, "required": ["level"]}

KEYWORDS = ["type", "properties", "a", "enum", "pattern", "items", "required", "minimum", "const"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda of: st.lists(of, max_size=3) | st.dictionaries(st.sampled_from(KEYWORDS), of, max_size=3),
)


def nested(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object"}
    for _ in range(levels):
        schema = {"type": "object", "properties": {"a": schema}}
    return schema


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({}, "type: object"),
        ({"type": "string"}, "type: object"),
        ({"type": ["object"]}, "type: object"),
        ({"type": "object", "properties": {"a": {"type": "strin"}}}, r"at properties/a/type"),
        ({"type": "object", "properties": {"a": {"pattern": "("}}}, r"at properties/a/pattern"),
        ({"type": "object", "properties": {"a": {"pattern": "(?=a)"}}}, r"at properties/a/pattern"),
        ({"type": "object", "required": "a"}, r"at required"),
        ({"type": "object", "properties": {"a": {"$ref": "#"}}}, r"\$ref"),
        ({"type": "object", "properties": {"a": {"$ref": "https://example.com/x"}}}, r"\$ref"),
        ({"type": "object", "anyOf": [{"$dynamicRef": "#a"}]}, r"\$dynamicRef"),
        (nested(LEVELS), "levels"),
        ({"type": "object", "description": "x" * SCHEMA_BYTES}, "bytes"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_place(schema: dict[str, Any], words: str) -> None:
    with pytest.raises(AssertionError, match=words):
        raise AssertionError(schema_problem(schema))


@pytest.mark.parametrize("schema", [{"type": "object"}, LEVEL, nested(LEVELS // 2 - 1)])
def test_a_schema_that_stands_alone_is_taken(schema: dict[str, Any]) -> None:
    assert schema_problem(schema) is None


@given(JSON, JSON)
def test_whatever_is_taken_can_be_used_on_whatever_comes(properties: Any, value: Any) -> None:
    schema = {"type": "object", "properties": properties}
    if schema_problem(schema) is None:
        assert value_problem(schema, value) is not None or isinstance(value, dict)


def test_a_value_is_told_of_by_its_place_alone() -> None:
    assert value_problem(LEVEL, {"level": "senior"}) is None
    assert value_problem(LEVEL, {}) == 'at its root: "level" is a required property'
    problem = value_problem(LEVEL, {"level": "my secret, which is far too long"})
    assert problem is not None
    assert problem.startswith("at level: the value")
    assert "secret" not in problem


def test_a_pattern_takes_no_longer_than_its_text() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string", "pattern": "^(a+)+$"}}}
    assert schema_problem(schema) is None
    # An engine that backtracks would take longer than the universe has lasted.
    assert value_problem(schema, {"a": "a" * 5000 + "b"}) is not None

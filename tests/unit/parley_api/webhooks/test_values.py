"""What of others' JSON is taken."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parley_api.webhooks.values import LEVELS, parsed
from parley_crds.json_schemas import value_problem as schema_problem
from parley_protocol import ToolAnswer, ToolOutcome

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters()), inner),
)


def nested(levels: int) -> str:
    return "[" * levels + "]" * levels


def test_it_may_lie_as_deep_as_a_schema() -> None:
    assert parsed(nested(LEVELS).encode()) == json.loads(nested(LEVELS))
    assert parsed(('{"a":' * (LEVELS - 1) + "[1]" + "}" * (LEVELS - 1)).encode())
    for deeper in (nested(LEVELS + 1), '{"a":' * LEVELS + "[1]" + "}" * LEVELS, nested(400), nested(4000)):
        with pytest.raises(ValueError, match=r"nested deeper|not JSON"):
            parsed(deeper.encode())


@pytest.mark.parametrize("text", [r'"\ud800"', r'{"\udfff": 1}', "[1e999]", "-1e999", "NaN", "-Infinity"])
def test_what_no_json_in_utf_8_could_say_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="half a character, or a number"):
        parsed(text.encode())


@pytest.mark.parametrize("content", [b"", b"<html>", b"\xff\xfe\xfa", b"[" * 5000, b"9" * 5000])
def test_what_is_not_json_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="is not JSON"):
        parsed(content)


@given(JSON)
def test_what_is_taken_can_be_checked_and_handed_on(value: Any) -> None:
    try:
        taken = parsed(json.dumps(value).encode())
    except ValueError:
        return
    schema_problem({"type": "object"}, taken)
    answer = ToolAnswer(outcome=ToolOutcome.OK, result=taken)
    assert json.loads(answer.to_json()).get("result") == (taken if taken is not None else None)

"""JSON Schemas that people write into templates: refused where they can't be used safely, and applied within bounds.

Draft 2020-12, by jsonschema-rs: its regular expressions take linear time, so no pattern can hold up whoever checks a
value, and it never fetches anything.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Final

import jsonschema_rs
from pydantic import AfterValidator

SCHEMA_BYTES: Final = 16_384
"""The longest schema, as compact JSON in UTF-8."""
LEVELS: Final = 32
"""How deep a schema may be nested."""
_REFERENCES: Final = frozenset({"$ref", "$dynamicRef", "$recursiveRef"})


def schema_problem(schema: Mapping[str, Any]) -> str | None:
    """Why a schema can't be used, or None.

    It stands alone (a reference could lead anywhere, or to itself without end), describes an object, and is bounded.
    """
    for depth, node in _nodes(schema, 1):
        if depth > LEVELS:
            return f"must not be nested deeper than {LEVELS} levels"
        if isinstance(node, Mapping) and (found := sorted(_REFERENCES & node.keys())):
            return f"must not hold {found[0]}: write what it refers to in its place"
    size = len(json.dumps(schema, separators=(",", ":"), ensure_ascii=False).encode())
    if size > SCHEMA_BYTES:
        return f"has {size} bytes, {SCHEMA_BYTES} are allowed"
    if schema.get("type") != "object":
        return "must have type: object"
    try:
        _validator(schema, mask=None)
    except jsonschema_rs.ValidationError as error:
        where = "/".join(map(str, error.instance_path))
        return f"is no JSON Schema (draft 2020-12), at {where or 'its root'}: {_first_line(error)}"
    return None


def value_problem(schema: Mapping[str, Any], value: Any) -> str | None:
    """Where a value does not fit a schema, and to which keyword, or None. The value's content is not told.

    Args:
        schema: One that has no `schema_problem`.
        value: Parsed JSON.
    """
    error = next(iter(_validator(schema, mask="the value").iter_errors(value)), None)
    if error is None:
        return None
    where = "/".join(map(str, error.instance_path)) or "its root"
    return f"at {where}: {_first_line(error)}"


def _validator(schema: Mapping[str, Any], *, mask: str | None) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(
        dict(schema), pattern_options=jsonschema_rs.RegexOptions(), mask=mask, offline=True
    )


def _first_line(error: jsonschema_rs.ValidationError) -> str:
    return error.message.splitlines()[0][:200]


def _nodes(value: object, depth: int) -> Iterator[tuple[int, object]]:
    """Each object and list within, with its depth; nothing below the deepest that is allowed."""
    stack = [(depth, value)]
    while stack:
        level, node = stack.pop()
        yield level, node
        if level > LEVELS:
            return
        children: list[object] = []
        if isinstance(node, Mapping):
            children = list(node.values())
        elif isinstance(node, Sequence) and not isinstance(node, str):
            children = list(node)
        stack += [(level + 1, child) for child in children if isinstance(child, (Mapping, list))]


def _usable(schema: dict[str, Any]) -> dict[str, Any]:
    if (problem := schema_problem(schema)) is not None:
        raise ValueError(problem)
    return schema


JsonSchema = Annotated[dict[str, Any], AfterValidator(_usable)]
"""A field that holds the JSON Schema of an object."""

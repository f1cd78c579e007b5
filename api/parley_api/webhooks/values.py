"""JSON of others: not all that can be read can be checked, or handed on."""

import json
from collections.abc import Iterable
from typing import Any, Final

LEVELS: Final = 32
"""How deep lists and objects may lie in each other: as deep as in a schema, of which there is no use beyond."""


def parsed(content: bytes) -> Any:
    """The value that the content is.

    Raises:
        ValueError: it is no JSON (UTF-8), or such as no one could take on from here; its words say which.
    """
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ValueError("is not JSON") from error
    if (problem := value_problem(value)) is not None:
        raise ValueError(problem)
    return value


def value_problem(value: Any) -> str | None:
    """Why a parsed value can't be handed on, or None: it lies too deep, or has what no JSON in UTF-8 could say."""
    level = _holders([value])
    for _ in range(LEVELS):
        level = _holders(inner for item in level for inner in _within(item))
    if level:
        return f"is nested deeper than {LEVELS} levels"
    try:
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except ValueError:
        return "holds half a character, or a number beyond all bounds"
    return None


def _holders(items: Iterable[Any]) -> list[dict[str, Any] | list[Any]]:
    return [item for item in items if isinstance(item, (dict, list))]


def _within(holder: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return holder.values() if isinstance(holder, dict) else holder

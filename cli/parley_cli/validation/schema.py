"""What the CRD's schema holds beside the models: unknown fields, lists that are maps, defaults, and CEL rules."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from parley_cli.validation.cel import holds

Path = tuple[str | int, ...]
Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Problem:
    """One field and what is to be done about it."""

    path: Path
    message: str

    @property
    def field(self) -> str:
        """The field as the API server writes it: `spec.questions[0].id`."""
        return dotted(self.path)


def dotted(path: Path) -> str:
    """The path as the API server writes it."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")


def without_nulls(value: Any) -> Any:
    """The value as the API server takes it: a field that is null is one that is left out."""
    if isinstance(value, Mapping):
        return {key: without_nulls(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [without_nulls(inner) for inner in value]
    return value


def with_defaults(schema: Schema, value: Any) -> Any:
    """The value with the schema's defaults where fields are left out."""
    if isinstance(value, Mapping):
        properties = schema.get("properties", {})
        filled = dict(value)
        for name, child in properties.items():
            if name not in filled and "default" in child:
                filled[name] = child["default"]
            if name in filled:
                filled[name] = with_defaults(child, filled[name])
        return filled
    if isinstance(value, list) and "items" in schema:
        return [with_defaults(schema["items"], item) for item in value]
    return value


def unknown_fields(schema: Schema, value: Any, path: Path = ()) -> Iterator[Problem]:
    """Fields that the schema does not have; the metadata are the API server's own to judge."""
    if isinstance(value, Mapping) and "properties" in schema:
        known = schema["properties"]
        for name, inner in value.items():
            if name in known:
                yield from unknown_fields(known[name], inner, (*path, name))
            else:
                yield Problem((*path, name), _unknown(str(name), list(known)))
    elif isinstance(value, list) and "items" in schema:
        for place, item in enumerate(value):
            yield from unknown_fields(schema["items"], item, (*path, place))


def rule_problems(schema: Schema, value: Any, path: Path = ()) -> Iterator[Problem]:
    """Items of a list-map that share their key, and rules that do not hold, of the value and all within it.

    Transition rules are left out: they speak of a change, and a file is none.
    """
    if isinstance(value, Mapping):
        for name, inner in value.items():
            child = schema.get("properties", {}).get(name)
            if child is not None:
                yield from rule_problems(child, inner, (*path, name))
    elif isinstance(value, list):
        yield from _twins(schema, value, path)
        for place, item in enumerate(value):
            yield from rule_problems(schema.get("items", {}), item, (*path, place))
    for rule in schema.get("x-kubernetes-validations", ()):
        if "oldSelf" not in rule["rule"] and not holds(rule["rule"], schema, value):
            yield Problem((*path, *_steps(rule.get("fieldPath", ""))), rule["message"])


def rules(schema: Schema) -> Iterator[str]:
    """Every rule of the schema that is no transition rule."""
    for rule in schema.get("x-kubernetes-validations", ()):
        if "oldSelf" not in rule["rule"]:
            yield rule["rule"]
    for child in (*schema.get("properties", {}).values(), *filter(None, [schema.get("items")])):
        yield from rules(child)


def _twins(schema: Schema, items: list[Any], path: Path) -> Iterator[Problem]:
    keys = schema.get("x-kubernetes-list-map-keys", ())
    seen: dict[tuple[Any, ...], int] = {}
    for place, item in enumerate(items):
        if not keys or not isinstance(item, Mapping):
            continue
        identity = tuple(item.get(key) for key in keys)
        if identity in seen:
            named = ", ".join(f"{key} {value!r}" for key, value in zip(keys, identity, strict=True))
            yield Problem((*path, place), f"has the {named} of [{seen[identity]}]: give each its own")
        else:
            seen[identity] = place


def _steps(field_path: str) -> Path:
    return tuple(step for step in field_path.split(".") if step)


def _unknown(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return (
        f"unknown field: did you mean {close[0]}?" if close else f"unknown field: take it out (known: {_some(known)})"
    )


def _some(known: list[str]) -> str:
    shown = ", ".join(sorted(known)[:12])
    return shown if len(known) <= 12 else f"{shown}, …"

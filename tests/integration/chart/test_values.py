"""Every value of the chart stands in values.yaml with its words, and in the schema with its bounds."""

import json
from collections.abc import Iterator
from typing import Any

import yaml
from support.chart import CHART

SCHEMA: dict[str, Any] = json.loads((CHART / "values.schema.json").read_text())
TEXT = (CHART / "values.yaml").read_text()
FREE = {"global"}
"""Helm's own."""
# What every program has, said once where it is first: image, resources, placement.
PLAIN = {"image", "tag", "digest", "repository", "nodeSelector", "tolerations", "minReplicas", "maxReplicas"}


def schema_paths(schema: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every property that has a fixed name, and none below one that takes any."""
    schema = resolved(schema)
    for name, child in schema.get("properties", {}).items():
        if name in FREE and not path:
            continue
        inner = resolved(child)
        deeper = inner.get("type") == "object" and inner.get("properties") and name not in ("resources", "image")
        if deeper and not name.endswith("Resources"):
            yield from schema_paths(inner, (*path, name))
        else:
            yield (*path, name)


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        found: dict[str, Any] = SCHEMA["definitions"][schema["$ref"].rpartition("/")[2]]
        return found
    return schema


def documented() -> dict[tuple[str, ...], bool]:
    """Each value of values.yaml: whether a comment stands before it, or before what it is the first one in."""
    lines = TEXT.splitlines()
    found = {}

    def walk(node: yaml.MappingNode, path: tuple[str, ...], told: bool) -> None:
        for key, value in node.value:
            number = key.start_mark.line
            own = lines[number - 1].lstrip().startswith("#") or (told and key is node.value[0][0])
            here = (*path, key.value)
            found[here] = own
            if isinstance(value, yaml.MappingNode):
                walk(value, here, own)

    root = yaml.compose(TEXT)
    assert isinstance(root, yaml.MappingNode)
    walk(root, (), told=False)
    return found


def test_the_schema_and_the_values_name_the_same() -> None:
    values = yaml.safe_load(TEXT)
    for path in schema_paths(SCHEMA):
        inner = values
        for name in path:
            assert name in inner, f"values.yaml has no {'.'.join(path)}"
            inner = inner[name]
    known = {path[:depth] for path in schema_paths(SCHEMA) for depth in range(1, len(path) + 1)}
    leaves = set(schema_paths(SCHEMA))
    for path in documented():
        under = any(path[: len(leaf)] == leaf for leaf in leaves)
        assert path in known or under, f"the schema has no {'.'.join(path)}"


def test_every_value_has_its_words() -> None:
    told = documented()
    silent = [".".join(path) for path in schema_paths(SCHEMA) if not told[path] and path[-1] not in PLAIN]
    assert silent == []


def test_no_object_takes_a_name_that_it_does_not_know() -> None:
    """A misspelt value is an error wherever the names are ours."""

    def walk(schema: dict[str, Any], path: str) -> None:
        if schema.get("properties") and path not in ("#/properties/global",):
            kubernetes = any(word in path for word in ("metrics/items", "kedaTriggers/items"))
            assert kubernetes or schema.get("additionalProperties") is False, path
        for name, child in schema.get("properties", {}).items():
            walk(child, f"{path}/properties/{name}")
        if isinstance(schema.get("items"), dict):
            walk(schema["items"], f"{path}/items")

    walk(SCHEMA, "#")
    for name, schema in SCHEMA["definitions"].items():
        walk(schema, f"#/definitions/{name}")

"""Pydantic's JSON Schema → a structural schema, the part of OpenAPI v3 that a CRD may hold.

The rules are those of https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/
(structural schemas): no references, no null, no `additionalProperties: false` beside properties, a type everywhere.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

from pydantic import BaseModel

from parley_crds.base import INT32_MAX
from parley_crds.status import UNSEEN

Schema = dict[str, Any]
_INT_OR_STRING = "x-kubernetes-int-or-string"
_PRESERVE = "x-kubernetes-preserve-unknown-fields"
_DROPPED = frozenset({"title", "propertyNames", "$defs", "$ref", "anyOf", "const"})


def root_schema(model: type[BaseModel]) -> Schema:
    """The schema of a whole resource; its metadata are left to the API server.

    Its status has no defaults: they would be written by the API server and so belong to neither of the status's two
    writers. Only a status that nobody has written is given one, whole, which says that.

    Nothing in a list has defaults: a client-side apply compares lists of custom resources as a whole, so each apply
    would find a difference, as Argo CD does. There the models' defaults alone count.
    """
    generated = model.model_json_schema(by_alias=True, mode="validation")
    schema = structural(generated, generated.get("$defs", {}))
    properties = schema["properties"]
    for name in ("apiVersion", "kind"):
        properties[name] = {"type": "string", "description": f"The {name} of every Kubernetes object."}
    properties["metadata"] = {"type": "object"}
    properties["spec"] = _without_defaults_in_lists(_with_figures(properties["spec"]))
    if "status" in properties:
        unwritten = {"observedGeneration": UNSEEN}
        properties["status"] = {**without_defaults(properties["status"]), "default": unwritten}
    return schema


def structural(node: Mapping[str, Any], defs: Mapping[str, Any]) -> Schema:
    """One node of the schema and all below it, with references put in place and null folded away."""
    node = _resolved(node, defs)
    out: Schema = {key: value for key, value in node.items() if key not in _DROPPED}
    if node.get(_INT_OR_STRING):
        _fold_default(out)
        return {**out, "anyOf": node["anyOf"]}
    if "const" in node:
        out["enum"] = [node["const"]]
    if "properties" in node:
        out["properties"] = {name: structural(child, defs) for name, child in node["properties"].items()}
    if "items" in node:
        out["items"] = structural(node["items"], defs)
    _fold_additional(out, defs)
    _fold_default(out)
    if out.get("type") == "integer":
        out["format"] = "int32" if out.get("maximum", 0) <= INT32_MAX else "int64"
    return out


def without_defaults(schema: Schema) -> Schema:
    """The schema without any default."""
    out = {key: value for key, value in schema.items() if key != "default"}
    if "properties" in out:
        out["properties"] = {name: without_defaults(child) for name, child in out["properties"].items()}
    if "items" in out:
        out["items"] = without_defaults(out["items"])
    return out


def _without_defaults_in_lists(schema: Schema) -> Schema:
    out = dict(schema)
    if "properties" in out:
        out["properties"] = {name: _without_defaults_in_lists(child) for name, child in out["properties"].items()}
    if "items" in out:
        out["items"] = without_defaults(out["items"])
    return out


def _with_figures(schema: Schema) -> Schema:
    """The schema whose descriptions tell each field's default and bounds, too: `kubectl explain` shows neither."""
    out = dict(schema)
    if "properties" in out:
        out["properties"] = {name: _with_figures(child) for name, child in out["properties"].items()}
        for child in out["properties"].values():
            child["description"] = " ".join([child["description"], *_figures(child)])
    if "items" in out:
        out["items"] = _with_figures(out["items"])
    return out


def _figures(node: Schema) -> Iterator[str]:
    default = node.get("default", "")
    if not isinstance(default, list | dict) and default != "":
        yield f"Default: {json.dumps(default).strip('"')}."
    if node.get(_INT_OR_STRING):
        return
    for least, most, unit in (
        ("minimum", "maximum", ""),
        ("minLength", "maxLength", " characters"),
        ("minItems", "maxItems", " items"),
        ("minProperties", "maxProperties", " entries"),
    ):
        if most in node:
            yield _bounds(node.get(least, 0), node[most], unit)


def _bounds(least: float, most: float, unit: str) -> str:
    if most >= INT32_MAX:
        return f"At least {least:g}."
    return f"{least:g} to {most}{unit}." if least or not unit else f"At most {most}{unit}."


def _resolved(node: Mapping[str, Any], defs: Mapping[str, Any]) -> Mapping[str, Any]:
    """The node with its reference or its one alternative beside null put in its place; the node's own words win."""
    while True:
        if "$ref" in node:
            target: Mapping[str, Any] = defs[node["$ref"].removeprefix("#/$defs/")]
        elif "anyOf" in node and _INT_OR_STRING not in node:
            target = _other_than_null(node["anyOf"])
        else:
            return node
        node = {**target, **{key: value for key, value in node.items() if key not in ("$ref", "anyOf")}}


def _other_than_null(alternatives: list[Mapping[str, Any]]) -> Mapping[str, Any]:
    others = [alternative for alternative in alternatives if alternative.get("type") != "null"]
    if len(others) != 1:
        raise ValueError(f"a structural schema has no alternatives: {alternatives}")
    return others[0]


def _fold_additional(out: Schema, defs: Mapping[str, Any]) -> None:
    additional = out.get("additionalProperties")
    if isinstance(additional, Mapping):
        out["additionalProperties"] = structural(cast("Mapping[str, Any]", additional), defs)
    elif additional is False or out.get(_PRESERVE):
        out.pop("additionalProperties", None)
    elif additional is True:
        raise ValueError(f"an object of unknown fields must preserve them: {out.get('description')}")


def _fold_default(out: Schema) -> None:
    """Leave null out of defaults. An object's default is whole, since the API server tries the rules on it alone."""
    if "default" in out and (out["default"] is None or isinstance(out["default"], Mapping)):
        default = _without_nulls(out.pop("default"))
        if default is not None:
            out["default"] = default


def _without_nulls(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    return value

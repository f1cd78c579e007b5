"""JSON Schemas of every kind that an API server knows, for kubeconform, from the server's own OpenAPI document."""

import json
import re
from pathlib import Path
from typing import Any

LOCATION = "{{ .ResourceKind }}{{ .KindSuffix }}.json"
"""The files' names, as the end of kubeconform's `-schema-location`."""
_REFERENCE = re.compile(r'"\$ref": "#/definitions/([^"]+)"')


def write(openapi: dict[str, Any], folder: Path) -> None:
    """One file a kind, whose objects refuse unknown fields.

    Args:
        openapi: `/openapi/v2` of an API server.
        folder: where the files go.
    """
    definitions = {name: _strict(schema) for name, schema in openapi["definitions"].items()}
    for name, schema in openapi["definitions"].items():
        for kind in schema.get("x-kubernetes-group-version-kind", []):
            # kubeconform's KindSuffix: the first label of the group, where there is one, and the version.
            suffix = "-".join(filter(None, [kind["group"].split(".")[0], kind["version"]]))
            file = folder / f"{kind['kind']}-{suffix}.json".lower()
            # What it does not refer to would be compiled for each kind, too.
            needed = {each: definitions[each] for each in _reached(name, definitions)}
            file.write_text(json.dumps({"$ref": f"#/definitions/{name}", "definitions": needed}))


def _reached(name: str, definitions: dict[str, dict[str, Any]]) -> set[str]:
    """The definitions that one refers to, itself among them."""
    found, left = set[str](), [name]
    while left:
        each = left.pop()
        if each not in found:
            found.add(each)
            left += _REFERENCE.findall(json.dumps(definitions[each]))
    return found


def _strict(schema: dict[str, Any]) -> dict[str, Any]:
    if schema.get("format") == "int-or-string":
        return {"type": ["string", "integer"]}
    closed: dict[str, Any] = {}
    if "properties" in schema:
        closed["properties"] = {name: _strict(value) for name, value in schema["properties"].items()}
        if not schema.get("x-kubernetes-preserve-unknown-fields"):
            closed["additionalProperties"] = False
    if "items" in schema:
        closed["items"] = _strict(schema["items"])
    return schema | closed

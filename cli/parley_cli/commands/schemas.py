"""`parley schemas`."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from parley_crds import GROUP
from parley_crds.crd import all_crds

from parley_cli.errors import CliError
from parley_cli.shown.printing import say

LOCATION = "{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json"


def write_schemas(
    folder: Annotated[Path, typer.Argument(help="Where they go; it is made where it is not there.")],
) -> None:
    """Write the kinds' JSON Schemas, for kubeconform and editors.

    They know fields, types and bounds, and refuse any other field; the rules beyond are for `parley validate`.
    """
    try:
        for name, schema in json_schemas().items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise CliError(f"{error.filename} can't be written: {error.strerror}") from error
    say(f"written; kubeconform takes them by -schema-location '{folder}/{LOCATION}'")


def json_schemas() -> dict[str, dict[str, Any]]:
    """The schemas by their files' names, as kubeconform's `LOCATION` asks for them."""
    found = {}
    for crd in all_crds().values():
        for version in crd["spec"]["versions"]:
            kind = crd["spec"]["names"]["kind"]
            schema = _closed(version["schema"]["openAPIV3Schema"])
            schema["properties"] |= {
                "apiVersion": {"const": f"{GROUP}/{version['name']}"},
                "kind": {"const": kind},
                "metadata": {"type": "object"},
            }
            schema["required"] = sorted({*schema.get("required", []), "apiVersion", "kind", "metadata"})
            found[f"{GROUP}/{kind.lower()}_{version['name']}.json"] = schema
    return found


def _closed(schema: Any) -> Any:
    """The schema as JSON Schema: what Kubernetes prunes is refused, and what may be a number or a word is both."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: _closed(value) for key, value in schema.items() if not key.startswith("x-kubernetes-")}
    if schema.get("x-kubernetes-int-or-string"):
        found["type"] = ["integer", "string"]
    if "properties" in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
        found["additionalProperties"] = False
    return found

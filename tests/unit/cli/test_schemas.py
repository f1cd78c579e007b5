"""`parley schemas`: the kinds' JSON Schemas, on the examples and on what is wrong."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from parley_cli.commands.schemas import json_schemas

ROOT = Path(__file__).parents[3]
TEMPLATE: dict[str, Any] = yaml.safe_load((ROOT / "examples/template.yaml").read_text())
NAME = "parley.dev/interviewtemplate_v1alpha1.json"


def test_they_are_schemas_of_both_kinds_and_take_the_examples() -> None:
    schemas = json_schemas()
    assert {*schemas} == {NAME, "parley.dev/interview_v1alpha1.json"}
    for schema in schemas.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(TEMPLATE, schemas[NAME])
    interview = yaml.safe_load((ROOT / "examples/interview.yaml").read_text())
    jsonschema.validate(interview, schemas["parley.dev/interview_v1alpha1.json"])
    every = [one for one in yaml.safe_load_all((ROOT / "tests/support/every_field.yaml").read_text()) if one]
    for document in every:
        jsonschema.validate(document, schemas[f"parley.dev/{document['kind'].lower()}_v1alpha1.json"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"spec": TEMPLATE["spec"] | {"retentionDay": 90}},
        {"spec": TEMPLATE["spec"] | {"retentionDays": "90"}},
        {"spec": TEMPLATE["spec"] | {"questions": [{"id": "a"}]}},
        {"apiVersion": "parley.dev/v1"},
        {"data": {}},
    ],
)
def test_what_is_wrong_does_not_fit(wrong: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(TEMPLATE | wrong, json_schemas()[NAME])


def test_the_command_writes_them(tmp_path: Path, run: Any) -> None:
    done = run("schemas", str(tmp_path / "new"))
    assert done.code == 0
    assert json.loads((tmp_path / "new" / NAME).read_text()) == json_schemas()[NAME]
    blocked = tmp_path / "file"
    blocked.write_text("")
    done = run("schemas", str(blocked))
    assert done.code != 0
    assert "can't be written" in done.err

"""The Kubernetes API conventions that a schema can keep, held over the generated CRDs: docs/conventions.md."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from parley_crds import names
from parley_crds.crd import CATEGORY, all_crds
from parley_crds.group import GROUP, VERSION
from parley_crds.status import API_CONDITIONS, Condition, ConditionType, InterviewStatus

type Schema = dict[str, Any]

CRDS = all_crds()
SCHEMAS = {
    crd["spec"]["names"]["kind"]: crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"] for crd in CRDS.values()
}
CORES_OWN = {"ephemeral-storage"}
"""Names that are Kubernetes' own and not in camelCase."""
OTHERS_OWN = {"LOW", "MEDIUM", "HIGH", "websocket", "daily"}
"""Enumerated values that are another system's words: Amazon Bedrock's, and the providers' names."""
UNITS = re.compile(r".*(Seconds|Days|Percent|Tokens|Limit|Epoch|Generation)|ttlSecondsAfterFinished")
COUNTS = {"activeInterviews", "followUps", "level", "attempt", "current", "failures"}
"""Whole numbers that have no unit: they count or order something."""
RATIOS = {"temperature", "topP"}
"""What is no whole number: sampling settings of the model, from 0 to 1, that nothing is computed with."""
TIMES = re.compile(r".*(At|Time)$|notBefore")


def fields(schema: Schema) -> Iterator[tuple[str, Schema]]:
    """Each field below a schema, by its name."""
    for name, child in schema.get("properties", {}).items():
        if "properties" in schema and name not in ("apiVersion", "kind", "metadata"):
            yield name, child
        yield from fields(child)
    if "items" in schema:
        yield from fields(schema["items"])


FIELDS = [
    pytest.param(name, child, id=f"{kind}.{name}-{number}")
    for kind, schema in SCHEMAS.items()
    for number, (name, child) in enumerate(fields(schema))
]
EACH_FIELD = pytest.mark.parametrize(("name", "schema"), FIELDS)


@pytest.mark.parametrize("crd", CRDS.values(), ids=CRDS)
def test_kinds_and_resources_are_named_by_the_conventions(crd: Schema) -> None:
    spec = crd["spec"]
    found = spec["names"]
    assert re.fullmatch(r"([A-Z][a-z]+)+", found["kind"])
    assert found["plural"] == found["singular"] + "s" == found["kind"].lower() + "s"
    assert found["listKind"] == found["kind"] + "List"
    assert crd["metadata"]["name"] == f"{found['plural']}.{spec['group']}"
    assert "." in spec["group"]
    assert not spec["group"].endswith("k8s.io")
    assert spec["scope"] == "Namespaced"
    assert found["categories"] == [CATEGORY]
    assert len(found["shortNames"]) == 1
    (version,) = spec["versions"]
    assert (version["name"], version["served"], version["storage"]) == (VERSION, True, True)
    assert re.fullmatch(r"v[1-9][0-9]*((alpha|beta)[1-9][0-9]*)?", VERSION)


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
def test_an_object_holds_spec_and_status_and_no_more(schema: Schema) -> None:
    assert schema["properties"].keys() <= {"apiVersion", "kind", "metadata", "spec", "status"}
    assert schema["required"] == ["spec"]


@pytest.mark.parametrize("crd", CRDS.values(), ids=CRDS)
def test_a_status_is_a_subresource_that_tells_what_it_has_observed(crd: Schema) -> None:
    (version,) = crd["spec"]["versions"]
    status = version["schema"]["openAPIV3Schema"]["properties"].get("status")
    assert ("status" in version.get("subresources", {})) == (status is not None)
    if status is not None:
        assert status["properties"]["observedGeneration"]["type"] == "integer"
        assert status["default"] == {"observedGeneration": -1}
        assert "required" not in status, "a status can be built up field by field, by each writer's own"


@EACH_FIELD
def test_fields_are_camel_case(name: str, schema: Schema) -> None:
    assert name in CORES_OWN or re.fullmatch(r"[a-z]+([A-Z][a-z]*)*", name)


@EACH_FIELD
def test_enumerated_values_are_camel_case(name: str, schema: Schema) -> None:
    for value in schema.get("enum", []):
        assert value in OTHERS_OWN or name in ("geo", "voice") or re.fullmatch(r"([A-Z][a-z]+)+", value)


@EACH_FIELD
def test_whole_numbers_have_their_unit_in_the_name(name: str, schema: Schema) -> None:
    if schema.get("type") == "integer":
        assert name in COUNTS or UNITS.fullmatch(name)
        assert schema["format"] in ("int32", "int64")
    assert schema.get("type") != "number" or name in RATIOS


@EACH_FIELD
def test_times_are_rfc_3339_and_named_so(name: str, schema: Schema) -> None:
    assert (schema.get("format") == "date-time") == (TIMES.fullmatch(name) is not None)


@EACH_FIELD
def test_references_name_an_object_of_the_same_namespace(name: str, schema: Schema) -> None:
    if name.endswith("Ref"):
        assert schema["properties"].keys() in ({"name"}, {"name", "key"})
        assert set(schema["required"]) == schema["properties"].keys()
    assert name not in ("namespace", "podTemplate", "podSpec", "serviceAccountName", "volumes", "image")


@EACH_FIELD
def test_named_things_are_lists_and_maps_are_labels(name: str, schema: Schema) -> None:
    assert "additionalProperties" not in schema or name == "nodeSelector"
    assert not schema.get("x-kubernetes-preserve-unknown-fields") or name in ("inputSchema", "outputSchema")


def test_conditions_are_a_map_by_type_with_all_that_a_condition_has() -> None:
    conditions = SCHEMAS["Interview"]["properties"]["status"]["properties"]["conditions"]
    assert (conditions["x-kubernetes-list-type"], conditions["x-kubernetes-list-map-keys"]) == ("map", ["type"])
    item = conditions["items"]
    assert item["properties"].keys() == {
        "type",
        "status",
        "observedGeneration",
        "lastTransitionTime",
        "reason",
        "message",
    }
    assert item["properties"]["status"]["enum"] == ["True", "False", "Unknown"]
    assert item["properties"]["message"]["maxLength"] <= 32_768
    assert {"type", "status", "lastTransitionTime", "reason"} == set(item["required"])
    assert Condition.model_fields.keys() >= {"observed_generation"}


def test_no_condition_is_called_ready() -> None:
    assert "Ready" not in {*map(str, ConditionType)}
    assert {"Reconciling", "Stalled"} < {*map(str, ConditionType)}


def test_condition_types_are_states_and_not_steps() -> None:
    """Adjectives and past participles: what is so, never what is being done, but for kstatus's own word."""
    for type_ in ConditionType:
        assert re.fullmatch(r"([A-Z][a-z]+)+", type_)
        assert type_ == "Reconciling" or not type_.endswith("ing")


def test_each_condition_has_one_writer() -> None:
    assert set(API_CONDITIONS) == {ConditionType.CANDIDATE_ARRIVED, ConditionType.SESSION_FINISHED}
    assert set(InterviewStatus.model_fields) > {"session", "conditions"}


def test_labels_annotations_and_finalizer_carry_the_groups_name() -> None:
    found = {
        name: value
        for name, value in vars(names).items()
        if name.startswith(("LABEL_", "ANNOTATION_")) or name == "FINALIZER"
    }
    assert len(found) > 8
    for name, value in found.items():
        prefix, _, rest = value.partition("/")
        assert prefix == (GROUP if name != "LABEL_MANAGED_BY" else "app.kubernetes.io")
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rest)


@pytest.mark.parametrize("crd", CRDS.values(), ids=CRDS)
def test_columns_say_what_they_are(crd: Schema) -> None:
    columns = crd["spec"]["versions"][0]["additionalPrinterColumns"]
    assert columns[-1]["name"] == "Age"
    assert all(column["description"].endswith(".") for column in columns)
    assert len([column for column in columns if column.get("priority", 0) == 0]) <= 7, "a list fits a terminal"


def test_rules_of_transition_hold_what_was_begun() -> None:
    rules = [rule["rule"] for rule in SCHEMAS["Interview"]["x-kubernetes-validations"]]
    held = {
        "templateRef",
        "candidate",
        "context",
        "start",
        "overrides",
        "noShowSeconds",
        "window",
        "cancel",
        "linkEpoch",
    }
    assert all("oldSelf" in rule for rule in rules)
    assert held <= {field for field in held for rule in rules if f"self.spec.{field}" in rule}

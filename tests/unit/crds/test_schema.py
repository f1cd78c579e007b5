"""The generated CRDs: structural, bounded and documented all over, and current in the chart."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from parley_crds.crd import all_crds
from parley_crds.generate import main, render
from parley_crds.schema import structural

LAST_APPLIED_MAX = 262_144
CRDS = all_crds()


def nodes(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every node below the root with its path; the metadata are the API server's."""
    for name, child in schema.get("properties", {}).items():
        if path or name not in ("apiVersion", "kind", "metadata"):
            yield f"{path}.{name}", child
            yield from nodes(child, f"{path}.{name}")
    for key, suffix in (("items", "[]"), ("additionalProperties", "{}")):
        if key in schema:
            yield path + suffix, schema[key]
            yield from nodes(schema[key], path + suffix)


NODES = [
    pytest.param(node, id=name.split(".")[0] + path)
    for name, crd in CRDS.items()
    for path, node in nodes(crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"])
]


@pytest.mark.parametrize("node", NODES)
def test_each_node_is_structural_and_bounded(node: dict[str, Any]) -> None:
    assert not {"$ref", "$defs", "title", "nullable", "const", "exclusiveMinimum", "exclusiveMaximum"} & node.keys()
    assert node.get("default", "unset") is not None
    if node.get("x-kubernetes-int-or-string"):
        assert {"minimum", "maxLength"} <= node.keys()
        return
    kind = node["type"]
    if kind == "string":
        assert "enum" in node or "maxLength" in node or node.get("format") == "date-time"
    elif kind in ("integer", "number"):
        assert {"minimum", "maximum"} <= node.keys()
    elif kind == "array":
        assert "maxItems" in node
        assert node["x-kubernetes-list-type"] in ("map", "set", "atomic")
    elif kind == "object" and "additionalProperties" in node:
        assert "maxProperties" in node
    elif kind == "object":
        assert "properties" in node or node.get("x-kubernetes-preserve-unknown-fields")


@pytest.mark.parametrize("node", [param for param in NODES if not str(param.id).endswith(("[]", "{}"))])
def test_each_field_is_documented(node: dict[str, Any]) -> None:
    assert node["description"].strip().endswith((".", "…"))


@pytest.mark.parametrize("name", CRDS)
def test_a_crd_fits_into_the_last_applied_annotation(name: str) -> None:
    assert len(render(CRDS[name])) < LAST_APPLIED_MAX // 4


@pytest.mark.parametrize("node", [param for param in NODES if "[]" in str(param.id)])
def test_nothing_in_a_list_has_a_default(node: dict[str, Any]) -> None:
    """A client-side apply would find another list each time, and so would Argo CD."""
    assert "default" not in node


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (
            "interviews.parley.dev.spec.noShowSeconds",
            ", in seconds, before the interview ends. Default: 900. 30 to 86400.",
        ),
        ("interviews.parley.dev.spec.linkEpoch", "Default: 0. At least 0."),
        ("interviewtemplates.parley.dev.spec.questions[].required", "Default: true."),
        ("interviewtemplates.parley.dev.spec.questions", "1 to 50 items."),
        ("interviewtemplates.parley.dev.spec.start", "Default: Immediate."),
        ("interviewtemplates.parley.dev.spec.model.inference.topP", "0 to 1."),
        ("interviewtemplates.parley.dev.spec.interviewer.style", "formal. At most 2000 characters."),
        ("interviewtemplates.parley.dev.spec.bot.nodeSelector", "At most 16 entries."),
    ],
)
def test_a_description_tells_default_and_bounds(path: str, words: str) -> None:
    (crd,) = [name for name in CRDS if path.startswith(name)]
    schema = CRDS[crd]["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    found = dict(nodes(schema))
    assert found[path.removeprefix(crd)]["description"].endswith(words)


def test_a_status_that_nobody_has_written_says_so() -> None:
    schema = CRDS["interviews.parley.dev"]["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    assert schema["properties"]["status"]["default"] == {"observedGeneration": -1}


def test_the_status_has_no_defaults() -> None:
    schema = CRDS["interviews.parley.dev"]["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    assert not [path for path, node in nodes(schema["properties"]["status"], "status") if "default" in node]


@pytest.mark.parametrize("name", CRDS)
def test_each_rule_says_which_field_it_is_about(name: str) -> None:
    schema = CRDS[name]["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    rules = [rule for _, node in [("", schema), *nodes(schema)] for rule in node.get("x-kubernetes-validations", [])]
    assert rules
    for rule in rules:
        assert rule["message"]
        if "fieldPath" in rule:
            assert rule["fieldPath"].split(".")[-1] in rule["message"]


def test_the_chart_holds_the_current_files() -> None:
    assert main(["--check"]) == 0


def test_a_stale_file_is_told_and_mended(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check", "--output", str(tmp_path)]) == 1
    assert "interviews.parley.dev.yaml is not current" in capsys.readouterr().err
    assert main(["--output", str(tmp_path)]) == 0
    assert main(["--check", "--output", str(tmp_path)]) == 0
    (tmp_path / "interviews.parley.dev.yaml").write_text("changed")
    assert main(["--check", "--output", str(tmp_path)]) == 1


def test_what_no_structural_schema_can_say_is_refused() -> None:
    with pytest.raises(ValueError, match="alternatives"):
        structural({"anyOf": [{"type": "string"}, {"type": "integer"}]}, {})
    with pytest.raises(ValueError, match="preserve"):
        structural({"type": "object", "additionalProperties": True}, {})

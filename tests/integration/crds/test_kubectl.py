"""What people see: names, columns, selectors, and a manual by kubectl explain."""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from parley_crds.crd import all_crds
from support.control_plane import ControlPlane


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("itv", "One candidate's spoken interview"),
        ("itv.spec.noShowSeconds", "How long a bot that is ready waits for the candidate"),
        ("itv.spec.context.secretKeyRef", "A Secret that holds the text"),
        ("itv.spec.suspend", "Hold the interview before its first bot"),
        ("itv.spec.activeDeadlineSeconds", "reason DeadlineExceeded"),
        ("itv.spec.ttlSecondsAfterFinished", "AlreadyFinished"),
        ("itv.status.startedAt", "When the first bot was started"),
        ("itv.status.conditions.reason", "Why, in one word"),
        ("itpl.spec.questions.followUps", "How many further questions"),
        ("itpl.spec.limits.closingNoticeSeconds", "Less than"),
        ("itpl.spec.secondTab", "TakeOver"),
        ("itpl.spec.bot.resources", "Compute resources"),
    ],
)
def test_explain_is_the_manual(control_plane: ControlPlane, crds: None, field: str, words: str) -> None:
    assert words in " ".join(control_plane.kubectl("explain", field).stdout.split())


def objects(schema: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every node that has fields, with its path for kubectl explain."""
    schema = schema.get("items", schema)
    if "properties" in schema:
        yield path, schema
        for name, child in schema["properties"].items():
            yield from objects(child, f"{path}.{name}")


@pytest.mark.parametrize(
    ("path", "node"),
    [
        pytest.param(path, node, id=path)
        for crd in all_crds().values()
        for path, node in objects(
            crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"], crd["spec"]["names"]["shortNames"][0]
        )
    ],
)
def test_explain_describes_every_field(
    control_plane: ControlPlane, crds: None, path: str, node: dict[str, Any]
) -> None:
    manual = control_plane.kubectl("explain", path).stdout
    assert "<no description>" not in manual
    fields = " ".join(manual.partition("FIELDS:")[2].split())
    for name, child in node["properties"].items():
        if not (name == "metadata" or child["description"].startswith(f"The {name} of every")):
            described = fields.partition(f"{name} <")[2]
            assert " ".join(child["description"].split()) in described, name


def test_explain_lists_the_whole_tree(control_plane: ControlPlane, crds: None) -> None:
    for crd in all_crds().values():
        names = crd["spec"]["names"]
        tree = control_plane.kubectl("explain", names["shortNames"][0], "--recursive").stdout
        schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
        for _, node in objects(schema["properties"]["spec"], "spec"):
            assert [name for name in node["properties"] if f"{name}\t<" not in tree] == []


def test_the_category_holds_both_kinds(
    control_plane: ControlPlane, namespace: str, interview: dict[str, object], template: dict[str, object]
) -> None:
    for document in (interview, template):
        control_plane.kubectl("create", "-n", namespace, "-f", "-", stdin=yaml.safe_dump(document))
    names = control_plane.kubectl("get", "parley", "-n", namespace, "-o", "name").stdout.split()
    assert set(names) == {"interview.parley.dev/ada", "interviewtemplate.parley.dev/backend"}


def test_interviews_are_selected_by_template_and_phase(
    control_plane: ControlPlane, namespace: str, interview: dict[str, object]
) -> None:
    control_plane.kubectl("create", "-n", namespace, "-f", "-", stdin=yaml.safe_dump(interview))

    def selected(selector: str) -> str:
        return control_plane.kubectl("get", "itv", "-n", namespace, f"--field-selector={selector}", "-o", "name").stdout

    assert "ada" in selected("spec.templateRef.name=backend")
    assert selected("spec.templateRef.name=frontend") == ""
    assert selected("status.phase=Open") == ""


def test_a_client_side_apply_of_the_crds_fits(control_plane: ControlPlane, crds: None) -> None:
    for crd in all_crds().values():
        control_plane.kubectl(
            "apply", "--dry-run=server", "--force-conflicts=false", "-f", "-", stdin=yaml.safe_dump(crd)
        )

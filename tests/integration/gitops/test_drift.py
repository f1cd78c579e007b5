"""What was applied comes back as it was: no second apply and no diff finds anything to do."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from parley_crds.crd import all_crds
from support.applied import CLIENT_SIDE, EXAMPLES, SERVER_SIDE, Applied, examples, in_namespace
from support.control_plane import ControlPlane

EVERY_FIELD = Path(__file__).parents[2] / "support/every_field.yaml"
WAYS = pytest.mark.parametrize("how", [CLIENT_SIDE, SERVER_SIDE], ids=["client-side", "server-side"])


@pytest.fixture(params=["every field", "examples", "examples by Kustomize"])
def applied(request: pytest.FixtureRequest, control_plane: ControlPlane, namespace: str, tmp_path: Path) -> Applied:
    """Manifests that are to be applied to a namespace of their own."""
    if request.param == "examples by Kustomize":
        return Applied(control_plane, namespace, examples(tmp_path, namespace))
    sources = (
        [EVERY_FIELD] if request.param == "every field" else [EXAMPLES / "template.yaml", EXAMPLES / "interview.yaml"]
    )
    for path in sources:
        in_namespace(path, tmp_path, namespace)
    return Applied(control_plane, namespace, ("-f", str(tmp_path)))


@WAYS
def test_a_second_apply_changes_nothing(applied: Applied, how: tuple[str, ...]) -> None:
    applied.apply(how)
    contents = applied.contents()
    assert contents
    said = applied.apply(how)
    if how == CLIENT_SIDE:
        assert [line for line in said if not line.endswith(" unchanged")] == []
    assert applied.contents() == contents
    # The first update of any kind stores the status that nobody has written; from then on none is a write.
    versions = applied.versions()
    applied.apply(how)
    assert applied.versions() == versions


@WAYS
def test_there_is_nothing_to_diff(applied: Applied, how: tuple[str, ...]) -> None:
    applied.apply(how)
    assert applied.diff() == ""
    if how == SERVER_SIDE:
        assert applied.diff("--server-side", "--field-manager=gitops") == ""


def test_a_change_is_shown(applied: Applied) -> None:
    """The diff itself: it finds what is another thing."""
    applied.apply(CLIENT_SIDE)
    (template,) = [name for name in applied.versions() if name.startswith("InterviewTemplate/")]
    patch = '{"spec": {"title": "Another title"}}'
    applied.kubectl("patch", template.lower(), "--type=merge", "-p", patch)
    assert "Another title" in applied.diff()


def _paths(schema: dict[str, Any], path: str) -> Iterator[str]:
    for name, child in schema.get("properties", {}).items():
        yield f"{path}.{name}"
        yield from _paths(child, f"{path}.{name}")
    if "items" in schema:
        yield f"{path}[]"
        yield from _paths(schema["items"], f"{path}[]")


def _set_paths(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, child in value.items():
            yield f"{path}.{name}"
            yield from _set_paths(child, f"{path}.{name}")
    elif isinstance(value, list):
        for child in value:
            yield f"{path}[]"
            yield from _set_paths(child, f"{path}[]")


def test_every_field_is_set_somewhere() -> None:
    documents = list(yaml.safe_load_all(EVERY_FIELD.read_text()))
    present = {path for document in documents for path in _set_paths(document["spec"], f"{document['kind']}.spec")}
    known: set[str] = set()
    for crd in all_crds().values():
        schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
        known |= set(_paths(schema, f"{crd['spec']['names']['kind']}.spec"))
    missing = known - present
    assert missing == set()

"""`parley validate`: what an API server would refuse, by file, line and field."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from parley_cli.validation.check import Finding, check_files, problems
from support.documents import with_change

ROOT = Path(__file__).parents[3]
TEMPLATE = (ROOT / "examples/template.yaml").read_text()
INTERVIEW = (ROOT / "examples/interview.yaml").read_text()


def findings(text: str) -> list[Finding]:
    return check_files([("a.yaml", text)]).findings


def told(document: str, path: str, value: Any) -> list[str]:
    changed = with_change(yaml.safe_load(document), path, value)
    return [f"{problem.field}: {problem.message}" for problem in problems(changed)]


def test_the_examples_are_good() -> None:
    report = check_files([("t", TEMPLATE), ("i", INTERVIEW)])
    assert not report.findings
    assert len(report.checked) == 2


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("spec.questoins", [], "spec.questoins: unknown field: did you mean questions?"),
        ("spec.interviewer.greeting", "", "spec.interviewer.greeting: string should have at least 1 character"),
        ("spec.limits.durationSeconds", "600", "spec.limits.durationSeconds: input should be a valid integer"),
        ("spec.limits.closingNoticeSeconds", 600, "spec.limits.closingNoticeSeconds: limits.closingNoticeSeconds must"),
        ("spec.questions.1.id", "team", "spec.questions[2]: has the id 'team' of [1]: give each its own"),
        ("spec.questions.0.timeLimitSeconds", 3000, "spec.questions: questions[].timeLimitSeconds must not be more"),
        ("spec.start", "Later", "spec.start: must be 'Immediate' or 'OnArrival'"),
        ("spec.room", {"geo": "eu-central-1"}, "spec.room.geo: room.geo needs room.provider daily"),
        ("spec.second_tab", "Refuse", "spec.second_tab: unknown field: did you mean secondTab?"),
        ("metadata.name", "Data Engineer", "metadata.name: must be lower-case"),
        ("metadata.name", "d" * 241, "metadata.name must have at most 240 characters"),
        ("metadata.namespace", "a.b", "metadata.namespace: must be lower-case"),
        ("sepc", {}, "sepc: unknown field: did you mean spec?"),
        ("apiVersion", "parley.dev/v1", "apiVersion: must be parley.dev/v1alpha1"),
        ("kind", "Interveiw", "kind: must be Interview or InterviewTemplate"),
    ],
)
def test_a_bad_template(path: str, value: Any, expected: str) -> None:
    found = told(TEMPLATE, path, value)
    assert len(found) == 1, found
    assert expected in found[0]


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("spec.templateRef", {}, "spec.templateRef.name: is required: add it"),
        ("spec.window.expiresAt", "tomorrow", "spec.window.expiresAt: must be a time with its zone"),
        ("spec.window.expiresAt", "2026-12-01T09:00:00", "spec.window.expiresAt: must be a time with its zone"),
        (
            "spec.window",
            {"notBefore": "2026-11-22T12:00:00Z", "expiresAt": "2026-11-22T13:00:00+02:00"},
            "spec.window.expiresAt: window.expiresAt must be later than window.notBefore",
        ),
        ("spec.context", {}, "spec.context: context needs exactly one of"),
        ("spec.noShowSeconds", 5, "spec.noShowSeconds: input should be greater than or equal to 30"),
        ("spec.candidate.nmae", "Ada", "spec.candidate.nmae: unknown field: did you mean name?"),
    ],
)
def test_a_bad_interview(path: str, value: Any, expected: str) -> None:
    found = told(INTERVIEW, path, value)
    assert len(found) == 1, found
    assert expected in found[0]


def test_null_is_a_field_left_out_as_at_the_api_server() -> None:
    assert told(INTERVIEW, "spec.overrides", None) == []
    assert told(TEMPLATE, "spec.facts", None) == []


def test_a_finding_names_file_line_document_and_object() -> None:
    text = f"{INTERVIEW}---\n{TEMPLATE.replace('voice:', 'vioce:')}"
    (found,) = findings(text)
    lines = text.splitlines()
    assert "vioce:" in lines[found.line - 1]
    assert str(found) == (
        f"a.yaml:{found.line}: document 2, InterviewTemplate platform-engineer: spec.interviewer.vioce:"
        " unknown field: did you mean voice?"
    )


def test_every_problem_is_told_at_once() -> None:
    text = TEMPLATE.replace("voice:", "vioce:").replace("durationSeconds: 600", 'durationSeconds: "600"')
    assert {found.field for found in findings(text)} == {"spec.interviewer.vioce", "spec.limits.durationSeconds"}


@pytest.mark.parametrize(
    ("text", "expected", "line"),
    [
        ("a: [", "not YAML", 1),
        ("a: 1\na: 2\n", "'a' stands twice", 2),
        ("{}\n---\n- : [\n", "not YAML", 3),
        ("1: x\n", "the key 1 is no text", 1),
        ("a: &a [*a]\n", "nested deeper than", 1),
        ("[" * 2000, "not YAML", 1),
        ("- x\n", "is no object", 1),
        ("a: !!python/object:os.system {}\n", "not YAML", 1),
    ],
)
def test_what_is_no_manifest(text: str, expected: str, line: int) -> None:
    found = findings(text)[-1]
    assert expected in found.message
    assert found.line == line


def test_a_list_is_taken_apart_and_others_are_left_out() -> None:
    items = [yaml.safe_load(INTERVIEW), {"apiVersion": "v1", "kind": "ConfigMap"}]
    listed = yaml.safe_dump({"apiVersion": "v1", "kind": "List", "items": items})
    report = check_files([("a.yaml", listed), ("values.yaml", "replicas: 2\n")])
    assert (len(report.checked), len(report.skipped), report.findings) == (1, 2, [])


def test_the_same_object_twice() -> None:
    report = check_files([("a.yaml", INTERVIEW), ("b.yaml", INTERVIEW)])
    assert [(each.file, each.field) for each in report.findings] == [("b.yaml", "metadata.name")]
    assert "a.yaml, document 1" in report.findings[0].message


def test_the_command(run: Any, tmp_path: Path) -> None:
    (tmp_path / "good").mkdir()
    (tmp_path / "good/t.yaml").write_text(TEMPLATE)
    (tmp_path / "good/readme.txt").write_text("not one")
    done = run("validate", str(tmp_path / "good"))
    assert (done.code, done.out) == (0, "")
    (tmp_path / "good/i.yml").write_text(INTERVIEW.replace("start:", "strat:"))
    done = run("validate", str(tmp_path / "good"))
    assert done.code == 1
    assert "i.yml:" in done.out
    assert "did you mean start?" in done.out
    done = run("validate", str(tmp_path / "good"), "-o", "json")
    assert done.code == 1
    assert yaml.safe_load(done.out)["findings"][0]["field"] == "spec.strat"


def test_files_that_can_not_be_checked(run: Any, tmp_path: Path) -> None:
    done = run("validate", str(tmp_path / "none.yaml"))
    assert (done.code, "can't be read" in done.err) == (1, True)
    (tmp_path / "v.yaml").write_text("a: 1\n")
    done = run("validate", str(tmp_path / "v.yaml"))
    assert (done.code, "nothing was checked" in done.err) == (1, True)

"""cfn-lint, checkov and cdk-nag find nothing that is not accepted beside its reason, and accept nothing in vain."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from aws_cdk import App, Stack, Validations
from aws_cdk import aws_s3 as s3
from cdk_nag import AwsSolutionsChecks
from conftest import ONE
from constructs import IConstruct
from site_of import Site

from parley_eks import exceptions
from parley_eks.assembly import synthesise
from parley_eks.settings import read_settings

TOOLS = Path(sys.executable).parent
# CDK writes down a dependency beside the reference that implies it; zones are named, for none may be asked for.
ACCEPTED_BY_CDK = "W3005,W3010"


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, timeout=240)


def test_cfn_lint_is_clean(three: Site) -> None:
    done = run(TOOLS / "cfn-lint", "--ignore-checks", ACCEPTED_BY_CDK, "--format", "parseable", "--", *three.templates)
    assert done.returncode == 0, done.stdout + done.stderr


def test_checkov_is_clean_but_for_what_is_accepted(three: Site) -> None:
    found = checkov(three.folder)
    assert found["failed"] == []
    assert found["passed"] > 300
    assert {*found["skipped"]} == {"CKV_AWS_260", "CKV_AWS_18"}


def checkov(folder: Path) -> dict:
    done = run(
        TOOLS / "checkov",
        *("--directory", folder),
        *("--framework", "cloudformation"),
        *("--output", "json"),
        "--skip-download",
    )
    assert done.stdout, done.stderr
    report = json.loads(done.stdout)["results"]
    return {
        "failed": [(check["check_id"], check["resource"]) for check in report["failed_checks"]],
        "skipped": [check["check_id"] for check in report.get("skipped_checks", [])],
        "passed": int(json.loads(done.stdout)["summary"]["passed"]),
    }


def test_a_bare_bucket_would_be_found(tmp_path: Path) -> None:
    """The rules are on: synthesis itself fails where one is broken and nobody accepted it."""
    app = App(outdir=str(tmp_path))
    s3.Bucket(Stack(app, "Bare"), "Bucket")
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app.synth()


def test_no_rule_is_accepted_in_vain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With nothing accepted the rules find what was accepted, each on its construct or below it, and nothing else."""
    accepted: set[tuple[str, str]] = set()

    def record(construct: IConstruct) -> SimpleNamespace:
        path = construct.node.path
        return SimpleNamespace(acknowledge=lambda entry: accepted.add((path, entry.id)))

    monkeypatch.setattr(exceptions, "Validations", SimpleNamespace(of=record))
    (region,) = ONE["parley:regions"]
    region = {**region, "dailyDomain": "acme-talks", "recordingsDays": 30}
    with pytest.raises(RuntimeError, match="ValidationFailed"):
        synthesise(read_settings({**ONE, "parley:daily": True, "parley:regions": [region]}), tmp_path)
    (report,) = [
        plugin
        for plugin in json.loads((tmp_path / "validation-report.json").read_text())["pluginReports"]
        if plugin["pluginName"] == "AwsSolutions"
    ]
    found = {
        (construct["constructPath"], violation["ruleName"])
        for violation in report["violations"]
        for construct in violation["violatingConstructs"]
    }
    covered = {
        (path, rule, place)
        for path, rule in accepted
        for place, broken in found
        if broken == rule and place.startswith(f"{path}/")
    }
    assert {(path, rule) for path, rule, _ in covered} == accepted
    assert {(place, rule) for _, rule, place in covered} == found

"""The hiring teams' repository: its pipeline's own steps on templates good and bad, and who agrees to a change."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from support.processes import tool

TEMPLATES = Path(__file__).parents[3] / "deploy/gitops/templates"
TEMPLATE = "engineering/platform-engineer.yaml"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return Path(shutil.copytree(TEMPLATES, tmp_path / "repository"))


def pipeline(repository: Path, tmp_path: Path) -> tuple[list[str], str]:
    """Runs the workflow's steps but for what fetches tools; the names of those that went well, and what all printed."""
    workflow = yaml.safe_load((repository / ".github/workflows/templates.yaml").read_text())
    folders = [str(Path(sys.executable).parent), str(Path(tool("kubeconform")).parent), os.environ["PATH"]]
    environment = os.environ | {"PATH": os.pathsep.join(folders), "RUNNER_TEMP": str(tmp_path)}
    went_well, said = [], ""
    for step in workflow["jobs"]["validate"]["steps"]:
        if "run" not in step or step["name"] == "tools":
            continue
        # The shell of GitHub's runners: https://docs.github.com/actions, `jobs.<job_id>.steps[*].shell`.
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        done = subprocess.run(
            command, cwd=repository, env=environment, capture_output=True, text=True, check=False, timeout=60
        )
        said += done.stdout + done.stderr
        if done.returncode == 0:
            went_well.append(step["name"])
    return went_well, said


FITS = "each folder builds, and what it makes fits the schemas"
TAKEN = "the API server would take every template"


def test_what_is_good_passes(repository: Path, tmp_path: Path) -> None:
    went_well, said = pipeline(repository, tmp_path)
    assert went_well == [FITS, TAKEN], said


@pytest.mark.parametrize(
    ("before", "after", "named", "passes"),
    [
        ("retentionDays: 90", "retentionDay: 90", "retentionDay", []),
        ("durationSeconds: 600", "durationSeconds: soon", "durationSeconds", []),
        ("voice: tiffany", "voice: nobody", "voice", []),
        # A rule that spans fields is beyond a JSON Schema.
        ("closingNoticeSeconds: 60", "closingNoticeSeconds: 900", "closingNoticeSeconds", [FITS]),
        ("  - id: rollout", "  - id: incident", "incident", [FITS]),
    ],
)
def test_what_is_wrong_is_named(
    before: str, after: str, named: str, passes: list[str], repository: Path, tmp_path: Path
) -> None:
    file = repository / TEMPLATE
    text = file.read_text()
    assert text.count(before) == 1
    file.write_text(text.replace(before, after))
    went_well, said = pipeline(repository, tmp_path)
    assert went_well == passes, said
    assert named in said


def test_a_template_that_no_kustomization_names_is_checked_too(repository: Path, tmp_path: Path) -> None:
    (repository / "sales/new.yaml").write_text(
        (repository / TEMPLATE).read_text().replace("retentionDays: 90", "retentionDays: -1")
    )
    went_well, said = pipeline(repository, tmp_path)
    assert went_well == [FITS]
    assert "sales/new.yaml" in said


def test_the_pipeline_may_read_and_no_more() -> None:
    workflow = yaml.safe_load((TEMPLATES / ".github/workflows/templates.yaml").read_text())
    assert workflow["permissions"] == {"contents": "read"}
    assert "permissions" not in workflow["jobs"]["validate"]
    # YAML 1.1 reads `on` as true. On pull_request_target a stranger's code would run with the repository's rights.
    assert {*workflow[True]} == {"pull_request", "push"}


def test_each_team_and_who_answers_for_privacy_agree_to_its_templates() -> None:
    owners = {}
    for line in (TEMPLATES / "CODEOWNERS").read_text().splitlines():
        if line and not line.startswith("#"):
            pattern, *who = line.split()
            owners[pattern] = who
    teams = [folder.parent.name for folder in TEMPLATES.glob("*/kustomization.yaml")]
    assert owners.keys() == {"*", *(f"/{team}/" for team in teams)}
    for team in teams:
        assert owners[f"/{team}/"] == [f"@example/hiring-{team}", "@example/privacy"]
    assert next(iter(owners)) == "*", "the last line that fits decides"

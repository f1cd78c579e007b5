"""The hiring teams' repository: its pipeline's own steps on templates good and bad, and who agrees to a change."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.processes import tool

ROOT = Path(__file__).parents[3]
TEMPLATES = ROOT / "deploy/gitops/templates"
TEMPLATE = "engineering/platform-engineer.yaml"
# What GitHub's runners make of `shell`: https://docs.github.com/actions, `jobs.<job_id>.steps[*].shell`.
SHELLS = {None: ["bash", "-e"], "bash": ["bash", "--noprofile", "--norc", "-eo", "pipefail"]}
# The steps that bring tools: those of the project's own are there already.
TOOLS = {"the command line, by Parley's own lock", "kubeconform"}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return Path(shutil.copytree(TEMPLATES, tmp_path / "repository"))


def workflow_of(repository: Path) -> dict[Any, Any]:
    return yaml.safe_load((repository / ".github/workflows/templates.yaml").read_text())


def run_step(
    workflow: dict[Any, Any], step: dict[str, Any], repository: Path, environment: dict[str, str], seconds: float = 60
) -> subprocess.CompletedProcess[str]:
    """Runs a step as a runner does: by the shell that the file says."""
    default = workflow.get("defaults", {}).get("run", {}).get("shell")
    command = [*SHELLS[step.get("shell", default)], "-c", step["run"]]
    return subprocess.run(
        command, cwd=repository, env=environment, capture_output=True, text=True, check=False, timeout=seconds
    )


def pipeline(repository: Path, tmp_path: Path) -> tuple[list[str], str]:
    """Runs the workflow's steps but for what fetches tools; the names of those that went well, and what all printed."""
    workflow = workflow_of(repository)
    folders = [str(Path(sys.executable).parent), str(Path(tool("kubeconform")).parent), os.environ["PATH"]]
    environment = os.environ | {"PATH": os.pathsep.join(folders), "RUNNER_TEMP": str(tmp_path)}
    went_well, said = [], ""
    for step in workflow["jobs"]["validate"]["steps"]:
        if "run" not in step or step["name"] in TOOLS:
            continue
        done = run_step(workflow, step, repository, environment)
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


def test_a_folder_that_does_not_build_does_not_pass(repository: Path, tmp_path: Path) -> None:
    """Of a pipe the shell tells how its last command ended, unless it is told otherwise."""
    (repository / "sales/kustomization.yaml").write_text("resources: [gone.yaml]\n")
    went_well, said = pipeline(repository, tmp_path)
    assert FITS not in went_well
    assert "gone.yaml" in said


def test_the_command_line_comes_from_the_repository_by_hash(repository: Path, tmp_path: Path) -> None:
    """No registry has it: whoever took its name there would run in every pull request."""
    workflow = workflow_of(repository)
    steps = workflow["jobs"]["validate"]["steps"]
    (checkout,) = [step for step in steps if "repository" in step.get("with", {})]
    assert set(checkout["with"]) == {"repository", "ref", "path", "persist-credentials"}
    (repository / checkout["with"]["path"]).symlink_to(ROOT)
    (step,) = [step for step in steps if step.get("name") == "the command line, by Parley's own lock"]
    path = tmp_path / "path"
    environment = os.environ | {"RUNNER_TEMP": str(tmp_path), "GITHUB_PATH": str(path), "UV_SYSTEM_CERTS": "1"}
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment["PATH"]])
    done = run_step(workflow, step, repository, environment, seconds=300)
    assert done.returncode == 0, done.stderr
    (folder,) = path.read_text().split()
    said = subprocess.run(
        [f"{folder}/parley", "validate", "engineering", "sales"],
        cwd=repository, env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}, capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    assert not any("pip install" in each.get("run", "") and "parley==" in each["run"] for each in steps)


def test_the_pipeline_may_read_and_no_more() -> None:
    workflow = workflow_of(TEMPLATES)
    assert workflow["permissions"] == {"contents": "read"}
    assert "permissions" not in workflow["jobs"]["validate"]
    # YAML 1.1 reads `on` as true. On pull_request_target a stranger's code would run with the repository's rights.
    assert {*workflow[True]} == {"pull_request", "push"}


def owners() -> dict[str, list[str]]:
    """Who owns what, by CODEOWNERS' patterns in their order."""
    lines = [line.split() for line in (TEMPLATES / "CODEOWNERS").read_text().splitlines()]
    return {words[0]: words[1:] for words in lines if words and words[0] != "#"}


def test_each_team_agrees_to_its_templates() -> None:
    teams = [folder.parent.name for folder in TEMPLATES.glob("*/kustomization.yaml")]
    # Of several owners in a line one is enough for GitHub.
    assert owners() == {"*": ["@example/platform"], **{f"/{team}/": [f"@example/hiring-{team}"] for team in teams}}
    assert next(iter(owners())) == "*", "the last line that fits decides"


def test_who_answers_for_privacy_agrees_to_every_change_beside_its_owner() -> None:
    """Code owners are one approval; a second team has to be required by the branch's rules."""
    ruleset = json.loads((TEMPLATES / ".github/ruleset.json").read_text())
    assert (ruleset["target"], ruleset["enforcement"], ruleset["bypass_actors"]) == ("branch", "active", [])
    assert ruleset["conditions"]["ref_name"] == {"include": ["~DEFAULT_BRANCH"], "exclude": []}
    rules = {rule["type"]: rule.get("parameters", {}) for rule in ruleset["rules"]}
    assert {*rules} == {"deletion", "non_fast_forward", "pull_request", "required_status_checks"}
    review = rules["pull_request"]
    assert review["require_code_owner_review"]
    assert review["required_approving_review_count"] >= 1
    assert review["dismiss_stale_reviews_on_push"], "what was agreed to is what is merged"
    (privacy,) = review["required_reviewers"]
    assert (privacy["file_patterns"], privacy["minimum_approvals"]) == (["**/*"], 1)
    assert privacy["reviewer"]["type"] == "Team"
    (check,) = rules["required_status_checks"]["required_status_checks"]
    assert check == {"context": "validate"}
    assert check["context"] in workflow_of(TEMPLATES)["jobs"]

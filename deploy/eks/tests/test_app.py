"""`python app.py`: a wrong setting ends it with one line that names it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import HOME, ONE


def app(settings: Path, outdir: Path, *within: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*within, sys.executable, str(HOME / "app.py")],
        env={
            "PATH": os.environ["PATH"],
            "PARLEY_EKS_SETTINGS": str(settings),
            "CDK_OUTDIR": str(outdir),
            **environment,
        },
        cwd=HOME,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ({"context": {**ONE, "parley:logDays": 42}}, "parley:logDays: "),
        ({"context": {}}, "parley:account: is missing"),
    ],
)
def test_a_wrong_setting_stops_it(tmp_path: Path, written: dict, told: str) -> None:
    settings = tmp_path / "settings.json"
    settings.write_text(json.dumps(written))
    done = app(settings, tmp_path / "out")
    assert done.returncode == 2
    assert done.stderr.startswith(told)
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_settings_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    done = app(tmp_path / "none.json", tmp_path / "out")
    assert (done.returncode, done.stderr.split(":")[0]) == (2, "PARLEY_EKS_SETTINGS")


def test_the_command_lines_context_goes_before_the_files(tmp_path: Path) -> None:
    done = app(
        HOME / "examples/one-region.json", tmp_path / "out", CDK_CONTEXT_JSON=json.dumps({"parley:logDays": "42"})
    )
    assert done.returncode == 2
    assert done.stderr.startswith("parley:logDays: ")


@pytest.mark.parametrize("example", ["one-region", "three-regions"])
def test_it_synthesises_without_a_network(tmp_path: Path, example: str) -> None:
    """In a network of its own there is nobody to ask, not even this machine."""
    alone = ("unshare", "--net") if os.geteuid() == 0 else ("unshare", "--map-root-user", "--net")
    settings = HOME / f"examples/{example}.json"
    done = app(settings, tmp_path / "out", *alone)
    assert done.returncode == 0, done.stderr
    made = {path.name for path in (tmp_path / "out").glob("parley-*.template.json")}
    context = json.loads(settings.read_text())["context"]
    installation = context.get("parley:installation", "parley")
    parts = [each["region"] for each in context["parley:regions"]] + ["budget"] * ("parley:budget" in context)
    assert made == {f"parley-{installation}-{part}.template.json" for part in parts}

"""The table of docs/gitops.md: each state of an Interview, and what kstatus and Argo CD make of it."""

import json
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from support.gitops_documents import Document, explanation
from support.gitops_states import INTERVIEW_STATES, template_manifests
from support.processes import tool

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs/gitops.md"
HEALTH_SCRIPT = ROOT / "deploy/gitops/argocd/health.lua"


class Row(NamedTuple):
    """A row of the table; a cell holds what is found in each of the state's ways, in the order of the ways."""

    state: str
    phase: str
    reasons: str
    kstatus: str
    argo: str


class Verdict(NamedTuple):
    """What the tools make of an object, and the words that Argo CD shows."""

    kstatus: str
    argo: str
    message: str


def judge(documents: Iterable[Document], script: Path = HEALTH_SCRIPT) -> list[Verdict]:
    """What kstatus, and Argo CD by this health script, say of each object.

    Raises:
        AssertionError: the tool can't read an object, or the script fails; the message holds its words.
    """
    lines = "\n".join(map(json.dumps, documents))
    command = [tool("kstatus"), "-argo", str(script)]
    done = subprocess.run(command, input=lines, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return [Verdict(one["kstatus"]["status"], one["argo"]["status"], one["argo"]["message"]) for one in found]


def judged_rows() -> list[Row]:
    """The table as the tools' own code has it."""
    states = {state.name: list(state.manifests()) for state in INTERVIEW_STATES}
    states |= {name: [document] for name, document in template_manifests()}
    verdicts = iter(judge(document for documents in states.values() for document in documents))
    rows = []
    for name, documents in states.items():
        found = [next(verdicts) for _ in documents]
        phases = [document.get("status", {}).get("phase") for document in documents]
        reasons = map(explanation, documents)
        rows.append(Row(name, *map(_cell, (phases, reasons, [one[0] for one in found], [one[1] for one in found]))))
    return rows


def documented_rows() -> list[Row]:
    """The table as it is written."""
    lines = DOCUMENT.read_text(encoding="utf-8").splitlines()
    start = lines.index(next(line for line in lines if line.startswith("| state |"))) + 2
    rows = []
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        rows.append(Row(*(cell.strip() for cell in line.strip("|").split("|"))))
    return rows


def _cell(values: Iterable[str | None]) -> str:
    return ", ".join(dict.fromkeys(value for value in values if value))

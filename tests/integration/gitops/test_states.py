"""What GitOps tools make of each state, by their own code: docs/gitops.md says nothing else."""

from pathlib import Path

import pytest
from support.gitops_states import INTERVIEW_STATES, State
from support.gitops_table import Row, documented_rows, judge, judged_rows

AT_REST = {"Scheduled", "Open", "Ready", "In progress", "Completed", "Cancelled", "Expired", "Put back"}


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return judged_rows()


def test_the_documented_table_is_what_the_tools_say(rows: list[Row]) -> None:
    written = documented_rows()
    assert written == rows, "docs/gitops.md should hold:\n" + "\n".join(f"| {' | '.join(row)} |" for row in rows)


def test_what_waits_for_people_or_is_over_is_current_and_healthy(rows: list[Row]) -> None:
    found = {row.state: (row.kstatus, row.argo) for row in rows if row.state in AT_REST}
    assert found == dict.fromkeys(AT_REST, ("Current", "Healthy"))


def test_what_is_under_way_is_never_called_current(rows: list[Row]) -> None:
    under_way = [row for row in rows if row.kstatus == "InProgress"]
    assert len(under_way) >= 5
    assert {row.argo for row in under_way} == {"Progressing"}


@pytest.mark.parametrize("state", INTERVIEW_STATES, ids=lambda state: state.name)
def test_argo_cd_shows_why(state: State) -> None:
    documents = list(state.manifests())
    for document, verdict in zip(documents, judge(documents), strict=True):
        assert len(verdict.message) > 10
        status = document["status"]
        if status["observedGeneration"] == document["metadata"]["generation"] and verdict.argo != "Progressing":
            reasons = {item["reason"] for item in status["conditions"]}
            assert verdict.message.partition(":")[0] in reasons


def test_a_script_that_gives_no_health_is_told(tmp_path: Path) -> None:
    """The judge itself: what Argo CD would show as Unknown is a failure here."""
    script = tmp_path / "health.lua"
    for text, words in (("return { status = 'Fine' }", "no health"), ("return 1", "not a table"), ("x(", "argo:")):
        script.write_text(text)
        with pytest.raises(AssertionError, match=words):
            judge(INTERVIEW_STATES[0].manifests(), script)

"""What people see: names, columns, selectors, and a manual by kubectl explain."""

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


def test_explain_describes_every_field(control_plane: ControlPlane, crds: None) -> None:
    for kind in ("itv", "itpl"):
        manual = control_plane.kubectl("explain", kind, "--recursive").stdout
        assert "<no description>" not in manual
        assert "spec" in manual


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

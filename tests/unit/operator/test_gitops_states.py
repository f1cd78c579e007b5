"""The states that docs/gitops.md tells of are all that the plan knows: none can be added without its row."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import parley_operator.plan
import pytest
from parley_crds import API_CONDITIONS, Phase
from parley_operator.plan.hindrances import LASTING, PASSING
from parley_operator.stalls import IN_VAIN, NOT_OBSERVED, STALLS, stalled_by
from parley_operator.unreadable import NOT_VALID
from support.gitops_states import INTERVIEW_STATES, State, documented_reasons
from support.operator_world import World

PLAN = Path(parley_operator.plan.__file__).parent
TELLERS = {"Problem", "ReferenceProblem", "End", "Hold", "hold_of"}
"""What the plan says with a reason that comes to stand in a condition which a GitOps tool goes by."""
REASON = re.compile(r"[A-Z][a-z]+([A-Z][a-z]+)*")


def reasons_of(path: Path) -> Iterator[str]:
    """Each reason that a module gives as a literal, or as a constant of its own."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    constants = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and (_name(call) in TELLERS or _is_telling_condition(call)):
            for argument in call.args:
                value = constants.get(argument.id, argument) if isinstance(argument, ast.Name) else argument
                if isinstance(value, ast.Constant) and isinstance(value.value, str) and REASON.fullmatch(value.value):
                    yield value.value


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _is_telling_condition(call: ast.Call) -> bool:
    """Whether it sets a condition by which kstatus goes, to True."""
    if _name(call) != "condition" or len(call.args) < 3:
        return False
    kind, status = ast.unparse(call.args[0]), ast.unparse(call.args[1])
    return (
        kind in ("ConditionType.RECONCILING", "ConditionType.STALLED", "ConditionType.SUSPENDED") and status == "True"
    )


def test_every_phase_is_there() -> None:
    phases = {document["status"].get("phase") for state in INTERVIEW_STATES for document in state.manifests()}
    assert phases == {*map(str, Phase), None}


def test_every_reason_of_the_plan_is_there() -> None:
    modules = [*PLAN.glob("*.py"), PLAN.parent / "templates.py", PLAN.parent / "shell/reconcile/references.py"]
    found = {reason for path in modules for reason in reasons_of(path)} | {NOT_VALID}
    assert {"TemplateNotFound", "ContextNotFound", "BotStarting", "Ending", "NoBot", "DeadlineExceeded"} <= found
    assert found - {reason for _, reason in documented_reasons()} == set()


def test_every_reason_why_a_pod_does_not_start_is_there() -> None:
    documented = documented_reasons()
    assert {("Reconciling", reason) for reason in PASSING.values()} <= documented
    assert {("Stalled", reason) for reason in LASTING.values()} <= documented


def test_a_metric_knows_every_reason_of_what_is_stalled_and_no_other() -> None:
    stalled = {reason for kind, reason in documented_reasons() if kind == "Stalled"}
    assert stalled | IN_VAIN | {NOT_OBSERVED} == STALLS
    assert {("Reconciling", reason) for reason in IN_VAIN} <= documented_reasons()


def test_what_a_metric_tells_as_stalled_is_so_for_kstatus_too_but_for_what_may_still_mend() -> None:
    counted = {
        state.name
        for state in INTERVIEW_STATES
        if any(stalled_by(document) not in (None, NOT_OBSERVED) for document in state.manifests())
    }
    failed = {
        *("Refused", "Bot not to be had", "In progress without its template", "Not valid any more"),
        *("End or hold held up", "Deletion that hangs"),
    }
    assert counted == failed | {"Bot starting"}


@pytest.mark.parametrize("state", INTERVIEW_STATES, ids=lambda state: state.name)
def test_each_condition_is_about_the_generation_that_the_status_is_about(state: State) -> None:
    """Otherwise `kubectl wait` never ends on one that stands since before an edit."""
    for document in state.manifests():
        status = document["status"]
        own = [item for item in status["conditions"] if item["type"] not in API_CONDITIONS]
        assert {item["observedGeneration"] for item in own} <= {status["observedGeneration"]}


def test_what_is_over_and_edited_is_waited_for_in_vain_by_nobody() -> None:
    world = World(spec={"cancel": True})
    world.reconcile()
    world.edit(ttl_seconds_after_finished=600)
    world.reconcile()
    (failed,) = [item for item in world.status.conditions if item.type == "Failed"]
    assert (world.status.observed_generation, failed.observed_generation) == (2, 2)


def test_a_state_has_one_name() -> None:
    names = [state.name for state in INTERVIEW_STATES]
    assert len(names) == len(set(names))

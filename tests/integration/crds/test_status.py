"""The status has two writers, and neither takes from the other; people can't write it at all."""

import json
from typing import Any

import pytest
import yaml
from parley_crds import API_MANAGER, OPERATOR_MANAGER, Interview, InterviewStatus, Phase, Session, set_condition
from parley_crds.status import Attempt, Attempts, Condition
from support.control_plane import ControlPlane

Document = dict[str, Any]
HEAD = {"apiVersion": "parley.dev/v1alpha1", "kind": "Interview", "metadata": {"name": "ada"}}
NOW = Condition.model_validate(
    {"type": "A", "status": "True", "reason": "B", "lastTransitionTime": "2026-11-22T12:00:00.123456Z"}
).last_transition_time


class Status:
    """The status of one Interview, as its two writers write it."""

    def __init__(self, control_plane: ControlPlane, namespace: str) -> None:
        self.kubectl = control_plane.kubectl
        self.namespace = namespace

    def apply(self, manager: str, status: Document, *, check: bool = True) -> str:
        document = {**HEAD, "status": status}
        options = ("--server-side", "--subresource=status", f"--field-manager={manager}", "--force-conflicts")
        return self.kubectl(
            "apply", "-n", self.namespace, *options, "-f", "-", stdin=yaml.safe_dump(document), check=check
        ).stderr

    def read(self) -> Interview:
        answer = self.kubectl("get", "itv", "ada", "-n", self.namespace, "-o", "json")
        return Interview.model_validate(json.loads(answer.stdout))


@pytest.fixture
def status(control_plane: ControlPlane, namespace: str, interview: Document) -> Status:
    control_plane.kubectl("create", "-n", namespace, "-f", "-", stdin=yaml.safe_dump(interview))
    return Status(control_plane, namespace)


def operator_status(phase: Phase) -> Document:
    conditions = set_condition([], "Accepted", True, "Pinned", now=NOW, observed_generation=1)
    conditions = set_condition(conditions, "Joinable", phase is Phase.READY, "BotReady", now=NOW)
    attempt = Attempt(attempt=1, pod_name="itv-ada-1", started_at=NOW)
    return InterviewStatus(
        phase=phase, conditions=conditions, attempts=Attempts(current=1, history=[attempt])
    ).to_dict()


def api_status() -> Document:
    conditions = set_condition([], "CandidateArrived", True, "Consented", now=NOW)
    return InterviewStatus(conditions=conditions, session=Session(consented_at=NOW, consent_version="1")).to_dict()


def test_two_writers_keep_out_of_each_others_way(status: Status) -> None:
    status.apply(OPERATOR_MANAGER, operator_status(Phase.PROVISIONING))
    status.apply(API_MANAGER, api_status())
    status.apply(OPERATOR_MANAGER, operator_status(Phase.READY))
    read = status.read().status
    assert read.phase is Phase.READY
    assert {condition.type for condition in read.conditions} == {"Accepted", "Joinable", "CandidateArrived"}
    assert read.session == Session(consented_at=NOW, consent_version="1")
    assert read.attempts is not None
    assert read.attempts.history[0].pod_name == "itv-ada-1"


def test_what_a_writer_leaves_out_is_removed_and_no_more(status: Status) -> None:
    status.apply(OPERATOR_MANAGER, operator_status(Phase.READY))
    status.apply(API_MANAGER, api_status())
    status.apply(OPERATOR_MANAGER, {"phase": "Open"})
    read = status.read().status
    assert read.phase is Phase.OPEN
    assert read.attempts is None
    assert [condition.type for condition in read.conditions] == ["CandidateArrived"]


def test_applying_the_same_again_changes_nothing(status: Status) -> None:
    status.apply(OPERATOR_MANAGER, operator_status(Phase.READY))
    version = status.read().metadata.resource_version
    status.apply(OPERATOR_MANAGER, operator_status(Phase.READY))
    assert status.read().metadata.resource_version == version


def test_writing_the_status_is_no_new_generation(status: Status) -> None:
    status.apply(OPERATOR_MANAGER, operator_status(Phase.READY))
    assert status.read().metadata.generation == 1


def test_what_is_written_beside_the_spec_is_no_status(status: Status) -> None:
    patch = '{"spec": {"backoffLimit": 1}, "status": {"phase": "Completed"}}'
    status.kubectl("patch", "itv", "ada", "-n", status.namespace, "--type=merge", "-p", patch)
    read = status.read()
    assert read.spec.backoff_limit == 1
    assert read.status.phase is None


def test_what_is_written_beside_the_status_is_no_spec(status: Status) -> None:
    patch = '{"spec": {"cancel": true}, "status": {"phase": "Open"}}'
    status.kubectl("patch", "itv", "ada", "-n", status.namespace, "--subresource=status", "--type=merge", "-p", patch)
    read = status.read()
    assert read.status.phase is Phase.OPEN
    assert not read.spec.cancel


def guarded(of: Status, metadata: Document, *options: str, **rest: Document) -> str:
    """Apply with more in its metadata than a name, as the operator: what the API server says against it."""
    document = {**HEAD, "metadata": {"name": "ada", **metadata}, **rest}
    force = ("--server-side", f"--field-manager={OPERATOR_MANAGER}", "--force-conflicts")
    command = ("apply", "-n", of.namespace, *force, *options, "-f", "-")
    return of.kubectl(*command, "--validate=false", stdin=yaml.safe_dump(document), check=False).stderr


def test_an_apply_for_another_object_of_the_name_is_refused_but_not_of_its_status(status: Status) -> None:
    """Why a status that must not come to stand in a namesake's carries a version: there the uid is not looked at."""
    another = {"uid": "00000000-0000-4000-8000-000000000000"}
    assert "metadata.uid: Invalid value" in guarded(status, {**another, "finalizers": ["parley.dev/interview"]})
    assert guarded(status, another, "--subresource=status", status={"phase": "Open"}) == ""
    assert status.read().status.phase is Phase.OPEN


def test_a_status_that_was_decided_by_an_older_version_is_refused(status: Status) -> None:
    version = status.read().metadata.resource_version
    status.kubectl("label", "itv", "ada", "-n", status.namespace, "changed=yes")
    answer = guarded(status, {"resourceVersion": version}, "--subresource=status", status={"phase": "Completed"})
    assert "the object has been modified" in answer
    assert status.read().status.phase is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"phase": "Waiting"}, "status.phase: Unsupported"),
        ({"conditions": [{"type": "Accepted", "status": "Maybe"}]}, "status.conditions[0].status: Unsupported"),
        (
            {"attempts": {"current": 1, "history": [{"attempt": n} for n in range(11)]}},
            "status.attempts.history: Too many",
        ),
    ],
)
def test_a_wrong_status_is_refused(status: Status, change: Document, words: str) -> None:
    assert words in status.apply(OPERATOR_MANAGER, change, check=False)


@pytest.mark.parametrize(("type_", "reason"), [("Complete", "CandidateLeft"), ("Failed", "WindowClosed")])
def test_the_list_tells_why_an_interview_ended(status: Status, type_: str, reason: str) -> None:
    conditions = set_condition([], "Joinable", False, reason, now=NOW)
    conditions = set_condition(conditions, type_, True, reason, now=NOW)
    phase = Phase.COMPLETED if type_ == "Complete" else Phase.EXPIRED
    status.apply(OPERATOR_MANAGER, InterviewStatus(phase=phase, conditions=conditions).to_dict())
    assert reason in status.kubectl("get", "itv", "ada", "-n", status.namespace, "-o", "wide").stdout

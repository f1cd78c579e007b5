"""What may not change any more, once the status says that the template is pinned or a bot was started."""

import json
from typing import Any

import pytest
import yaml
from support.control_plane import ControlPlane
from support.documents import with_change

Document = dict[str, Any]
PINNED = {"acceptedAt": "2026-11-22T12:00:00Z"}
STARTED = {**PINNED, "attempts": {"current": 1, "failures": 0}}
FINISHED = {"phase": "Expired", "finishedAt": "2026-11-22T12:00:00Z"}
WHOLE = {
    "templateRef": {"name": "backend"},
    "candidate": {"name": "Ada Lovelace", "externalId": "c-1"},
    "context": {"inline": "A CV."},
    "window": {"notBefore": "2026-11-22T12:00:00Z", "expiresAt": "2026-11-23T12:00:00Z"},
    "start": "OnArrival",
    "overrides": {"voice": "matthew"},
    "linkEpoch": 3,
}
FIXED_ONCE_STARTED = [
    ("candidate", {"name": "Ada Lovelace", "externalId": "c-2"}),
    ("candidate", {"name": "Ada King", "externalId": "c-1"}),
    ("context", {"inline": "Another CV."}),
    ("context", None),
    ("start", "Immediate"),
    ("start", None),
    ("overrides", {"voice": "tiffany"}),
    ("overrides", None),
    ("noShowSeconds", 60),
    ("window.notBefore", "2026-11-22T11:00:00Z"),
    ("window.notBefore", None),
    ("window", None),
]
FREE_ALWAYS = [
    ("window.expiresAt", "2026-11-24T12:00:00Z"),
    ("window.expiresAt", None),
    ("cancel", True),
    ("linkEpoch", 4),
    ("backoffLimit", 5),
    ("deletionPolicy", "Erase"),
    ("suspend", True),
    ("activeDeadlineSeconds", 600),
    ("ttlSecondsAfterFinished", 600),
]


class Hiring:
    """One Interview in a namespace of its own, changed as people and as the operator change it."""

    def __init__(self, control_plane: ControlPlane, namespace: str) -> None:
        self._kubectl = control_plane.kubectl
        self._namespace = namespace

    def create(self, spec: Document, status: Document | None = None) -> None:
        document = {
            "apiVersion": "parley.dev/v1alpha1",
            "kind": "Interview",
            "metadata": {"name": "ada"},
            "spec": spec,
        }
        self._kubectl("create", "-n", self._namespace, "-f", "-", stdin=yaml.safe_dump(document))
        if status is not None:
            assert self.patch({"status": status}, "--subresource=status") == ""

    def patch(self, change: Document, *options: str) -> str:
        """Merge-patch the Interview: what the API server says against it, empty when it was done."""
        patch = json.dumps(change)
        return self._kubectl(
            "patch", "itv", "ada", "-n", self._namespace, "--type=merge", *options, "-p", patch, check=False
        ).stderr

    def change(self, path: str, value: object) -> str:
        return self.patch(with_change({}, f"spec.{path}", value))


@pytest.fixture
def hiring(control_plane: ControlPlane, namespace: str) -> Hiring:
    return Hiring(control_plane, namespace)


@pytest.mark.parametrize(("path", "value"), FIXED_ONCE_STARTED)
def test_what_a_bot_was_given_is_fixed(hiring: Hiring, path: str, value: object) -> None:
    hiring.create(WHOLE, STARTED)
    field = "window.notBefore" if path == "window" else path
    assert f"spec.{field} can't change once the interview's bot was started" in hiring.change(path, value)


@pytest.mark.parametrize(("path", "value"), [*FIXED_ONCE_STARTED, ("templateRef.name", "frontend")])
def test_what_is_over_is_not_changed_into_another_interview(hiring: Hiring, path: str, value: object) -> None:
    hiring.create(WHOLE, FINISHED)
    assert f"spec.{path.partition('.')[0]}" in hiring.change(path, value)


@pytest.mark.parametrize("value", ["2026-11-24T12:00:00Z", None])
def test_a_window_that_closed_is_not_opened_again(hiring: Hiring, value: str | None) -> None:
    hiring.create(WHOLE, FINISHED)
    assert "spec.window.expiresAt can't change once the interview is over" in hiring.change("window.expiresAt", value)


@pytest.mark.parametrize(
    ("path", "value"),
    [("ttlSecondsAfterFinished", 0), ("ttlSecondsAfterFinished", None), ("deletionPolicy", "Erase"), ("cancel", True)],
)
def test_what_is_over_can_be_disposed_of(hiring: Hiring, path: str, value: object) -> None:
    hiring.create({**WHOLE, "ttlSecondsAfterFinished": 60}, FINISHED)
    assert hiring.change(path, value) == ""


@pytest.mark.parametrize(("value", "taken"), [(599, True), (600, True), (601, False), (None, False)])
def test_a_deadline_that_runs_is_only_lowered(hiring: Hiring, value: int | None, taken: bool) -> None:
    hiring.create({**WHOLE, "activeDeadlineSeconds": 600}, STARTED)
    answer = hiring.change("activeDeadlineSeconds", value)
    assert answer == "" if taken else "spec.activeDeadlineSeconds can only be lowered" in answer


@pytest.mark.parametrize("value", [60, 601, None])
def test_a_deadline_that_does_not_run_yet_is_free(hiring: Hiring, value: int | None) -> None:
    hiring.create({**WHOLE, "activeDeadlineSeconds": 600}, PINNED)
    assert hiring.change("activeDeadlineSeconds", value) == ""


@pytest.mark.parametrize(("path", "value"), FIXED_ONCE_STARTED)
def test_before_a_bot_is_started_it_is_free(hiring: Hiring, path: str, value: object) -> None:
    hiring.create(WHOLE, PINNED)
    assert hiring.change(path, value) == ""


@pytest.mark.parametrize(("path", "value"), FIXED_ONCE_STARTED[2:9])
def test_what_a_bot_was_not_given_can_not_be_added(hiring: Hiring, path: str, value: object) -> None:
    absent = {"templateRef": {"name": "backend"}}
    hiring.create(absent, STARTED)
    answer = hiring.change(path, value)
    assert answer == "" if value is None else f"spec.{path} can't change" in answer


@pytest.mark.parametrize(("path", "value"), FREE_ALWAYS)
@pytest.mark.parametrize("status", [None, PINNED, STARTED], ids=["new", "pinned", "started"])
def test_some_things_are_free_always(hiring: Hiring, path: str, value: object, status: Document | None) -> None:
    hiring.create(WHOLE, status)
    assert hiring.change(path, value) == ""


def test_the_template_is_free_until_it_is_pinned(hiring: Hiring) -> None:
    hiring.create(WHOLE, {"phase": "Pending"})
    assert hiring.change("templateRef.name", "frontend") == ""
    assert hiring.patch({"status": PINNED}, "--subresource=status") == ""
    assert "spec.templateRef can't change once the interview was accepted" in hiring.change("templateRef.name", "other")


def test_a_cancelled_interview_stays_cancelled(hiring: Hiring) -> None:
    hiring.create(WHOLE)
    assert hiring.change("cancel", True) == ""
    for value in (False, None):
        assert "spec.cancel can't be taken back" in hiring.change("cancel", value)


@pytest.mark.parametrize("value", [2, 0, None])
def test_a_revoked_link_stays_revoked(hiring: Hiring, value: int | None) -> None:
    hiring.create(WHOLE)
    assert "spec.linkEpoch can't go down" in hiring.change("linkEpoch", value)


def test_the_status_can_be_written_over_a_started_interview(hiring: Hiring) -> None:
    hiring.create(WHOLE, STARTED)
    assert hiring.patch({"status": {"attempts": {"current": 2}, "phase": "Provisioning"}}, "--subresource=status") == ""
    assert hiring.patch({"metadata": {"finalizers": ["parley.dev/interview"]}}) == ""
    assert hiring.patch({"metadata": {"finalizers": None}}) == ""

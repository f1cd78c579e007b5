"""A template's status: what can be said of it alone, once for each change, and not too often."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from parley_crds import InterviewTemplateStatus, ObjectMeta
from parley_operator.shell.client.kube import KubeError, NotFoundError
from parley_operator.shell.templates import WRITE_SECONDS, Templates, snapshot_of
from parley_operator.shell.turns.workers import RetryLaterError
from parley_operator.templates import TemplateSnapshot, template_status
from support.operator_installation import INSTALLATION, TEMPLATE, template

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


def observed(**changes: Any) -> TemplateSnapshot:
    metadata = ObjectMeta(name="backend", namespace="hiring", generation=3)
    return TemplateSnapshot(metadata, InterviewTemplateStatus(), template(**changes))


def said(status: InterviewTemplateStatus) -> dict[str, tuple[str, str]]:
    return {condition.type: (condition.status, condition.reason) for condition in status.conditions}


def test_a_template_that_can_be_used_says_so_and_names_its_revision() -> None:
    status = template_status(observed(), INSTALLATION, 4, NOW)
    assert said(status) == {"Accepted": ("True", "Accepted")}
    assert status.active_interviews == 4
    assert status.observed_generation == 3
    assert status.revision is not None
    assert status.revision.startswith("backend-")
    other = template_status(observed(title="Another title"), INSTALLATION, 4, NOW)
    assert other.revision != status.revision


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"bot": {"priorityClassName": "system-node-critical"}}, "TemplateNotAllowed"),
        ({"bot": {"nodeSelector": {"disk": "ssd"}}}, "TemplateNotAllowed"),
        ({"room": {"provider": "daily"}}, "RoomProviderNotConfigured"),
    ],
)
def test_what_the_schema_cannot_know_is_said(changes: dict[str, Any], reason: str) -> None:
    installation = replace(INSTALLATION, room_providers=frozenset({"websocket"}))
    status = template_status(observed(**changes), installation, 0, NOW)
    assert said(status) == {"Accepted": ("False", reason), "Stalled": ("True", reason)}


def test_a_template_that_no_secret_holds_is_refused() -> None:
    questions = [{"id": f"q{n}", "text": "語" * 4000, "expectation": "語" * 4000, "followUps": 0} for n in range(50)]
    status = template_status(observed(questions=questions), INSTALLATION, 0, NOW)
    assert said(status)["Accepted"] == ("False", "InputsTooLong")


def test_a_template_of_an_older_schema_is_told_of() -> None:
    found = {"metadata": {"name": "backend", "generation": 1}, "spec": {**TEMPLATE, "title": ""}}
    status = template_status(snapshot_of(found), INSTALLATION, 0, NOW)
    assert said(status)["Accepted"] == ("False", "TemplateNotValid")
    assert "title" in status.conditions[0].message
    assert status.revision is None


def test_the_same_is_the_same_and_a_change_has_its_time() -> None:
    first = template_status(observed(), INSTALLATION, 1, NOW)
    later = template_status(replace(observed(), status=first), INSTALLATION, 1, NOW + timedelta(hours=1))
    assert later == first
    refused = replace(observed(bot={"priorityClassName": "none"}), status=first)
    changed = template_status(refused, INSTALLATION, 1, NOW + timedelta(hours=1))
    assert changed.conditions[0].last_transition_time == NOW + timedelta(hours=1)


class Server:
    """The API server, as far as a template's status needs it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.active = 0
        self.read = 0
        self.written: list[dict[str, Any]] = []
        self.error: Exception | None = None
        metadata = {"name": "backend", "namespace": "hiring", "uid": "u", "generation": 1}
        self.found: dict[str, Any] | None = {"metadata": metadata, "spec": template().to_dict()}
        around: Any = self
        self.templates = Templates(around, INSTALLATION, lambda *_: self.active, lambda: self.now)

    async def get(self, *_: Any) -> dict[str, Any] | None:
        self.read += 1
        return self.found

    async def apply(self, _: Any, manifest: dict[str, Any], manager: str, subresource: str) -> None:
        assert (manager, subresource) == ("parley-operator", "status")
        assert self.found is not None
        if self.error is not None:
            raise self.error
        self.written.append(manifest)
        self.found = {**self.found, "status": manifest["status"]}


KEY = ("hiring", "backend")


async def test_a_status_is_written_when_it_says_something_new_and_every_ten_seconds_at_most() -> None:
    server = Server()
    assert (await server.templates.reconcile(KEY)).again_in == WRITE_SECONDS, "the interviews are being counted"
    assert server.read == 0
    server.now = WRITE_SECONDS
    await server.templates.reconcile(KEY)
    assert server.written[-1]["metadata"] == {"name": "backend", "namespace": "hiring", "uid": "u"}
    for active in range(1, 6):
        server.active, server.now = active, server.now + 1
        settled = await server.templates.reconcile(KEY)
        assert settled.again_in == WRITE_SECONDS - active
    assert (len(server.written), server.read) == (1, 1)
    server.now += WRITE_SECONDS
    await server.templates.reconcile(KEY)
    assert [each["status"]["activeInterviews"] for each in server.written] == [0, 5]
    server.now += WRITE_SECONDS
    assert (await server.templates.reconcile(KEY)).done
    assert len(server.written) == 2


async def test_a_template_that_goes_is_no_trouble_and_a_refusal_is() -> None:
    server = Server()
    server.now = WRITE_SECONDS
    server.error = NotFoundError(404, "NotFound", "deleted")
    assert (await server.templates.reconcile(KEY)).done
    server.error = KubeError(503, "ServiceUnavailable", "away")
    with pytest.raises(RetryLaterError, match="hiring/backend: 503"):
        await server.templates.reconcile(KEY)
    server.found = None
    assert (await server.templates.reconcile(KEY)).done

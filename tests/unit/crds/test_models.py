"""The models: strict about what people write, tolerant of what the API server adds."""

from typing import Any

import pytest
from parley_crds import Interview, InterviewStatus, InterviewTemplate, Phase
from pydantic import ValidationError

INTERVIEW: dict[str, Any] = {"metadata": {"name": "ada"}, "spec": {"templateRef": {"name": "backend"}}}
TEMPLATE: dict[str, Any] = {
    "metadata": {"name": "backend"},
    "spec": {
        "title": "Backend engineer",
        "interviewer": {"name": "Robin", "greeting": "Hello.", "closing": "Goodbye."},
        "questions": [{"id": "why", "text": "Why?"}],
        "consent": {"text": "An AI interviews you.", "version": "1"},
    },
}


def test_defaults() -> None:
    spec = Interview.model_validate(INTERVIEW).spec
    assert (spec.no_show_seconds, spec.link_epoch, spec.backoff_limit, spec.deletion_policy) == (900, 0, 2, "Retain")
    template = InterviewTemplate.model_validate(TEMPLATE).spec
    assert (template.limits.duration_seconds, template.start, template.second_tab) == (1800, "Immediate", "TakeOver")
    assert template.model.id == "amazon.nova-2-5-sonic"


def test_an_object_of_a_newer_server_is_read() -> None:
    read = Interview.model_validate(
        {
            **INTERVIEW,
            "metadata": {"name": "ada", "managedFields": [{"manager": "kubectl"}], "selfLink": "x", "uid": "u"},
            "status": {"phase": "Ready", "later": 1, "session": {"mood": "good"}, "conditions": []},
        }
    )
    assert read.metadata.uid == "u"
    assert read.status.phase is Phase.READY


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"templateref": {"name": "x"}}, "templateref"),
        ({"candidate": {"nam": "x"}}, "candidate.nam"),
        ({"overrides": {"limits": {"duration": 1}}}, "overrides.limits.duration"),
        ({"noShowSeconds": 1}, "noShowSeconds"),
        ({"window": {"notBefore": "2026-11-22T12:00:00"}}, "window.notBefore"),
        ({"deletionPolicy": "Keep"}, "deletionPolicy"),
        ({"templateRef": {"name": "Backend"}}, "templateRef.name"),
    ],
)
def test_a_mistake_in_the_spec_is_named(spec: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Interview.model_validate({"spec": {**INTERVIEW["spec"], **spec}})
    assert [".".join(map(str, error["loc"])) for error in caught.value.errors()] == [f"spec.{field}"]


def test_the_json_form_is_the_api_servers() -> None:
    assert Interview.model_validate(INTERVIEW).to_dict()["spec"] == {
        "templateRef": {"name": "backend"},
        "candidate": {"extraTimePercent": 0},
        "noShowSeconds": 900,
        "suspend": False,
        "cancel": False,
        "linkEpoch": 0,
        "backoffLimit": 2,
        "deletionPolicy": "Retain",
    }
    assert InterviewStatus(phase=Phase.OPEN).to_dict() == {"phase": "Open", "conditions": []}


def test_the_json_form_reads_back_alike() -> None:
    template = InterviewTemplate.model_validate(TEMPLATE)
    assert InterviewTemplate.model_validate(template.to_dict()) == template


def test_resources_are_written_as_in_a_pod() -> None:
    bot = {"resources": {"requests": {"cpu": 1, "memory": "512Mi", "ephemeral-storage": "1Gi"}}}
    template = InterviewTemplate.model_validate({"spec": {**TEMPLATE["spec"], "bot": bot}})
    assert template.to_dict()["spec"]["bot"]["resources"]["requests"] == {
        "cpu": "1",
        "memory": "512Mi",
        "ephemeral-storage": "1Gi",
    }


def test_nothing_follows_a_final_phase() -> None:
    assert {phase for phase in Phase if phase.is_final} == {
        Phase.COMPLETED,
        Phase.FAILED,
        Phase.CANCELLED,
        Phase.EXPIRED,
    }

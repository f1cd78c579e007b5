"""What the real API server takes, what it refuses, and that its words name the field."""

from collections.abc import Callable
from typing import Any

import pytest
import yaml
from parley_crds import Interview, InterviewTemplate
from support.control_plane import ControlPlane
from support.documents import with_change

Document = dict[str, Any]
Judge = Callable[[Document], str]
QUESTION = {"id": "more", "text": "What else?"}
HOOK = {"url": "https://tools.example/lookup", "secretRef": {"name": "k", "key": "k"}}
TOOL = {
    "name": "lookup",
    "description": "Look it up.",
    "inputSchema": {"type": "object", "properties": {"q": {"type": "string"}}},
    "webhook": HOOK,
}
LONG = "x" * 5000

TAKEN_INTERVIEWS = {
    "context": {"inline": "A CV."},
    "context.secretKeyRef": {"name": "cv", "key": "text"},
    "context.configMapKeyRef": {"name": "cv", "key": "text.md"},
    "window": {"notBefore": "2026-11-22T12:00:00Z", "expiresAt": "2026-11-22T13:00:00+00:30"},
    "window.expiresAt": "2026-11-22T12:00:00.123456Z",
    "start": "OnArrival",
    "noShowSeconds": 60,
    "overrides": {"voice": "matthew", "language": "de-DE", "recording": {"enabled": False}},
    "overrides.limits": {"durationSeconds": 600},
    "cancel": True,
    "suspend": True,
    "activeDeadlineSeconds": 3600,
    "ttlSecondsAfterFinished": 0,
    "linkEpoch": 7,
    "backoffLimit": 0,
    "deletionPolicy": "Erase",
    "candidate.extraTimePercent": 25,
    "candidate.locale": "zh-Hant-TW",
}

REFUSED_INTERVIEWS = [
    ("templateRef", {}, "spec.templateRef.name: Required"),
    ("templateRef.name", "Backend", "spec.templateRef.name: Invalid"),
    ("templateRef.name", "b" * 241, "spec.templateRef.name: Too long"),
    ("candidate.name", "", "spec.candidate.name: Invalid"),
    ("candidate.extraTimePercent", 300, "spec.candidate.extraTimePercent: Invalid"),
    ("candidate.locale", "english!", "spec.candidate.locale: Invalid"),
    ("candidate.nmae", "Ada", 'unknown field "spec.candidate.nmae"'),
    ("context", {}, "context needs exactly one of inline, configMapKeyRef and secretKeyRef"),
    ("context", {"inline": "x", "secretKeyRef": {"name": "a", "key": "b"}}, "context needs exactly one of inline"),
    ("context.inline", "x" * 32_769, "spec.context.inline: Too long"),
    (
        "window",
        {"notBefore": "2026-11-22T12:00:00Z", "expiresAt": "2026-11-22T13:00:00+02:00"},
        "spec.window.expiresAt: Invalid value: window.expiresAt must be later than window.notBefore",
    ),
    ("window.notBefore", "tomorrow", "spec.window.notBefore: Invalid"),
    ("window.notBefore", "0000-01-01T00:00:00Z", "spec.window.notBefore: Invalid"),
    ("window.notBefore", "0001-01-01T00:00:00Z", "window.notBefore must be of the years 2000 to 2999"),
    ("window.expiresAt", "9999-12-31T23:59:59Z", "window.expiresAt must be of the years 2000 to 2999; leave it out"),
    ("start", "Later", 'spec.start: Unsupported value: "Later"'),
    ("noShowSeconds", 5, "spec.noShowSeconds: Invalid"),
    ("noShowSeconds", "900", "spec.noShowSeconds: Invalid"),
    ("overrides.voice", "Tiffany!", "spec.overrides.voice: Unsupported"),
    ("overrides.language", "nl", "spec.overrides.language: Invalid value: overrides.language must be a language"),
    (
        "overrides.limits",
        {"durationSeconds": 60, "closingNoticeSeconds": 60},
        "spec.overrides.limits.closingNoticeSeconds",
    ),
    (
        "overrides.limits",
        {"silenceNudgeSeconds": 60, "silenceEndSeconds": 30},
        "spec.overrides.limits.silenceNudgeSeconds",
    ),
    (
        "overrides.recording.enabled",
        True,
        "spec.overrides.recording.enabled: Invalid value: overrides.recording.enabled",
    ),
    ("linkEpoch", -1, "spec.linkEpoch: Invalid"),
    ("backoffLimit", 11, "spec.backoffLimit: Invalid"),
    ("deletionPolicy", "Keep", "spec.deletionPolicy: Unsupported"),
    ("suspend", "yes", "spec.suspend: Invalid"),
    ("activeDeadlineSeconds", 59, "spec.activeDeadlineSeconds: Invalid"),
    ("activeDeadlineSeconds", 86_401, "spec.activeDeadlineSeconds: Invalid"),
    ("ttlSecondsAfterFinished", -1, "spec.ttlSecondsAfterFinished: Invalid"),
]

TAKEN_TEMPLATES = {
    "language": "de",
    "interviewer.voice": "amy",
    "questions.1": {**QUESTION, "expectation": "Much.", "required": False, "followUps": 5, "timeLimitSeconds": 1800},
    "facts": ["The team has five people."],
    "limits": {"durationSeconds": 120, "closingNoticeSeconds": 119},
    "recording": {"enabled": False, "required": False},
    "model": {"id": "amazon.nova-2-5-sonic", "region": "eu-north-1", "inference": {"temperature": 0.7, "topP": 1}},
    "model.turnSensitivity": "LOW",
    "room": {"provider": "daily", "geo": "eu-central-1"},
    "tools": [TOOL, {**TOOL, "name": "other", "outputSchema": {"type": "object"}}],
    "rubric": {"competencies": [{"id": "depth", "name": "Depth", "levels": [{"level": 1, "anchor": "None."}]}]},
    "retentionDays": 90,
    "secondTab": "Refuse",
    "start": "OnArrival",
    "bot.resources": {"requests": {"cpu": 1, "memory": "1Gi"}, "limits": {"cpu": "1500m"}},
    "bot.nodeSelector": {"eks.amazonaws.com/compute-type": "fargate"},
    "bot.tolerations": [{"key": "spot", "operator": "Exists", "effect": "NoSchedule"}],
    "bot.priorityClassName": "interviews",
}

REFUSED_TEMPLATES = [
    ("title", "", "spec.title: Invalid"),
    ("language", "English", "spec.language: Invalid"),
    ("language", "ja-JP", "spec.language: Invalid value: language must be a language that Nova Sonic speaks: de, en"),
    ("language", "ens", "language must be a language that Nova Sonic speaks"),
    ("interviewer.voice", "greta", 'spec.interviewer.voice: Unsupported value: "greta": supported values: "amy"'),
    ("interviewer.voice", "lupe", "spec.interviewer.voice: Invalid value: interviewer.voice must speak the language"),
    ("interviewer", {"name": "Robin"}, "spec.interviewer.greeting: Required"),
    ("interviewer.greeting", LONG, "spec.interviewer.greeting: Too long"),
    ("questions", [], "spec.questions: Invalid"),
    ("questions", [{"id": f"q{n}", "text": "?"} for n in range(51)], "spec.questions: Too many"),
    ("questions.1", {"id": "why", "text": "Again?"}, 'spec.questions[1]: Duplicate value: {"id":"why"}'),
    ("questions.1", {"id": "Why", "text": "?"}, "spec.questions[1].id: Invalid"),
    ("questions.1", {"text": "?"}, "spec.questions[1].id: Required"),
    ("questions.1", {**QUESTION, "followUps": 6}, "spec.questions[1].followUps: Invalid"),
    (
        "questions.1",
        {**QUESTION, "timeLimitSeconds": 1801},
        "spec.questions: Invalid value: questions[].timeLimitSeconds",
    ),
    ("limits", {"closingNoticeSeconds": 60, "durationSeconds": 60}, "spec.limits.closingNoticeSeconds: Invalid"),
    ("limits", {"durationSeconds": 100}, "limits.closingNoticeSeconds must be less than limits.durationSeconds"),
    ("limits", {"silenceNudgeSeconds": 120}, "spec.limits.silenceNudgeSeconds: Invalid"),
    ("consent", {"text": "Yes?"}, "spec.consent.version: Required"),
    ("consent.version", "v 1", "spec.consent.version: Invalid"),
    ("model.inference", {"temperature": 1.5}, "spec.model.inference.temperature: Invalid"),
    ("model.turnSensitivity", "low", "spec.model.turnSensitivity: Unsupported"),
    ("room.provider", "zoom", "spec.room.provider: Unsupported"),
    ("room", {"provider": "daily", "geo": "eu-nowhere-9"}, "spec.room.geo: Unsupported"),
    ("room", {"geo": "eu-central-1"}, "spec.room.geo: Invalid value: room.geo needs room.provider daily"),
    ("room", {"provider": "websocket", "geo": "us-east-1"}, "room.geo needs room.provider daily"),
    ("facts", ["x" * 1001], "spec.facts[0]: Too long"),
    (
        "rubric",
        {"competencies": [{"id": "a", "name": "A"}, {"id": "a", "name": "B"}]},
        "spec.rubric.competencies[1]: Dup",
    ),
    ("retentionDays", 0, "spec.retentionDays: Invalid"),
    ("bot.resources", {"limits": {"cpu": "lots"}}, "spec.bot.resources.limits.cpu: Invalid"),
    ("bot.resources", {"limits": {"cpu": -1}}, "spec.bot.resources.limits.cpu: Invalid"),
    ("bot.resources", {"limits": {"nvidia.com/gpu": 1}}, 'unknown field "spec.bot.resources.limits.nvidia.com/gpu"'),
    ("bot.tolerations", [{"operator": "Exists", "value": "x"}], "bot.tolerations[].value must be left out"),
    ("bot.nodeSelector", {f"k{n}": "v" for n in range(17)}, "spec.bot.nodeSelector: Too many"),
    ("bot.serviceAccountName", "admin", 'unknown field "spec.bot.serviceAccountName"'),
    ("recording.required", True, "spec.recording.required: Invalid value: recording.required needs recording.enabled"),
    ("tools", [TOOL, TOOL], 'spec.tools[1]: Duplicate value: {"name":"lookup"}'),
    ("tools", [{**TOOL, "name": "end_interview"}], "tools[].name must not be one of the engine's own"),
    ("tools", [{**TOOL, "webhook": {**HOOK, "url": "http://x.example"}}], "spec.tools[0].webhook.url: Invalid"),
    ("tools", [{**TOOL, "webhook": {**HOOK, "url": "https://me@x.example"}}], "spec.tools[0].webhook.url: Invalid"),
    ("tools", [{**TOOL, "webhook": {"url": HOOK["url"]}}], "spec.tools[0].webhook.secretRef: Required"),
]


@pytest.mark.parametrize("path", TAKEN_INTERVIEWS)
def test_an_interview_is_taken(interview: Document, judge: Judge, path: str) -> None:
    assert judge(with_change(interview, f"spec.{path}", TAKEN_INTERVIEWS[path])) == ""


@pytest.mark.parametrize(("path", "value", "words"), REFUSED_INTERVIEWS)
def test_an_interview_is_refused(interview: Document, judge: Judge, path: str, value: object, words: str) -> None:
    assert words in judge(with_change(interview, f"spec.{path}", value))


@pytest.mark.parametrize("path", TAKEN_TEMPLATES)
def test_a_template_is_taken(template: Document, judge: Judge, path: str) -> None:
    assert judge(with_change(template, f"spec.{path}", TAKEN_TEMPLATES[path])) == ""


@pytest.mark.parametrize(("path", "value", "words"), REFUSED_TEMPLATES)
def test_a_template_is_refused(template: Document, judge: Judge, path: str, value: object, words: str) -> None:
    assert words in judge(with_change(template, f"spec.{path}", value))


def test_a_template_without_consent_is_refused(template: Document, judge: Judge) -> None:
    del template["spec"]["consent"]
    assert "spec.consent: Required" in judge(template)


def test_a_template_name_leaves_room_for_its_snapshots(template: Document, judge: Judge) -> None:
    assert judge(with_change(template, "metadata.name", "t" * 240)) == ""
    assert "metadata.name must have at most 240" in judge(with_change(template, "metadata.name", "t" * 241))


def test_the_longest_name_of_an_interview_is_taken(interview: Document, judge: Judge) -> None:
    assert judge(with_change(interview, "metadata.name", ".".join(["i" * 63] * 3 + ["i" * 61]))) == ""


def test_defaults_are_the_models(
    interview: Document, template: Document, control_plane: ControlPlane, crds: None
) -> None:
    for document, model in ((interview, Interview), (template, InterviewTemplate)):
        made = control_plane.kubectl(
            "create", "--dry-run=server", "-o", "yaml", "-f", "-", stdin=yaml.safe_dump(document)
        )
        spec = yaml.safe_load(made.stdout)["spec"]
        expected = model.model_validate(document).to_dict()["spec"]
        # What is in a list has its defaults in the models alone.
        lists = {name: value for name, value in document["spec"].items() if isinstance(value, list)}
        assert spec == {**expected, **lists}
        assert model.model_validate({**document, "spec": spec}).to_dict()["spec"] == expected


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("create", 'unknown field "spec.nmae"'),
        ("apply --server-side --validate=ignore", ".spec.nmae: field not declared in schema"),
    ],
)
def test_an_unknown_field_is_refused_by_strict_validation_and_by_server_side_apply(
    interview: Document, control_plane: ControlPlane, crds: None, asked: str, words: str
) -> None:
    mistaken = yaml.safe_dump(with_change(interview, "spec.nmae", "Ada"))
    command = (*asked.split(), "--dry-run=server", "-f", "-")
    assert words in control_plane.kubectl(*command, stdin=mistaken, check=False).stderr


@pytest.mark.parametrize(("validation", "warning"), [("ignore", ""), ("warn", 'Warning: unknown field "spec.nmae"\n')])
def test_an_unknown_field_is_pruned_where_the_client_asks_for_no_strictness(
    interview: Document, control_plane: ControlPlane, crds: None, validation: str, warning: str
) -> None:
    mistaken = yaml.safe_dump(with_change(interview, "spec.nmae", "Ada"))
    command = ("create", f"--validate={validation}", "--dry-run=server", "-o", "yaml", "-f", "-")
    made = control_plane.kubectl(*command, stdin=mistaken)
    assert "nmae" not in yaml.safe_load(made.stdout)["spec"]
    assert made.stderr == warning

"""The bot's pod, its plan, and the installation's bounds."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from parley_crds import BotSettings, Interview, InterviewSpec
from parley_operator.bot_plan import bot_inputs, interview_plan
from parley_operator.bot_pod import bot_pod
from parley_operator.installation import Amounts, BotDefaults, bounds_problem, parse_quantity
from support.operator_world import INSTALLATION, START, template

DEFAULTS = BotDefaults(
    image="parley/bot:1",
    resources={"requests": {"cpu": "500m", "memory": "512Mi"}, "limits": {"memory": "1Gi"}},
    max_resources=Amounts.model_validate({"cpu": 2, "memory": "4Gi", "ephemeral-storage": "2Gi"}),
    node_selector={"pool": "bots"},
    allowed_node_selector_keys=["disk"],
    allowed_toleration_keys=["dedicated"],
    allowed_priority_classes=["interviews"],
    env=[{"name": "AWS_REGION", "value": "us-east-1"}, {"name": "PARLEY_API_URL", "value": "https://elsewhere:8443"}],
)


def spec(**fields: Any) -> InterviewSpec:
    return InterviewSpec.model_validate({"templateRef": {"name": "backend"}, **fields})


def manifest(bot: dict[str, Any] | None = None, defaults: BotDefaults = DEFAULTS, **times: Any) -> dict[str, Any]:
    interview = Interview.model_validate(
        {"metadata": {"name": "jane.doe", "namespace": "hiring", "uid": "u-1"}, "spec": spec().to_dict()}
    )
    inputs = bot_inputs(
        interview,
        template(),
        None,
        attempt=2,
        room="parley-test-x",
        provider="websocket",
        link_key=b"k" * 32,
        tool_keys={},
    )
    return bot_pod(
        replace(INSTALLATION, bot=defaults),
        BotSettings.model_validate(bot or {}),
        inputs,
        "secret-uid",
        now=START,
        not_before=times.get("not_before"),
        no_show_seconds=900,
    )


def test_the_pod_is_restricted_whatever_the_template_says() -> None:
    pod = manifest({"nodeSelector": {"disk": "ssd"}})
    (container,) = pod["spec"]["containers"]
    assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
    assert pod["spec"]["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod["spec"]["automountServiceAccountToken"] is False
    assert pod["spec"]["enableServiceLinks"] is False
    assert pod["spec"]["restartPolicy"] == "Never"


def test_a_bot_that_hangs_is_ended_but_not_while_it_starts() -> None:
    (container,) = manifest()["spec"]["containers"]
    probe = container["livenessProbe"]
    assert probe["httpGet"] == {"path": "/healthz", "port": "http"}
    assert probe["initialDelaySeconds"] == INSTALLATION.start_deadline_seconds


def test_the_pod_belongs_to_the_inputs_and_tells_its_interview() -> None:
    metadata = manifest()["metadata"]
    (owner,) = metadata["ownerReferences"]
    assert (owner["kind"], owner["uid"], owner["controller"]) == ("Secret", "secret-uid", True)
    assert metadata["name"] == f"{owner['name']}-2"
    assert metadata["labels"]["parley.dev/interview-uid"] == "u-1"
    assert metadata["labels"]["parley.dev/attempt"] == "2"
    assert metadata["annotations"]["parley.dev/interview-name"] == "jane.doe"


def test_the_token_is_for_the_api_alone() -> None:
    volumes = {volume["name"]: volume for volume in manifest()["spec"]["volumes"]}
    (source,) = volumes["token"]["projected"]["sources"]
    assert source["serviceAccountToken"] == {"audience": "parley-api", "expirationSeconds": 3600, "path": "token"}
    assert volumes["ca"]["configMap"] == {"name": "parley-internal-ca"}


def test_the_charts_variables_go_before_the_operators() -> None:
    (container,) = manifest()["spec"]["containers"]
    env = {entry["name"]: entry["value"] for entry in container["env"]}
    assert len(env) == len(container["env"])
    assert env["PARLEY_API_URL"] == "https://elsewhere:8443"
    assert env["PARLEY_TOKEN_FILE"] == "/var/run/secrets/parley/token"
    assert env["AWS_REGION"] == "us-east-1"


def test_the_templates_wishes_lie_over_the_defaults() -> None:
    pod = manifest(
        {
            "resources": {"requests": {"cpu": "1"}},
            "nodeSelector": {"disk": "ssd"},
            "tolerations": [{"key": "dedicated", "operator": "Exists"}],
            "priorityClassName": "interviews",
        }
    )
    (container,) = pod["spec"]["containers"]
    assert container["resources"] == {"requests": {"cpu": "1", "memory": "512Mi"}, "limits": {"memory": "1Gi"}}
    assert pod["spec"]["nodeSelector"] == {"pool": "bots", "disk": "ssd"}
    assert pod["spec"]["tolerations"] == [{"key": "dedicated", "operator": "Exists"}]
    assert pod["spec"]["priorityClassName"] == "interviews"


def test_the_last_resort_outlasts_the_longest_interview() -> None:
    at_once = manifest()["spec"]["activeDeadlineSeconds"]
    assert at_once > 1800 + 900
    ahead = manifest(not_before=START + timedelta(seconds=120))["spec"]["activeDeadlineSeconds"]
    assert ahead == at_once + 120


@pytest.mark.parametrize(
    ("bot", "field"),
    [
        ({"nodeSelector": {"kubernetes.io/hostname": "node-1"}}, "bot.nodeSelector"),
        ({"tolerations": [{"operator": "Exists"}]}, "bot.tolerations"),
        ({"tolerations": [{"key": "node-role.kubernetes.io/control-plane"}]}, "bot.tolerations"),
        ({"priorityClassName": "system-node-critical"}, "bot.priorityClassName"),
        ({"resources": {"limits": {"cpu": "2100m"}}}, "bot.resources.limits.cpu"),
        ({"resources": {"requests": {"memory": "5Gi"}}}, "bot.resources.requests.memory"),
        ({"resources": {"limits": {"ephemeral-storage": "3Gi"}}}, "bot.resources.limits.ephemeral-storage"),
        ({"resources": {"requests": {"memory": "2Gi"}}}, "bot.resources.requests.memory"),
    ],
)
def test_what_goes_past_the_bounds_is_named(bot: dict[str, Any], field: str) -> None:
    problem = bounds_problem(BotSettings.model_validate(bot), DEFAULTS)
    assert problem is not None
    assert problem.startswith(field)


def test_what_keeps_within_the_bounds_is_allowed() -> None:
    bot = {"resources": {"requests": {"cpu": "2"}, "limits": {"cpu": "2", "memory": "4Gi"}}}
    assert bounds_problem(BotSettings.model_validate(bot), DEFAULTS) is None
    assert bounds_problem(BotSettings(), DEFAULTS) is None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("500m", "0.5"),
        ("2", "2"),
        ("1.5", "1.5"),
        ("1Ki", "1024"),
        ("1k", "1000"),
        ("1Gi", "2**30"),
        ("1e9", "10**9"),
        ("2P", "2e15"),
        ("1E", "10**18"),
        (".5", "0.5"),
    ],
)
def test_quantities(text: str, number: str) -> None:
    assert float(parse_quantity(text)) == eval(number)


@pytest.mark.parametrize("text", ["", "m", "1mi", "1KiB", "one", "-1", "1e", "."])
def test_what_is_no_quantity(text: str) -> None:
    with pytest.raises(ValueError, match="quantity"):
        parse_quantity(text)


def test_extra_time_lengthens_every_limit() -> None:
    plan = interview_plan(template(), spec(candidate={"extraTimePercent": 25}), None)
    assert plan.limits.duration_seconds == 2250
    assert plan.limits.silence_end_seconds == 150
    assert plan.questions[0].time_limit_seconds == 125
    assert interview_plan(template(), spec(candidate={"extraTimePercent": 1}), None).limits.silence_nudge_seconds == 16


def test_extra_time_is_known_to_the_engine_and_to_the_model() -> None:
    slow = interview_plan(template(), spec(candidate={"extraTimePercent": 25}), None)
    assert slow.limits.extra_time_percent == 25
    assert slow.model.turn_sensitivity == "LOW"
    assert interview_plan(template(), spec(), None).model.turn_sensitivity == "MEDIUM"


def test_overrides_replace_what_they_name() -> None:
    overrides = {"voice": "matthew", "language": "de-DE", "limits": {"durationSeconds": 600}}
    plan = interview_plan(template(), spec(overrides=overrides, candidate={"name": "Jane"}), "A CV.")
    assert (plan.interviewer.voice, plan.language, plan.candidate_name) == ("matthew", "de-DE", "Jane")
    assert (plan.limits.duration_seconds, plan.limits.closing_notice_seconds) == (600, 120)
    assert plan.context == "A CV."


def test_the_rubric_never_reaches_the_bot() -> None:
    rubric = {"competencies": [{"id": "depth", "name": "Secret depth"}]}
    assert "Secret depth" not in interview_plan(template(rubric=rubric), spec(), None).model_dump_json()


@pytest.mark.parametrize(
    ("resources", "named"),
    [
        ({"limits": {"memory": "2Gi"}}, "the request (768Mi) and the limit (2Gi) of memory"),
        ({"requests": {"cpu": "250m"}}, "the request (250m) and the limit (500m) of cpu"),
        ({"requests": {"cpu": "1"}, "limits": {"cpu": "1000m"}}, None),
        ({}, None),
    ],
)
def test_where_requests_are_limits_a_template_sets_both_alike(resources: dict[str, Any], named: str | None) -> None:
    amounts = {"cpu": "500m", "memory": "768Mi"}
    resources_of_all: dict[Any, Any] = {"requests": amounts, "limits": amounts}
    defaults = BotDefaults(image="parley/bot:1", resources=resources_of_all, requests_are_limits=True)
    problem = bounds_problem(BotSettings.model_validate({"resources": resources}), defaults)
    assert (problem is None) if named is None else (problem is not None and named in problem)


def test_where_requests_are_limits_the_installation_sets_both_alike() -> None:
    with pytest.raises(ValueError, match="the limit \\(none\\) of cpu"):
        BotDefaults(image="parley/bot:1", resources={"requests": {"cpu": "1"}}, requests_are_limits=True)

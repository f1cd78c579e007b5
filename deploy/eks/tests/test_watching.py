"""Alarms, the dashboard, the budget and the tags that costs are told by."""

import json
import re

import pytest
import yaml
from conftest import HOME
from policies import Request, allowed
from site_of import Site
from test_identities import key_policy


def alarms(site: Site, region: str) -> dict[str, dict]:
    return {alarm["AlarmName"]: alarm for alarm in site.stacks[region].of("AWS::CloudWatch::Alarm").values()}


AROUND = {
    "ErrorPortAllocation",
    "PacketsDropCount",
    "FargateQuota",
    "HTTPCode_ELB_5XX_Count",
    "HTTPCode_Target_5XX_Count",
    "UnHealthyHostCount",
    "OperatorErrorLines",
}
MISSED = {"OperatorAway", "RetentionMissed", "CertificatesMissed"}
PROGRAMS = MISSED | {"InterviewsFailed"}
MODEL = {"InvocationThrottles", "InvocationServerErrors", "InvocationClientErrors"}


def test_what_can_be_told_without_a_prometheus_has_an_alarm(three: Site) -> None:
    assert {*alarms(three, "us-east-1")} == {f"talks-{name}" for name in AROUND | PROGRAMS | MODEL}
    # An alarm sees no other region's metrics, and there the model is another's.
    assert {*alarms(three, "ap-south-1")} == {f"talks-{name}" for name in AROUND | PROGRAMS}


def test_every_alarm_tells_people_when_it_begins_and_ends(three: Site) -> None:
    stack = three.first
    (topic,) = stack.of("AWS::SNS::Topic")
    for alarm in alarms(three, "us-east-1").values():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": topic}]
        assert alarm["AlarmDescription"]
    stack.template.has_resource_properties(
        "AWS::SNS::Subscription", {"Protocol": "email", "Endpoint": "oncall@example.com"}
    )


def test_each_alarm_has_its_runbook_and_the_page_no_other(three: Site) -> None:
    page = (HOME.parents[1] / "docs/operations/alarms.md").read_text()
    names = re.findall(r"^## (\w+)$", page, re.MULTILINE)
    assert set(names) == AROUND | PROGRAMS | MODEL
    assert len(set(names)) == len(names)
    for name, alarm in alarms(three, "us-east-1").items():
        anchor = name.removeprefix("talks-").lower()
        assert alarm["AlarmDescription"].endswith(f": https://docs.example.com/parley/alarms#{anchor}")
    sections = re.split(r"^## ", page, flags=re.MULTILINE)[1:]
    for section in sections:
        assert re.findall(r"^\*\*(.*?)\*\*:", section, re.MULTILINE) == ["Means", "Look at", "Do"], section


ALARM = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:talks-OperatorAway"


@pytest.mark.parametrize(
    ("service", "context", "answer"),
    [
        ("cloudwatch", {}, True),
        ("cloudwatch", {"aws:SecureTransport": "false"}, False),
        # Another account's alarm, by the same service.
        ("cloudwatch", {"aws:SourceAccount": "999988887777"}, False),
        ("cloudwatch", {"aws:SourceArn": ALARM.replace("111122223333", "999988887777")}, False),
        # Another region's, which no stack sends here, and what is no alarm.
        ("cloudwatch", {"aws:SourceArn": ALARM.replace("us-east-1", "eu-north-1")}, False),
        ("cloudwatch", {"aws:SourceArn": ALARM.replace(":alarm:", ":dashboard/")}, False),
        # The budget tells people by mail, without the topic.
        ("budgets", {}, False),
        ("events", {}, False),
    ],
)
def test_cloudwatchs_alarms_and_nobody_else_may_publish_to_the_topic(
    three: Site, service: str, context: dict, answer: bool
) -> None:
    """By the topic's own policy, which stands in place of the one that SNS would give it."""
    stack = three.first
    ((_, policy),) = stack.of("AWS::SNS::TopicPolicy").items()
    (topic,) = stack.value(policy["Topics"])
    usual = {"aws:SecureTransport": "true", "aws:SourceAccount": stack.account, "aws:SourceArn": ALARM}
    request = Request(
        f"{service}.amazonaws.com",
        "sns:Publish",
        topic,
        usual | context,
        resource_policy=stack.value(policy["PolicyDocument"]),
    )
    assert allowed(stack, [request], []) == [answer]


@pytest.mark.parametrize(
    ("service", "account", "answer"),
    [("cloudwatch", "111122223333", True), ("cloudwatch", "999988887777", False), ("budgets", "111122223333", False)],
)
def test_cloudwatch_may_use_the_key_of_the_topic(three: Site, service: str, account: str, answer: bool) -> None:
    stack = three.first
    ((_, topic),) = stack.of("AWS::SNS::Topic").items()
    key = topic["KmsMasterKeyId"]["Fn::GetAtt"][0]
    requests = [
        Request(
            f"{service}.amazonaws.com",
            action,
            stack.value(topic["KmsMasterKeyId"]),
            {"aws:SourceAccount": account},
            resource_policy=key_policy(stack, key),
        )
        for action in ("kms:Decrypt", "kms:GenerateDataKey")
    ]
    assert allowed(stack, requests, []) == [answer, answer]


# A set of dimensions that AWS tells each of these by: it tells the same by zone, and by target group, too, and all of
# them together would count everything several times.
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
ONCE = {
    "HTTPCode_ELB_5XX_Count": "LoadBalancer",
    "HTTPCode_Target_5XX_Count": "LoadBalancer",
    "UnHealthyHostCount": "LoadBalancer, TargetGroup",
}


def test_load_balancers_are_counted_once(three: Site) -> None:
    for name, dimensions in ONCE.items():
        (metric,) = alarms(three, "us-east-1")[f"talks-{name}"]["Metrics"]
        assert metric["Expression"].endswith(f'({name}) FROM SCHEMA("AWS/ApplicationELB", {dimensions})')


def test_each_nat_gateway_is_watched(three: Site) -> None:
    alarm = alarms(three, "us-east-1")["talks-ErrorPortAllocation"]
    watched = {
        metric["MetricStat"]["Metric"]["Dimensions"][0]["Value"]["Fn::GetAtt"][0]
        for metric in alarm["Metrics"]
        if "MetricStat" in metric
    }
    assert watched == {*three.first.of("AWS::EC2::NatGateway")}


def test_no_data_is_an_alarm_where_something_should_be_seen_again_and_again(three: Site) -> None:
    for name, alarm in alarms(three, "us-east-1").items():
        missed = name.removeprefix("talks-") in MISSED
        assert alarm["TreatMissingData"] == ("breaching" if missed else "notBreaching"), name
        assert alarm["ComparisonOperator"] == ("LessThanThreshold" if missed else "GreaterThanThreshold"), name


DAY = 24 * 3600


@pytest.mark.parametrize(
    ("name", "period", "of"),
    [("OperatorAway", 300, 2), ("RetentionMissed", DAY, 1), ("CertificatesMissed", 7 * DAY, 1)],
)
def test_what_should_be_seen_is_waited_for_as_long_as_it_may_take(three: Site, name: str, period: int, of: int) -> None:
    alarm = alarms(three, "us-east-1")[f"talks-{name}"]
    assert (alarm["Threshold"], alarm["Statistic"]) == (1, "Sum")
    assert (alarm["Period"], alarm["EvaluationPeriods"], alarm["DatapointsToAlarm"]) == (period, of, of)
    # A week is the longest that CloudWatch looks back, and then by the calendar: one that slides along ends just before
    # a weekly run that is a minute later than the last one.
    assert alarm.get("EvaluationWindow") == (None if period < DAY else {"WallClockWindow": {"Timezone": "UTC"}})


def test_each_jobs_alarm_waits_for_longer_than_its_schedule() -> None:
    chart = HOME.parents[1] / "charts/parley"
    minute, hour, *others = yaml.safe_load((chart / "values.yaml").read_text())["store"]["retentionSchedule"].split()
    assert (minute.isdecimal(), hour.isdecimal(), others) == (True, True, ["*", "*", "*"])
    job = (chart / "templates/certificates/job.yaml").read_text()
    (hour,) = re.findall(r'schedule: "\d+ (\d+) \* \* \d"', job)
    # Not so near midnight that a run's end could come on the next day, which then would have two and this one none.
    assert int(hour) < 22


def test_the_dashboard_shows_the_model_where_it_is_called(three: Site) -> None:
    for region, model in (("us-east-1", "us-east-1"), ("ap-south-1", "ap-northeast-1")):
        stack = three.stacks[region]
        ((_, board),) = stack.of("AWS::CloudWatch::Dashboard").items()
        body = json.loads(stack.value(_text(stack, board["DashboardBody"])))
        (graph,) = [w for w in body["widgets"] if w["properties"].get("title", "").startswith("Nova Sonic")]
        # CloudWatch takes the widget's own region where a metric names none.
        regions = {metric[-1].get("region", graph["properties"]["region"]) for metric in graph["properties"]["metrics"]}
        assert regions == {model}


def _text(stack, body):
    """The dashboard's text; what it refers to is not looked at."""
    if isinstance(body, str):
        return body
    separator, parts = body["Fn::Join"]
    return separator.join(part if isinstance(part, str) else "x" for part in parts)


def test_the_budget_counts_all_that_the_account_pays_for(three: Site) -> None:
    """By the tag it would leave out the most: the model's calls and the pods on Fargate have none."""
    (path,) = [path for path in three.templates if path.name.startswith("parley-talks-budget")]
    (budget,) = [r for r in json.loads(path.read_text())["Resources"].values() if r["Type"] == "AWS::Budgets::Budget"]
    told = budget["Properties"]
    assert told["Budget"]["BudgetLimit"] == {"Amount": 5000, "Unit": "USD"}
    # The account itself: where it pays for others, their costs are not Parley's.
    assert told["Budget"]["CostFilters"] == {"LinkedAccount": ["111122223333"]}
    assert [
        (entry["Notification"]["NotificationType"], entry["Notification"]["Threshold"])
        for entry in told["NotificationsWithSubscribers"]
    ] == [("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100)]


def test_without_a_budget_there_is_no_stack_for_it(one: Site) -> None:
    assert [path.name for path in one.templates] == ["parley-parley-us-east-1.template.json"]


def test_what_can_carry_the_tags_does(three: Site) -> None:
    """In the forms that CloudFormation has for tags; a few kinds take none.

    They are for Cost Explorer, and no budget: a Fargate profile's do not come to its pods, and a call of Bedrock is of
    no resource.
    """
    untagged = set()
    for stack in three.stacks.values():
        for resource in stack.json["Resources"].values():
            tags = resource.get("Properties", {}).get("Tags")
            told = {entry["Key"]: entry["Value"] for entry in tags} if isinstance(tags, list) else tags or {}
            if told.get("parley:installation") != "talks" or told.get("cost-center") != "hiring":
                untagged.add(resource["Type"])
    costly = {
        "AWS::EC2::NatGateway",
        "AWS::EC2::VPCEndpoint",
        "AWS::EKS::Cluster",
        "AWS::EKS::FargateProfile",
        "AWS::S3::Bucket",
        "AWS::KMS::Key",
        "AWS::WAFv2::WebACL",
        "AWS::Logs::LogGroup",
        "AWS::ECR::Repository",
        "AWS::EC2::EIP",
    }
    assert not costly & untagged

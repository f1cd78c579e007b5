"""Pods' logs, alarms on what AWS can tell, and a dashboard.

docs/operations/alerts.md has the alerts of the operator's own metrics, for a Prometheus that nobody has to have; these
are the ones around it, with the least that has to fire without one. What each asks for is in docs/operations/alarms.md.
"""

from collections.abc import Sequence
from typing import Any

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from parley_eks.exceptions import resource_of
from parley_eks.logs import Logs
from parley_eks.settings import Region, Settings
from parley_eks.signs import Logged, Signs

_FIVE_MINUTES = Duration.minutes(5)


class PodLogs(Construct):
    """The group that `aws-logging` writes to."""

    def __init__(self, scope: Construct, id: str, settings: Settings, logs: Logs) -> None:
        super().__init__(scope, id)
        self.group = logs.group("Pods", f"/parley/{settings.installation}/pods")


class Alarms(Construct):
    """A topic, the alarms that go there, and the dashboard."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        settings: Settings,
        region: Region,
        logged: Logged,
        nat_gateways: Sequence[str],
        web_acls: Sequence[str],
    ) -> None:
        super().__init__(scope, id)
        self._settings, self._region = settings, region
        self.topic = self._topic()
        self._alarms: list[cloudwatch.Alarm] = []
        self._model()
        self._ways_out(nat_gateways)
        self._room_for_pods()
        self._load_balancers()
        self._programs(Signs(self, "Signs", settings, logged))
        self._dashboard(web_acls)

    def _key(self) -> kms.Key:
        key = kms.Key(
            self,
            "Key",
            alias=f"alias/{self._settings.installation}-alarms",
            description="Parley's alarms",
            enable_key_rotation=True,
            removal_policy=RemovalPolicy.DESTROY,
        )
        key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="Alarms",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["kms:Decrypt", "kms:GenerateDataKey*"],
                resources=["*"],
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
            )
        )
        return key

    def _topic(self) -> sns.Topic:
        topic = sns.Topic(self, "Topic", master_key=self._key(), enforce_ssl=True)
        # What refuses plain text is a policy, and that stands in place of SNS's own, by which the account may publish.
        stack = Stack.of(self)
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="Alarms",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions={
                    "StringEquals": {"aws:SourceAccount": stack.account},
                    "ArnLike": {"aws:SourceArn": f"arn:aws:cloudwatch:{stack.region}:{stack.account}:alarm:*"},
                },
            )
        )
        for email in self._settings.alarm_emails:
            topic.add_subscription(subscriptions.EmailSubscription(email))
        return topic

    def _alarm(
        self, id: str, what: str, metric: cloudwatch.IMetric, threshold: float, *, of: int = 3, at: int = 2
    ) -> None:
        """One alarm: on when `at` of the last `of` periods are above the threshold; no data is no alarm."""
        self._add(
            id,
            what,
            metric=metric,
            threshold=threshold,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            evaluation_periods=of,
            datapoints_to_alarm=at,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )

    def _missed(self, id: str, what: str, metric: cloudwatch.IMetric, *, of: int = 2) -> cloudwatch.Alarm:
        """One for what should be seen again and again: on when nothing was in the last `of` periods, nor any data."""
        return self._add(
            id,
            what,
            metric=metric,
            threshold=1,
            comparison_operator=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
            evaluation_periods=of,
            datapoints_to_alarm=of,
            treat_missing_data=cloudwatch.TreatMissingData.BREACHING,
        )

    def _add(self, id: str, what: str, **condition: Any) -> cloudwatch.Alarm:
        alarm = cloudwatch.Alarm(
            self,
            id,
            alarm_name=f"{self._settings.installation}-{id}",
            alarm_description=f"{what}: {self._settings.runbooks}#{id.lower()}",
            **condition,
        )
        alarm.add_alarm_action(actions.SnsAction(self.topic))
        alarm.add_ok_action(actions.SnsAction(self.topic))
        self._alarms.append(alarm)
        return alarm

    def _model(self) -> None:
        """Bedrock refuses or fails; it is asked in its own region, and its metrics are there."""
        if self._region.model != self._region.region:
            # An alarm sees the metrics of its own region alone; the dashboard shows the other's.
            return
        for name, threshold, what in (
            ("InvocationThrottles", 0, "Bedrock refuses streams: the quota of concurrent ones is reached"),
            ("InvocationServerErrors", 3, "Bedrock fails"),
            ("InvocationClientErrors", 3, "Bedrock refuses what it is sent"),
        ):
            self._alarm(name, what, _summed("AWS/Bedrock", name, "ModelId", self._settings.models), threshold)

    def _ways_out(self, nat_gateways: Sequence[str]) -> None:
        """NAT gateways carry the speech of Daily's rooms."""
        for name, threshold, what in (
            ("ErrorPortAllocation", 0, "a NAT gateway has no port left: connections to Daily or Bedrock fail"),
            ("PacketsDropCount", 100, "a NAT gateway drops packets: speech has gaps"),
        ):
            self._alarm(name, what, _summed("AWS/NATGateway", name, "NatGatewayId", nat_gateways), threshold)

    def _room_for_pods(self) -> None:
        """Fargate starts no pod above the account's vCPUs in the region."""
        self._alarm(
            "FargateQuota",
            "80 % of the account's Fargate vCPUs in this region are in use; pods above it wait",
            cloudwatch.MathExpression(
                expression="used / SERVICE_QUOTA(used) * 100", using_metrics={"used": _fargate()}, period=_FIVE_MINUTES
            ),
            80,
        )

    def _load_balancers(self) -> None:
        """Of every load balancer of this account in this region: the controller makes them, by names of its own.

        AWS tells each of these by several sets of dimensions (by zone, too, say): without SCHEMA, which takes one, all
        of them are summed.
        """
        balancer, target = "LoadBalancer", "LoadBalancer, TargetGroup"
        for name, aggregate, by, threshold, what in (
            ("HTTPCode_ELB_5XX_Count", "SUM", balancer, 10, "a load balancer answers 5xx: no target, or a slow one"),
            ("HTTPCode_Target_5XX_Count", "SUM", balancer, 10, "pages or API answer 5xx"),
            ("UnHealthyHostCount", "MAX", target, 0, "a target of a load balancer is unhealthy"),
        ):
            self._alarm(
                name,
                what,
                cloudwatch.MathExpression(
                    expression=f'SELECT {aggregate}({name}) FROM SCHEMA("AWS/ApplicationELB", {by})',  # noqa: S608 - of CloudWatch's metrics, by names from here
                    using_metrics={},
                    period=_FIVE_MINUTES,
                ),
                threshold,
            )

    def _programs(self, signs: Signs) -> None:
        """What fires without a Prometheus; where there is one, its alerts are earlier and say more."""
        renewals = signs.renewals.metric(statistic="Sum", period=_FIVE_MINUTES)
        self._missed("OperatorAway", "no operator renews its Lease", renewals)
        self._alarm(
            "OperatorErrorLines",
            "the operator logs errors",
            signs.operator_errors.metric(statistic="Sum", period=_FIVE_MINUTES),
            5,
        )
        self._alarm(
            "InterviewsFailed",
            "two interviews or more failed within half an hour",
            signs.interviews_failed.metric(statistic="Sum", period=Duration.minutes(30)),
            1,
            of=1,
            at=1,
        )
        for id, what, done, period in (
            ("RetentionMissed", "for a day nothing past its time was deleted", signs.retention, Duration.days(1)),
            ("CertificatesMissed", "for a week no certificate was looked at", signs.certificates, Duration.days(7)),
        ):
            alarm = self._missed(id, what, done.metric(statistic="Sum", period=period), of=1)
            # Whole days and weeks of the clock, in each of which one run falls: those that slide along end minutes
            # before a run that is a little later than the last one.
            resource_of(alarm).evaluation_window = cloudwatch.CfnAlarm.EvaluationWindowProperty(
                wall_clock_window=cloudwatch.CfnAlarm.WallClockWindowProperty(timezone="UTC")
            )

    def _dashboard(self, web_acls: Sequence[str]) -> None:
        region, name = self._region, self._settings.installation
        board = cloudwatch.Dashboard(self, "Dashboard", dashboard_name=f"{name}-{region.region}")
        board.add_widgets(cloudwatch.AlarmStatusWidget(alarms=self._alarms, title="Alarms", width=24, height=4))
        board.add_widgets(
            _graph(
                "Nova Sonic: streams opened, refused, failed",
                [
                    _metric("AWS/Bedrock", metric, {"ModelId": model}, region=region.model)
                    for model in self._settings.models
                    for metric in ("Invocations", "InvocationThrottles", "InvocationServerErrors")
                ],
            ),
            _graph("Fargate vCPUs in use", [_fargate()]),
        )
        board.add_widgets(
            _graph(
                "Load balancers: requests and 5xx",
                [
                    _search(metric, "Sum")
                    for metric in ("RequestCount", "HTTPCode_ELB_5XX_Count", "HTTPCode_Target_5XX_Count")
                ],
            ),
            _graph("Open connections (each WebSocket room is one)", [_search("ActiveConnectionCount", "Sum")]),
        )
        board.add_widgets(
            _graph(
                "Requests that the WAF blocked",
                [
                    _metric("AWS/WAFV2", "BlockedRequests", {"WebACL": acl, "Region": region.region, "Rule": "ALL"})
                    for acl in web_acls
                ],
            ),
        )


def _metric(namespace: str, name: str, dimensions: dict[str, str], *, region: str | None = None) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=namespace,
        metric_name=name,
        dimensions_map=dimensions,
        statistic="Sum",
        period=_FIVE_MINUTES,
        region=region,
    )


def _summed(namespace: str, name: str, dimension: str, values: Sequence[str]) -> cloudwatch.MathExpression:
    """One metric of several things, together."""
    metrics = {f"m{number}": _metric(namespace, name, {dimension: value}) for number, value in enumerate(values)}
    return cloudwatch.MathExpression(expression="SUM(METRICS())", using_metrics=metrics, period=_FIVE_MINUTES)


def _fargate() -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace="AWS/Usage",
        metric_name="ResourceCount",
        dimensions_map={"Service": "Fargate", "Type": "Resource", "Resource": "vCPU", "Class": "Standard/OnDemand"},
        statistic="Maximum",
        period=_FIVE_MINUTES,
    )


def _search(metric: str, statistic: str) -> cloudwatch.MathExpression:
    return cloudwatch.MathExpression(
        expression=f"SEARCH('{{AWS/ApplicationELB,LoadBalancer}} MetricName=\"{metric}\"', '{statistic}', 300)",
        using_metrics={},
        label=metric,
        period=_FIVE_MINUTES,
    )


def _graph(title: str, metrics: list[cloudwatch.IMetric]) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(title=title, left=metrics, width=12, height=6)

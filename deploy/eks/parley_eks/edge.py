"""What stands before the load balancers: the certificate, and a web ACL for pages and for API.

The load balancers themselves are made of the chart's Ingresses by the controller, so that Git owns them; they take
these, the security groups and the log bucket by their ARNs and ids (`handover`).
"""

from collections.abc import Mapping, Sequence

from aws_cdk import Stack
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_logs as cloudwatch_logs
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_wafv2 as waf
from constructs import Construct

from parley_eks.logs import Logs
from parley_eks.settings import Region, Settings

_WINDOW = 300
"""Seconds that a rate is counted over."""

_KNOWN_BAD = "AWSManagedRulesKnownBadInputsRuleSet"
_COMMON = "AWSManagedRulesCommonRuleSet"
_ON_BODIES = {
    _KNOWN_BAD: ("JavaDeserializationRCE_BODY", "Log4JRCE_BODY", "ReactJSRCE_BODY"),
    _COMMON: (
        "SizeRestrictions_BODY",
        "EC2MetaDataSSRF_BODY",
        "GenericLFI_BODY",
        "GenericRFI_BODY",
        "CrossSiteScripting_BODY",
    ),
}
"""The rules of AWS's sets that look at a request's body. AWS says nothing of a name that is none of its rules'.

https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-baseline.html
"""


class Edge(Construct):
    """Certificate and web ACLs of one region's two host names."""

    def __init__(self, scope: Construct, id: str, settings: Settings, region: Region, logs: Logs) -> None:
        super().__init__(scope, id)
        zone = route53.HostedZone.from_hosted_zone_attributes(
            self, "Zone", hosted_zone_id=settings.hosted_zone.id, zone_name=settings.hosted_zone.name
        )
        self.certificate = acm.Certificate(
            self,
            "Certificate",
            domain_name=region.host,
            subject_alternative_names=[region.api_host],
            validation=acm.CertificateValidation.from_dns(zone),
            transparency_logging_enabled=True,
        )
        self.web_acl = self._acl("Web", settings, [], {}, logs)
        # Whoever tries tokens, tries them here.
        joins = _rate(
            "join-rate",
            0,
            settings.join_rate,
            waf.CfnWebACL.StatementProperty(
                byte_match_statement=waf.CfnWebACL.ByteMatchStatementProperty(
                    field_to_match=waf.CfnWebACL.FieldToMatchProperty(uri_path={}),
                    positional_constraint="STARTS_WITH",
                    search_string="/join/v1",
                    text_transformations=[
                        waf.CfnWebACL.TextTransformationProperty(priority=0, type="URL_DECODE"),
                        waf.CfnWebACL.TextTransformationProperty(priority=1, type="LOWERCASE"),
                    ],
                )
            ),
        )
        # Bodies are JSON that a schema bounds, and in it a CV: longer than the 8 KiB that the sets take for a body, and
        # of a developer with scripts, `../` and 169.254.169.254 in it. Nothing runs or fetches it.
        self.api_acl = self._acl("Api", settings, [joins], _ON_BODIES, logs)
        self.acls = (self.web_acl, self.api_acl)
        self.acl_names = [_acl_name(settings, "Web"), _acl_name(settings, "Api")]

    def _acl(
        self,
        name: str,
        settings: Settings,
        rules: list[waf.CfnWebACL.RuleProperty],
        counted: Mapping[str, Sequence[str]],
        logs: Logs,
    ) -> waf.CfnWebACL:
        acl = waf.CfnWebACL(
            self,
            name,
            name=_acl_name(settings, name),
            scope="REGIONAL",
            default_action=waf.CfnWebACL.DefaultActionProperty(allow={}),
            rules=[
                *rules,
                _rate("rate", 10, settings.request_rate),
                _managed("AWSManagedRulesAmazonIpReputationList", 20),
                _managed(_KNOWN_BAD, 21, counted=counted.get(_KNOWN_BAD, ())),
                _managed(_COMMON, 22, counted=counted.get(_COMMON, ())),
            ],
            visibility_config=_visibility(_acl_name(settings, name)),
        )
        self._log(name, acl, logs.group(f"Waf{name}", f"aws-waf-logs-{_acl_name(settings, name)}"))
        return acl

    def _log(self, name: str, acl: waf.CfnWebACL, group: cloudwatch_logs.LogGroup) -> None:
        """What was blocked or counted, without tokens and tickets."""
        stack = Stack.of(self)
        logging = waf.CfnLoggingConfiguration(
            self,
            f"{name}Log",
            resource_arn=acl.attr_arn,
            # Without the `:*` that a log group's own attribute ends with.
            log_destination_configs=[f"arn:aws:logs:{stack.region}:{stack.account}:log-group:{group.log_group_name}"],
            redacted_fields=[
                waf.CfnLoggingConfiguration.FieldToMatchProperty(single_header={"Name": "authorization"}),
                waf.CfnLoggingConfiguration.FieldToMatchProperty(single_header={"Name": "sec-websocket-protocol"}),
                waf.CfnLoggingConfiguration.FieldToMatchProperty(query_string={}),
            ],
            logging_filter={
                "DefaultBehavior": "DROP",
                "Filters": [
                    {
                        "Behavior": "KEEP",
                        "Requirement": "MEETS_ANY",
                        "Conditions": [{"ActionCondition": {"Action": action}} for action in ("BLOCK", "COUNT")],
                    }
                ],
            },
        )
        logging.node.add_dependency(group)


def _acl_name(settings: Settings, service: str) -> str:
    """The name of a service's web ACL, and of its metrics."""
    return f"{settings.installation}-{service.lower()}"


def _visibility(metric: str) -> waf.CfnWebACL.VisibilityConfigProperty:
    return waf.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True,
        metric_name=metric,
        # Samples hold headers, the token among them.
        sampled_requests_enabled=False,
    )


def _rate(
    name: str, priority: int, limit: int, scope_down: waf.CfnWebACL.StatementProperty | None = None
) -> waf.CfnWebACL.RuleProperty:
    return waf.CfnWebACL.RuleProperty(
        name=name,
        priority=priority,
        action=waf.CfnWebACL.RuleActionProperty(
            block=waf.CfnWebACL.BlockActionProperty(
                # Whoever is told so asks again later; 403 would be taken for a link that is not valid.
                custom_response=waf.CfnWebACL.CustomResponseProperty(response_code=429)
            )
        ),
        statement=waf.CfnWebACL.StatementProperty(
            rate_based_statement=waf.CfnWebACL.RateBasedStatementProperty(
                aggregate_key_type="IP",
                limit=limit,
                evaluation_window_sec=_WINDOW,
                scope_down_statement=scope_down,
            )
        ),
        visibility_config=_visibility(name),
    )


def _managed(name: str, priority: int, *, counted: Sequence[str] = ()) -> waf.CfnWebACL.RuleProperty:
    """One of AWS's rule groups; `counted` rules of it block nothing."""
    return waf.CfnWebACL.RuleProperty(
        name=name,
        priority=priority,
        override_action=waf.CfnWebACL.OverrideActionProperty(none={}),
        statement=waf.CfnWebACL.StatementProperty(
            managed_rule_group_statement=waf.CfnWebACL.ManagedRuleGroupStatementProperty(
                vendor_name="AWS",
                name=name,
                rule_action_overrides=[
                    waf.CfnWebACL.RuleActionOverrideProperty(
                        name=rule, action_to_use=waf.CfnWebACL.RuleActionProperty(count={})
                    )
                    for rule in counted
                ]
                or None,
            )
        ),
        visibility_config=_visibility(name),
    )

"""What stands before pages and API: the certificate and the web ACLs."""

from aws_cdk.assertions import Match
from site_of import Site


def acls(site: Site) -> dict[str, dict]:
    return {acl["Name"]: acl for acl in site.first.of("AWS::WAFv2::WebACL").values()}


def rule(acl: dict, name: str) -> dict:
    (found,) = [rule for rule in acl["Rules"] if rule["Name"] == name]
    return found


def test_the_certificate_is_of_both_hosts_and_proven_in_the_zone(three: Site) -> None:
    for region in three.settings.regions:
        three.stacks[region.region].template.has_resource_properties(
            "AWS::CertificateManager::Certificate",
            {
                "DomainName": region.host,
                "SubjectAlternativeNames": [region.api_host],
                "ValidationMethod": "DNS",
                "DomainValidationOptions": [
                    {"DomainName": host, "HostedZoneId": "Z0123456789ABCDEFGHIJ"}
                    for host in (region.host, region.api_host)
                ],
            },
        )


def test_pages_and_api_have_a_web_acl_each(three: Site) -> None:
    assert {*acls(three)} == {"talks-web", "talks-api"}
    assert all(acl["Scope"] == "REGIONAL" for acl in acls(three).values())


def test_one_address_makes_so_many_requests_and_no_more(three: Site) -> None:
    for acl in acls(three).values():
        limit = rule(acl, "rate")
        assert limit["Action"] == {"Block": {"CustomResponse": {"ResponseCode": 429}}}
        statement = limit["Statement"]["RateBasedStatement"]
        assert (statement["Limit"], statement["AggregateKeyType"], statement["EvaluationWindowSec"]) == (
            10_000,
            "IP",
            300,
        )


def test_joining_has_a_limit_of_its_own(three: Site) -> None:
    statement = rule(acls(three)["talks-api"], "join-rate")["Statement"]["RateBasedStatement"]
    assert statement["Limit"] == 3000
    scope = statement["ScopeDownStatement"]["ByteMatchStatement"]
    assert (scope["SearchString"], scope["PositionalConstraint"]) == ("/join/v1", "STARTS_WITH")


def test_rules_of_awss_own_are_on_and_block(three: Site) -> None:
    for acl in acls(three).values():
        managed = [r for r in acl["Rules"] if "ManagedRuleGroupStatement" in r["Statement"]]
        assert {r["Name"] for r in managed} == {
            "AWSManagedRulesAmazonIpReputationList",
            "AWSManagedRulesKnownBadInputsRuleSet",
            "AWSManagedRulesCommonRuleSet",
        }
        assert all(r["OverrideAction"] == {"None": {}} for r in managed)
        assert len({r["Priority"] for r in acl["Rules"]}) == len(acl["Rules"])


def counted(acl: dict, group: str) -> set[str]:
    """The rules of one of AWS's groups that are counted and block nothing."""
    statement = rule(acl, group)["Statement"]["ManagedRuleGroupStatement"]
    overrides = statement.get("RuleActionOverrides", [])
    assert all(each["ActionToUse"] == {"Count": {}} for each in overrides)
    return {each["Name"] for each in overrides}


def test_a_cv_may_say_whatever_it_says(three: Site) -> None:
    """A developer's has scripts, paths and addresses in it, and is longer than 8 KiB: all rules on bodies count."""
    api = acls(three)["talks-api"]
    assert counted(api, "AWSManagedRulesCommonRuleSet") == {
        "SizeRestrictions_BODY",
        "EC2MetaDataSSRF_BODY",
        "GenericLFI_BODY",
        "GenericRFI_BODY",
        "CrossSiteScripting_BODY",
    }
    assert counted(api, "AWSManagedRulesKnownBadInputsRuleSet") == {
        "JavaDeserializationRCE_BODY",
        "Log4JRCE_BODY",
        "ReactJSRCE_BODY",
    }


def test_pages_take_no_body_and_every_rule_blocks(three: Site) -> None:
    web = acls(three)["talks-web"]
    for group in ("AWSManagedRulesCommonRuleSet", "AWSManagedRulesKnownBadInputsRuleSet"):
        assert counted(web, group) == set()


def test_the_firewalls_log_holds_no_token_and_no_ticket(three: Site) -> None:
    for logging in three.first.of("AWS::WAFv2::LoggingConfiguration").values():
        fields = logging["RedactedFields"]
        assert {"QueryString": {}} in fields
        assert {"SingleHeader": {"Name": "authorization"}} in fields
        (destination,) = three.first.value(logging["LogDestinationConfigs"])
        assert not destination.endswith(":*")
    assert all(
        visibility["SampledRequestsEnabled"] is False
        for acl in acls(three).values()
        for visibility in (acl["VisibilityConfig"], *(rule["VisibilityConfig"] for rule in acl["Rules"]))
    )
    three.first.template.has_resource_properties(
        "AWS::Logs::LogGroup", {"LogGroupName": Match.string_like_regexp("^aws-waf-logs-")}
    )

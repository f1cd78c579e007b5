"""What the AWS Load Balancer Controller asks AWS for, each action in the circumstances in which it does.

These are the actions of the policy that it is published with (its docs/install/iam_policy.json, of the version below):
those that this installation's role may, and those that it does without. For another version make both anew, and
`PUBLISHED` by

    jq -r '.Statement[].Action[]' iam_policy.json | LC_ALL=C sort -u | sha256sum
"""

from typing import Any

VERSION = "v3.5.0"
PUBLISHED = "bbe0d0579d47ce79a72db9885ad0077242e83839bc830072655b9ecd0b19a32f"

EVERYWHERE = "*"
BALANCER = "loadbalancer/app/talks-api/0123"
GROUP = "targetgroup/k8s-api/0123"
LISTENER = "listener/app/talks-api/0123/45"
RULE = "listener-rule/app/talks-api/0123/45/67"
ACL = "ApiAcl"
ROLE = "elasticloadbalancing.amazonaws.com/AWSServiceRoleForElasticLoadBalancing"

NAMED: dict[str, Any] = {}
"""No circumstance but the resource."""
OWN = {"aws:ResourceTag/elbv2.k8s.aws/cluster": "talks"}
"""What it has made: it tags balancers, target groups, listeners and rules."""
NEW = {"aws:RequestTag/elbv2.k8s.aws/cluster": "talks"}
"""What it makes, with the tag in the same call."""


def _elb(names: str) -> list[str]:
    return [f"elasticloadbalancing:{name}" for name in names.split()]


def _of(service: str, names: str) -> list[str]:
    return [f"{service}:{name}" for name in names.split()]


_LOOKS = [
    *_of(
        "ec2",
        "DescribeAccountAttributes DescribeAddresses DescribeAvailabilityZones DescribeInstances"
        " DescribeInternetGateways DescribeNetworkInterfaces DescribeRouteTables DescribeSecurityGroups DescribeSubnets"
        " DescribeTags DescribeVpcPeeringConnections DescribeVpcs GetSecurityGroupsForVpc",
    ),
    *_elb(
        "DescribeCapacityReservation DescribeListenerAttributes DescribeListenerCertificates DescribeListeners"
        " DescribeLoadBalancerAttributes DescribeLoadBalancers DescribeRules DescribeSSLPolicies DescribeTags"
        " DescribeTargetGroupAttributes DescribeTargetGroups DescribeTargetHealth DescribeTrustStores"
    ),
    "acm:ListCertificates",
]
_CHANGES = {
    BALANCER: "CreateListener DeleteLoadBalancer ModifyLoadBalancerAttributes SetIpAddressType SetSecurityGroups"
    " SetSubnets",
    GROUP: "DeleteTargetGroup DeregisterTargets ModifyTargetGroup ModifyTargetGroupAttributes RegisterTargets",
    LISTENER: "AddListenerCertificates CreateRule DeleteListener ModifyListener ModifyListenerAttributes"
    " RemoveListenerCertificates",
    RULE: "DeleteRule ModifyRule",
}

CALLS: list[tuple[str, str, dict[str, Any]]] = [
    *((action, EVERYWHERE, NAMED) for action in _LOOKS),
    ("acm:DescribeCertificate", "certificate/0123", NAMED),
    ("elasticloadbalancing:CreateLoadBalancer", BALANCER, NEW),
    ("elasticloadbalancing:CreateTargetGroup", GROUP, NEW),
    *((action, resource, OWN) for resource, names in _CHANGES.items() for action in _elb(names)),
    # Of listeners and target groups, too; the evaluator's reference knows these two of load balancers alone.
    ("elasticloadbalancing:AddTags", BALANCER, {**NEW, "elasticloadbalancing:CreateAction": "CreateLoadBalancer"}),
    *((action, BALANCER, {**OWN, "aws:TagKeys": ["cost-center"]}) for action in _elb("AddTags RemoveTags")),
    # AWS tells no tag of these, and of the second not even what it is about.
    ("elasticloadbalancing:SetRulePriorities", RULE, NAMED),
    ("elasticloadbalancing:SetWebAcl", EVERYWHERE, NAMED),
    *((action, ACL, NAMED) for action in _of("wafv2", "GetWebACL AssociateWebACL GetWebACLForResource")),
    *((a, BALANCER, NAMED) for a in _of("wafv2", "AssociateWebACL DisassociateWebACL GetWebACLForResource")),
    ("iam:CreateServiceLinkedRole", ROLE, {"iam:AWSServiceName": "elasticloadbalancing.amazonaws.com"}),
]

BESIDE = [
    (action, BALANCER, OWN) for action in _elb("CreateWebACLAssociation DeleteWebACLAssociation GetLoadBalancerWebACL")
]
"""Not in the published policy: AWS's reference has them beside SetWebAcl, for the same, by balancer and tag."""

WITHOUT: dict[str, str] = {
    **dict.fromkeys(
        _of(
            "ec2",
            "AuthorizeSecurityGroupIngress CreateSecurityGroup CreateTags DeleteSecurityGroup DeleteTags"
            " RevokeSecurityGroupIngress",
        ),
        "security groups are the stack's (groups.py), and the chart's values name them (enableBackendSecurityGroup)",
    ),
    **dict.fromkeys(_of("ec2", "DescribeCoipPools GetCoipPoolUsage"), "addresses of one's own on Outposts"),
    **dict.fromkeys(
        ["ec2:DescribeIpamPools", "elasticloadbalancing:ModifyIpPools"],
        "addresses of a pool: no annotation asks for one",
    ),
    "elasticloadbalancing:ModifyCapacityReservation": "called where an annotation asks for capacity, and none does",
    "cognito-idp:DescribeUserPoolClient": "nobody signs in at a load balancer",
    **dict.fromkeys(_of("iam", "GetServerCertificate ListServerCertificates"), "certificates are ACM's"),
    **dict.fromkeys(
        _of("shield", "CreateProtection DeleteProtection DescribeProtection GetSubscriptionState"),
        "off by the chart's values (enableShield)",
    ),
    **dict.fromkeys(
        _of("waf-regional", "AssociateWebACL DisassociateWebACL GetWebACL GetWebACLForResource"),
        "off by the chart's values (enableWaf)",
    ),
}
"""What of the published policy the role does without, and why the controller does not need it here."""

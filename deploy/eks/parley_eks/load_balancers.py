"""What the AWS Load Balancer Controller may do: load balancers that carry this cluster's tag, as far as AWS knows it.

Its own published policy (v3.5) with what this installation does not need taken out: security groups are made by this
stack, so it may make and open none; there is no Cognito, Shield or classic WAF; and where that policy asks that a tag
is there, this one asks that it names this cluster. `tests/controller_calls.py` has every action of that policy, and
why one is not here.
"""

from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from parley_eks.cluster import Cluster
from parley_eks.exceptions import accept
from parley_eks.irsa import service_account_role
from parley_eks.names import LOAD_BALANCERS_ACCOUNT, SYSTEM_NAMESPACE

TAG = "elbv2.k8s.aws/cluster"
"""The controller puts it, with the cluster's name, on whatever it makes."""

_READ = [
    "ec2:DescribeAccountAttributes",
    "ec2:DescribeAddresses",
    "ec2:DescribeAvailabilityZones",
    "ec2:DescribeInstances",
    "ec2:DescribeInternetGateways",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeRouteTables",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeTags",
    "ec2:DescribeVpcPeeringConnections",
    "ec2:DescribeVpcs",
    "ec2:GetSecurityGroupsForVpc",
    "elasticloadbalancing:DescribeCapacityReservation",
    "elasticloadbalancing:DescribeListenerAttributes",
    "elasticloadbalancing:DescribeListenerCertificates",
    "elasticloadbalancing:DescribeListeners",
    "elasticloadbalancing:DescribeLoadBalancerAttributes",
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeRules",
    "elasticloadbalancing:DescribeSSLPolicies",
    "elasticloadbalancing:DescribeTags",
    "elasticloadbalancing:DescribeTargetGroupAttributes",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth",
    "elasticloadbalancing:DescribeTrustStores",
    "acm:ListCertificates",
    "acm:DescribeCertificate",
]
_CREATE = ["elasticloadbalancing:CreateLoadBalancer", "elasticloadbalancing:CreateTargetGroup"]
_TAG = ["elasticloadbalancing:AddTags", "elasticloadbalancing:RemoveTags"]
_CHANGE = [
    f"elasticloadbalancing:{action}"
    for action in (
        "AddListenerCertificates",
        "CreateListener",
        "CreateRule",
        "CreateWebACLAssociation",
        "DeleteListener",
        "DeleteLoadBalancer",
        "DeleteRule",
        "DeleteTargetGroup",
        "DeleteWebACLAssociation",
        "DeregisterTargets",
        "GetLoadBalancerWebACL",
        "ModifyListener",
        "ModifyListenerAttributes",
        "ModifyLoadBalancerAttributes",
        "ModifyRule",
        "ModifyTargetGroup",
        "ModifyTargetGroupAttributes",
        "RegisterTargets",
        "RemoveListenerCertificates",
        "SetIpAddressType",
        "SetSecurityGroups",
        "SetSubnets",
    )
]


def controller_role(scope: Construct, id: str, cluster: Cluster, name: str, web_acls: list[str]) -> iam.Role:
    """The controller's role in a cluster of that name; it may put these web ACLs on its load balancers."""
    role = service_account_role(
        scope, id, cluster, [(SYSTEM_NAMESPACE, LOAD_BALANCERS_ACCOUNT)], "AWS Load Balancer Controller"
    )
    stack = Stack.of(scope)
    for statement in statements(stack.region, stack.account, name, web_acls):
        role.add_to_policy(statement)
    for finding in ("Resource::*", *(f"Resource::{arn}" for arn in _balancers(stack.region, stack.account))):
        accept(role, f"AwsSolutions-IAM5[{finding}]", "what it makes has no ARN yet: the tag of this cluster holds it")
    return role


def statements(region: str, account: str, cluster: str, web_acls: list[str]) -> list[iam.PolicyStatement]:
    """The policy's statements."""
    balancers = _balancers(region, account)
    requested = {"StringEquals": {f"aws:RequestTag/{TAG}": cluster}}
    tagged = {"StringEquals": {f"aws:ResourceTag/{TAG}": cluster}}

    def allow(sid: str, actions: list[str], resources: list[str], **conditions: Any) -> iam.PolicyStatement:
        return iam.PolicyStatement(sid=sid, actions=actions, resources=resources, conditions=conditions or None)

    return [
        allow("Read", _READ, ["*"]),
        allow("Create", _CREATE, balancers, **requested),
        allow(
            "TagWhatItCreates",
            ["elasticloadbalancing:AddTags"],
            balancers,
            StringEquals={
                **requested["StringEquals"],
                "elasticloadbalancing:CreateAction": [
                    "CreateTargetGroup",
                    "CreateLoadBalancer",
                    "CreateListener",
                    "CreateRule",
                ],
            },
        ),
        # The cluster's own tag can be neither taken off nor given to something else.
        allow("Tag", _TAG, balancers, **tagged, **{"ForAllValues:StringNotEquals": {"aws:TagKeys": [TAG]}}),
        allow("Change", _CHANGE, balancers, **tagged),
        # AWS tells no tag of these two, and of the second no resource: with a condition neither is ever allowed. Which
        # web ACLs there are to put on is said below.
        allow(
            "OrderRules", ["elasticloadbalancing:SetRulePriorities"], [a for a in balancers if ":listener-rule/" in a]
        ),
        allow("TakeWebAcls", ["elasticloadbalancing:SetWebAcl"], ["*"]),
        allow(
            "Firewall",
            ["wafv2:GetWebACL", "wafv2:GetWebACLForResource", "wafv2:AssociateWebACL", "wafv2:DisassociateWebACL"],
            [*web_acls, f"arn:aws:elasticloadbalancing:{region}:{account}:loadbalancer/app/*/*"],
        ),
        allow(
            "ServiceLinkedRole",
            ["iam:CreateServiceLinkedRole"],
            [
                f"arn:aws:iam::{account}:role/aws-service-role/elasticloadbalancing.amazonaws.com"
                "/AWSServiceRoleForElasticLoadBalancing"
            ],
            StringEquals={"iam:AWSServiceName": "elasticloadbalancing.amazonaws.com"},
        ),
    ]


def _balancers(region: str, account: str) -> list[str]:
    """ARNs of application load balancers, of what belongs to them, and of target groups."""
    root = f"arn:aws:elasticloadbalancing:{region}:{account}"
    return [
        f"{root}:loadbalancer/app/*/*",
        f"{root}:targetgroup/*/*",
        f"{root}:listener/app/*/*/*",
        f"{root}:listener-rule/app/*/*/*/*",
    ]

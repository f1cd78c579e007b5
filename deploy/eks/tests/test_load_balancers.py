"""The load balancer controller's role: this cluster's load balancers and nothing else, by IAM's own rules."""

import hashlib

import pytest
from controller_calls import ACL, BESIDE, CALLS, EVERYWHERE, PUBLISHED, ROLE, VERSION, WITHOUT
from policies import Request, allowed, identity_of
from site_of import Site, Stack
from test_identities import asked, role_arn

from parley_eks.load_balancers import TAG

CREATED = {"elasticloadbalancing:CreateAction": "CreateLoadBalancer"}


def arn(stack: Stack, action: str, resource: str) -> str:
    """A resource of the calls as AWS names it."""
    if resource == EVERYWHERE:
        return resource
    if resource == ACL:
        return stack.told(ACL)
    if resource == ROLE:
        return f"arn:aws:iam::{stack.account}:role/aws-service-role/{ROLE}"
    service = "acm" if action.startswith("acm:") else "elasticloadbalancing"
    return f"arn:aws:{service}:us-east-1:{stack.account}:{resource}"


def test_the_controllers_published_policy_is_weighed_whole() -> None:
    known = {action for action, _, _ in CALLS}
    assert not known & {*WITHOUT}
    lines = "".join(f"{action}\n" for action in sorted(known | {*WITHOUT}))
    assert hashlib.sha256(lines.encode()).hexdigest() == PUBLISHED, VERSION


def test_the_controller_may_what_it_asks_for_as_it_asks_for_it(three: Site) -> None:
    stack = three.first
    role = stack.named("AWS::IAM::Role", "LoadBalancers")
    requests = [
        Request(role_arn(stack, role), action, arn(stack, action, resource), context)
        for action, resource, context in [*CALLS, *BESIDE]
    ]
    answers = allowed(stack, requests, identity_of(stack, role))
    refused = [request for request, answer in zip(requests, answers, strict=True) if not answer]
    assert not refused


def test_the_load_balancer_controller_changes_its_own_clusters_alone(three: Site) -> None:
    stack = three.first
    role = stack.named("AWS::IAM::Role", "LoadBalancers")
    root = f"arn:aws:elasticloadbalancing:us-east-1:{stack.account}"
    balancer, group = f"{root}:loadbalancer/app/talks-api/0123", f"{root}:targetgroup/k8s-api/0123"
    listener, rule = f"{root}:listener/app/talks-api/0123/45", f"{root}:listener-rule/app/talks-api/0123/45/67"
    tag = f"aws:ResourceTag/{TAG}"
    change = {
        ("elasticloadbalancing:ModifyLoadBalancerAttributes", balancer),
        ("elasticloadbalancing:DeleteLoadBalancer", balancer),
        ("elasticloadbalancing:CreateListener", balancer),
        ("elasticloadbalancing:ModifyListener", listener),
        ("elasticloadbalancing:CreateRule", listener),
        ("elasticloadbalancing:DeleteRule", rule),
        ("elasticloadbalancing:RegisterTargets", group),
        ("elasticloadbalancing:DeleteTargetGroup", group),
    }
    asked(stack, role, dict.fromkeys(change, True), context={tag: "talks"})
    asked(stack, role, dict.fromkeys(change, False), context={tag: "another"})
    asked(stack, role, dict.fromkeys(change, False))
    create = [("elasticloadbalancing:CreateLoadBalancer", balancer), ("elasticloadbalancing:CreateTargetGroup", group)]
    wanted = f"aws:RequestTag/{TAG}"
    asked(stack, role, dict.fromkeys(create, True), context={wanted: "talks"})
    asked(stack, role, dict.fromkeys(create, False), context={wanted: "another"})


@pytest.mark.parametrize(
    ("action", "context", "answer"),
    [
        # What it has just made gets this cluster's tag, and nothing that was there does.
        ("AddTags", {f"aws:RequestTag/{TAG}": "talks", **CREATED}, True),
        ("AddTags", {f"aws:RequestTag/{TAG}": "other", **CREATED}, False),
        ("AddTags", {f"aws:RequestTag/{TAG}": "talks", "aws:TagKeys": [TAG]}, False),
        # Of its own it changes every other tag.
        ("AddTags", {f"aws:ResourceTag/{TAG}": "talks", "aws:TagKeys": ["cost-center"]}, True),
        ("RemoveTags", {f"aws:ResourceTag/{TAG}": "talks", "aws:TagKeys": ["cost-center"]}, True),
        ("AddTags", {f"aws:ResourceTag/{TAG}": "talks", "aws:TagKeys": [TAG]}, False),
        ("RemoveTags", {f"aws:ResourceTag/{TAG}": "talks", "aws:TagKeys": ["cost-center", TAG]}, False),
        ("AddTags", {f"aws:ResourceTag/{TAG}": "other", "aws:TagKeys": ["cost-center"]}, False),
        ("RemoveTags", {"aws:TagKeys": ["cost-center"]}, False),
    ],
)
def test_the_clusters_tag_is_put_on_what_is_made_and_never_moved(
    three: Site, action: str, context: dict, answer: bool
) -> None:
    stack = three.first
    balancer = f"arn:aws:elasticloadbalancing:us-east-1:{stack.account}:loadbalancer/app/talks-api/0123"
    role = stack.named("AWS::IAM::Role", "LoadBalancers")
    asked(stack, role, {(f"elasticloadbalancing:{action}", balancer): answer}, context=context)


@pytest.mark.parametrize(
    ("service", "role", "answer"),
    [
        ("elasticloadbalancing", "elasticloadbalancing.amazonaws.com/AWSServiceRoleForElasticLoadBalancing", True),
        ("eks", "elasticloadbalancing.amazonaws.com/AWSServiceRoleForElasticLoadBalancing", False),
        ("eks", "eks.amazonaws.com/AWSServiceRoleForAmazonEKS", False),
    ],
)
def test_the_load_balancer_controller_makes_load_balancings_own_role_alone(
    three: Site, service: str, role: str, answer: bool
) -> None:
    stack = three.first
    asked(
        stack,
        stack.named("AWS::IAM::Role", "LoadBalancers"),
        {("iam:CreateServiceLinkedRole", f"arn:aws:iam::{stack.account}:role/aws-service-role/{role}"): answer},
        context={"iam:AWSServiceName": f"{service}.amazonaws.com"},
    )


def test_the_load_balancer_controller_makes_and_opens_no_security_group(three: Site) -> None:
    stack = three.first
    ec2 = f"arn:aws:ec2:us-east-1:{stack.account}"
    asked(
        stack,
        stack.named("AWS::IAM::Role", "LoadBalancers"),
        {
            ("ec2:CreateSecurityGroup", f"{ec2}:security-group/sg-0123"): False,
            ("ec2:AuthorizeSecurityGroupIngress", f"{ec2}:security-group/sg-0123"): False,
            ("ec2:DescribeSecurityGroups", "*"): True,
            ("elasticloadbalancing:DescribeLoadBalancers", "*"): True,
            ("wafv2:AssociateWebACL", stack.told("ApiAcl")): True,
            (
                "wafv2:AssociateWebACL",
                f"arn:aws:wafv2:us-east-1:{stack.account}:regional/webacl/permissive/0123",
            ): False,
            ("wafv2:UpdateWebACL", stack.told("ApiAcl")): False,
            ("acm:DeleteCertificate", f"arn:aws:acm:us-east-1:{stack.account}:certificate/0123"): False,
        },
    )

"""Exceptions to the checkers' rules, each beside its reason and on the resource that it is about."""

from typing import Any

from aws_cdk import Acknowledgment, CfnResource, Stack, Validations
from constructs import Construct, IConstruct


def accept(construct: IConstruct, rule: str, reason: str) -> None:
    """Accepts what a rule finds on a construct and below it.

    `rule` is cdk-nag's (`AwsSolutions-…`, one finding of several as `AwsSolutions-IAM5[Resource::*]`), checkov's
    (`CKV…`) or cfn-lint's (`W…`, `E…`, `I…`). The latter two read it in the resource's metadata.
    """
    if rule.startswith("AwsSolutions-"):
        Validations.of(construct).acknowledge(Acknowledgment(id=rule, reason=reason))
        return
    for resource in _resources(construct):
        if rule.startswith("CKV"):
            entry = resource.get_metadata("checkov") or {"skip": []}
            entry["skip"].append({"id": rule, "comment": reason})
            resource.add_metadata("checkov", entry)
        else:
            entry = resource.get_metadata("cfn-lint") or {"config": {"ignore_checks": []}, "reasons": {}}
            entry["config"]["ignore_checks"].append(rule)
            entry["reasons"][rule] = reason
            resource.add_metadata("cfn-lint", entry)


def _resources(construct: IConstruct) -> list[CfnResource]:
    return [node for node in construct.node.find_all() if isinstance(node, CfnResource)]


def accept_objects(construct: IConstruct, bucket: Construct, pattern: str, reason: str) -> None:
    """Accepts that a policy names a bucket's objects by a pattern, as in `interviews/*`."""
    stack = Stack.of(bucket)
    name = stack.resolve(stack.get_logical_id(resource_of(bucket)))
    accept(construct, f"AwsSolutions-IAM5[Resource::<{name}.Arn>/{pattern}]", reason)


def resource_of(construct: Construct) -> Any:
    """The CloudFormation resource that a construct stands for."""
    return construct.node.default_child

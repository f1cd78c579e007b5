"""The installation's secrets in Parameter Store: their path and their key.

The parameters themselves are made by hand, once (docs/deployment.md): CloudFormation can't make a SecureString, and a
secret in a template would be kept in every place that a template is.
"""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_kms as kms
from constructs import Construct

from parley_eks.names import parameter_key_alias, parameter_path
from parley_eks.settings import Settings


class Parameters(Construct):
    """Where the secrets are, and what they are encrypted by."""

    def __init__(self, scope: Construct, id: str, settings: Settings) -> None:
        super().__init__(scope, id)
        self.path = parameter_path(settings.installation)
        self.key = kms.Key(
            self,
            "Key",
            alias=parameter_key_alias(settings.installation),
            description="Parley's secrets in Parameter Store",
            enable_key_rotation=True,
            removal_policy=RemovalPolicy.RETAIN,
        )

"""What the stack tells, by the names under which `handover` looks for it."""

from aws_cdk import CfnOutput
from constructs import Construct

from parley_eks.names import Output


def tell(scope: Construct, values: dict[Output, str]) -> None:
    """Makes an output of each."""
    for name, value in values.items():
        CfnOutput(scope, f"Tell{name.value}", value=value).override_logical_id(name.value)

"""Endpoints of AWS services within the VPC: what goes there does not leave it, and goes to this account's things."""

from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from constructs import Construct

from parley_eks.network import PRIVATE
from parley_eks.settings import Region, Settings

_SERVICES = {
    "EcrApi": ec2.InterfaceVpcEndpointAwsService.ECR,
    "EcrDocker": ec2.InterfaceVpcEndpointAwsService.ECR_DOCKER,
    "Sts": ec2.InterfaceVpcEndpointAwsService.STS,
    "Ssm": ec2.InterfaceVpcEndpointAwsService.SSM,
    "Logs": ec2.InterfaceVpcEndpointAwsService.CLOUDWATCH_LOGS,
}


class Endpoints(Construct):
    """The endpoints and the security group that they are behind."""

    def __init__(self, scope: Construct, id: str, settings: Settings, region: Region, vpc: ec2.Vpc) -> None:
        super().__init__(scope, id)
        self.group = ec2.SecurityGroup(
            self, "Group", vpc=vpc, description="Parley: endpoints of AWS services", allow_all_outbound=False
        )
        self.s3 = vpc.add_gateway_endpoint("S3", service=ec2.GatewayVpcEndpointAwsService.S3, subnets=[PRIVATE])
        for statement in self._s3_policy():
            self.s3.add_to_policy(statement)
        for name, service in _SERVICES.items():
            self._interface(vpc, name, service)
        # Nova Sonic of another region is reached over its public address.
        if region.model == region.region:
            bedrock = self._interface(vpc, "BedrockRuntime", ec2.InterfaceVpcEndpointAwsService.BEDROCK_RUNTIME)
            bedrock.add_to_policy(
                iam.PolicyStatement(
                    sid="ModelsOfTheInstallation",
                    principals=[iam.StarPrincipal()],
                    actions=["bedrock:InvokeModel"],
                    resources=[model_arn(region, model) for model in settings.models],
                    conditions=self._of_this_account("Principal"),
                )
            )

    def _interface(self, vpc: ec2.Vpc, name: str, service: Any) -> ec2.InterfaceVpcEndpoint:
        return vpc.add_interface_endpoint(
            name,
            service=service,
            subnets=PRIVATE,
            security_groups=[self.group],
            private_dns_enabled=True,
            # Who may is said for each of them in groups.py.
            open=False,
        )

    def _s3_policy(self) -> list[iam.PolicyStatement]:
        """Anything may be read (registries keep images in buckets of their own), but nothing be carried out.

        To buckets of this region, that is: those of others are not behind the endpoint, but public addresses.
        """
        return [
            iam.PolicyStatement(
                sid="Read", principals=[iam.StarPrincipal()], actions=["s3:GetObject"], resources=["*"]
            ),
            iam.PolicyStatement(
                sid="OwnBuckets",
                principals=[iam.StarPrincipal()],
                actions=["s3:*"],
                resources=["*"],
                conditions=self._of_this_account("Resource"),
            ),
        ]

    def _of_this_account(self, what: str) -> dict[str, Any]:
        return {"StringEquals": {f"aws:{what}Account": Stack.of(self).account}}


def model_arn(region: Region, model: str) -> str:
    """The ARN of a Bedrock model where it is called."""
    return f"arn:aws:bedrock:{region.model}::foundation-model/{model}"

"""The Fargate profiles, and the roles by which Fargate itself pulls images and writes logs for the pods."""

from aws_cdk import Stack
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_eks_v2 as eks
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from parley_eks.exceptions import accept
from parley_eks.network import PRIVATE
from parley_eks.placement import OWN, Profile, profiles
from parley_eks.settings import Settings


class Fargate(Construct):
    """Profiles for the cluster's own programs, one for the release, one for bots; there is no EC2 node."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        settings: Settings,
        cluster: eks.Cluster,
        repositories: list[ecr.Repository],
        pod_logs: logs.LogGroup,
    ) -> None:
        super().__init__(scope, id)
        self._cluster, self._pod_logs = cluster, pod_logs
        system = self._role("SystemPods", settings)
        system.add_managed_policy(
            iam.ManagedPolicy.from_aws_managed_policy_name("AmazonEKSFargatePodExecutionRolePolicy")
        )
        accept(
            system,
            "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/AmazonEKSFargatePodExecutionRolePolicy]",
            "CoreDNS comes from registries of AWS's own accounts, which differ by region: the policy that AWS keeps",
        )
        ours = self._role("OurPods", settings)
        for repository in repositories:
            repository.grant_pull(ours)
        accept(ours, "AwsSolutions-IAM5[Resource::*]", "ecr:GetAuthorizationToken knows no resource")
        self.profiles = {
            profile.name: self._profile(profile, ours if profile.name in OWN else system)
            for profile in profiles(
                installation=settings.installation,
                release=settings.release,
                namespace=settings.namespace,
                bots_namespace=settings.bots_namespace,
                system_namespaces=settings.system_namespaces,
            )
        }

    def _profile(self, profile: Profile, role: iam.Role) -> eks.FargateProfile:
        return eks.FargateProfile(
            self,
            profile.name,
            cluster=self._cluster,
            fargate_profile_name=profile.name,
            pod_execution_role=role,
            vpc=self._cluster.vpc,
            subnet_selection=PRIVATE,
            selectors=[
                eks.Selector(namespace=selector.namespace, labels=dict(selector.labels) or None)
                for selector in profile.selectors
            ],
        )

    def _role(self, id: str, settings: Settings) -> iam.Role:
        stack = Stack.of(self)
        role = iam.Role(
            self,
            id,
            description="By which Fargate pulls images and writes logs; no pod has it",
            assumed_by=iam.ServicePrincipal(
                "eks-fargate-pods.amazonaws.com",
                conditions={
                    "ArnLike": {
                        "aws:SourceArn": f"arn:aws:eks:{stack.region}:{stack.account}"
                        f":fargateprofile/{settings.installation}/*"
                    }
                },
            ),
        )
        # aws-logging's Fluent Bit; the group itself is made here, so that it has a key and an end.
        role.add_to_policy(
            iam.PolicyStatement(
                sid="PodLogs",
                actions=["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
                resources=[self._pod_logs.log_group_arn],
            )
        )
        return role

"""The EKS cluster: no EC2 nodes, Secrets under a key of our own, an API that few reach and whose every call is kept.

What is within it (add-ons, the chart) is Git's and Helm's: the stack has no functions that apply manifests.
"""

from typing import cast

from aws_cdk import RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_eks_v2 as eks
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from parley_eks.exceptions import accept
from parley_eks.logs import Logs
from parley_eks.network import PRIVATE
from parley_eks.settings import Settings

_LOGGED = [
    eks.ClusterLoggingTypes.API,
    eks.ClusterLoggingTypes.AUDIT,
    eks.ClusterLoggingTypes.AUTHENTICATOR,
    eks.ClusterLoggingTypes.CONTROLLER_MANAGER,
    eks.ClusterLoggingTypes.SCHEDULER,
]
_POLICIES = ("AmazonEKSClusterPolicy", "AmazonEKSVPCResourceController")


class Cluster(Construct):
    """The control plane, who may use it, and the issuer of its service accounts."""

    def __init__(self, scope: Construct, id: str, settings: Settings, vpc: ec2.Vpc, logs: Logs) -> None:
        super().__init__(scope, id)
        # EKS would make it itself, without an end and without a key.
        self.logs = logs.group("ControlPlane", f"/aws/eks/{settings.installation}/cluster")
        self.key = kms.Key(
            self,
            "Secrets",
            alias=f"alias/{settings.installation}-kubernetes-secrets",
            description="Kubernetes Secrets of Parley's cluster",
            enable_key_rotation=True,
            removal_policy=RemovalPolicy.RETAIN,
        )
        control_plane = ec2.SecurityGroup(
            self, "ControlPlane", vpc=vpc, description="Parley: EKS control plane", allow_all_outbound=False
        )
        self.eks = eks.Cluster(
            self,
            "Cluster",
            cluster_name=settings.installation,
            version=eks.KubernetesVersion.of(settings.kubernetes_version),
            vpc=vpc,
            vpc_subnets=[PRIVATE],
            security_group=control_plane,
            role=self._role(),
            secrets_encryption_key=self.key,
            endpoint_access=_endpoint_access(settings),
            cluster_logging=_LOGGED,
            default_capacity_type=eks.DefaultCapacityType.NODEGROUP,
            default_capacity=0,
            # kube-proxy and the CNI's agent are DaemonSets, for EC2 nodes; CoreDNS comes as an add-on.
            bootstrap_self_managed_addons=False,
            # Who may is said below, whoever runs the deployment.
            bootstrap_cluster_creator_admin_permissions=False,
        )
        self.eks.node.add_dependency(self.logs)
        self.group = self.eks.cluster_security_group
        self._access(settings)
        self.issuer = self.eks.cluster_open_id_connect_issuer_url
        self.provider = eks.OidcProviderNative(self, "Issuer", url=self.issuer)

    def _role(self) -> iam.Role:
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("eks.amazonaws.com"),
            managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name(name) for name in _POLICIES],
        )
        for name in _POLICIES:
            accept(
                role,
                f"AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/{name}]",
                "what EKS asks of a cluster's role; AWS keeps it to what its control plane does",
            )
        return role

    def _access(self, settings: Settings) -> None:
        for who, arns, policy in (
            ("Admin", settings.admins, "AmazonEKSClusterAdminPolicy"),
            ("Viewer", settings.viewers, "AmazonEKSViewPolicy"),
        ):
            for number, arn in enumerate(arns, start=1):
                eks.AccessEntry(
                    self,
                    f"{who}{number}",
                    cluster=as_cluster(self.eks),
                    principal=arn,
                    access_policies=[
                        eks.AccessPolicy.from_access_policy_name(policy, access_scope_type=eks.AccessScopeType.CLUSTER)
                    ],
                )


class Dns(Construct):
    """CoreDNS, on Fargate by its add-on's own setting, once there is a profile for it."""

    def __init__(self, scope: Construct, id: str, cluster: Cluster, system: eks.FargateProfile) -> None:
        super().__init__(scope, id)
        addon = eks.Addon(
            self,
            "CoreDns",
            cluster=as_cluster(cluster.eks),
            addon_name="coredns",
            # Two, in two zones as the add-on spreads them: without DNS nothing starts.
            configuration_values={"computeType": "Fargate", "replicaCount": 2},
            preserve_on_delete=False,
        )
        addon.node.add_dependency(system)


def as_cluster(cluster: eks.Cluster) -> eks.ICluster:
    """The cluster as the CDK's own types want it: by them a `Cluster` lacks a member of an internal kind."""
    return cast("eks.ICluster", cluster)


def _endpoint_access(settings: Settings) -> eks.EndpointAccess:
    if not settings.api_server_cidrs:
        return eks.EndpointAccess.PRIVATE
    return eks.EndpointAccess.PUBLIC_AND_PRIVATE.only_from(*map(str, settings.api_server_cidrs))

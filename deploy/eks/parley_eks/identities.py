"""What each service account may do in AWS, and no more: bot, API, External Secrets, external-dns, KEDA."""

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from parley_eks.cluster import Cluster
from parley_eks.endpoints import model_arn
from parley_eks.exceptions import accept, accept_objects
from parley_eks.irsa import service_account_role
from parley_eks.names import EXTERNAL_DNS, KEDA, KEDA_ACCOUNT, SECRETS_ACCOUNT
from parley_eks.parameters import Parameters
from parley_eks.settings import Region, Settings
from parley_eks.storage import Storage, grant_artifacts


class Identities(Construct):
    """The roles of the installation's service accounts."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        settings: Settings,
        region: Region,
        cluster: Cluster,
        storage: Storage,
        parameters: Parameters,
    ) -> None:
        super().__init__(scope, id)
        self._settings, self._region, self._cluster = settings, region, cluster
        self.bot = self._bot()
        self.api = self._api(storage)
        self.external_secrets = self._external_secrets(parameters)
        self.external_dns = self._external_dns()
        self.keda = self._keda() if settings.keda else None

    def _bot(self) -> iam.Role:
        """One action of Bedrock, which opens Nova Sonic's stream both ways, on the installation's models.

        IAM has no action for the bidirectional stream alone: InvokeModelWithBidirectionalStream asks for InvokeModel
        (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModelWithBidirectionalStream.html).
        """
        role = service_account_role(
            self, "Bot", self._cluster, [(self._settings.bots_namespace, "parley-bot")], "Parley's bots"
        )
        role.add_to_policy(
            iam.PolicyStatement(
                sid="Speak",
                actions=["bedrock:InvokeModel"],
                resources=[model_arn(self._region, model) for model in self._settings.models],
            )
        )
        return role

    def _api(self, storage: Storage) -> iam.Role:
        """The installation's bucket and its key alone, for API and retention."""
        namespace = self._settings.namespace
        role = service_account_role(
            self, "Api", self._cluster, [(namespace, "parley-api"), (namespace, "parley-retention")], "Parley's API"
        )
        grant_artifacts(role, storage)
        accept_objects(role, storage.artifacts, "interviews/*", "every interview's objects are the API's")
        return role

    def _external_secrets(self, parameters: Parameters) -> iam.Role:
        role = service_account_role(
            self,
            "ExternalSecrets",
            self._cluster,
            [(self._settings.namespace, SECRETS_ACCOUNT)],
            "Reads Parley's parameters for External Secrets",
        )
        stack = Stack.of(self)
        arn = f"arn:aws:ssm:{stack.region}:{stack.account}:parameter{parameters.path}/*"
        role.add_to_policy(
            iam.PolicyStatement(sid="Parameters", actions=["ssm:GetParameter", "ssm:GetParameters"], resources=[arn])
        )
        role.add_to_policy(
            iam.PolicyStatement(
                sid="Key",
                actions=["kms:Decrypt"],
                resources=[parameters.key.key_arn],
                conditions={
                    "StringEquals": {"kms:ViaService": f"ssm.{stack.region}.amazonaws.com"},
                    "StringLike": {"kms:EncryptionContext:PARAMETER_ARN": arn},
                },
            )
        )
        accept(role, f"AwsSolutions-IAM5[Resource::{arn}]", "every parameter of the installation, by its path")
        return role

    def _external_dns(self) -> iam.Role:
        """The records of this region's two host names in the one zone, and what says whose they are."""
        role = service_account_role(
            self, "ExternalDns", self._cluster, [(EXTERNAL_DNS, EXTERNAL_DNS)], "external-dns for Parley's hosts"
        )
        zone = f"arn:aws:route53:::hostedzone/{self._settings.hosted_zone.id}"
        role.add_to_policy(
            iam.PolicyStatement(
                sid="Records",
                actions=["route53:ChangeResourceRecordSets"],
                resources=[zone],
                conditions={
                    "ForAllValues:StringLike": {
                        "route53:ChangeResourceRecordSetsNormalizedRecordNames": record_names(self._region)
                    },
                    "ForAllValues:StringEquals": {
                        "route53:ChangeResourceRecordSetsRecordTypes": ["A", "AAAA", "CNAME", "TXT"]
                    },
                },
            )
        )
        role.add_to_policy(
            iam.PolicyStatement(
                sid="Zone", actions=["route53:ListResourceRecordSets", "route53:ListTagsForResource"], resources=[zone]
            )
        )
        role.add_to_policy(iam.PolicyStatement(sid="Zones", actions=["route53:ListHostedZones"], resources=["*"]))
        accept(role, "AwsSolutions-IAM5[Resource::*]", "route53:ListHostedZones knows no resource")
        return role

    def _keda(self) -> iam.Role:
        """Reads metrics, for its operator: what scales by them says `identityOwner: operator`."""
        role = service_account_role(
            self, "Keda", self._cluster, [(KEDA, KEDA_ACCOUNT)], "KEDA, which scales by CloudWatch's metrics"
        )
        role.add_to_policy(iam.PolicyStatement(sid="Metrics", actions=["cloudwatch:GetMetricData"], resources=["*"]))
        accept(role, "AwsSolutions-IAM5[Resource::*]", "cloudwatch:GetMetricData knows no resource")
        return role


def record_names(region: Region) -> list[str]:
    """The names of records that a region may change, as IAM patterns: its hosts, and the owner's beside each."""
    return [name for host in (region.host, region.api_host) for name in (host, f"*-parley.{host}")]

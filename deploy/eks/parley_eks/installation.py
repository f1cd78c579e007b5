"""The stacks of an installation: one a region, and one for the budget."""

from aws_cdk import App, Environment, Fn, Stack, Tags
from constructs import Construct

from parley_eks.budget import COST_TAG, BudgetStack
from parley_eks.cluster import Cluster, Dns
from parley_eks.edge import Edge
from parley_eks.endpoints import Endpoints
from parley_eks.fargate import Fargate
from parley_eks.groups import SecurityGroups
from parley_eks.identities import Identities
from parley_eks.images import Images
from parley_eks.load_balancers import controller_role
from parley_eks.logs import Logs
from parley_eks.names import SYSTEM_NAMESPACE, Output, stack_name
from parley_eks.network import Network
from parley_eks.observability import Alarms, PodLogs
from parley_eks.outputs import tell
from parley_eks.parameters import Parameters
from parley_eks.settings import Region, Settings
from parley_eks.signs import Logged
from parley_eks.storage import Recordings, Storage


class RegionStack(Stack):
    """Everything of one region: it knows of no other, and outlives each of them."""

    def __init__(self, scope: Construct, id: str, settings: Settings, region: Region) -> None:
        super().__init__(
            scope,
            id,
            env=Environment(account=settings.account, region=region.region),
            description=f"Parley {settings.installation} in {region.region}",
            termination_protection=True,
        )
        logs = Logs(self, "Logs", settings)
        self._network = Network(self, "Network", settings, region, logs)
        endpoints = Endpoints(self, "Endpoints", settings, region, self._network.vpc)
        cluster = Cluster(self, "Cluster", settings, self._network.vpc, logs)
        self._groups = SecurityGroups(self, "Groups", settings, self._network.vpc, cluster.group, endpoints.group)
        images = Images(self, "Images", settings)
        self._pod_logs = PodLogs(self, "PodLogs", settings, logs).group
        fargate = Fargate(self, "Fargate", settings, cluster.eks, images.repositories, self._pod_logs)
        Dns(self, "Dns", cluster, fargate.profiles[SYSTEM_NAMESPACE])
        self._storage = Storage(self, "Storage", settings)
        parameters = Parameters(self, "Parameters", settings)
        self._identities = Identities(self, "Identities", settings, region, cluster, self._storage, parameters)
        self._edge = Edge(self, "Edge", settings, region, logs)
        self._controller = controller_role(
            self, "LoadBalancers", cluster, settings.installation, [acl.attr_arn for acl in self._edge.acls]
        )
        Alarms(
            self,
            "Alarms",
            settings,
            region,
            Logged(self._pod_logs, cluster.logs),
            self._network.nat_gateway_ids(),
            self._edge.acl_names,
        )
        tell(self, self._network_told() | self._identities_told() | self._edge_told() | self._storage_told())
        if region.daily_domain is not None and region.recordings_days is not None:
            recordings = Recordings(
                self, "Recordings", settings, self._storage, region.daily_domain, region.recordings_days
            )
            tell(
                self,
                {
                    Output.RECORDINGS_BUCKET: recordings.bucket.bucket_name,
                    Output.RECORDINGS_ROLE: recordings.role.role_arn,
                },
            )

    def _network_told(self) -> dict[Output, str]:
        return {
            Output.VPC: self._network.vpc.vpc_id,
            Output.NAT_ADDRESSES: Fn.join(",", self._network.nat_addresses()),
            Output.WEB_BALANCER_GROUP: self._groups.web_balancer.security_group_id,
            Output.API_BALANCER_GROUP: self._groups.api_balancer.security_group_id,
            Output.WEB_GROUP: self._groups.web.security_group_id,
            Output.API_GROUP: self._groups.api.security_group_id,
            Output.OPERATOR_GROUP: self._groups.operator.security_group_id,
            Output.BOT_GROUP: self._groups.bot.security_group_id,
            Output.JOBS_GROUP: self._groups.jobs.security_group_id,
            Output.MEDIA_GROUP: self._groups.media.security_group_id,
        }

    def _identities_told(self) -> dict[Output, str]:
        return {
            Output.BOT_ROLE: self._identities.bot.role_arn,
            Output.API_ROLE: self._identities.api.role_arn,
            Output.EXTERNAL_SECRETS_ROLE: self._identities.external_secrets.role_arn,
            Output.EXTERNAL_DNS_ROLE: self._identities.external_dns.role_arn,
            Output.LOAD_BALANCERS_ROLE: self._controller.role_arn,
            **({Output.KEDA_ROLE: keda.role_arn} if (keda := self._identities.keda) else {}),
        }

    def _edge_told(self) -> dict[Output, str]:
        return {
            Output.CERTIFICATE: self._edge.certificate.certificate_arn,
            Output.WEB_ACL: self._edge.web_acl.attr_arn,
            Output.API_ACL: self._edge.api_acl.attr_arn,
        }

    def _storage_told(self) -> dict[Output, str]:
        return {
            Output.BUCKET: self._storage.artifacts.bucket_name,
            Output.BUCKET_KEY: self._storage.key.key_arn,
            Output.ACCESS_LOGS: self._storage.access_logs.bucket_name,
            Output.POD_LOGS: self._pod_logs.log_group_name,
        }


def install(app: App, settings: Settings) -> dict[str, RegionStack]:
    """Adds the stacks to an app: those of the regions, by region, and the budget's."""
    stacks = {
        region.region: RegionStack(app, stack_name(settings.installation, region.region), settings, region)
        for region in settings.regions
    }
    if settings.budget is not None:
        BudgetStack(app, stack_name(settings.installation, "budget"), settings, settings.budget)
    Tags.of(app).add(COST_TAG, settings.installation)
    Tags.of(app).add("cost-center", settings.cost_center)
    return stacks

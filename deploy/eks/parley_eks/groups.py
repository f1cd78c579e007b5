"""Security groups: who may open a connection to whom. On Fargate they are what holds; NetworkPolicies do not.

The chart's SecurityGroupPolicies give them to the pods; a pod that is given none has the cluster's own.
"""

from collections.abc import Iterable
from ipaddress import IPv4Network, collapse_addresses

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from parley_eks.addresses import MEDIA_PORTS, public_networks
from parley_eks.exceptions import accept
from parley_eks.settings import Settings

HTTP = ec2.Port.tcp(8080)
"""Web, API's public port, and the bot's socket, each in its pod."""
INTERNAL = ec2.Port.tcp(8443)
"""The API's port for bots and operator."""
HTTPS = ec2.Port.tcp(443)
MEDIA = ec2.Port.udp_range(*MEDIA_PORTS)
KUBELET = ec2.Port.tcp(10250)
"""The kubelet of a Fargate pod, at the pod's own address: logs, exec, probes."""


class SecurityGroups(Construct):
    """A group for each load balancer and each kind of pod; all that is not said here is refused."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        settings: Settings,
        vpc: ec2.IVpc,
        cluster: ec2.ISecurityGroup,
        endpoints: ec2.ISecurityGroup,
    ) -> None:
        super().__init__(scope, id)
        self._vpc, self._cluster, self._endpoints = vpc, cluster, endpoints
        networks = public_networks()
        self._public = ec2.Peer.prefix_list(
            ec2.PrefixList(
                self,
                "PublicAddresses",
                prefix_list_name=f"{settings.installation}-public-addresses",
                address_family=ec2.AddressFamily.IP_V4,
                entries=[ec2.CfnPrefixList.EntryProperty(cidr=str(network)) for network in networks],
                # Each of these counts against the 60 rules that a security group has by default.
                max_entries=len(networks),
            ).prefix_list_id
        )
        self.web_balancer = self._balancer("WebBalancer", "the load balancer of the pages", settings)
        self.api_balancer = self._balancer("ApiBalancer", "load balancer of the API", settings)
        self.web = self._pods("Web", "web")
        self.api = self._pods("Api", "API")
        self.operator = self._pods("Operator", "operator")
        self.bot = self._pods("Bot", "bot")
        self.jobs = self._pods("Jobs", "certificates and retention")
        self.media = self._group("Media", "speech of the bots to Daily")
        self._rules()
        self._webhooks(settings.webhook_networks)

    def _webhooks(self, networks: Iterable[IPv4Network]) -> None:
        """The API's way to webhooks that are not public; handover/chart.py tells it of the same networks."""
        for network in collapse_addresses(networks):
            self.api.add_egress_rule(ec2.Peer.ipv4(str(network)), HTTPS, "webhooks within")

    def _rules(self) -> None:
        self.web_balancer.connections.allow_to(self.web, HTTP, "pages")
        self.api_balancer.connections.allow_to(self.api, HTTP, "API")
        for caller in (self.bot, self.operator):
            caller.connections.allow_to(self.api, INTERNAL, "API for the inside")
        self.api.connections.allow_to(self.bot, HTTP, "candidate's socket")
        # CoreDNS and the add-ons: within the VPC the names of ECR, STS, SSM and logs lead to the endpoints alone.
        self._endpoints.connections.allow_from(self._cluster, HTTPS, "AWS services")
        # Prometheus is one of the cluster's own programs, which have the cluster's group.
        self.operator.connections.allow_from(self._cluster, HTTP, "metrics")
        # Daily, templates' webhooks, and S3, whose addresses are public behind its gateway endpoint, too. Every image
        # comes from there, over its pod's own address.
        for caller, what in (
            (self.api, "Daily, webhooks, S3"),
            (self.jobs, "S3"),
            (self.web, "its image, from S3"),
            (self.operator, "Daily"),
            (self.bot, "Daily, Bedrock"),
        ):
            caller.add_egress_rule(self._public, HTTPS, what)
        # A group of its own, which bots are given with Daily alone: these networks twice would be more rules than a
        # group has by default.
        self.media.add_egress_rule(self._public, MEDIA, "Daily's media")

    def _balancer(self, id: str, what: str, settings: Settings) -> ec2.SecurityGroup:
        group = self._group(id, what)
        for network in settings.visitors:
            for port in (80, 443):
                group.add_ingress_rule(ec2.Peer.ipv4(str(network)), ec2.Port.tcp(port), "visitors")
        if any(network.prefixlen == 0 for network in settings.visitors):
            why = "candidates come from anywhere; `visitors` narrows it, the WAF limits it"
            accept(group, "AwsSolutions-EC23", why)
            accept(group, "CKV_AWS_260", f"{why}; port 80 only answers with a redirect")
        return group

    def _pods(self, id: str, what: str) -> ec2.SecurityGroup:
        """A group of pods, with what each Fargate pod needs: DNS, the API server, its kubelet, the AWS endpoints."""
        group = self._group(id, f"{what} pods")
        self._cluster.connections.allow_from(group, ec2.Port.tcp(53), "DNS")
        self._cluster.connections.allow_from(group, ec2.Port.udp(53), "DNS")
        self._cluster.connections.allow_from(group, HTTPS, "API server")
        self._cluster.connections.allow_to(group, KUBELET, "kubelet")
        self._endpoints.connections.allow_from(group, HTTPS, "AWS services")
        return group

    def _group(self, id: str, what: str) -> ec2.SecurityGroup:
        return ec2.SecurityGroup(self, id, vpc=self._vpc, description=f"Parley: {what}", allow_all_outbound=False)

"""The VPC: public subnets for load balancers and NAT alone, everything else in private ones, in three zones."""

from aws_cdk import Tags
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from constructs import Construct

from parley_eks.logs import Logs
from parley_eks.settings import Region, Settings

PRIVATE = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS)


class Network(Construct):
    """The VPC of one region, with its flow logs."""

    def __init__(self, scope: Construct, id: str, settings: Settings, region: Region, logs: Logs) -> None:
        super().__init__(scope, id)
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr(str(region.cidr)),
            availability_zones=list(region.availability_zones),
            nat_gateways=settings.nat_gateways,
            # Each bot takes an address: three /18 hold 49,000. Load balancers want eight free ones in each subnet.
            subnet_configuration=[
                ec2.SubnetConfiguration(name="private", subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS, cidr_mask=18),
                ec2.SubnetConfiguration(
                    name="public", subnet_type=ec2.SubnetType.PUBLIC, cidr_mask=22, map_public_ip_on_launch=False
                ),
            ],
            # Nothing is in the default group. To empty it would take a function with rights on security groups.
            restrict_default_security_group=False,
        )
        # By these the load balancer controller finds its subnets.
        for subnets, role in ((self.vpc.public_subnets, "elb"), (self.vpc.private_subnets, "internal-elb")):
            for subnet in subnets:
                Tags.of(subnet).add(f"kubernetes.io/role/{role}", "1")
        group = logs.group("Flow", f"/parley/{settings.installation}/flow")
        self.vpc.add_flow_log(
            "Flow",
            destination=ec2.FlowLogDestination.to_cloud_watch_logs(
                group,
                iam.Role(self, "FlowRole", assumed_by=iam.ServicePrincipal("vpc-flow-logs.amazonaws.com")),
            ),
        )

    def nat_gateway_ids(self) -> list[str]:
        """The ids of the NAT gateways, in the order of their zones."""
        found = [node for node in self.vpc.node.find_all() if isinstance(node, ec2.CfnNatGateway)]
        return [gateway.attr_nat_gateway_id for gateway in found]

    def nat_addresses(self) -> list[str]:
        """The addresses that all of the installation's calls come from: what others may let in."""
        found = [node for node in self.vpc.node.find_all() if isinstance(node, ec2.CfnEIP)]
        return [address.ref for address in found]

"""Where things are in the network: what is public, what is private, what stays within."""

from ipaddress import IPv4Network

import pytest
from policies import Request, allowed
from site_of import Site, Stack


def subnets(stack: Stack, kind: str) -> list[str]:
    return [name for name, subnet in stack.of("AWS::EC2::Subnet").items() if tag(subnet, "aws-cdk:subnet-type") == kind]


def tag(properties: dict, key: str) -> str | None:
    return next((entry["Value"] for entry in properties["Tags"] if entry["Key"] == key), None)


def test_each_kind_of_subnet_is_in_three_zones(three: Site) -> None:
    for region, stack in three.stacks.items():
        for kind in ("Public", "Private"):
            zones = {stack.of("AWS::EC2::Subnet")[name]["AvailabilityZone"] for name in subnets(stack, kind)}
            assert len(zones) == 3, (region, kind)
            assert all(zone.startswith(region) for zone in zones)


def test_no_subnet_gives_public_addresses(one: Site) -> None:
    assert not any(subnet.get("MapPublicIpOnLaunch") for subnet in one.first.of("AWS::EC2::Subnet").values())


def test_nat_alone_is_in_public_subnets(one: Site) -> None:
    """Cluster, pods and endpoints are private; load balancers come there by the controller, by the subnets' tag."""
    stack = one.first
    public = set(subnets(stack, "Public"))
    placed = {
        resource["Type"]
        for name, resource in stack.json["Resources"].items()
        if _references(resource.get("Properties", {})) & public
    }
    assert placed == {"AWS::EC2::NatGateway", "AWS::EC2::SubnetRouteTableAssociation"}


def _references(what: object) -> set[str]:
    if isinstance(what, dict):
        if {*what} == {"Ref"}:
            return {what["Ref"]}
        return set().union(*map(_references, what.values()))
    return set().union(*map(_references, what)) if isinstance(what, list) else set()


def test_private_subnets_go_out_through_the_nat_of_their_zone(one: Site) -> None:
    stack = one.first
    routes = [r for r in stack.of("AWS::EC2::Route").values() if "NatGatewayId" in r]
    assert len(routes) == len({r["NatGatewayId"]["Ref"] for r in routes}) == 3
    assert all(route["DestinationCidrBlock"] == "0.0.0.0/0" for route in routes)


def test_the_addresses_that_calls_come_from_are_told(one: Site) -> None:
    """Who keeps a webhook lets these in."""
    stack = one.first
    assert len(stack.told("NatAddresses").split(",")) == len(stack.of("AWS::EC2::EIP")) == 3


def test_the_controller_finds_its_subnets(one: Site) -> None:
    stack = one.first
    for kind, role in (("Public", "kubernetes.io/role/elb"), ("Private", "kubernetes.io/role/internal-elb")):
        assert all(tag(stack.of("AWS::EC2::Subnet")[name], role) == "1" for name in subnets(stack, kind))


def test_regions_that_are_peered_have_networks_apart(three: Site) -> None:
    networks = [
        IPv4Network(vpc["CidrBlock"]) for stack in three.stacks.values() for vpc in stack.of("AWS::EC2::VPC").values()
    ]
    assert not any(a.overlaps(b) for a in networks for b in networks if a is not b)


def test_all_traffic_is_logged(one: Site) -> None:
    one.first.template.has_resource_properties(
        "AWS::EC2::FlowLog", {"TrafficType": "ALL", "LogDestinationType": "cloud-watch-logs"}
    )


INTERFACES = {"ecr.api", "ecr.dkr", "sts", "ssm", "logs", "bedrock-runtime"}


def interfaces(stack: Stack) -> set[str]:
    return {
        endpoint["ServiceName"].removeprefix(f"com.amazonaws.{stack.region}.")
        for endpoint in stack.of("AWS::EC2::VPCEndpoint").values()
        if endpoint["VpcEndpointType"] == "Interface"
    }


def test_aws_services_have_endpoints_within(three: Site) -> None:
    assert interfaces(three.stacks["us-east-1"]) == INTERFACES
    # There the model is another region's.
    assert interfaces(three.stacks["ap-south-1"]) == INTERFACES - {"bedrock-runtime"}


def test_endpoints_are_private_and_answer_by_the_services_own_names(one: Site) -> None:
    stack = one.first
    private = set(subnets(stack, "Private"))
    for endpoint in stack.of("AWS::EC2::VPCEndpoint").values():
        if endpoint["VpcEndpointType"] == "Interface":
            assert endpoint["PrivateDnsEnabled"] is True
            assert {subnet["Ref"] for subnet in endpoint["SubnetIds"]} == private


def test_the_way_to_s3_is_in_every_private_route_table_and_in_no_other(one: Site) -> None:
    stack = one.first
    (gateway,) = [each for each in stack.of("AWS::EC2::VPCEndpoint").values() if each["VpcEndpointType"] == "Gateway"]
    private = set(subnets(stack, "Private"))
    tables = {
        each["RouteTableId"]["Ref"]
        for each in stack.of("AWS::EC2::SubnetRouteTableAssociation").values()
        if each["SubnetId"]["Ref"] in private
    }
    assert len(tables) == 3
    assert {table["Ref"] for table in gateway["RouteTableIds"]} == tables


def policy_of(stack: Stack, service: str) -> dict:
    (found,) = [
        endpoint["PolicyDocument"]
        for endpoint in stack.of("AWS::EC2::VPCEndpoint").values()
        if str(stack.value(endpoint["ServiceName"])).endswith(f".{service}")
    ]
    return stack.value(found)


EVERYTHING = [{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}]


@pytest.mark.parametrize(
    ("action", "account", "answer"),
    [
        ("s3:PutObject", "111122223333", True),
        # A pod that was taken over carries nothing into a bucket of its new owner's in this region, whatever keys it
        # brings. S3 of another region is not behind the endpoint: it is reached by NAT, as any server by HTTPS is.
        ("s3:PutObject", "999988887777", False),
        ("s3:GetObject", "999988887777", True),
    ],
)
def test_nothing_is_carried_out_by_the_way_to_this_regions_s3(
    one: Site, action: str, account: str, answer: bool
) -> None:
    stack = one.first
    request = Request(
        f"arn:aws:iam::{account}:role/anybody",
        action,
        "arn:aws:s3:::some-bucket/key",
        {"aws:ResourceAccount": account},
        endpoint_policy=policy_of(stack, "s3"),
        resource_account=account,
    )
    assert allowed(stack, [request], EVERYTHING) == [answer]


@pytest.mark.parametrize(
    ("model", "account", "answer"),
    [
        ("amazon.nova-2-5-sonic", "111122223333", True),
        ("amazon.nova-pro-v1:0", "111122223333", False),
        ("amazon.nova-2-5-sonic", "999988887777", False),
    ],
)
def test_the_way_to_bedrock_is_for_the_installations_models(one: Site, model: str, account: str, answer: bool) -> None:
    stack = one.first
    request = Request(
        f"arn:aws:iam::{account}:role/anybody",
        "bedrock:InvokeModel",
        f"arn:aws:bedrock:us-east-1::foundation-model/{model}",
        {"aws:PrincipalAccount": account},
        endpoint_policy=policy_of(stack, "bedrock-runtime"),
        resource_account=account,
    )
    assert allowed(stack, [request], EVERYTHING) == [answer]

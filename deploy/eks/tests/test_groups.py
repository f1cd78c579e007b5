"""Security groups, judged for every pair and port: what is not in the table is refused."""

from ipaddress import IPv4Address, IPv4Network
from itertools import product
from pathlib import Path

import pytest
from conftest import ONE, THREE
from site_of import Site, Stack, most, synthesised

from parley_eks.settings import Settings

PORTS = [("tcp", 53), ("udp", 53), *(("tcp", port) for port in (22, 80, 443, 2379, 5432, 8080, 8443, 9443, 10250))]
GROUPS = {
    "web balancer": "GroupsWebBalancer",
    "api balancer": "GroupsApiBalancer",
    "web": "GroupsWeb",
    "api": "GroupsApi",
    "operator": "GroupsOperator",
    "bot": "GroupsBot",
    "jobs": "GroupsJobs",
    "media": "GroupsMedia",
    "endpoints": "EndpointsGroup",
}
CLUSTER = "cluster"
PODS = ("web", "api", "operator", "bot", "jobs")

MAY = {
    ("web balancer", "web", "tcp", 8080),
    ("api balancer", "api", "tcp", 8080),
    ("bot", "api", "tcp", 8443),
    ("operator", "api", "tcp", 8443),
    ("api", "bot", "tcp", 8080),
    (CLUSTER, "operator", "tcp", 8080),
    *((pod, CLUSTER, "tcp", 443) for pod in PODS),
    *((pod, CLUSTER, protocol, 53) for pod in PODS for protocol in ("tcp", "udp")),
    *((pod, "endpoints", "tcp", 443) for pod in PODS),
    # CoreDNS and the add-ons: their images, logs and roles, by names that lead to the endpoints within the VPC.
    (CLUSTER, "endpoints", "tcp", 443),
    *((CLUSTER, pod, "tcp", 10250) for pod in PODS),
}


class Rules:
    """The rules of a template's groups, by who they are of."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.names = {self._logical(prefix): name for name, prefix in GROUPS.items()}
        self.rules: list[tuple[str, str, dict]] = []
        for logical, group in stack.of("AWS::EC2::SecurityGroup").items():
            name = self.names.get(logical, logical)
            for direction in ("Ingress", "Egress"):
                self.rules += [(name, direction, rule) for rule in group.get(f"SecurityGroup{direction}", [])]
        for direction in ("Ingress", "Egress"):
            for rule in stack.of(f"AWS::EC2::SecurityGroup{direction}").values():
                self.rules.append((self.who(rule["GroupId"]), direction, rule))

    def _logical(self, prefix: str) -> str:
        """A group's id: the prefix and CDK's eight digits."""
        (found,) = [name for name in self.stack.of("AWS::EC2::SecurityGroup") if name[:-8] == prefix]
        return found

    def who(self, reference: dict) -> str:
        target, attribute = reference["Fn::GetAtt"]
        return CLUSTER if attribute == "ClusterSecurityGroupId" else self.names.get(target, target)

    def has(self, group: str, direction: str, peer: str, protocol: str, port: int) -> bool:
        # EKS gives the cluster's own group leave to open any connection.
        if group == CLUSTER and direction == "Egress":
            return True
        side = "SourceSecurityGroupId" if direction == "Ingress" else "DestinationSecurityGroupId"
        return any(
            of == group
            and way == direction
            and side in rule
            and self.who(rule[side]) == peer
            and covers(rule, protocol, port)
            for of, way, rule in self.rules
        )

    def open(self, source: str, target: str, protocol: str, port: int) -> bool:
        return self.has(source, "Egress", target, protocol, port) and self.has(
            target, "Ingress", source, protocol, port
        )

    def addresses(self, group: str, direction: str) -> set[tuple]:
        """The networks and prefix lists that a group's rules name."""
        return {
            (
                rule.get("CidrIp") or self.who_list(rule),
                rule["IpProtocol"],
                rule.get("FromPort"),
                rule.get("ToPort"),
            )
            for of, way, rule in self.rules
            if of == group and way == direction and ("CidrIp" in rule or {*rule} & PREFIXES)
        }

    def who_list(self, rule: dict) -> str:
        (found,) = [rule[key] for key in PREFIXES if key in rule]
        return found["Fn::GetAtt"][0][:-8]


PREFIXES = {"DestinationPrefixListId", "SourcePrefixListId"}
PUBLIC = "GroupsPublicAddresses"


def covers(rule: dict, protocol: str, port: int) -> bool:
    return rule["IpProtocol"] == "-1" or (rule["IpProtocol"] == protocol and rule["FromPort"] <= port <= rule["ToPort"])


@pytest.fixture(scope="module", params=["one", "three"])
def rules(request: pytest.FixtureRequest) -> Rules:
    site: Site = request.getfixturevalue(request.param)
    return Rules(site.first)


def test_every_pair_may_what_the_table_says_and_no_more(rules: Rules) -> None:
    everybody = [*GROUPS, CLUSTER]
    found = {
        (source, target, protocol, port)
        for source, target, (protocol, port) in product(everybody, everybody, PORTS)
        if (source, target) != (CLUSTER, CLUSTER) and rules.open(source, target, protocol, port)
    }
    assert found == MAY


def test_no_group_opens_a_range_that_the_table_does_not_ask(rules: Rules) -> None:
    """Between groups every rule is one port, so that the ports tried above are all that there are."""
    for group, direction, rule in rules.rules:
        if {"SourceSecurityGroupId", "DestinationSecurityGroupId"} & {*rule}:
            assert (rule["IpProtocol"], rule["FromPort"]) in PORTS, (group, direction, rule)
            assert rule["FromPort"] == rule["ToPort"], (group, direction, rule)


NOTHING = ("255.255.255.255/32", "icmp", 252, 86)
"""CDK's rule for a group that may open nothing: without one AWS would let it open everything."""


@pytest.mark.parametrize(
    ("group", "out"),
    [
        ("web balancer", set()),
        ("api balancer", set()),
        ("web", {(PUBLIC, "tcp", 443, 443)}),
        ("api", {(PUBLIC, "tcp", 443, 443)}),
        ("operator", {(PUBLIC, "tcp", 443, 443)}),
        ("jobs", {(PUBLIC, "tcp", 443, 443)}),
        ("bot", {(PUBLIC, "tcp", 443, 443)}),
        # Daily's media and STUN; not 53, by which words could leave as DNS.
        ("media", {(PUBLIC, "udp", 1024, 65535)}),
        ("endpoints", {NOTHING}),
    ],
)
def test_a_group_reaches_public_addresses_alone_where_it_reaches_any(rules: Rules, group: str, out: set[tuple]) -> None:
    within = {rule for rule in rules.addresses(group, "Egress") if rule[0] in WITHIN}
    assert rules.addresses(group, "Egress") - within == out
    assert not within or group == "api"


WITHIN = THREE["parley:webhookNetworks"]


def test_the_api_alone_reaches_the_networks_that_webhooks_may_be_in(one: Site, three: Site) -> None:
    for stack in three.stacks.values():
        assert Rules(stack).addresses("api", "Egress") == {
            (PUBLIC, "tcp", 443, 443),
            *((network, "tcp", 443, 443) for network in WITHIN),
        }
    assert Rules(one.first).addresses("api", "Egress") == {(PUBLIC, "tcp", 443, 443)}


def test_the_most_networks_of_webhooks_are_within_the_rules_of_a_group(tmp_path: Path) -> None:
    networks = [f"10.{200 + 2 * number}.0.0/16" for number in range(most(Settings, "webhook_networks"))]
    site = synthesised({**ONE, "parley:webhookNetworks": networks}, tmp_path)
    found = Rules(site.first)
    assert {network for network, *_ in found.addresses("api", "Egress")} == {PUBLIC, *networks}
    test_no_group_has_more_rules_than_aws_allows(found)


def test_networks_of_webhooks_that_overlap_are_one_rule(tmp_path: Path) -> None:
    site = synthesised({**ONE, "parley:webhookNetworks": ["10.2.0.0/16", "10.2.7.0/24", "10.2.0.0/16"]}, tmp_path)
    assert {each[0] for each in Rules(site.first).addresses("api", "Egress")} == {PUBLIC, "10.2.0.0/16"}


@pytest.mark.parametrize("group", [name for name in GROUPS if not name.endswith("balancer")])
def test_only_load_balancers_are_reached_from_addresses(rules: Rules, group: str) -> None:
    assert rules.addresses(group, "Ingress") == set()


@pytest.mark.parametrize("group", ["web balancer", "api balancer"])
def test_load_balancers_answer_http_and_https_alone(rules: Rules, group: str) -> None:
    assert rules.addresses(group, "Ingress") == {("0.0.0.0/0", "tcp", port, port) for port in (80, 443)}


def test_no_group_has_more_rules_than_aws_allows(rules: Rules) -> None:
    for name in [*GROUPS, CLUSTER]:
        for direction in ("Ingress", "Egress"):
            mine = [rule for of, way, rule in rules.rules if of == name and way == direction]
            lists = [rule for rule in mine if {*rule} & PREFIXES]
            assert len(mine) - len(lists) + len(listed(rules)) * len(lists) <= 60, (name, direction)


def listed(rules: Rules) -> list[IPv4Network]:
    """What the list of public addresses has; each counts as a rule wherever a group names the list."""
    ((_, found),) = rules.stack.of("AWS::EC2::PrefixList").items()
    assert found["MaxEntries"] == len(found["Entries"])
    return [IPv4Network(entry["Cidr"]) for entry in found["Entries"]]


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("52.94.0.1", True),
        *((inside, False) for inside in ("10.64.0.1", "169.254.169.254", "100.64.0.1", "127.0.0.1", "224.0.0.1")),
    ],
)
def test_the_list_has_public_addresses_alone(rules: Rules, address: str, public: bool) -> None:
    assert any(IPv4Address(address) in network for network in listed(rules)) is public


def test_no_pods_group_opens_dns_to_addresses(rules: Rules) -> None:
    """Names are asked for at CoreDNS alone."""
    for group in (*PODS, "media"):
        for _, protocol, low, high in rules.addresses(group, "Egress"):
            assert not (protocol in ("tcp", "udp", "-1") and (low or 0) <= 53 <= (high or 65535)), group

"""The NetworkPolicies, judged for every pair of pods, every port, and addresses of every kind, by cyclonus's engine."""

import itertools

import pytest
from parley_crds import BotSettings
from support import chart, eks
from support.bot_pods import bot_of
from support.chart import Document
from support.netpol import Peer, Traffic, allowed

RELEASE, BOTS = "parley", "parley-bots"
PORTS = (53, 443, 3478, 5000, 8080, 8443, 9090, 10250)
METADATA = ("169.254.169.254", "169.254.170.2", "169.254.170.23", "fd00:ec2::254")
"""Of instances, of ECS's and EKS's credentials, and by IPv6 (in fd00::/8, so private)."""
PRIVATE = (
    "10.0.0.1", "10.96.0.1", "172.16.0.1", "172.31.255.254", "192.168.1.1", "100.64.0.1", "100.127.255.254",
    "127.0.0.1", "0.0.0.1", "198.18.0.1", "192.0.2.1", "203.0.113.9", "224.0.0.251", "255.255.255.255",
    "::1", "fe80::1", "fc00::1", "ff02::fb", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::1", "2001:0:a00:1::1",
)  # fmt: skip
PUBLIC = ("3.5.140.2", "52.94.76.9", "172.15.255.255", "172.32.0.1", "100.63.255.255", "100.128.0.1", "2600:1f18::1")


def policies(documents: list[Document]) -> list[Document]:
    return [each for each in documents if each["kind"] == "NetworkPolicy"]


def pods(documents: list[Document]) -> dict[str, Peer]:
    """Every pod of the installation, and strangers: each alone at its address."""
    found = {
        name.removeprefix("parley-"): (RELEASE, template["metadata"]["labels"])
        for name, template in chart.pod_templates(documents).items()
        if not name.startswith("parley-certificates-")
    }
    found["bot"] = (BOTS, bot_of(documents, BotSettings())["metadata"]["labels"])
    found |= {
        "dns": ("kube-system", {"k8s-app": "kube-dns"}),
        "other system pod": ("kube-system", {"k8s-app": "metrics-server"}),
        "prometheus": ("monitoring", {"app": "prometheus"}),
        "ingress": ("ingress", {"app": "controller"}),
        # Labels alone open nothing: the namespace has to be the one.
        "would-be API": ("hiring", found["api"][1]),
        "would-be bot": ("hiring", found["bot"][1]),
        "neighbour": (RELEASE, {"app": "neighbour"}),
        "bots' neighbour": (BOTS, {"app": "neighbour"}),
        "another installation's bot": (BOTS, found["bot"][1] | {"parley.dev/installation": "other"}),
    }
    return {
        name: Peer(name, f"10.1.0.{number}", namespace, labels)
        for number, (name, (namespace, labels)) in enumerate(found.items(), 1)
    }


OURS = {"operator", "api", "web", "certificates", "retention", "bot"}
EMULATED = {"nova", "daily", "test"}
ANYBODY = {(8080, "api"), (8080, "web")}


def let_through(peers: dict[str, Peer], documents: list[Document], protocol: str) -> set[tuple[str, int, str]]:
    """Who reaches whom at which port, but for who is bound by no policy of ours at both ends."""
    bound = (OURS | EMULATED | {"bots' neighbour", "another installation's bot"}) & {*peers}
    tried = [
        Traffic(source, target, port, protocol)
        for source, target in itertools.permutations(peers.values(), 2)
        for port in PORTS
        if {source.name, target.name} & bound
    ]
    verdicts = allowed(policies(documents), tried)
    return {(each.source.name, each.port, each.target.name) for each, may in zip(tried, verdicts, strict=True) if may}


def names_asked(traits: set[str]) -> set[tuple[str, int, str]]:
    """Who asks the cluster's DNS: by UDP, and by TCP what is too long for that."""
    who = {"bot", "operator", "api", "certificates"}
    who |= {"retention"} if "S3" in traits else set()
    who |= {"test"} if "emulators" in traits else set()
    return {(each, 53, "dns") for each in who}


def expected(peers: dict[str, Peer], traits: set[str]) -> set[tuple[str, int, str]]:
    """By TCP, said once more, from what the design says that each talks with.

    Where it is strict only the Ingress's pods reach what is public, and Prometheus scrapes.
    """
    talks = {("bot", 8443, "api"), ("api", 8080, "bot"), ("operator", 8443, "api"), *names_asked(traits)}
    outside = {*peers} - OURS - EMULATED - {"bots' neighbour", "another installation's bot"}
    callers = {"ingress"} if "strict" in traits else outside
    talks |= {(who, port, what) for who in callers for port, what in ANYBODY}
    # The API server has no name in a policy: whoever needs it may reach any pod at its ports that lets it in.
    api_server = {"operator", "api", "certificates"}
    talks |= {(who, 443, whom) for who in api_server for whom in outside}
    if "strict" in traits:
        talks.add(("prometheus", 8080, "operator"))
    if "emulators" in traits:
        talks |= {("test", 8080, "api"), ("bot", 8443, "nova")}
        talks |= {(who, 8080, "daily") for who in ("operator", "api", "retention")}
    return talks


TRAITS = {
    "default": set[str](),
    "ha": {"S3"},
    "eks": {"S3"},
    "eks by its handover": {"S3"},
    "s3 and Daily": {"S3"},
    "everything": {"S3", "strict", "emulators"},
}
"""What of a profile decides who talks with whom."""


@pytest.mark.parametrize("profile", TRAITS)
def test_who_reaches_whom(profile: str) -> None:
    documents = chart.documents_of(chart.rendered(profile, RELEASE, BOTS))
    peers = pods(documents)
    assert let_through(peers, documents, "TCP") == expected(peers, TRAITS[profile])
    # No media among pods: a Daily room's is public.
    assert let_through(peers, documents, "UDP") == names_asked(TRAITS[profile])


def reached(profile: str, who: str, addresses: tuple[str, ...], port: int = 443, protocol: str = "TCP") -> set[str]:
    documents = chart.documents_of(chart.rendered(profile, RELEASE, BOTS))
    source = pods(documents)[who]
    tried = [Traffic(source, Peer(address, address), port, protocol) for address in addresses]
    return {each.target.ip for each, may in zip(tried, allowed(policies(documents), tried), strict=True) if may}


@pytest.mark.parametrize("profile", TRAITS)
def test_a_bot_reaches_no_metadata_and_nothing_private(profile: str) -> None:
    for port, protocol in ((80, "TCP"), (443, "TCP"), (8080, "TCP"), (53, "UDP"), (5000, "UDP")):
        assert reached(profile, "bot", (*METADATA, *PRIVATE), port, protocol) == set(), (port, protocol)


def test_a_bot_reaches_what_is_public_where_its_model_or_its_room_is_there() -> None:
    assert reached("default", "bot", PUBLIC) == {*PUBLIC}
    assert reached("default", "bot", PUBLIC, 80) == set()
    # Media of a Daily room; and no word by DNS to a server of one's own.
    assert reached("default", "bot", PUBLIC, 5000, "UDP") == set()
    assert reached("eks", "bot", PUBLIC, 5000, "UDP") == {*PUBLIC}
    assert reached("eks", "bot", PUBLIC, 53, "UDP") == set()
    # The emulators are inside.
    assert reached("everything", "bot", PUBLIC) == set()


def test_a_bot_may_send_media_at_the_ports_that_its_security_group_has_on_fargate() -> None:
    """Whatever encloses it, and at no other."""
    low, high = eks.MEDIA_PORTS
    tried = (1, 53, 123, 443, low - 1, low, 3478, 40000, high)
    assert {port for port in tried if reached("eks", "bot", PUBLIC, port, "UDP")} == {low, 3478, 40000, high}


def test_networks_that_are_named_are_reached_too() -> None:
    assert reached("everything", "bot", ("10.9.3.1", "10.8.3.1")) == {"10.9.3.1"}
    for who in ("api", "retention"):
        assert "10.8.3.1" in reached("everything", who, ("10.8.3.1",), 9000)
        assert reached("everything", who, ("10.9.3.1",), 9000) == set()
    assert reached("s3 and Daily", "api", ("10.2.0.7", "10.3.0.7"), 8000) == {"10.2.0.7"}


@pytest.mark.parametrize("who", ["operator", "api", "web", "certificates", "retention"])
def test_nobody_reaches_the_metadata(who: str) -> None:
    for profile in TRAITS:
        for port in (80, 443, 6443):
            assert reached(profile, who, METADATA, port) == set(), (profile, port)


def test_the_pages_reach_nobody() -> None:
    assert reached("default", "web", (*PUBLIC, *PRIVATE)) == set()


def test_without_the_policies_everything_is_open() -> None:
    """The engine's answers come from the policies: where one is taken away, what it held is open."""
    documents = chart.documents_of(chart.rendered("default", RELEASE, BOTS))
    kept = [each for each in documents if each["metadata"].get("namespace") != BOTS or each["kind"] != "NetworkPolicy"]
    source = pods(documents)["bot"]
    assert allowed(policies(kept), [Traffic(source, Peer("metadata", METADATA[0]), 80)]) == [True]

"""What is reached outside: which IPv4 addresses are public, as networks that a group can name, and media's ports."""

from collections.abc import Iterable
from ipaddress import IPv4Network, collapse_addresses

from parley_eks.settings import PRIVATE_NETWORKS

NOT_PUBLIC = (
    *PRIVATE_NETWORKS,
    *map(
        IPv4Network,
        (
            "0.0.0.0/8",  # this network
            "100.64.0.0/10",  # carriers' and, within AWS, a VPC's further networks
            "127.0.0.0/8",  # this machine
            "169.254.0.0/16",  # this link: metadata, credentials, AWS's own DNS and time
            "224.0.0.0/3",  # many at once, and what nobody has
        ),
    ),
)
"""Where somebody within could answer. Left in are networks of examples and benchmarks (192.0.0.0/24, 192.0.2.0/24,
192.88.99.0/24, 198.18.0.0/15, 198.51.100.0/24, 203.0.113.0/24): nobody routes them, and with them it would be 116
networks, of the 60 rules that a security group has by default."""

MEDIA_PORTS = (1024, 65535)
"""By UDP, the first and the last of those that Daily's media, STUN and TURN are reached at, as in the chart's
NetworkPolicy. Not 53, by which words could leave as DNS: Daily has the same servers at 3478, and nothing else below.
https://docs.daily.co/guides/privacy-and-security/corporate-firewalls-nats-allowed-ip-list
"""


def public_networks(others: Iterable[IPv4Network] = NOT_PUBLIC) -> tuple[IPv4Network, ...]:
    """Everything but the other networks, in the fewest networks: a security group knows no exceptions."""
    left = [IPv4Network("0.0.0.0/0")]
    for network in others:
        left = [part for whole in left for part in _without(whole, network)]
    return tuple(sorted(collapse_addresses(left)))


def _without(whole: IPv4Network, hole: IPv4Network) -> Iterable[IPv4Network]:
    if hole.subnet_of(whole):
        return whole.address_exclude(hole)
    return () if whole.subnet_of(hole) else (whole,)

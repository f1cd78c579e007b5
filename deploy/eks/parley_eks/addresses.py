"""Which IPv4 addresses are public, as the networks that a security group can name."""

from collections.abc import Iterable
from ipaddress import IPv4Network, collapse_addresses

from parley_eks.settings import PRIVATE_NETWORKS


def public_networks(private: Iterable[IPv4Network] = PRIVATE_NETWORKS) -> tuple[IPv4Network, ...]:
    """Everything but the private networks, in the fewest networks: a security group knows no exceptions."""
    left = [IPv4Network("0.0.0.0/0")]
    for network in private:
        left = [part for whole in left for part in _without(whole, network)]
    return tuple(sorted(collapse_addresses(left)))


def _without(whole: IPv4Network, hole: IPv4Network) -> Iterable[IPv4Network]:
    if hole.subnet_of(whole):
        return whole.address_exclude(hole)
    return () if whole.subnet_of(hole) else (whole,)

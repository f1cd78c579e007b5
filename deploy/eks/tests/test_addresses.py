"""The public addresses, as the bots' security group has them."""

from ipaddress import IPv4Address, IPv4Network

import pytest

from parley_eks.addresses import NOT_PUBLIC, public_networks


def test_public_and_other_networks_make_up_all_addresses_once() -> None:
    public = public_networks()
    assert sum(network.num_addresses for network in (*public, *NOT_PUBLIC)) == 2**32
    assert not any(a.overlaps(b) for a in public for b in (*public, *NOT_PUBLIC) if a is not b)


@pytest.mark.parametrize(
    "address",
    [
        *("10.64.3.7", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
        # Metadata, a pod's credentials, AWS's DNS and time; networks that carriers and VPCs have within.
        *("169.254.169.254", "169.254.170.23", "169.254.169.253", "169.254.169.123", "100.64.0.1", "100.127.255.255"),
        *("0.0.0.0", "127.0.0.1", "224.0.0.251", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
    ],
)
def test_what_is_not_public_is_in_none(address: str) -> None:
    assert not any(IPv4Address(address) in network for network in public_networks())


@pytest.mark.parametrize(
    "address",
    [
        *("52.94.0.1", "172.32.0.1", "9.255.255.255", "11.0.0.0", "192.169.0.1", "1.0.0.0", "223.255.255.255"),
        *("100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0", "169.253.255.255", "169.255.0.0"),
    ],
)
def test_a_public_address_is_in_one(address: str) -> None:
    assert any(IPv4Address(address) in network for network in public_networks())


def test_a_security_group_can_name_them_and_its_other_peers() -> None:
    """60 rules each way by default; a prefix list counts with its size, an inside's peer with one."""
    assert len(public_networks()) + 5 <= 60


def test_a_hole_that_covers_a_whole_network_leaves_nothing_of_it() -> None:
    assert public_networks([IPv4Network("0.0.0.0/0")]) == ()

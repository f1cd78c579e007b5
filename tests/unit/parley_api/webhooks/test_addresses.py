"""Where a webhook may be: on the Internet, and where the installation lets it."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import httpcore
import pytest
from hypothesis import given
from hypothesis import strategies as st
from parley_api.webhooks.addresses import AddressRefusedError, GuardedNetwork, is_allowed

PRIVATE = [
    "127.0.0.1",
    "10.0.0.1",
    "172.16.5.4",
    "192.168.1.1",
    "169.254.169.254",
    "168.63.129.16",
    "192.0.0.192",
    "192.0.0.9",
    "100.64.0.1",
    "0.0.0.0",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fc00::1",
    "fd00:ec2::254",
    "fec0::1",
    "ff0e::1",
    "2001:db8::1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "2002:a9fe:a9fe::",
    "2001:0:4136:e378:8000:63bf:5601:5601",
]
PUBLIC = ["93.184.216.34", "1.1.1.1", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]


@pytest.mark.parametrize("address", PRIVATE)
def test_what_only_the_installation_can_reach_is_refused(address: str) -> None:
    assert not is_allowed(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_the_internet_may_be_called(address: str) -> None:
    assert is_allowed(ip_address(address))


def test_a_network_may_be_let_in() -> None:
    allowed = [ip_network("10.2.0.0/16"), ip_network("fd00:2::/32")]
    assert is_allowed(ip_address("10.2.3.4"), allowed)
    assert is_allowed(ip_address("::ffff:10.2.3.4"), allowed)
    assert is_allowed(ip_address("fd00:2::7"), allowed)
    assert not is_allowed(ip_address("10.3.0.1"), allowed)


@given(st.ip_addresses(v=4))
def test_an_address_is_no_better_in_the_dress_of_another(inner: IPv4Address) -> None:
    mapped = IPv6Address(b"\0" * 10 + b"\xff\xff" + inner.packed)
    translated = IPv6Address(ip_address("64:ff9b::").packed[:12] + inner.packed)
    tunnelled = IPv6Address(b"\x20\x02" + inner.packed + b"\0" * 10)
    assert {is_allowed(dress) for dress in (mapped, translated, tunnelled)} == {is_allowed(inner)}


class Connections(httpcore.AsyncNetworkBackend):
    """Connects to nothing, and keeps where it was to."""

    def __init__(self) -> None:
        self.opened: list[str] = []

    async def connect_tcp(self, host: str, *_: object, **__: object) -> httpcore.AsyncNetworkStream:
        self.opened.append(host)
        return httpcore.AsyncMockStream([])


async def test_it_connects_to_the_address_that_it_has_looked_at() -> None:
    connections = Connections()
    await GuardedNetwork([ip_network("127.0.0.0/8"), ip_network("::1/128")], connections).connect_tcp("localhost", 443)
    assert set(connections.opened) <= {"127.0.0.1", "::1"}
    assert connections.opened


async def test_one_address_that_is_refused_refuses_the_name() -> None:
    connections = Connections()
    with pytest.raises(AddressRefusedError, match=r"localhost has the address .*, which webhooks may not reach"):
        await GuardedNetwork([], connections).connect_tcp("localhost", 443)
    assert connections.opened == []


@pytest.mark.parametrize("host", ["169.254.169.254", "2130706433", "0x7f.1", "[::1]", "no-such-host.invalid"])
async def test_numbers_are_names_too(host: str) -> None:
    connections = Connections()
    with pytest.raises((AddressRefusedError, httpcore.ConnectError)):
        await GuardedNetwork([], connections).connect_tcp(host, 443)
    assert connections.opened == []

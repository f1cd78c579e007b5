"""Which addresses a webhook may have: public ones, and those that the installation allows by name.

A template's author chooses the URL, so without this the API would reach for them what only it can reach: the cloud's
metadata service, the cluster's API server, a database next door.
"""

import asyncio
import socket
import ssl
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from pathlib import Path

import httpcore

RESOLVERS = 8
"""How many names are looked up at once."""
Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
# An IPv4 address in an IPv6 one: https://www.rfc-editor.org/rfc/rfc6052 (NAT64).
_NAT64 = ip_network("64:ff9b::/96")
# Not for the Internet, whatever Python of 3.12's first releases says: RFC 8215, RFC 3879, RFC 6598, RFC 6890 (Oracle's
# metadata were at 192.0.0.192). And what Azure serves to its own machines alone at an address that counts as public:
# https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16.
_NOT_PUBLIC: tuple[Network, ...] = tuple(
    map(ip_network, ("64:ff9b:1::/48", "fec0::/10", "100.64.0.0/10", "192.0.0.0/24", "168.63.129.16/32"))
)


class AddressRefusedError(Exception):
    """A host has an address that webhooks may not reach."""


def is_allowed(address: Address, allowed: Iterable[Network] = ()) -> bool:
    """Whether a webhook may be at this address: a public one, or one of the `allowed` networks."""
    address = _inner(address)
    if any(address in network for network in allowed if network.version == address.version):
        return True
    return (
        address.is_global
        and not (address.is_multicast or address.is_reserved or address.is_unspecified)
        and not any(address in network for network in _NOT_PUBLIC if network.version == address.version)
    )


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for (mapped, NAT64, 6to4, Teredo), else the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    if address.sixtofour is not None:
        return address.sixtofour
    return address.teredo[1] if address.teredo is not None else address


class GuardedNetwork(httpcore.AsyncNetworkBackend):
    """Opens connections to allowed addresses only: it connects to the very address that it has looked at.

    Every connection of a pool passes here, those of redirects too, and a name that answers otherwise the next time
    gains nothing.

    Args:
        allowed: Networks that are not public, and may be reached all the same.
        backend: What really connects.
    """

    def __init__(self, allowed: Sequence[Network], backend: httpcore.AsyncNetworkBackend | None = None) -> None:
        self._allowed = allowed
        self._backend = backend or httpcore.AnyIOBackend()
        # Threads of its own: a name server that a template's author runs could keep those that the store needs.
        self._resolver = ThreadPoolExecutor(RESOLVERS, "webhook-names")

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's interface
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to one of the host's addresses.

        Raises:
            AddressRefusedError: one of them is not allowed; then none is tried.
            httpcore.ConnectError: the name is unknown, or no address answers.
            httpcore.ConnectTimeout: it took longer than `timeout` seconds.
        """
        addresses = await self._resolved(host, port, timeout)
        for address in addresses:
            if not is_allowed(address, self._allowed):
                raise AddressRefusedError(f"{host} has the address {address}, which webhooks may not reach")
        failure: httpcore.ConnectError | None = None
        for address in addresses:
            try:
                return await self._backend.connect_tcp(str(address), port, timeout, local_address, socket_options)
            except httpcore.ConnectError as error:
                failure = error
        raise failure or httpcore.ConnectError(f"{host} has no address")

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's interface
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Never: no webhook is behind a socket file. Raises AddressRefusedError."""
        raise AddressRefusedError("webhooks have no socket files")

    async def _resolved(self, host: str, port: int, seconds: float | None) -> list[Address]:
        """The host's addresses, in the resolver's order, each once."""
        look_up = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        try:
            async with asyncio.timeout(seconds):
                found = await asyncio.get_running_loop().run_in_executor(self._resolver, look_up)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(f"looking {host} up took longer than {seconds:g} s") from error
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"{host} can't be looked up") from error
        # An IPv6 address may come with a scope (fe80::1%eth0), which is no part of it.
        return list(dict.fromkeys(ip_address(str(entry[4][0]).split("%")[0]) for entry in found))

    async def sleep(self, seconds: float) -> None:
        """Wait; httpcore does so between its own tries."""
        await asyncio.sleep(seconds)


def tls_context(extra_ca: Path | None) -> ssl.SSLContext:
    """Trust in the system's CAs, and in those of a file beside them.

    Raises:
        ValueError: the file can't be read, or holds no certificates.
    """
    context = ssl.create_default_context()
    if extra_ca is not None:
        try:
            context.load_verify_locations(cafile=extra_ca)
        except OSError as error:
            raise ValueError(f"PARLEY_WEBHOOK_CA_FILE {extra_ca}: {error}") from error
    return context

"""Pods' network namespaces on this machine, wired by a node in the middle whose packets an enforcer of policies judges.

Each end has addresses of its own and a route to the node; the node forwards, and has every new connection judged.
"""

import itertools
import os
import secrets
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

QUEUE = 77
_REFUSED_SECONDS = 1.5
"""How long a connection is tried that may be dropped: on this machine one that is not takes a few milliseconds."""


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"


def within[T](namespace: str, work: Callable[[], T]) -> T:
    """Does the work in a thread of that network namespace; sockets that it opens stay there."""
    with ThreadPoolExecutor(1) as alone:
        return alone.submit(_entered, namespace, work).result(60)


def _entered[T](namespace: str, work: Callable[[], T]) -> T:
    with Path("/run/netns", namespace).open() as file:
        os.setns(file.fileno(), os.CLONE_NEWNET)
    return work()


class Wires:
    """The node and its ends, by name."""

    def __init__(self) -> None:
        self._tag = secrets.token_hex(3)
        self._ends = 0
        self._listening: list[socket.socket] = []
        self.node = f"parley-{self._tag}-node"
        self._made: list[str] = []

    def build(self, ends: dict[str, Sequence[str]], ports: Sequence[int], datagrams: Sequence[int]) -> None:
        """Wire ends with these addresses, each of which listens at these ports; nothing is forwarded unjudged.

        Args:
            ends: addresses by the end's name.
            ports: of TCP.
            datagrams: ports of UDP, where each end sends back what it is sent.
        """
        self._add(self.node)
        within(self.node, lambda: Path("/proc/sys/net/ipv4/ip_forward").write_text("1"))
        for name, addresses in ends.items():
            self._wire(name, addresses)
            for port in ports:
                self._listening.append(within(self._name(name), lambda port=port: _listening("0.0.0.0", port)))
            for bound in itertools.product(addresses, datagrams):
                self._listening.append(within(self._name(name), lambda bound=bound: _echoing(bound)))
        self._on_node("iptables", "-P", "FORWARD", "DROP")
        forward = ("iptables", "-A", "FORWARD", "-m", "conntrack", "--ctstate")
        self._on_node(*forward, "ESTABLISHED,RELATED", "-j", "ACCEPT")
        self._on_node(*forward, "NEW", "-j", "NFQUEUE", "--queue-num", str(QUEUE))

    def _name(self, end: str) -> str:
        return f"parley-{self._tag}-{end}"

    def _add(self, namespace: str) -> None:
        _run("ip", "netns", "add", namespace)
        self._made.append(namespace)
        _run("ip", "-n", namespace, "link", "set", "lo", "up")

    def _on_node(self, *command: str) -> None:
        _run("ip", "netns", "exec", self.node, *command)

    def _wire(self, end: str, addresses: Sequence[str]) -> None:
        self._ends += 1
        namespace, link, gateway = self._name(end), f"v{self._ends}", f"172.30.{self._ends}.1"
        self._add(namespace)
        _run("ip", "-n", self.node, "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", namespace)
        _run("ip", "-n", self.node, "address", "add", f"{gateway}/32", "dev", link)
        _run("ip", "-n", self.node, "link", "set", link, "up")
        for address in addresses:
            _run("ip", "-n", namespace, "address", "add", f"{address}/32", "dev", "eth0")
        _run("ip", "-n", namespace, "link", "set", "eth0", "up")
        _run("ip", "-n", namespace, "route", "add", f"{gateway}/32", "dev", "eth0")
        # Which of several addresses it speaks from is the first one.
        _run("ip", "-n", namespace, "route", "add", "default", "via", gateway, "dev", "eth0", "src", addresses[0])
        for address in addresses:
            _run("ip", "-n", self.node, "route", "add", f"{address}/32", "dev", link)

    def connects(self, end: str, address: str, port: int, protocol: Literal["TCP", "UDP"] = "TCP") -> bool:
        """Whether a connection from there comes through, or a datagram and its answer; False: it was dropped.

        Raises:
            OSError: it was answered otherwise, by a refusal, say: the wires are wrong.
        """
        exchange = _connect if protocol == "TCP" else _ask

        def tried() -> bool:
            try:
                exchange((address, port))
            except TimeoutError:
                return False
            return True

        return within(self._name(end), tried)

    def relay(self, port: int) -> None:
        """Have the node reach 127.0.0.1:port of this machine at its own 127.0.0.1:port."""
        listening = within(self.node, lambda: _listening("127.0.0.1", port))
        self._listening.append(listening)
        threading.Thread(target=_relay, args=(listening, port), daemon=True).start()

    def close(self) -> None:
        """Take everything away."""
        for each in self._listening:
            each.close()
        for namespace in reversed(self._made):
            subprocess.run(["ip", "netns", "delete", namespace], capture_output=True, check=False, timeout=30)


@contextmanager
def wires() -> Iterator[Wires]:
    """Wires that are gone at the end of the block."""
    made = Wires()
    try:
        yield made
    finally:
        made.close()


def missing() -> str:
    """Why there can be no wires on this machine; empty where there can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    if lacking := [program for program in ("ip", "iptables") if shutil.which(program) is None]:
        return f"not installed: {', '.join(lacking)}"
    name = f"parley-{secrets.token_hex(3)}-try"
    added = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False, timeout=30)
    if added.returncode:
        return f"no network namespace can be made: {added.stderr.strip()}"
    rule = ["ip", "netns", "exec", name, "iptables", "-A", "FORWARD", "-j", "NFQUEUE", "--queue-num", str(QUEUE)]
    queued = subprocess.run(rule, capture_output=True, text=True, check=False, timeout=30)
    subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False, timeout=30)
    return f"the kernel has no NFQUEUE for iptables: {queued.stderr.strip()}" if queued.returncode else ""


def _listening(address: str, port: int) -> socket.socket:
    made = socket.create_server((address, port), backlog=64)
    made.set_inheritable(False)
    return made


def _connect(address: tuple[str, int]) -> None:
    socket.create_connection(address, timeout=_REFUSED_SECONDS).close()


def _ask(address: tuple[str, int]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(_REFUSED_SECONDS)
        # Connected, it takes an answer from there alone.
        asking.connect(address)
        asking.send(b"?")
        asking.recv(1)


def _echoing(address: tuple[str, int]) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind(address)
    threading.Thread(target=_echo, args=(made,), daemon=True).start()
    return made


def _echo(bound: socket.socket) -> None:
    while True:
        try:
            bound.sendto(*bound.recvfrom(16))
        except OSError:
            return


def _relay(listening: socket.socket, port: int) -> None:
    while True:
        try:
            inner, _ = listening.accept()
        except OSError:
            return
        outer = socket.create_connection(("127.0.0.1", port), timeout=10)
        for source, target in ((inner, outer), (outer, inner)):
            source.settimeout(None)
            threading.Thread(target=_copy, args=(source, target), daemon=True).start()


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    finally:
        for each in (source, target):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

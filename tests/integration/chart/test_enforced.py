"""The NetworkPolicies, enforced for real: packets of pods' network namespaces, judged by kube-network-policies.

The pods are objects of a real API server, which the enforcer watches; their addresses are those of the namespaces.
"""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import pytest
from parley_crds import BotSettings
from support import chart
from support.bot_pods import bot_of
from support.chart import Document
from support.control_plane import ControlPlane
from support.processes import Program, tool
from support.wait import until
from support.wires import QUEUE, Wires, missing, wires

RELEASE, BOTS, HIRING = "enforced-parley", "enforced-bots", "enforced-hiring"
WHERE = {"bot": BOTS, "api": RELEASE, "operator": RELEASE, "web": RELEASE, "dns": "kube-system", "stranger": HIRING}
ADDRESSES = {name: [f"10.77.0.{number}"] for number, name in enumerate(WHERE, 1)}
OUTSIDE = {"public": "52.94.76.9", "metadata": "169.254.169.254", "private": "192.168.7.7", "service": "10.96.0.1"}
PORTS = (53, 443, 8080, 8443)
DATAGRAMS = (53, 5000)
type Tried = tuple[str, str, int] | tuple[str, str, int, Literal["UDP"]]
"""From which end to which, or to which address outside, at which port; by TCP where nothing else is said."""

OPEN: list[Tried] = [
    ("bot", "api", 8443), ("api", "bot", 8080), ("operator", "api", 8443), ("bot", "dns", 53), ("bot", "public", 443),
    ("stranger", "api", 8080), ("stranger", "web", 8080), ("operator", "service", 443), ("api", "public", 8443),
    *((who, "dns", 53, "UDP") for who in ("bot", "api", "operator")),
]  # fmt: skip
SHUT: list[Tried] = [
    ("bot", "metadata", 443), ("bot", "private", 443), ("bot", "service", 443), ("bot", "public", 8080),
    ("bot", "api", 8080), ("bot", "operator", 8080), ("bot", "web", 443), ("bot", "stranger", 8080),
    ("stranger", "bot", 8080), ("operator", "bot", 8080), ("stranger", "api", 8443), ("stranger", "operator", 8080),
    ("web", "public", 443), ("web", "dns", 53), ("api", "metadata", 443), ("operator", "metadata", 443),
    ("bot", "public", 53, "UDP"), ("bot", "public", 5000, "UDP"), ("bot", "private", 53, "UDP"),
    ("web", "dns", 53, "UDP"), ("bot", "dns", 5000, "UDP"), ("stranger", "bot", 5000, "UDP"),
    ("bot", "stranger", 53, "UDP"),
]  # fmt: skip


def pod(name: str, labels: dict[str, str]) -> Document:
    container = {"name": "c", "image": "none.invalid/none"}
    spec = {"automountServiceAccountToken": False, "nodeName": "enforced", "containers": [container]}
    metadata = {"name": f"enforced-{name}", "namespace": WHERE[name], "labels": labels}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def put_pods(plane: ControlPlane, documents: list[Document]) -> None:
    """The pods as a kubelet would tell of them: running, at their addresses."""
    templates = chart.pod_templates(documents)
    labels = {name: templates[f"parley-{name}"]["metadata"]["labels"] for name in ("api", "operator", "web")}
    labels["bot"] = bot_of(documents, BotSettings())["metadata"]["labels"]
    labels |= {"dns": {"k8s-app": "kube-dns"}, "stranger": labels["api"]}
    for name, namespace in WHERE.items():
        plane.kubectl("create", "namespace", namespace, check=False)
        plane.kubectl("create", "serviceaccount", "default", "-n", namespace, check=False)
        plane.kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(pod(name, labels[name])))
        (address,) = ADDRESSES[name]
        status = {"status": {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}]}}
        words = ("patch", "pod", f"enforced-{name}", "-n", namespace, "--subresource=status", "--type=merge", "-p")
        plane.kubectl(*words, json.dumps(status))


@pytest.fixture(scope="module")
def enforced(control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wires]:
    """The wires of an installation whose policies are enforced."""
    # Only root makes network namespaces, and the kernel has to know NFQUEUE; elsewhere the engine judges alone.
    if why := missing():
        pytest.skip(why)
    documents = chart.documents_of(chart.rendered("default", RELEASE, BOTS))
    put_pods(control_plane, documents)
    policies = [each for each in documents if each["kind"] == "NetworkPolicy"]
    body = json.dumps({"apiVersion": "v1", "kind": "List", "items": policies})
    control_plane.kubectl("apply", "--server-side", "-f", "-", stdin=body)
    with wires() as made:
        made.build(ADDRESSES | {"outside": [*OUTSIDE.values()]}, PORTS, DATAGRAMS)
        made.relay(int(control_plane.url.rpartition(":")[2]))
        log = tmp_path_factory.mktemp("enforcer") / "enforcer.log"
        command = ["ip", "netns", "exec", made.node, tool("enforcer")]
        command += ["-kubeconfig", str(control_plane.kubeconfig), "-queue", str(QUEUE)]
        enforcer = Program(command, log)
        try:
            _wait_for_verdicts(made, enforcer, log)
            yield made
        finally:
            enforcer.stop()


def _wait_for_verdicts(made: Wires, enforcer: Program, log: Path) -> None:
    """Until what is open is; before that every packet is dropped, for nobody takes it from the queue."""

    def judged() -> bool:
        enforcer.require_alive()
        return made.connects("bot", ADDRESSES["api"][0], 8443)

    until(f"the enforcer lets something through ({log})", judged, 60)


def come_through(made: Wires, tried: list[Tried]) -> list[Tried]:
    """Those that do, all tried at once."""
    addresses = {name: address for name, (address,) in ADDRESSES.items()} | OUTSIDE
    with ThreadPoolExecutor(len(tried)) as hands:
        found = hands.map(lambda each: made.connects(each[0], addresses[each[1]], *each[2:]), tried)
        return [each for each, connected in zip(tried, found, strict=True) if connected]


def test_what_is_to_talk_does_and_nothing_else(enforced: Wires) -> None:
    """Both at once: without an enforcer everything would be dropped, and that alone would look like its work."""
    assert come_through(enforced, [*OPEN, *SHUT]) == OPEN


def test_it_is_the_policies_that_drop_it(enforced: Wires, control_plane: ControlPlane) -> None:
    """Without those of the bots' namespace a bot reaches what it must not: the wires are not what held it."""
    words = ("get", "networkpolicies", "-n", BOTS, "-o", "json")
    kept = json.loads(control_plane.kubectl(*words).stdout)["items"]
    control_plane.kubectl("delete", "networkpolicies", "--all", "-n", BOTS)
    try:
        until("the bot reaches the metadata", lambda: enforced.connects("bot", OUTSIDE["metadata"], 443), 30)
    finally:
        for each in kept:
            each["metadata"] = {key: each["metadata"][key] for key in ("name", "namespace")}
            control_plane.kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(each))

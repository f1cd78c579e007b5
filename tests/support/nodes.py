"""The nodes under the bots, and what befalls them: cordons, drains, evictions, a kubelet that dies and comes back."""

import json
import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.cluster import BOTS, ROOT, Cluster, Json
from support.processes import Program
from support.wait import until


def names(cluster: Cluster) -> list[str]:
    """The nodes of the cluster."""
    return cluster.kubectl("get", "nodes", "-o", "jsonpath={.items[*].metadata.name}").split()


def for_bots(cluster: Cluster) -> list[str]:
    """Those on which a bot may run: kind taints the control plane where there are workers."""
    found = cluster.kubectl("get", "nodes", "-o", "json")
    return [node["metadata"]["name"] for node in json.loads(found)["items"] if not node["spec"].get("taints")]


@contextmanager
def cordoned(cluster: Cluster) -> Iterator[None]:
    """No node takes a new pod."""
    nodes = names(cluster)
    try:
        cluster.kubectl("cordon", *nodes)
        yield
    finally:
        cluster.kubectl("uncordon", *nodes)


@contextmanager
def draining(cluster: Cluster, pod: Json, log: Path) -> Iterator[Program]:
    """`kubectl drain` of the node of a bot's pod, for this pod alone; the node is open again at the end."""
    node, labels = pod["spec"]["nodeName"], pod["metadata"]["labels"]
    chosen = f"--pod-selector=parley.dev/interview-uid={labels['parley.dev/interview-uid']}"
    command = ["kubectl", "drain", node, chosen, "--delete-emptydir-data", "--timeout=180s"]
    program = Program(command, log, cluster.environment)
    try:
        yield program
    finally:
        program.kill()
        cluster.kubectl("uncordon", node)


def evict(cluster: Cluster, pod: Json) -> str:
    """Asks the eviction API for a bot's pod; what it says where it refuses, nothing where it does as it is told."""
    name = pod["metadata"]["name"]
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name, "namespace": BOTS}}
    path = f"/api/v1/namespaces/{BOTS}/pods/{name}/eviction"
    done = cluster.run("kubectl", "create", "--raw", path, "-f", "-", stdin=json.dumps(eviction), check=False)
    return done.stderr if done.returncode else ""


def restart_kubelet(cluster: Cluster, pod: Json) -> None:
    """The kubelet of a bot's node dies without a word and is started again; back when it knows its pods."""
    node = pod["spec"]["nodeName"]
    if cluster.environment["CLUSTER"] == "kind":
        cluster.run("docker", "exec", node, "systemctl", "kill", "--signal=KILL", "kubelet")
        cluster.run("docker", "exec", node, "systemctl", "start", "kubelet")
    else:
        os.kill(_kubelet_pid(cluster), signal.SIGKILL)
        until("the kubelet is gone", lambda: not _kubelet_pid(cluster), 10)
        cluster.run(str(ROOT / "cluster/parley-cluster"), "up")
        assert _kubelet_pid(cluster)
    # Asked through the API server, it answers for itself; what the node's conditions say may be older than its death.
    until("the kubelet knows the pod", lambda: pod["metadata"]["uid"] in _known_to_kubelet(cluster, node), 60)


def _kubelet_pid(cluster: Cluster) -> int:
    """The process that `parley-cluster status` names; 0 where it says that none runs."""
    status = cluster.run(str(ROOT / "cluster/parley-cluster"), "status", check=False).stdout
    found = re.search(r"^kubelet: (?:pid (\d+)|not running)$", status, re.MULTILINE)
    assert found, status
    return int(found[1] or 0)


def _known_to_kubelet(cluster: Cluster, node: str) -> str:
    return cluster.run("kubectl", "get", "--raw", f"/api/v1/nodes/{node}/proxy/pods", check=False).stdout

"""Where a cell of the table is measured: a control plane of its own, empty, so that none pays for what another left."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.operator.audit import AuditLog
from parley_crds.crd import all_crds
from support.control_plane import ControlPlane, start_control_plane
from support.operator_site import TEMPLATE, Orders
from support.processes import Program, tool
from support.wait import until

type Json = dict[str, Any]

HERE = Path(__file__).parent
HIRING, BOTS, HOME = "hiring", "bots", "home"
NODE = "kwok-0"
CAPACITY = {"cpu": "100000", "memory": "100000Gi", "pods": "100000"}
RAISED = ("--kube-api-qps=500", "--kube-api-burst=1000")
AUDIT_MEGABYTES = 20_000  # a log that was rotated would be counted in part
START_SECONDS = 60


@dataclass(frozen=True)
class World:
    """An API server with Parley's types and a template, a scheduler, a collector of garbage and KWOK's node."""

    folder: Path
    plane: ControlPlane
    audit: AuditLog
    orders: Orders

    @property
    def etcd(self) -> Program:
        """The API server's store."""
        return self.plane.programs[0]

    @property
    def apiserver(self) -> Program:
        """The API server."""
        return self.plane.programs[1]

    def start(self, name: str, command: list[str], environment: dict[str, str] | None = None) -> Program:
        """Starts a program that ends with this world, at the latest."""
        program = Program(command, self.folder / f"{name}.log", environment)
        self.plane.programs.append(program)
        return program

    def apply(self, *documents: Json) -> None:
        """Applies documents as the administrator."""
        everything = {"apiVersion": "v1", "kind": "List", "items": list(documents)}
        self.plane.kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(everything))


@contextlib.contextmanager
def world(folder: Path) -> Iterator[World]:
    """A world with its files in `folder`, which is empty; it ends with the block."""
    log = folder / "audit.log"
    plane = start_control_plane(
        folder,
        f"--audit-policy-file={HERE / 'audit-policy.yaml'}",
        f"--audit-log-path={log}",
        "--audit-log-mode=batch",
        "--audit-log-batch-buffer-size=200000",
        f"--audit-log-maxsize={AUDIT_MEGABYTES}",
    )
    (folder / "api").mkdir()
    orders = Orders(folder / "api")
    try:
        made = World(folder, plane, AuditLog(log), orders)
        _furnish(made)
        yield made
    finally:
        plane.stop()
        orders.stop()


def _furnish(made: World) -> None:
    plane = made.plane
    made.apply(*all_crds().values(), *(_object("v1", "Namespace", name) for name in (HIRING, BOTS, HOME)))
    plane.kubectl("wait", "--for=condition=Established", "--timeout=30s", *(f"crd/{name}" for name in all_crds()))
    plane.start_collectors(*RAISED, "--concurrent-gc-syncs=20")
    scheduler = str(plane.kubeconfig_of_user("system:kube-scheduler"))
    made.start(
        "kube-scheduler",
        [
            tool("kube-scheduler"),
            f"--kubeconfig={scheduler}",
            f"--authentication-kubeconfig={scheduler}",
            f"--authorization-kubeconfig={scheduler}",
            "--leader-elect=false",
            "--secure-port=0",
            *RAISED,
        ],
    )
    stages = f"--config={HERE / 'kwok.yaml'}"
    made.start("kwok", [tool("kwok"), f"--kubeconfig={plane.kubeconfig}", stages, "--manage-all-nodes=true"])
    made.apply(_node(), _object("v1", "ServiceAccount", "parley-bot", BOTS))
    # Admission marks a new node as not ready, and the controller that would see otherwise does not run here.
    plane.kubectl("patch", "node", NODE, "--type=merge", "-p", json.dumps({"spec": {"taints": None}}))
    plane.kubectl("wait", "--for=condition=Ready", f"--timeout={START_SECONDS}s", f"node/{NODE}")
    template = _object("parley.dev/v1alpha1", "InterviewTemplate", "backend", HIRING)
    made.apply(template | {"spec": TEMPLATE | {"start": "Immediate", "room": {"provider": "websocket"}}})
    there = ("-n", BOTS, "get", "serviceaccount", "default")
    until("the default account", lambda: plane.kubectl(*there, check=False).returncode == 0, START_SECONDS)


def _object(version: str, kind: str, name: str, namespace: str | None = None) -> Json:
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": version, "kind": kind, "metadata": metadata}


def _node() -> Json:
    status = {"allocatable": CAPACITY, "capacity": CAPACITY}
    return _object("v1", "Node", NODE) | {"status": status}

"""Who is measured: Parley's operator, the Job controller, and a minimal reconciler in Go that does as Parley does."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
from bench.operator.work import INTERVIEW, JOB, Work
from bench.operator.world import BOTS, HIRING, HOME, RAISED, START_SECONDS, World
from support.operator_install import Spaces, granted
from support.processes import Program, tool
from support.wait import until

type Json = dict[str, Any]

IMAGE = "parley/bot:test"
LINK_KEY = "k" * 43
PROFILE = "profile.txt"
TESTS = Path(__file__).parents[2]
MINIMAL = "minimal-controller"


@dataclass(frozen=True)
class Peer:
    """`user` is whom the API server knows it as; `start` gives its process, at work.

    One that is `sampled` is told by SIGUSR2 when what is measured begins and ends.
    """

    title: str
    work: Work
    user: str
    start: Callable[[World], Program]
    sampled: bool = False


def _parley(world: World, *python: str) -> Program:
    """`python`: what the interpreter is to run, where it is not the operator itself."""
    spaces = Spaces(HIRING, BOTS, HOME)
    environment = granted(world.plane, world.orders, world.folder, spaces, "bench", bot={"image": IMAGE})
    environment["PYTHONPATH"] = str(TESTS)
    health = f"http://127.0.0.1:{environment['PARLEY_HEALTH_PORT']}/healthz"
    program = world.start("operator", [sys.executable, *(python or ("-m", "parley_operator"))], environment)

    def active() -> bool:
        program.require_alive()
        try:
            return httpx.get(health, trust_env=False).text == "ok: active"
        except httpx.TransportError:
            return False

    until("the operator is active", active, START_SECONDS)
    return program


def _sampled(world: World) -> Program:
    return _parley(world, "-m", "bench.operator.sampler", str(profile_of(world.folder)), "parley_operator")


def profile_of(folder: Path) -> Path:
    """Where an operator that is sampled writes what it spent its time with."""
    return folder / PROFILE


def _job_controller(world: World, *flags: str) -> Program:
    """With an account of its own, as kubeadm gives it one: its place in the API server's queues hangs on that."""
    config = str(world.plane.kubeconfig_of_user("system:kube-controller-manager"))
    command = [
        tool("kube-controller-manager"),
        f"--kubeconfig={config}",
        f"--authentication-kubeconfig={config}",
        f"--authorization-kubeconfig={config}",
        f"--service-account-private-key-file={world.folder / 'sa.key'}",
        "--use-service-account-credentials",
        "--controllers=job-controller",
        "--leader-elect=false",
        "--secure-port=0",
        *flags,
    ]
    return world.start("job-controller", command)


def _minimal(world: World) -> Program:
    world.apply(*_minimal_rights())
    token = world.plane.kubectl("-n", HOME, "create", "token", MINIMAL, "--duration=4h").stdout.strip()
    command = [tool(MINIMAL), f"--namespace={HIRING}", f"--bots-namespace={BOTS}", f"--image={IMAGE}"]
    environment = {"KUBECONFIG": str(world.plane.kubeconfig_of(token)), "LINK_KEY": LINK_KEY}
    return world.start(MINIMAL, command, environment)


def _minimal_rights() -> list[Json]:
    rules = [
        _rule("parley.dev", ["interviews", "interviewtemplates"], "get", "list", "watch", "patch"),
        _rule("parley.dev", ["interviews/status"], "patch"),
        _rule("", ["secrets", "pods"], "get", "list", "watch", "create", "delete"),
    ]
    named = {"metadata": {"name": MINIMAL}}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": MINIMAL}
    subject = {"kind": "ServiceAccount", "name": MINIMAL, "namespace": HOME}
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": MINIMAL, "namespace": HOME}},
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "rules": rules, **named},
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "roleRef": role,
            "subjects": [subject],
            **named,
        },
    ]


def _rule(group: str, resources: list[str], *verbs: str) -> Json:
    return {"apiGroups": [group], "resources": resources, "verbs": list(verbs)}


def _raised_job_controller(world: World) -> Program:
    return _job_controller(world, *RAISED, "--concurrent-job-syncs=20")


_JOB_CONTROLLER = "system:serviceaccount:kube-system:job-controller"
PEERS = {
    "parley": Peer("Parley's operator", INTERVIEW, f"system:serviceaccount:{HOME}:parley-operator", _parley),
    "job": Peer("Job controller", JOB, _JOB_CONTROLLER, _job_controller),
    "job-raised": Peer("Job controller, raised", JOB, _JOB_CONTROLLER, _raised_job_controller),
    "minimal": Peer("minimal, controller-runtime", INTERVIEW, f"system:serviceaccount:{HOME}:{MINIMAL}", _minimal),
}
SAMPLED = {"parley": replace(PEERS["parley"], start=_sampled, sampled=True)}
"""Those that can be asked what they spend their time with."""

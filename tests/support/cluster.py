"""The local cluster with Parley installed, as a user reaches it: kubectl, and the two ports on this machine."""

import base64
import json
import os
import shlex
import signal
import subprocess
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from support.wait import until

ROOT = Path(__file__).parents[2]
WEB = "http://localhost:30480"
API = "http://localhost:30481"
BOTS = "parley-bots"

type Json = dict[str, Any]


def cluster_environment() -> dict[str, str]:
    """The variables that `cluster/parley-cluster env` exports, on top of this process's own."""
    script = 'eval "$(cluster/parley-cluster env)" && env -0'
    done = subprocess.run(["bash", "-c", script], cwd=ROOT, capture_output=True, text=True, check=True, timeout=30)
    return dict(line.split("=", 1) for line in done.stdout.split("\0") if "=" in line)


@dataclass
class Cluster:
    """kubectl on the local cluster, and what the tests ask of it."""

    environment: dict[str, str] = field(default_factory=cluster_environment, repr=False)

    def run(self, *command: str, stdin: str | None = None, check: bool = True) -> subprocess.CompletedProcess[str]:
        """A command with the cluster's environment; a failure carries what it printed."""
        done = subprocess.run(
            command, env=self.environment, input=stdin, capture_output=True, text=True, timeout=180, check=False
        )
        if check and done.returncode:
            raise AssertionError(f"{shlex.join(command)} failed:\n{done.stdout}{done.stderr}")
        return done

    def kubectl(self, *words: str, stdin: str | None = None) -> str:
        """Kubectl's output."""
        return self.run("kubectl", *words, stdin=stdin).stdout

    def refused(self, *words: str, stdin: str | None = None) -> str:
        """What kubectl says when it fails; that it fails is asserted."""
        done = self.run("kubectl", *words, stdin=stdin, check=False)
        assert done.returncode, f"kubectl {shlex.join(words)} was accepted:\n{done.stdout}"
        return done.stderr

    def apply(self, *objects: Json) -> None:
        """`kubectl apply` of the objects."""
        self.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(objects))

    def get(self, kind: str, name: str, namespace: str) -> Json | None:
        """The object, or None where there is none."""
        text = self.kubectl("get", kind, name, "-n", namespace, "-o", "json", "--ignore-not-found")
        return json.loads(text) if text.strip() else None

    def list(self, kind: str, namespace: str, selector: str = "") -> list[Json]:
        """The objects of a kind in a namespace."""
        items: list[Json] = json.loads(self.kubectl("get", kind, "-n", namespace, "-l", selector, "-o", "json"))[
            "items"
        ]
        return items

    def delete(self, kind: str, name: str, namespace: str, *words: str) -> None:
        """`kubectl delete`, with no error where there is none."""
        self.kubectl("delete", kind, name, "-n", namespace, "--ignore-not-found", *words)

    @cached_property
    def store(self) -> Path:
        """The folder of this machine in which transcripts are stored."""
        return Path(self.environment["PARLEY_CACHE"], "store")


def kill_processes(pod: Json) -> None:
    """SIGKILL for every process of a pod but the sandbox's; the cluster's containers are processes of this machine.

    Raises:
        AssertionError: the pod has no process here.
    """
    uid = pod["metadata"]["uid"]
    marks = (f"pod{uid}".encode(), f"pod{uid.replace('-', '_')}".encode())  # cgroupfs, systemd
    killed = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            ours = any(mark in (folder / "cgroup").read_bytes() for mark in marks)
            if ours and (folder / "cmdline").read_bytes().split(b"\0")[0] != b"/pause":
                os.kill(int(folder.name), signal.SIGKILL)
                killed += 1
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended by itself
    assert killed, f"no process of pod {pod['metadata']['name']} on this machine"


@dataclass
class Hiring:
    """A hiring team's namespace."""

    cluster: Cluster
    namespace: str

    def template(self, name: str = "engineer", **changes: Any) -> Json:
        """The example's template under another name, some of its spec changed; not applied yet."""
        (template,) = yaml.safe_load_all((ROOT / "examples/template.yaml").read_text())
        template["metadata"] = {"name": name, "namespace": self.namespace}
        template["spec"] |= changes
        return template  # type: ignore[no-any-return] # YAML is untyped

    def interview(self, name: str, template: str = "engineer", **spec: Any) -> Json:
        """An Interview; not applied yet."""
        return {
            "apiVersion": "parley.dev/v1alpha1",
            "kind": "Interview",
            "metadata": {"name": name, "namespace": self.namespace},
            "spec": {"templateRef": {"name": template}, "candidate": {"name": "Ada"}} | spec,
        }

    def get(self, name: str) -> Json:
        """The Interview."""
        found = self.cluster.get("interview", name, self.namespace)
        assert found, f"no Interview {name}"
        return found

    def phase(self, name: str) -> str:
        """Its phase; empty before the operator has seen it."""
        return str(self.get(name).get("status", {}).get("phase", ""))

    def wait_phase(self, name: str, *phases: str, seconds: float = 60) -> Json:
        """The Interview, once it is in one of the phases."""
        until(f"{name} is {' or '.join(phases)}", lambda: self.phase(name) in phases, seconds)
        return self.get(name)

    def watch_phase(self, name: str, phase: str, seconds: float) -> None:
        """Wait for the phase by one watch, which costs the machine little while it lasts."""
        wait = ["wait", f"interview/{name}", "-n", self.namespace, f"--timeout={seconds:g}s"]
        self.cluster.kubectl(*wait, f"--for=jsonpath={{.status.phase}}={phase}")

    def condition(self, name: str, kind: str) -> Json:
        """One of its conditions; empty where it is not set."""
        conditions = self.get(name).get("status", {}).get("conditions", [])
        return next((c for c in conditions if c["type"] == kind), {})

    def wait_condition(self, name: str, kind: str, status: str = "True", seconds: float = 60) -> Json:
        """The condition, once it has this status."""
        return until(
            f"{name} has {kind}={status}",
            lambda: c if (c := self.condition(name, kind)).get("status") == status else None,
            seconds,
        )

    def link(self, name: str) -> str:
        """The candidate's link."""
        secret_name = until("link", lambda: self.get(name).get("status", {}).get("linkSecretName"), 30)
        secret = until("link Secret", lambda: self.cluster.get("secret", secret_name, self.namespace), 30)
        return base64.b64decode(secret["data"]["url"]).decode()

    def token(self, name: str) -> str:
        """The token in the candidate's link."""
        return self.link(name).split("#", 1)[1]

    def uid(self, name: str) -> str:
        """The Interview's uid."""
        return str(self.get(name)["metadata"]["uid"])

    def bots(self, uid: str) -> list[Json]:
        """The bot pods of an interview that are not on their way out."""
        pods = self.cluster.list("pod", BOTS, f"parley.dev/interview-uid={uid}")
        return [p for p in pods if not p["metadata"].get("deletionTimestamp")]

    def leftovers(self, uid: str) -> list[str]:
        """Pods and Secrets of an interview that are still there, by kind and name."""
        found = self.cluster.list("pod,secret", BOTS, f"parley.dev/interview-uid={uid}")
        return [f"{o['kind']}/{o['metadata']['name']}" for o in found]

    def provisioned(self, name: str) -> list[str]:
        """All that was made for an interview: pods and Secrets of the bots, link Secrets of the namespace."""
        secrets = self.cluster.list("secret", self.namespace, f"parley.dev/interview-uid={self.uid(name)}")
        return [*self.leftovers(self.uid(name)), *(f"Secret/{s['metadata']['name']}" for s in secrets)]

    def stored(self, uid: str) -> Path:
        """The folder of its artifacts."""
        return self.cluster.store / "interviews" / self.namespace / uid

    def transcript(self, uid: str) -> Json:
        """Its transcript.json."""
        return json.loads((self.stored(uid) / "transcript.json").read_text())  # type: ignore[no-any-return] # JSON

    def bearer(self, account: str, *verbs_on: str) -> dict[str, str]:
        """The headers of a service account of this namespace that may do `verb:resource` and nothing else."""
        rules = [
            {"apiGroups": ["parley.dev"], "resources": [r], "verbs": [v]} for v, r in (x.split(":") for x in verbs_on)
        ]
        meta = {"name": account, "namespace": self.namespace}
        rbac = "rbac.authorization.k8s.io"
        self.cluster.apply(
            {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta},
            {"apiVersion": f"{rbac}/v1", "kind": "Role", "metadata": meta, "rules": rules},
            {
                "apiVersion": f"{rbac}/v1",
                "kind": "RoleBinding",
                "metadata": meta,
                "roleRef": {"apiGroup": rbac, "kind": "Role", "name": account},
                "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": self.namespace}],
            },
        )
        token = self.cluster.kubectl("create", "token", account, "-n", self.namespace, "--audience", "parley").strip()
        return {"Authorization": f"Bearer {token}"}

"""What a set of NetworkPolicies lets through, by cyclonus's engine of their rules (`cluster/tools/netpol`)."""

import json
import subprocess
from dataclasses import dataclass, field
from typing import Any

from support.processes import tool

type Document = dict[str, Any]


@dataclass(frozen=True)
class Peer:
    """A pod, or with no namespace an address outside."""

    name: str
    ip: str
    namespace: str = ""
    labels: dict[str, str] = field(default_factory=dict, hash=False)

    def told(self) -> Document:
        """As the tool reads it; a namespace has the label that the API server gives it."""
        found: Document = {"ip": self.ip}
        if self.namespace:
            labels = {"kubernetes.io/metadata.name": self.namespace}
            found |= {"namespace": self.namespace, "namespaceLabels": labels, "podLabels": self.labels}
        return found


@dataclass(frozen=True)
class Traffic:
    """A connection that is tried."""

    source: Peer
    target: Peer
    port: int
    protocol: str = "TCP"


def allowed(policies: list[Document], tried: list[Traffic]) -> list[bool]:
    """Whether each comes through: it may leave the one and enter the other."""
    question = {
        "policies": policies,
        "traffic": [
            {"from": each.source.told(), "to": each.target.told(), "port": each.port, "protocol": each.protocol}
            for each in tried
        ],
    }
    done = subprocess.run(
        [tool("netpol")], input=json.dumps(question), capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(tried)
    return [each["egress"] and each["ingress"] for each in answers]

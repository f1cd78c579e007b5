"""A real Kubernetes control plane on loopback: etcd and kube-apiserver, and on request the controllers that collect.

There is no node and no scheduler: pods stay Pending until a test writes their status.
"""

import json
import secrets
import subprocess
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from ssl import SSLContext, create_default_context

from support.certificates import Authority, signing_key
from support.processes import Program, free_ports, tool
from support.wait import until

ISSUER = "https://kubernetes.default.svc"
_COLLECTORS = (
    "garbage-collector-controller",
    "namespace-controller",
    "serviceaccount-controller",
    "root-ca-certificate-publisher-controller",
)


@dataclass
class ControlPlane:
    """The running control plane, and how to reach it as its administrator (group system:masters)."""

    url: str
    folder: Path
    authority: Authority
    token: str
    programs: list[Program]
    collectors: Program | None = None

    @property
    def ca_file(self) -> Path:
        """The CA of the API server, which it knows users by, too."""
        return self.authority.file

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.folder / "admin.kubeconfig"

    def kubeconfig_of(self, token: str) -> Path:
        """A kubeconfig for the holder of this token."""
        path = self.folder / f"{secrets.token_hex(4)}.kubeconfig"
        path.write_text(json.dumps(_kubeconfig(self.url, self.ca_file, {"token": token})))
        return path

    def kubeconfig_of_user(self, name: str) -> Path:
        """A kubeconfig for a user of this name, who has a client certificate."""
        certificate, key = self.authority.client(name)
        path = self.folder / f"{name}.kubeconfig"
        user: dict[str, object] = {"client-certificate": str(certificate), "client-key": str(key)}
        path.write_text(json.dumps(_kubeconfig(self.url, self.ca_file, user)))
        return path

    def kubectl(
        self, *arguments: str, stdin: str | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run kubectl as the administrator.

        Raises:
            AssertionError: it failed and `check` is set; the message holds what it wrote.
        """
        command = [tool("kubectl"), f"--kubeconfig={self.kubeconfig}", *arguments]
        result = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=60, check=False)
        if check and result.returncode != 0:
            raise AssertionError(f"kubectl {' '.join(arguments)}: {result.stdout}{result.stderr}")
        return result

    def start_collectors(self, *flags: str) -> None:
        """Start the controllers that collect garbage, empty deleted namespaces and make default service accounts.

        `flags` are more flags of kube-controller-manager.
        """
        if self.collectors is not None:
            return
        command = [
            tool("kube-controller-manager"),
            f"--kubeconfig={self.kubeconfig}",
            f"--authentication-kubeconfig={self.kubeconfig}",
            f"--authorization-kubeconfig={self.kubeconfig}",
            f"--service-account-private-key-file={self.folder / 'sa.key'}",
            f"--root-ca-file={self.ca_file}",
            f"--controllers={','.join(_COLLECTORS)}",
            "--leader-elect=false",
            "--secure-port=0",
            *flags,
        ]
        self.collectors = Program(command, self.folder / "kube-controller-manager.log")
        self.programs.append(self.collectors)

    @property
    def etcd(self) -> Program:
        """The store."""
        return self.programs[0]

    @property
    def apiserver(self) -> Program:
        """The API server."""
        return self.programs[1]

    def await_ready(self) -> None:
        """Wait until the API server is ready.

        Raises:
            TimeoutError: it was not in time.
        """
        context = create_default_context(cafile=self.ca_file)

        def ready() -> bool:
            for program in self.programs:
                program.require_alive()
            return _answers_ok(f"{self.url}/readyz", self.token, context)

        until("the API server is ready", ready, seconds=90)

    def stop(self) -> None:
        """Stop everything, the last started first."""
        for program in reversed(self.programs):
            program.stop()


def start_control_plane(folder: Path, *flags: str) -> ControlPlane:
    """Start etcd and kube-apiserver with their files in `folder`, and wait until the API server is ready.

    `flags` are more flags of kube-apiserver.

    Raises:
        FileNotFoundError: a binary is missing.
        RuntimeError: a program ended at once.
        TimeoutError: the API server was not ready in time.
    """
    authority = Authority(folder)
    client_port, peer_port, port = free_ports(3)
    etcd = Program(_etcd(folder, client_port, peer_port), folder / "etcd.log")
    token = secrets.token_urlsafe(24)
    (folder / "tokens.csv").write_text(f"{token},admin,admin,system:masters\n")
    signing_key(folder / "sa.key")
    certificate, key = authority.server("apiserver", "localhost", "127.0.0.1", "kubernetes.default.svc")
    command = [
        *_apiserver(folder, client_port, port),
        f"--tls-cert-file={certificate}",
        f"--tls-private-key-file={key}",
        f"--client-ca-file={authority.file}",
        *flags,
    ]
    apiserver = Program(command, folder / "kube-apiserver.log")
    plane = ControlPlane(f"https://127.0.0.1:{port}", folder, authority, token, [etcd, apiserver])
    plane.kubeconfig.write_text(json.dumps(_kubeconfig(plane.url, plane.ca_file, {"token": token})))
    try:
        plane.await_ready()
    except BaseException:
        plane.stop()
        raise
    return plane


def _etcd(folder: Path, client_port: int, peer_port: int) -> list[str]:
    client, peer = f"http://127.0.0.1:{client_port}", f"http://127.0.0.1:{peer_port}"
    return [
        tool("etcd"),
        f"--data-dir={folder / 'etcd'}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        "--unsafe-no-fsync",
    ]


def _apiserver(folder: Path, etcd_port: int, port: int) -> list[str]:
    return [
        tool("kube-apiserver"),
        f"--etcd-servers=http://127.0.0.1:{etcd_port}",
        "--bind-address=127.0.0.1",
        f"--secure-port={port}",
        "--advertise-address=127.0.0.1",
        "--endpoint-reconciler-type=none",  # an advertised loopback address would be refused as an endpoint
        "--service-cluster-ip-range=10.96.0.0/16",
        f"--token-auth-file={folder / 'tokens.csv'}",
        f"--service-account-key-file={folder / 'sa.key'}",
        f"--service-account-signing-key-file={folder / 'sa.key'}",
        f"--service-account-issuer={ISSUER}",
        "--authorization-mode=RBAC",
        "--allow-privileged=true",
    ]


def _answers_ok(url: str, token: str, context: SSLContext) -> bool:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request, timeout=5, context=context) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def _kubeconfig(url: str, ca_file: Path, user: dict[str, object]) -> dict[str, object]:
    """A kubeconfig is YAML, and JSON is YAML."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "tests",
        "contexts": [{"name": "tests", "context": {"cluster": "tests", "user": "tests"}}],
        "clusters": [{"name": "tests", "cluster": {"server": url, "certificate-authority": str(ca_file)}}],
        "users": [{"name": "tests", "user": user}],
    }

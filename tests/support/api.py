"""The API as a program of its own against a real API server, and the hand that makes what the operator would make."""

import asyncio
import base64
import json
import ssl
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from parley_crds.names import INPUTS_KEY, child_name, object_labels, pod_labels, pod_name
from parley_protocol import BotInputs, InterviewPlan, InterviewRef
from parley_protocol.assignment import RoomInputs
from parley_protocol.plan import InterviewerPlan, QuestionPlan
from parley_rooms.links import mint_link, ticket_key

from support.certificates import Authority
from support.chart import render, rights
from support.control_plane import ControlPlane
from support.processes import Program, free_ports
from support.wait import until

LINK_KEY = "a-link-key-of-the-tests-0123456789abcdef"
RELEASE, BOTS, INSTALLATION = "parley", "parley-bots", "tests"
BOT_ACCOUNT = "parley-bot"
ORIGIN = "https://interviews.example.com"
PAGE = "https://interviews.example.com"
CONSENT_VERSION = "2026-1"
DEADLINE = 20.0
# A program that begins beside other tests on two cores takes five seconds, and more than twenty on a busy machine.
_START_SECONDS = 60
REVISION = "data-engineer-abc"

TEMPLATE_SPEC = {
    "title": "Data engineer",
    "interviewer": {"name": "Ava", "greeting": "Hello.", "closing": "Goodbye."},
    "questions": [{"id": "pipelines", "text": "Tell me of a pipeline."}, {"id": "sql", "text": "How do you tune SQL?"}],
    "consent": {"text": "An AI interviews you.", "version": CONSENT_VERSION},
}


class Cluster:
    """The API server as its administrator: the tests' hand, and the operator's writes where it would make them."""

    def __init__(self, plane: ControlPlane) -> None:
        self.plane = plane
        self._http = httpx.Client(
            base_url=plane.url,
            verify=ssl.create_default_context(cafile=plane.ca_file),
            headers={"Authorization": f"Bearer {plane.token}"},
            trust_env=False,
            timeout=15,
        )

    def get(self, path: str) -> dict[str, Any]:
        return self._done(self._http.get(path))

    def create(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._done(self._http.post(path, json=body))

    def delete(self, path: str) -> None:
        self._done(self._http.delete(path))

    def patch(self, path: str, body: dict[str, Any], kind: str = "merge-patch+json", **query: str) -> dict[str, Any]:
        headers = {"Content-Type": f"application/{kind}"}
        return self._done(self._http.patch(path, content=json.dumps(body), headers=headers, params=query))

    def close(self) -> None:
        self._http.close()

    @staticmethod
    def _done(response: httpx.Response) -> dict[str, Any]:
        assert response.is_success, response.text
        document: dict[str, Any] = response.json()
        return document


@dataclass(frozen=True)
class Api:
    """The running API."""

    url: str
    inside_url: str
    ca_file: Path
    store: Path
    log: Path
    program: Program

    def logged(self) -> str:
        return self.log.read_text()


@dataclass(frozen=True)
class Interviewed:
    """An Interview of a test, as the operator would have it, and its candidate."""

    cluster: Cluster
    namespace: str
    name: str
    uid: str
    revision: str = REVISION

    @property
    def room(self) -> str:
        """The room's name, of characters that Daily takes."""
        return f"parley-{self.uid}"

    @property
    def path(self) -> str:
        return f"/apis/parley.dev/v1alpha1/namespaces/{self.namespace}/interviews/{self.name}"

    def read(self) -> dict[str, Any]:
        return self.cluster.get(self.path)

    def token(self, epoch: int = 0, key: str = LINK_KEY) -> str:
        return mint_link(key.encode(), self.uid, epoch)

    def headers(self, epoch: int = 0) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(epoch)}"}

    def operator_status(self, phase: str, attempt: int = 0, *, accepted: bool = True) -> None:
        """Apply the operator's share of the status."""
        status: dict[str, Any] = {"phase": phase, "attempts": {"current": attempt, "failures": 0}}
        if accepted:
            status["template"] = {"name": "data-engineer", "revision": self.revision, "hash": "abc"}
        body = {
            "apiVersion": "parley.dev/v1alpha1",
            "kind": "Interview",
            "metadata": {"name": self.name, "namespace": self.namespace},
            "status": status,
        }
        self.cluster.patch(
            f"{self.path}/status", body, "apply-patch+yaml", fieldManager="parley-operator", force="true"
        )

    def bot(
        self,
        attempt: int = 1,
        *,
        ip: str | None = None,
        provider: str = "websocket",
        plan: InterviewPlan | None = None,
    ) -> str:
        """The operator's inputs Secret and the pod that it owns, and that pod's token; with `ip`, it is ready there."""
        child = child_name(self.name, self.uid)
        inputs = bot_inputs(self, attempt, provider)
        if plan is not None:
            inputs = inputs.model_copy(update={"plan": plan})
        data = {INPUTS_KEY: base64.b64encode(inputs.to_json()).decode()}
        labels = object_labels(INSTALLATION, self.uid)
        secret = self.cluster.create(
            f"/api/v1/namespaces/{BOTS}/secrets", {"metadata": {"name": child, "labels": labels}, "data": data}
        )
        owner = {
            "apiVersion": "v1",
            "kind": "Secret",
            "name": child,
            "uid": secret["metadata"]["uid"],
            "controller": True,
        }
        name = pod_name(child, attempt)
        container = {"name": "bot", "image": "parley/bot"}
        pod = {
            "metadata": {
                "name": name,
                "labels": pod_labels(INSTALLATION, self.uid, attempt),
                "ownerReferences": [owner],
            },
            "spec": {
                "serviceAccountName": BOT_ACCOUNT,
                "containers": [container],
                "automountServiceAccountToken": False,
            },
        }
        made = self.cluster.create(f"/api/v1/namespaces/{BOTS}/pods", pod)
        if ip is not None:
            self.bot_is_ready(ip, attempt)
        bound = {"apiVersion": "v1", "kind": "Pod", "name": name, "uid": made["metadata"]["uid"]}
        spec = {"audiences": ["parley-api"], "expirationSeconds": 7200, "boundObjectRef": bound}
        account = f"/api/v1/namespaces/{BOTS}/serviceaccounts/{BOT_ACCOUNT}"
        return str(self.cluster.create(f"{account}/token", {"spec": spec})["status"]["token"])

    def bot_is_ready(self, ip: str, attempt: int = 1) -> None:
        """What the kubelet tells of a bot that is in its room."""
        condition = {"type": "Ready", "status": "True", "lastTransitionTime": now()}
        status = {"phase": "Running", "podIP": ip, "podIPs": [{"ip": ip}], "conditions": [condition]}
        name = pod_name(child_name(self.name, self.uid), attempt)
        self.cluster.patch(f"/api/v1/namespaces/{BOTS}/pods/{name}/status", {"status": status})


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def bot_inputs(interview: Interviewed, attempt: int, provider: str) -> BotInputs:
    key = base64.b64encode(ticket_key(LINK_KEY.encode(), interview.uid)).decode()
    room = (
        RoomInputs(provider="websocket", name=interview.room, ticket_key=key)
        if provider == "websocket"
        else RoomInputs(provider="daily", name=interview.room, url=f"https://example.daily.co/{interview.room}")
    )
    plan = InterviewPlan(
        title="Data engineer",
        interviewer=InterviewerPlan(name="Ava", greeting="Hello.", closing="Goodbye."),
        questions=[QuestionPlan(id="pipelines", text="Tell me of a pipeline.")],
    )
    ref = InterviewRef(namespace=interview.namespace, name=interview.name, uid=interview.uid)
    return BotInputs(interview=ref, attempt=attempt, template="data-engineer", plan=plan, room=room)


ALL_RIGHTS = {
    "interviews": ["create", "list", "get", "patch"],
    "interviews/link": ["get"],
    "interviews/transcript": ["get"],
    "interviews/recording": ["get"],
}


async def eventually(what: str, condition: Callable[[], Awaitable[Any]], seconds: float = DEADLINE) -> Any:
    """Ask until the answer is true; the deadline ends it."""
    deadline = time.monotonic() + seconds
    while True:
        answer = await condition()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}; last answer: {answer!r}"
        await asyncio.sleep(0.05)


def grant(
    cluster: Cluster, name: str, rules: list[dict[str, Any]], subject: dict[str, str], namespace: str | None = None
) -> None:
    """A role with these rules, bound to the subject: of a namespace, or of the cluster."""
    scope = f"namespaces/{namespace}/" if namespace else ""
    kind = "Role" if namespace else "ClusterRole"
    root, plural = f"/apis/rbac.authorization.k8s.io/v1/{scope}", kind.lower()
    cluster.create(f"{root}{plural}s", {"metadata": {"name": name}, "rules": rules})
    ref = {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name}
    cluster.create(f"{root}{plural}bindings", {"metadata": {"name": name}, "roleRef": ref, "subjects": [subject]})


def api_token(cluster: Cluster) -> str:
    """A token of the API with the rights that the chart grants it, and no more."""
    chart = render(RELEASE, f"bots.namespace={BOTS}")
    granted = {"apiVersion": "v1", "kind": "List", "items": rights(chart, "parley-api")}
    cluster.plane.kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(granted))
    account = f"/api/v1/namespaces/{RELEASE}/serviceaccounts/parley-api"
    token = cluster.create(f"{account}/token", {"spec": {"expirationSeconds": 7200}})
    return str(token["status"]["token"])


def run_api(folder: Path, kubeconfig: Path, settings: dict[str, str]) -> tuple[Api, Program]:
    """`python -m parley_api` with its files in `folder`, once it is ready."""
    authority = Authority(folder)
    certificate, key = authority.server("api", "127.0.0.1")
    tls = {"PARLEY_TLS_CERT_FILE": str(certificate), "PARLEY_TLS_KEY_FILE": str(key)}
    running = launch_api(folder, kubeconfig, tls | settings, authority.file)
    until("the API is ready", lambda: _is_ready(running), _START_SECONDS)
    return running, running.program


def launch_api(folder: Path, kubeconfig: Path, settings: dict[str, str], ca_file: Path) -> Api:
    """`python -m parley_api`, not waited for. Among the settings is its certificate, which is `ca_file`'s."""
    port, inside = free_ports(2)
    (folder / "store").mkdir()
    env = {
        "KUBECONFIG": str(kubeconfig),
        "PARLEY_NAMESPACE": RELEASE,
        "PARLEY_BOTS_NAMESPACE": BOTS,
        "PARLEY_INSTALLATION": INSTALLATION,
        "PARLEY_LINK_KEY": LINK_KEY,
        "PARLEY_LINK_BASE_URL": PAGE,
        "PARLEY_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "PARLEY_CORS_ORIGINS": json.dumps([ORIGIN]),
        "PARLEY_STORE__PATH": str(folder / "store"),
        "PARLEY_HOST": "127.0.0.1",
        "PARLEY_PUBLIC_PORT": str(port),
        "PARLEY_INTERNAL_PORT": str(inside),
        "PARLEY_LOG_LEVEL": "DEBUG",
        **settings,
    }
    program = Program([sys.executable, "-m", "parley_api"], folder / "api.log", env)
    urls = f"http://127.0.0.1:{port}", f"https://127.0.0.1:{inside}"
    return Api(*urls, ca_file, folder / "store", folder / "api.log", program)


def _is_ready(running: Api) -> bool:
    running.program.require_alive()
    try:
        return httpx.get(f"{running.url}/readyz", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False

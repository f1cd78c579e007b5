"""An installation for the operator's integration tests: its process, its peers, and hands for what others do.

There is no kubelet: the tests write the bots' pods' status.
"""

import json
import secrets
import ssl
import sys
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx

from support.certificates import Authority
from support.control_plane import ControlPlane
from support.processes import Program, free_ports
from support.wait import until

type Json = dict[str, Any]

WAIT = 60.0
"""Seconds for what takes well under one: the machine may be busy."""
START = 60.0
"""Seconds for a process to begin."""
LOOPBACK = httpx.Client(trust_env=False)
"""One for all: a client of its own for each question would read the system's CAs each time, 30 ms of a busy core."""
TEMPLATE: Json = {
    "title": "Backend engineer",
    "interviewer": {"name": "Ada", "greeting": "Hello.", "closing": "Goodbye."},
    "questions": [{"id": "why", "text": "Why this job?"}],
    "consent": {"text": "An AI interviews you.", "version": "1"},
    "start": "OnArrival",
}


class Orders:
    """The API's internal listener as far as the operator needs it: it takes orders and keeps them."""

    def __init__(self, folder: Path) -> None:
        self.taken: list[tuple[str, Json, str]] = []
        self.broken = False
        self.says: Json = {"sealed": True, "turns": 1}
        self.answers = threading.Event()
        """Cleared, it takes connections and never answers."""
        self.answers.set()
        authority = Authority(folder)
        certificate, key = authority.server("api", "127.0.0.1")
        self.ca_file = authority.file
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate, key)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def of(self, uid: str) -> list[str]:
        """The orders that were given for an interview."""
        return [path.rpartition("/")[2] for path, _, _ in self.taken if f"/{uid}/" in path]

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        orders = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                orders.answers.wait()
                orders.taken.append((self.path, body, self.headers["Authorization"]))
                answer = json.dumps(orders.says).encode()
                self.send_response(503 if orders.broken else 200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                """Not into the test's output."""

        return Handler


class Daily:
    """Daily's emulator as a process of its own."""

    KEY = "daily-key"

    def __init__(self, log: Path) -> None:
        port, control = free_ports(2)
        self.url = f"http://127.0.0.1:{port}/v1"
        self._control = f"http://127.0.0.1:{control}"
        environment = {
            "PARLEY_DAILY_HOST": "127.0.0.1",
            "PARLEY_DAILY_PORT": str(port),
            "PARLEY_DAILY_CONTROL_PORT": str(control),
            "PARLEY_DAILY_API_KEY": self.KEY,
        }
        self._program = Program([sys.executable, "-m", "parley_emulators", "daily"], log, environment)
        until("Daily's emulator is ready", self._ready, START)

    def rooms(self) -> list[str]:
        """The names of the rooms that are there."""
        answer = LOOPBACK.get(f"{self._control}/rooms")
        return [room["name"] for room in answer.raise_for_status().json()]

    def clock(self, ahead_seconds: float) -> None:
        """Sets Daily's time, so that rooms are old at once."""
        body = {"ahead_seconds": ahead_seconds}
        LOOPBACK.put(f"{self._control}/clock", json=body).raise_for_status()

    def join(self, room: str, token: str) -> None:
        """Somebody goes into a room."""
        url = f"{self._control}/rooms/{room}/participants"
        LOOPBACK.post(url, json={"token": token}).raise_for_status()

    def delete(self, name: str) -> None:
        """Deletes a room, as somebody does on Daily's dashboard; waits where the tests have used up Daily's limit."""
        headers = {"Authorization": f"Bearer {self.KEY}"}

        def answer() -> httpx.Response | None:
            given = LOOPBACK.delete(f"{self.url}/rooms/{name}", headers=headers)
            return None if given.status_code == 429 else given

        until("Daily lets a room be deleted", answer, WAIT, every=1).raise_for_status()

    def fail(self, *faults: Json) -> None:
        """Orders faults; none at all ends those that were ordered."""
        body = {"faults": list(faults)}
        LOOPBACK.put(f"{self._control}/faults", json=body).raise_for_status()

    def stop(self) -> None:
        self._program.stop()

    def _ready(self) -> bool:
        self._program.require_alive()
        try:
            return LOOPBACK.get(f"{self._control}/readyz").is_success
        except httpx.TransportError:
            return False


@dataclass
class Site:
    """One installation: its operator's process, its namespaces, and hands for what others do."""

    plane: ControlPlane
    folder: Path
    orders: Orders
    daily: Daily
    namespace: str
    bots: str
    environment: dict[str, str]
    health: str
    program: Program | None = None
    starts: int = field(default=0)

    def start(self) -> None:
        """Starts the operator, or starts it again."""
        self.starts += 1
        command = [sys.executable, "-m", "parley_operator"]
        self.program = Program(command, self.folder / f"operator-{self.starts}.log", self.environment)
        until("the operator is active", lambda: self._said() == "ok: active", START)

    def crash(self) -> None:
        """Ends the operator as SIGKILL does, and its Lease with it: that no test waits until it has run out."""
        assert self.program is not None
        self.program.kill()
        home = self.environment["PARLEY_NAMESPACE"]
        self.plane.kubectl("-n", home, "delete", "lease", "parley-operator", "--ignore-not-found")

    def _said(self) -> str:
        """What the operator says of itself."""
        assert self.program is not None
        self.program.require_alive()
        try:
            return LOOPBACK.get(self.health).text
        except httpx.TransportError as error:
            return str(error)

    # What people do

    def daily_key(self, key: str) -> None:
        """Puts a key into the Secret that is mounted for Daily."""
        Path(self.environment["PARLEY_DAILY_API_KEY_FILE"]).write_text(key)

    def create(self, kind: str, name: str, spec: Json) -> Json:
        """Creates a resource of ours."""
        manifest = {"apiVersion": "parley.dev/v1alpha1", "kind": kind, "metadata": self._metadata(name), "spec": spec}
        return self._apply(manifest)

    def interview(self, template: str = "backend", **spec: Any) -> str:
        """Creates an Interview and gives its name."""
        name = f"jane.{secrets.token_hex(3)}"
        self.create("Interview", name, {"templateRef": {"name": template}, **spec})
        return name

    def secret(self, name: str, data: dict[str, str], **labels: str) -> None:
        """Creates or changes a Secret in the interviews' namespace."""
        metadata = {**self._metadata(name), "labels": labels}
        self._apply({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": data})

    def _metadata(self, name: str) -> Json:
        return {"name": name, "namespace": self.namespace}

    def _apply(self, manifest: Json) -> Json:
        answer = self.plane.kubectl("apply", "-o", "json", "-f", "-", stdin=json.dumps(manifest))
        applied: Json = json.loads(answer.stdout)
        return applied

    def patch(self, name: str, spec: Json) -> None:
        """Changes an Interview's spec."""
        body = json.dumps({"spec": spec})
        self.plane.kubectl("-n", self.namespace, "patch", "interview", name, "--type=merge", "-p", body)

    def bound_pods(self, pods: int) -> None:
        """Lets no more bots' pods be created than so many; the status is what a quota's controller would write."""
        hard = {"pods": str(pods)}
        status = {"hard": hard, "used": {"pods": "0"}}
        manifest = {
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": {"name": "few", "namespace": self.bots},
            "spec": {"hard": hard},
        }
        self.plane.kubectl("apply", "-f", "-", stdin=json.dumps(manifest))
        command = ("-n", self.bots, "patch", "resourcequota", "few", "--subresource=status", "--type=merge", "-p")
        self.plane.kubectl(*command, json.dumps({"status": status}))

    def delete(self, name: str) -> None:
        """Deletes an Interview and returns at once."""
        self.plane.kubectl("-n", self.namespace, "delete", "interview", name, "--wait=false")

    # What the API does

    def session(self, name: str, condition: str, reason: str, /, **session: str) -> None:
        """Applies the API's share of the status."""
        uid = self.get(name)["metadata"]["uid"]
        now = _now()
        stated = {"type": condition, "status": "True", "reason": reason, "message": "", "lastTransitionTime": now}
        arrived = {**stated, "type": "CandidateArrived", "reason": "Consented"}
        conditions = [stated] if condition == "CandidateArrived" else [arrived, stated]
        manifest = {
            "apiVersion": "parley.dev/v1alpha1",
            "kind": "Interview",
            "metadata": {**self._metadata(name), "uid": uid},
            "status": {"session": {"consentedAt": now, **session}, "conditions": conditions},
        }
        self._apply_status(manifest)

    def _apply_status(self, manifest: Json) -> None:
        arguments = ("apply", "--server-side", "--field-manager=parley-api", "--subresource=status", "-f", "-")
        self.plane.kubectl(*arguments, stdin=json.dumps(manifest))

    # What the kubelet does

    def set_pod(self, name: str, **status: Any) -> None:
        """Writes a pod's status."""
        body = json.dumps({"status": status})
        command = ("-n", self.bots, "patch", "pod", name, "--subresource=status", "--type=merge", "-p", body)
        self.plane.kubectl(*command)

    def ready(self, pod: str) -> None:
        """The bot is in the room."""
        condition = {"type": "Ready", "status": "True", "lastTransitionTime": _now()}
        self.set_pod(pod, phase="Running", conditions=[condition])

    def dead(self, pod: str, exit_code: int) -> None:
        """The bot's container ended."""
        ended = {"exitCode": exit_code, "reason": "Error", "finishedAt": _now()}
        state = {"name": "bot", "image": "x", "imageID": "x", "ready": False, "restartCount": 0}
        statuses = [{**state, "state": {"terminated": ended}}]
        self.set_pod(pod, phase="Succeeded" if exit_code == 0 else "Failed", containerStatuses=statuses)

    # What is there

    def get(self, name: str) -> Json:
        """The Interview."""
        found: Json = self._read(self.namespace, f"interview/{name}")
        return found

    def status(self, name: str) -> Json:
        """The Interview's status."""
        status: Json = self.get(name).get("status", {})
        return status

    def condition(self, name: str, type_: str) -> tuple[str, str] | None:
        """A condition's status and reason."""
        for item in self.status(name).get("conditions", []):
            if item["type"] == type_:
                return item["status"], item["reason"]
        return None

    def await_phase(self, name: str, phase: str) -> Json:
        """Waits until the Interview is in this phase and gives its status."""

        def reached() -> Json | None:
            status = self.status(name)
            return status if status.get("phase") == phase else None

        return until(f"{name} is {phase}", reached, WAIT)

    def await_condition(self, name: str, type_: str, status: str, reason: str) -> None:
        """Waits for a condition."""
        until(f"{type_}={status} {reason}", lambda: self.condition(name, type_) == (status, reason), WAIT)

    def await_pod(self, uid: str, attempt: int) -> Json:
        """Waits for the pod of an attempt."""

        def there() -> Json | None:
            pods = [pod for pod in self.pods(uid) if pod["metadata"]["labels"]["parley.dev/attempt"] == str(attempt)]
            return pods[0] if pods else None

        return until(f"the pod of attempt {attempt}", there, WAIT)

    def pods(self, uid: str) -> list[Json]:
        """The bots of an interview."""
        return self.items(self.bots, "pods", uid)

    def left_of(self, uid: str) -> list[str]:
        """The names of all that there is of an interview."""
        found = [*self.pods(uid), *self.items(self.bots, "secrets", uid), *self.items(self.namespace, "secrets", uid)]
        return [f"{item['kind']} {item['metadata']['name']}" for item in found]

    def revisions(self) -> list[str]:
        """The template snapshots."""
        answer: Json = self._read(self.namespace, "controllerrevisions")
        return [item["metadata"]["name"] for item in answer["items"]]

    def all_of(self, namespace: str, kind: str) -> list[Json]:
        """Every object of a kind in a namespace."""
        answer: Json = self._read(namespace, kind)
        items: list[Json] = answer["items"]
        return items

    def message(self, name: str, type_: str) -> str:
        """A condition's message."""
        return next(str(item["message"]) for item in self.status(name)["conditions"] if item["type"] == type_)

    def events(self, name: str) -> list[str]:
        """The reasons of the Events about an Interview."""
        answer: Json = self._read(self.namespace, "events.v1.events.k8s.io")
        return [item["reason"] for item in answer["items"] if item["regarding"]["name"] == name]

    def items(self, namespace: str, kind: str, uid: str) -> list[Json]:
        """The objects of an interview."""
        answer = self._read(namespace, kind, f"-l=parley.dev/interview-uid={uid}")
        items: list[Json] = answer["items"]
        return items

    def _read(self, namespace: str, *what: str) -> Json:
        answer: Json = json.loads(self.plane.kubectl("-n", namespace, "get", "-o", "json", *what).stdout)
        return answer


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

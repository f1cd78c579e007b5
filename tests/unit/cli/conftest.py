"""An HTTP server in the place of the API server and of Parley's API, and the program run against it."""

import json
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from parley_cli.app import main
from parley_cli.cluster import kube as kube_module

Document = dict[str, Any]
STATUS = {"kind": "Status", "reason": "Failed", "message": "on purpose"}


@dataclass
class Asked:
    """A request as it came."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: Any


@dataclass
class Stub:
    """Answers each path with its list in turn, the last for ever; an int is a refusal, None a broken connection."""

    url: str
    answers: dict[str, list[Any]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def answer(self, path: str, *answers: Any) -> None:
        self.answers[path] = list(answers)

    def next(self, path: str) -> Any:
        answers = self.answers.get(path, [404])
        return answers.pop(0) if len(answers) > 1 else answers[0]


@pytest.fixture
def stub() -> Iterator[Stub]:
    served = Stub("")

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            served.asked.append(Asked(self.command, parts.path, parts.query, dict(self.headers), body))
            answer = served.next(parts.path)
            if answer is None:
                self.close_connection = True
                return
            status, content = (answer, {**STATUS, "code": answer}) if isinstance(answer, int) else (200, answer)
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = handle_any  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield served
    server.shutdown()
    server.server_close()
    thread.join(10)


@pytest.fixture
def kubeconfig(stub: Stub, tmp_path: Path) -> Path:
    return write_kubeconfig(tmp_path / "kubeconfig", stub.url)


def write_kubeconfig(path: Path, url: str) -> Path:
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "here",
        "contexts": [
            {"name": "here", "context": {"cluster": "c", "user": "u", "namespace": "hiring"}},
            {"name": "bare", "context": {"cluster": "c", "user": "u"}},
        ],
        "clusters": [{"name": "c", "cluster": {"server": url}}],
        "users": [{"name": "u", "user": {"token": "of-the-kubeconfig"}}],
    }
    path.write_text(json.dumps(document))
    return path


@dataclass(frozen=True)
class Ran:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(kubeconfig: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    """Run `parley` with these words, on the stub; pauses between tries take no time."""
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    # The client reads the variable when it is imported.
    monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(kubeconfig))
    monkeypatch.setattr(kube_module, "PAUSE_SECONDS", 0.0)
    for name in ("PARLEY_API_URL", "PARLEY_SERVICE_ACCOUNT", "PARLEY_BOTS_NAMESPACE", "PARLEY_INSTALLATION_NAMESPACE"):
        monkeypatch.delenv(name, raising=False)

    def run(*words: str, program: str = "parley") -> Ran:
        monkeypatch.setattr(sys, "argv", [program, *words])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        captured = capfdbinary.readouterr()
        return Ran(code, captured.out.decode(), captured.err.decode())

    return run


def an_interview(name: str = "ada", phase: str | None = None, **status: Any) -> Document:
    """An Interview as the API server has it."""
    return {
        "apiVersion": "parley.dev/v1alpha1",
        "kind": "Interview",
        "metadata": {"name": name, "namespace": "hiring", "uid": "u-1", "creationTimestamp": "2026-11-22T12:00:00Z"},
        "spec": {"templateRef": {"name": "data-engineer"}, "candidate": {"name": "Ada"}, "cancel": False},
        "status": {**({"phase": phase} if phase else {}), **status},
    }


@pytest.fixture
def interview() -> Callable[..., Document]:
    return an_interview

"""A port-forward by the client library itself, with a WebSocket server in the place of the API server.

The frames are those of v4.channel.k8s.io (apimachinery, pkg/util/remotecommand; portforward/websocket.go): a channel of
data and one of errors for each port, each of which begins with the port's number.
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from parley_cli.cluster.connect import connect
from parley_cli.cluster.forward import PodTransport
from websockets.sync.server import Server, ServerConnection, serve

DATA, ERRORS = b"\x00", b"\x01"
PORT = (8080).to_bytes(2, "little")
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


@dataclass
class ApiServer:
    """What was asked for, and what the pod does."""

    pod: Callable[[ServerConnection], None] = lambda connection: None
    url: str = ""
    paths: list[str] = field(default_factory=list)
    authorization: list[str | None] = field(default_factory=list)

    def handle(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        self.paths.append(connection.request.path)
        self.authorization.append(connection.request.headers.get("Authorization"))
        connection.send(DATA + PORT)
        connection.send(ERRORS + PORT)
        self.pod(connection)


@pytest.fixture
def api_server() -> Iterator[ApiServer]:
    api = ApiServer()
    # The library's thread leaves its end of the connection to the garbage collector.
    options: Any = {"subprotocols": ["v4.channel.k8s.io"], "compression": None, "close_timeout": 0.1}
    server: Server = serve(api.handle, "127.0.0.1", 0, **options)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    api.url = f"http://127.0.0.1:{server.socket.getsockname()[1]}"
    yield api
    server.shutdown()
    thread.join(10)


@pytest.fixture
def http(api_server: ApiServer, tmp_path: Path, stub: Any, kubeconfig: Path) -> Iterator[httpx.Client]:
    text = kubeconfig.read_text().replace(stub.url, api_server.url)
    (tmp_path / "forwarded").write_text(text)
    kube = connect(str(tmp_path / "forwarded"), None, None).kube
    with httpx.Client(base_url="http://parley-api", transport=PodTransport(kube, "parley", "api-1"), timeout=5) as http:
        yield http


def test_a_request_reaches_the_pod(api_server: ApiServer, http: httpx.Client) -> None:
    heard: list[bytes] = []

    def pod(connection: ServerConnection) -> None:
        heard.append(bytes(connection.recv(timeout=5)))
        for piece in (ANSWER[:10], ANSWER[10:]):
            connection.send(DATA + piece)

    api_server.pod = pod
    answer = http.get("/v1/x", headers={"Authorization": "Bearer for-parley"})
    assert (answer.status_code, answer.text) == (200, "hello")
    assert api_server.paths == ["/api/v1/namespaces/parley/pods/api-1/portforward?ports=8080"]
    # Each hears its own credentials alone.
    assert api_server.authorization == ["Bearer of-the-kubeconfig"]
    assert heard[0].startswith(DATA + b"GET /v1/x HTTP/1.1\r\n")
    assert b"of-the-kubeconfig" not in heard[0]


def test_a_pod_that_listens_on_no_such_port(api_server: ApiServer, http: httpx.Client) -> None:
    def pod(connection: ServerConnection) -> None:
        connection.recv(timeout=5)
        connection.send(ERRORS + b"connection refused")

    api_server.pod = pod
    with pytest.raises(httpx.TransportError):
        http.get("/v1/x")


def test_a_forward_that_breaks(api_server: ApiServer, http: httpx.Client) -> None:
    api_server.pod = lambda connection: connection.send(DATA + ANSWER[:-2])
    with pytest.raises(httpx.TransportError):
        http.get("/v1/x")


def test_a_forward_that_is_refused(stub: Any, kubeconfig: Path) -> None:
    stub.answer("/api/v1/namespaces/parley/pods/api-1/portforward", 403)
    transport = PodTransport(connect(str(kubeconfig), None, None).kube, "parley", "api-1")
    with (
        httpx.Client(base_url="http://parley-api", transport=transport) as client,
        pytest.raises(httpx.ConnectError, match="port-forward to pod api-1"),
    ):
        client.get("/v1/x")

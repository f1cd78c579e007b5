"""HTTP to a pod through the API server, inside this process: no port of this machine is opened."""

import http.client
import socket
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx
import websocket
from kubernetes import client as untyped_client
from kubernetes.client.exceptions import ApiException
from kubernetes.stream import portforward as untyped_portforward

from parley_cli.cluster.kube import Kube, core_path
from parley_cli.errors import CliError, ClusterError

client: Any = untyped_client
portforward: Any = untyped_portforward

API_PORT = 8080
API_SELECTOR = "app.kubernetes.io/name=parley-api"
CONNECT_SECONDS = 10.0
_PIECE = 65_536


class PodTransport(httpx.BaseTransport):
    """Sends each request over a connection of its own to a port of the pod."""

    def __init__(self, kube: Kube, namespace: str, pod: str, port: int = API_PORT) -> None:
        self._kube, self._namespace, self._pod, self._port = kube, namespace, pod, port

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """See httpx.BaseTransport. Raises httpx.ConnectError, httpx.ReadError."""
        connection = self._connection(request)
        try:
            headers = {name: value for name, value in request.headers.items() if name != "connection"}
            connection.request(request.method, request.url.raw_path.decode(), request.read() or None, headers)
            answer = connection.getresponse()
        except (http.client.HTTPException, OSError) as error:
            connection.close()
            raise httpx.ReadError(f"{self._pod}: {type(error).__name__}: {error}", request=request) from error
        return httpx.Response(answer.status, headers=answer.getheaders(), stream=_Body(connection, answer))

    def _connection(self, request: httpx.Request) -> http.client.HTTPConnection:
        # The client's own call has no time limit for its handshake; this one holds for this process alone.
        websocket.setdefaulttimeout(CONNECT_SECONDS)
        core = client.CoreV1Api(self._kube.client)
        try:
            forward = portforward(
                core.connect_get_namespaced_pod_portforward, self._pod, self._namespace, ports=str(self._port)
            )
        except (ApiException, OSError) as error:
            why = getattr(error, "reason", None) or error
            raise httpx.ConnectError(f"port-forward to pod {self._pod}: {why}", request=request) from error
        stream: socket.socket = forward.socket(self._port)
        stream.settimeout((request.extensions.get("timeout") or {}).get("read"))
        connection = http.client.HTTPConnection(self._pod, self._port)
        connection.sock = stream
        return connection


class _Body(httpx.SyncByteStream):
    """The rest of an answer, as it comes."""

    def __init__(self, connection: http.client.HTTPConnection, answer: http.client.HTTPResponse) -> None:
        self._connection, self._answer = connection, answer

    def __iter__(self) -> Iterator[bytes]:
        try:
            while piece := self._answer.read1(_PIECE):
                yield piece
            if self._answer.length:
                raise http.client.IncompleteRead(b"", self._answer.length)  # read1 does not say so itself
        except (http.client.HTTPException, OSError) as error:
            raise httpx.ReadError(f"the answer broke off: {type(error).__name__}") from error

    def close(self) -> None:
        """End the connection; the one to the API server ends with it."""
        with suppress(OSError):
            self._connection.close()


def ready_pod(pods: list[dict[str, Any]]) -> str | None:
    """The name of a pod that is ready and not going, the first by name."""
    names = [pod["metadata"]["name"] for pod in pods if _is_ready(pod)]
    return min(names, default=None)


def api_pod(kube: Kube, namespace: str) -> str:
    """The name of a pod that serves the installation's API.

    Raises:
        CliError: there is none, or the caller may not look.
    """
    try:
        pods = kube.get(core_path("pods", namespace), {"labelSelector": API_SELECTOR, "limit": 50})["items"]
    except ClusterError as error:
        raise CliError(
            f"Parley's API was not found: {error} Or name its address by --api-url or PARLEY_API_URL."
        ) from error
    name = ready_pod(pods)
    if name is None:
        raise CliError(
            f"no pod of Parley's API is ready in namespace {namespace}: where Parley is installed elsewhere, name its"
            " namespace by --installation; else `parley doctor` says what is wrong"
        )
    return name


def _is_ready(pod: dict[str, Any]) -> bool:
    conditions = pod.get("status", {}).get("conditions") or []
    ready = any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
    return ready and "deletionTimestamp" not in pod["metadata"]

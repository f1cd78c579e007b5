"""The Kubernetes API over the official client: plain documents, a time limit on each call, bounded retries."""

import json
import random
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

import urllib3
from kubernetes.client.exceptions import ApiException

from parley_cli.errors import ClusterError

Document = dict[str, Any]
Query = Mapping[str, str | int | None]

CONNECT_SECONDS = 5.0
READ_SECONDS = 20.0
TRIES = 4
PAUSE_SECONDS = 0.4
PASSING = frozenset({0, 429, 500, 502, 503, 504})
"""What may pass when it is tried again; 0 is no answer at all."""
PAGE = 500
METADATA_ONLY = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
"""Asks for an object without its content: whether a Secret is there can be known without reading it."""

PARLEY = "/apis/parley.dev/v1alpha1"
MANAGER = "parley-cli"
"""The field manager of the command line's writes."""


class Kube:
    """One connection to an API server, as the kubeconfig's user."""

    def __init__(
        self, api_client: Any, *, sleep: Callable[[float], None] = time.sleep, timeout: float = READ_SECONDS
    ) -> None:
        self.client = api_client
        self._sleep = sleep
        self._timeout = timeout

    def get(self, path: str, query: Query | None = None, *, accept: str = "application/json") -> Document:
        """Get an object or a page of a list; a failure that may pass is tried again. Raises ClusterError."""
        return self._repeated("GET", path, query, None, accept)

    def review(self, path: str, body: Document) -> Document:
        """Ask by a review, or for a token: nothing is stored, so it is repeated as `get`. Raises ClusterError."""
        return self._repeated("POST", path, None, body)

    def create(self, path: str, body: Document, *, dry_run: bool = False) -> Document:
        """Create an object, once: after a broken connection nobody knows whether it is there. Raises ClusterError."""
        query = {"fieldManager": MANAGER, "fieldValidation": "Strict", "dryRun": "All" if dry_run else None}
        return self._json("POST", path, query, body)

    def merge_patch(self, path: str, body: Document) -> Document:
        """Merge patch; the ones sent here are safe to repeat. Raises ClusterError."""
        return self._repeated("PATCH", path, {"fieldManager": MANAGER}, body, content="application/merge-patch+json")

    def items(self, path: str, selector: str | None = None) -> list[Document]:
        """All of a list, page by page, of those that the label selector takes. Raises ClusterError."""
        found: list[Document] = []
        query: dict[str, str | int | None] = {"limit": PAGE, "labelSelector": selector}
        while True:
            page = self.get(path, query)
            found += page["items"]
            query["continue"] = page["metadata"].get("continue") or None
            if query["continue"] is None:
                return found

    def lines(self, path: str, query: Query) -> Any:
        """An answer as it comes, such as a log: urllib3's response, to be read in pieces and released.

        The time limit is that of the head alone where the query follows. Raises ClusterError.
        """
        read = None if query.get("follow") else self._timeout
        return self._send("GET", path, query, None, "*/*", "application/json", read)

    def _repeated(
        self,
        method: str,
        path: str,
        query: Query | None,
        body: Document | None,
        accept: str = "application/json",
        content: str = "application/json",
    ) -> Document:
        for attempt in range(1, TRIES):
            try:
                return self._json(method, path, query, body, accept, content)
            except ClusterError as error:
                if error.status not in PASSING:
                    raise
            self._sleep(PAUSE_SECONDS * 2 ** (attempt - 1) * random.uniform(0.5, 1.5))  # noqa: S311 - jitter, no secret
        return self._json(method, path, query, body, accept, content)

    def _json(
        self,
        method: str,
        path: str,
        query: Query | None,
        body: Document | None,
        accept: str = "application/json",
        content: str = "application/json",
    ) -> Document:
        response = self._send(method, path, query or {}, body, accept, content, self._timeout)
        try:
            document: Document = json.loads(response.data)
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise ClusterError(0, "Unreachable", f"its answer broke off ({type(error).__name__})") from error
        return document

    def _send(
        self,
        method: str,
        path: str,
        query: Query,
        body: Document | None,
        accept: str,
        content: str,
        read_seconds: float | None,
    ) -> Any:
        configuration = self.client.configuration
        headers = {"Accept": accept, "Content-Type": content, "User-Agent": MANAGER}
        for setting in configuration.auth_settings().values():
            headers[setting["key"]] = setting["value"]
        pairs = urlencode({key: value for key, value in query.items() if value is not None})
        url = f"{configuration.host}{path}{'?' if pairs else ''}{pairs}"
        try:
            answer = self.client.call_api(method, url, headers, body, _request_timeout=(CONNECT_SECONDS, read_seconds))
            response = answer.response
            if response.status >= 300:
                raise refusal(response.status, response.data)
        except (urllib3.exceptions.HTTPError, ApiException, OSError, ValueError) as error:
            raise ClusterError(0, "Unreachable", _why(error, configuration.host)) from error
        return response


def refusal(status: int, body: bytes) -> ClusterError:
    """The error of an answer that is a refusal; what is no Status (a proxy's page) is kept as its message."""
    try:
        document = json.loads(body)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        document = {"message": body.decode(errors="replace")[:300]}
    return ClusterError(status, document.get("reason") or "Unknown", document.get("message") or "")


def interviews_path(namespace: str | None, name: str | None = None) -> str:
    """The path of Interviews: of all namespaces without one."""
    return path_of(PARLEY, "interviews", namespace, name)


def core_path(plural: str, namespace: str | None = None, name: str | None = None, sub: str | None = None) -> str:
    """Path of a resource of the core group, such as `pods` or `secrets`."""
    return path_of("/api/v1", plural, namespace, name, sub)


def path_of(root: str, plural: str, namespace: str | None, name: str | None = None, sub: str | None = None) -> str:
    """Path of a resource below `root`; names are quoted, so none can reach another path.

    Raises:
        ClusterError: 404, a name is empty, `.` or `..`, which no object has and a client folds away, quoted or not.
    """
    for part in (namespace, name):
        if part in ("", ".", ".."):
            raise ClusterError(404, "NotFound", f"nothing can be named {part!r}")
    parts = [root]
    if namespace is not None:
        parts += ["namespaces", quote(namespace, safe="")]
    parts.append(plural)
    parts += [quote(part, safe="") for part in (name, sub) if part is not None]
    return "/".join(parts)


def _why(error: Exception, host: str) -> str:
    """Why no answer came: of a chain of causes the innermost words, which name the cause itself."""
    if isinstance(error, ApiException):
        return f"{host}: {error.reason}"
    return f"{host}: {type(error).__name__}: {error}"

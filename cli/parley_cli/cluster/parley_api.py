"""Parley's own API: the transcript, the recording, and what happens in an interview as it happens."""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from parley_cli.cluster.forward import PodTransport, api_pod
from parley_cli.cluster.kube import Kube
from parley_cli.cluster.token import Token
from parley_cli.errors import CliError, Exit

URL_VARIABLE = "PARLEY_API_URL"
TIMEOUT = httpx.Timeout(20.0, connect=10.0)
STREAM_TIMEOUT = httpx.Timeout(60.0, connect=10.0)
"""The API sends a comment each 15 s on a stream where nothing happens."""
TRIES = 4
PAUSE_SECONDS = 0.5
PASSING = frozenset({429, 502, 503, 504})
MAX_EVENT = 1024 * 1024
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True)
class ServerEvent:
    """One event of the stream."""

    kind: str
    data: str
    id: str


def check_url(url: str) -> str:
    """The API's address, where a token may be sent to it: by TLS, or within the machine or the cluster.

    Raises CliError.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host or parts.username or parts.query or parts.fragment:
        raise CliError(f"--api-url: {url!r} is no address such as https://interviews.example.com", Exit.USAGE)
    inside = host in _LOOPBACK or host.endswith((".svc", ".svc.cluster.local"))
    if parts.scheme == "http" and not inside:
        raise CliError(f"--api-url: a token is not sent to {host} in the clear: use https", Exit.USAGE)
    return url.rstrip("/")


class ParleyApi:
    """One connection to the API, as the token's service account."""

    def __init__(self, http: httpx.Client, token: Token, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._http, self._token, self._sleep = http, token, sleep

    @classmethod
    def at(cls, url: str, token: Token) -> "ParleyApi":
        """The API at this address; its certificate is checked against the system's CAs, or SSL_CERT_FILE's."""
        return cls(httpx.Client(base_url=check_url(url), timeout=TIMEOUT), token)

    @classmethod
    def forwarded(cls, kube: Kube, installation: str, token: Token) -> "ParleyApi":
        """The API of the installation in this namespace, through the API server. Raises CliError."""
        transport = PodTransport(kube, installation, api_pod(kube, installation))
        return cls(httpx.Client(base_url="http://parley-api", transport=transport, timeout=TIMEOUT), token)

    def __enter__(self) -> "ParleyApi":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def transcript(self, namespace: str, name: str, form: str) -> bytes:
        """The final transcript in this format. Raises CliError with the API's own words."""
        path = f"{_interview(namespace, name)}/transcript"
        for attempt in range(1, TRIES + 1):
            last = attempt == TRIES
            try:
                answer = self._http.get(path, params={"format": form}, headers=self._headers())
            except httpx.TransportError as error:
                if last:
                    raise CliError(_unreachable(error)) from error
            else:
                if answer.is_success:
                    return answer.content
                if last or answer.status_code not in PASSING:
                    raise problem(answer.status_code, answer.content, self._token)
            self._sleep(PAUSE_SECONDS * 2 ** (attempt - 1) * random.uniform(0.5, 1.5))  # noqa: S311 - jitter, no secret
        raise AssertionError("the last attempt returns or raises")

    def recording(self, namespace: str, name: str) -> Iterator[bytes]:
        """The recording's file, in pieces. Raises CliError; one that breaks off is not tried again."""
        path = f"{_interview(namespace, name)}/recording"
        try:
            with self._http.stream("GET", path, headers=self._headers(), timeout=STREAM_TIMEOUT) as answer:
                if not answer.is_success:
                    raise problem(answer.status_code, answer.read(), self._token)
                yield from answer.iter_bytes()
        except httpx.TransportError as error:
            raise CliError(_unreachable(error)) from error

    def events(self, namespace: str, name: str, last_id: str = "") -> Iterator[ServerEvent]:
        """The stream after the event `last_id`, until the server ends it. Raises CliError; it is not tried again."""
        headers = {**self._headers(), "Accept": "text/event-stream", **({"Last-Event-ID": last_id} if last_id else {})}
        path = f"{_interview(namespace, name)}/events"
        try:
            with self._http.stream("GET", path, headers=headers, timeout=STREAM_TIMEOUT) as answer:
                if not answer.is_success:
                    raise problem(answer.status_code, answer.read(), self._token)
                yield from parse_events(answer.iter_lines())
        except httpx.TransportError as error:
            raise CliError(_unreachable(error)) from error

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token.value}", "User-Agent": "parley-cli"}


def parse_events(lines: Iterator[str]) -> Iterator[ServerEvent]:
    """Server-Sent Events by https://html.spec.whatwg.org/multipage/server-sent-events.html; comments are left out."""
    fields: dict[str, str] = {}
    for line in lines:
        if not line:
            if "data" in fields:
                yield ServerEvent(fields.get("event", "message"), fields["data"], fields.get("id", ""))
            fields = {}
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data" and "data" in fields:
            value = f"{fields['data']}\n{value}"
        if len(value) > MAX_EVENT:
            raise CliError(f"Parley's API sent an event of more than {MAX_EVENT} characters")
        if name:
            fields[name] = value


def problem(status: int, body: bytes, token: Token) -> CliError:
    """The API's refusal (RFC 9457) as one line with what to do."""
    try:
        document: Any = httpx.Response(status, content=body).json()
    except ValueError:
        document = None
    detail = document.get("detail") if isinstance(document, dict) else None
    said = " ".join(str(detail or body[:300].decode(errors="replace")).split())
    advice = {
        401: " Look whether --api-url is this cluster's Parley.",
        403: f" Bind such a Role to the service account {token.account}, or name another by --service-account.",
    }.get(status, "")
    return CliError(f"Parley's API refuses ({status}): {said}{advice}")


def _interview(namespace: str, name: str) -> str:
    return f"/v1/namespaces/{quote(namespace, safe='')}/interviews/{quote(name, safe='')}"


def _unreachable(error: Exception) -> str:
    return (
        f"Parley's API can't be reached: {type(error).__name__}: {error}. Look at --api-url ({URL_VARIABLE});"
        " without one, you need the right to create pods/portforward in the installation's namespace"
    )

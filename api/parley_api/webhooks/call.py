"""One call of a tool: signed, bounded in time and size, checked on the way in and out."""

import asyncio
import json
import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpcore
from parley_crds.json_schemas import value_problem
from parley_protocol import InterviewRef, ToolAnswer, ToolOutcome, ToolPlan, ToolWebhook
from parley_protocol.tools import ARGUMENTS_BYTES

from parley_api.webhooks import signing, values
from parley_api.webhooks.addresses import AddressRefusedError, GuardedNetwork

log = logging.getLogger(__name__)

TRIES = 2
REDIRECTS = 3
CONNECTIONS = 64
_PAUSE_SECONDS = (0.1, 0.4)
# RFC 9110: the two that keep method and body.
_REDIRECTING = (HTTPStatus.TEMPORARY_REDIRECT, HTTPStatus.PERMANENT_REDIRECT)
_PORTS = {"https": 443, "http": 80}
# Of a name in the DNS, RFC 1035.
_HOST_LENGTH = 253
_PASSING = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, 504)


@dataclass(frozen=True)
class ToolCall:
    """What is called for: by which interview's bot, as which call of its, and with what arguments."""

    interview: InterviewRef
    attempt: int
    call_id: str
    arguments: dict[str, Any]

    def body(self, tool: str) -> bytes:
        """The JSON that the webhook is sent: nothing of the candidate but what the model put into the arguments."""
        ref = self.interview
        interview = {"namespace": ref.namespace, "name": ref.name, "uid": ref.uid}
        document = {"tool": tool, "callId": self.call_id, "interview": interview, "arguments": self.arguments}
        return json.dumps(document, separators=(",", ":")).encode()

    @property
    def message_id(self) -> str:
        """The same for every try of this call, and for no other."""
        return f"{self.interview.uid}-{self.attempt}-{self.call_id}"


class _CallError(Exception):
    """The call has failed, with this outcome; the text is for the log."""

    def __init__(self, outcome: ToolOutcome, why: str, *, passing: bool = False) -> None:
        super().__init__(why)
        self.outcome, self.passing = outcome, passing


class Webhooks:
    """Calls webhooks, over one bounded pool of connections.

    Args:
        network: What opens the connections, to allowed addresses only.
        tls: Whom to trust.
        clock: Seconds since 1970.
    """

    def __init__(self, network: GuardedNetwork, tls: Any, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls, max_connections=CONNECTIONS, keepalive_expiry=30.0, network_backend=network
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._pool.aclose()

    async def call(self, tool: ToolPlan, webhook: ToolWebhook, call: ToolCall) -> ToolAnswer:
        """Call a tool. What goes wrong is the answer's outcome, and a line of the log."""
        began = time.monotonic()
        try:
            _check_arguments(tool, call.arguments)
            async with asyncio.timeout(webhook.timeout_seconds):
                answer = ToolAnswer(outcome=ToolOutcome.OK, result=await self._tried(webhook, call))
            why = ""
        except TimeoutError:
            answer, why = ToolAnswer(outcome=ToolOutcome.TIMEOUT), f"no answer in {webhook.timeout_seconds} s"
        except _CallError as error:
            answer, why = ToolAnswer(outcome=error.outcome), str(error)
        # Of the address its host alone: path and query may hold what is nobody's to read.
        host, milliseconds = urlsplit(webhook.url).hostname, round((time.monotonic() - began) * 1000)
        told = f"interview {call.interview.uid}: tool {tool.name} at {host}: {answer.outcome} in {milliseconds} ms"
        log.log(logging.WARNING if why else logging.INFO, "%s%s", told, f": {why}" if why else "")
        return answer

    async def _tried(self, webhook: ToolWebhook, call: ToolCall) -> Any:
        """The checked result; what may pass is tried once more."""
        body = call.body(webhook.name)
        for left in reversed(range(TRIES)):
            try:
                return _result(webhook, await self._sent(webhook, call, body))
            except _CallError as error:
                if not error.passing or not left:
                    raise
                await asyncio.sleep(random.uniform(*_PAUSE_SECONDS))  # noqa: S311 - jitter, not a secret
        raise AssertionError("the last try returns or raises")

    async def _sent(self, webhook: ToolWebhook, call: ToolCall, body: bytes) -> bytes:
        """The answer's body, redirects within the webhook's own origin followed."""
        headers: dict[str | bytes, str | bytes] = {
            "content-type": "application/json",
            "accept": "application/json",
            "user-agent": "parley",
            **signing.headers(webhook.key, call.message_id, int(self._clock()), body),
        }
        url = webhook.url
        for _ in range(REDIRECTS + 1):
            status, location, content = await self._exchange(url, headers, body, webhook.timeout_seconds)
            if status not in _REDIRECTING:
                return _accepted(status, content)
            url = _redirected(url, location)
        raise _CallError(ToolOutcome.REDIRECT_REFUSED, f"more than {REDIRECTS} redirects")

    async def _exchange(
        self, url: str, headers: dict[str | bytes, str | bytes], body: bytes, seconds: float
    ) -> tuple[int, str, bytes]:
        """Status, `location` and body of one exchange; of a body that is too long a byte more than is allowed."""
        timeouts = dict.fromkeys(("connect", "read", "write", "pool"), seconds)
        try:
            async with self._pool.stream(
                "POST", url, headers=headers, content=body, extensions={"timeout": timeouts}
            ) as response:
                content = b""
                async for chunk in response.aiter_stream():
                    content += chunk[: ARGUMENTS_BYTES + 1 - len(content)]
                    if len(content) > ARGUMENTS_BYTES:
                        break
                location = next((value for name, value in response.headers if name.lower() == b"location"), b"")
                return response.status, location.decode("latin-1"), content
        except AddressRefusedError as error:
            raise _CallError(ToolOutcome.ADDRESS_REFUSED, str(error)) from error
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as error:
            # A request that may have been received is tried again, too: its id is the same.
            raise _CallError(ToolOutcome.UNREACHABLE, f"{type(error).__name__}: {error}", passing=True) from error
        except (httpcore.UnsupportedProtocol, ValueError) as error:
            raise _CallError(ToolOutcome.UNREACHABLE, f"the address can't be used: {error}") from error


def _check_arguments(tool: ToolPlan, arguments: dict[str, Any]) -> None:
    if len(json.dumps(arguments)) > ARGUMENTS_BYTES:
        raise _CallError(ToolOutcome.ARGUMENTS_NOT_VALID, f"the arguments have more than {ARGUMENTS_BYTES} bytes")
    if (problem := values.value_problem(arguments)) is not None:
        raise _CallError(ToolOutcome.ARGUMENTS_NOT_VALID, f"what the model has sent {problem}")
    if (problem := value_problem(tool.input_schema, arguments)) is not None:
        raise _CallError(ToolOutcome.ARGUMENTS_NOT_VALID, f"the arguments do not fit the inputSchema, {problem}")


def _accepted(status: int, content: bytes) -> bytes:
    if 200 <= status < 300:
        if len(content) > ARGUMENTS_BYTES:
            raise _CallError(ToolOutcome.RESULT_TOO_LONG, f"the answer has more than {ARGUMENTS_BYTES} bytes")
        return content
    if 400 <= status < 500 and status not in _PASSING:
        raise _CallError(ToolOutcome.REFUSED, f"it answered {status}")
    raise _CallError(ToolOutcome.FAILED, f"it answered {status}", passing=status in _PASSING)


def _redirected(url: str, location: str) -> str:
    """Where a redirect leads: within the webhook's own origin, or the signed call would be for others to send again."""
    try:
        target = urljoin(url, location)
        origin, own = _origin(target), _origin(url)
    except ValueError as error:
        raise _CallError(ToolOutcome.REDIRECT_REFUSED, "it redirects to what is no address") from error
    if not location or urlsplit(target).username is not None:
        raise _CallError(ToolOutcome.REDIRECT_REFUSED, "it redirects to what is no address for a call")
    if origin != own:
        why = f"it redirects to {_told(origin)}, and the signed call is for {_told(own)} alone: mend the webhook's url"
        raise _CallError(ToolOutcome.REDIRECT_REFUSED, why)
    return target


def _origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port, by which RFC 6454 tells whose an address is."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme)


def _told(origin: tuple[str, str, int | None]) -> str:
    scheme, host, port = origin
    return f"{scheme}://{host[:_HOST_LENGTH]}" + ("" if port == _PORTS.get(scheme) else f":{port}")


def _result(webhook: ToolWebhook, content: bytes) -> Any:
    try:
        result = values.parsed(content)
    except ValueError as error:
        raise _CallError(ToolOutcome.RESULT_NOT_VALID, f"the answer {error}") from error
    if webhook.output_schema is not None and (problem := value_problem(webhook.output_schema, result)) is not None:
        raise _CallError(ToolOutcome.RESULT_NOT_VALID, f"the answer does not fit the outputSchema, {problem}")
    return result

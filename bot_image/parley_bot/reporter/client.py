"""The bot's side of the API's internal endpoints."""

import asyncio
import hashlib
import random
import ssl
from pathlib import Path
from urllib.parse import urlencode

import httpx
from loguru import logger
from parley_protocol import (
    Assignment,
    EventAck,
    EventBatch,
    FinishRequest,
    Problem,
    RecordingPart,
    ToolAnswer,
    ToolOutcome,
    ToolRequest,
)
from parley_protocol.recording import CONTENT_TYPE
from pydantic import ValidationError
from pydantic_core import PydanticSerializationError

from parley_bot.exits import ApiRefusedError, ApiUnavailableError
from parley_bot.recording.parts import Part

# Statuses that another try may mend; every other 4xx is the API's last word.
_RETRIED = {408, 425, 429}
_FIRST_DELAY, _LAST_DELAY = 0.25, 8.0
# A webhook has 30 s at most, and the API its own part.
_TOOL_SECONDS = 35.0
_TOOL_TRIES = 2
# The API puts the transcript together, and the recording.
_FINISH_SECONDS = 30.0


def backoff(attempt: int) -> float:
    """Seconds to wait before try number `attempt` (from 1): doubling, with full jitter above a floor."""
    ceiling = min(_LAST_DELAY, _FIRST_DELAY * 2**attempt)
    return _FIRST_DELAY / 2 + random.uniform(0, ceiling)  # noqa: S311 - jitter keeps no secret


class ApiClient:
    """Calls the API with the pod's token, which is read anew for each request because the kubelet rotates it.

    Raises (every call but a tool's):
        ApiRefusedError: the API gave its last word; trying again is useless.
        ApiUnavailableError: not reachable or failing; it may be tried again.
    """

    def __init__(self, url: str, token_file: Path, ca_bundle: Path | None = None) -> None:
        self._token_file = token_file
        context = ssl.create_default_context(cafile=str(ca_bundle) if ca_bundle else None)
        self._http = httpx.AsyncClient(base_url=url, verify=context)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def assignment(self, timeout: float) -> Assignment:  # noqa: ASYNC109 - bounds the retries, not one await
        """What this bot is to do. The API may be away for `timeout` seconds (it starts or rolls over)."""
        deadline = asyncio.get_running_loop().time() + timeout
        attempt = 0
        while True:
            try:
                return Assignment.model_validate_json(await self._call("GET", "/bot/v1/assignment"))
            except ValidationError as error:
                # Not the error itself: it quotes what it was given, which holds the room's key and the candidate's CV.
                raise ApiRefusedError(f"the assignment can't be read: {_faults(error)}") from None
            except ApiUnavailableError as error:
                attempt += 1
                if asyncio.get_running_loop().time() >= deadline:
                    raise
                logger.warning("assignment not available yet: {}", error)
                await asyncio.sleep(backoff(attempt))

    async def send(self, batch: EventBatch) -> EventAck:
        """Report events; the answer says up to which number they are durable."""
        answer = await self._call("POST", "/bot/v1/events", batch.to_json())
        try:
            return EventAck.model_validate_json(answer)
        except ValidationError as error:
            raise ApiUnavailableError(f"POST /bot/v1/events: no acknowledgement: {_faults(error)}") from None

    async def finish(self, request: FinishRequest) -> None:
        """The last word of this attempt."""
        await self._call("POST", "/bot/v1/finish", request.to_json(), _FINISH_SECONDS)

    async def send_recording(self, attempt: int, part: Part) -> None:
        """Hand a part of the recording over."""
        about = RecordingPart(
            attempt=attempt,
            start_ms=part.start_ms,
            duration_ms=part.duration_ms,
            sha256=hashlib.sha256(part.data).hexdigest(),
        )
        path = f"/bot/v1/recording/{part.number}?{urlencode(about.model_dump(by_alias=True))}"
        await self._call("PUT", path, part.data, content_type=CONTENT_TYPE)

    async def call_tool(self, name: str, request: ToolRequest) -> ToolAnswer:
        """Have a tool of the template's own called. Nothing of it is worth ending an interview for: it never raises."""
        try:
            asked = request.to_json()
        except PydanticSerializationError:  # half a character, or deeper than any JSON that is read
            logger.warning("tool {}: the model's arguments can't be written as JSON", name)
            return ToolAnswer(outcome=ToolOutcome.ARGUMENTS_NOT_VALID)
        for attempt in range(1, _TOOL_TRIES + 1):
            try:
                answer = await self._call("POST", f"/bot/v1/tools/{name}", asked, _TOOL_SECONDS)
                return ToolAnswer.model_validate_json(answer)
            except (ApiRefusedError, ValidationError) as error:
                logger.warning("tool {}: {}", name, _faults(error) if isinstance(error, ValidationError) else error)
                break
            except ApiUnavailableError as error:
                logger.warning("tool {}: {}", name, error)
                await asyncio.sleep(backoff(attempt) if attempt < _TOOL_TRIES else 0)
        return ToolAnswer(outcome=ToolOutcome.API_AWAY)

    async def _call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        seconds: float = 10.0,
        content_type: str = "application/json",
    ) -> bytes:
        try:
            token = self._token_file.read_text().strip()
            headers = {"authorization": f"Bearer {token}", "content-type": content_type}
            timeout = httpx.Timeout(seconds, connect=5)
            response = await self._http.request(method, path, content=body, headers=headers, timeout=timeout)
        except (OSError, httpx.HTTPError) as error:
            raise ApiUnavailableError(f"{method} {path}: {type(error).__name__} {error}") from error
        if response.is_success:
            return response.content
        told = f"{method} {path}: {response.status_code} {_detail(response)}"
        if response.is_client_error and response.status_code not in _RETRIED:
            raise ApiRefusedError(told)
        raise ApiUnavailableError(told)


def _faults(error: ValidationError) -> str:
    """What is wrong and where, without the values."""
    told = error.errors(include_input=False, include_url=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in told)


def _detail(response: httpx.Response) -> str:
    try:
        problem = Problem.model_validate_json(response.content)
    except ValidationError:
        return response.text[:200]
    return f"{problem.type.rsplit('/', 1)[-1]}: {problem.detail}"

"""The way to the model: endpoint, credentials, and a client none of whose waits is unbounded.

- Closing or sending on a dead stream hangs for ever in the SDK: every such wait is bounded here.
- Credentials come from boto3's default chain (which is botocore's, at a third of the time to import) at each new
  stream, so that rotated and role credentials work.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

import botocore.session
from aws_sdk_bedrock_runtime.client import BedrockRuntimeClient
from aws_sdk_bedrock_runtime.config import Config
from aws_sdk_bedrock_runtime.models import (
    BidirectionalInputPayloadPart,
    InvokeModelWithBidirectionalStreamInputChunk,
    InvokeModelWithBidirectionalStreamOperationInput,
)
from botocore.exceptions import BotoCoreError
from loguru import logger
from parley_protocol import ModelPlan
from smithy_aws_core.auth.sigv4 import SigV4AuthScheme
from smithy_aws_core.identity.static import StaticCredentialsResolver
from smithy_core.shapes import ShapeID

from parley_bot.exits import ModelRefusedError

CONNECT_SECONDS = 10.0
SEND_SECONDS = 2.0

_orphans: set[asyncio.Task[Any]] = set()


async def bounded[T](work: Coroutine[Any, Any, T], seconds: float) -> T:
    """Wait for `work`, but no longer than this even if it swallows its cancellation, as the SDK's publisher does.

    Raises:
        TimeoutError: it took longer; it is cancelled, twice, and left behind.
    """
    task = asyncio.ensure_future(work)
    _orphans.add(task)
    task.add_done_callback(_forget)
    done, _ = await asyncio.wait({task}, timeout=seconds)
    if not done:
        task.cancel()
        asyncio.get_running_loop().call_later(0.1, task.cancel)
        raise TimeoutError(f"no end within {seconds} s")
    return task.result()


def _forget(task: asyncio.Task[Any]) -> None:
    _orphans.discard(task)
    if not task.cancelled():
        task.exception()  # seen: an orphan's error is nobody's news


class _Publisher:
    """An input stream whose `send` and `close` neither hang nor raise; a dead one drops what it is given."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._dead = False

    async def send(self, event: Any) -> None:
        if self._dead:
            return
        try:
            await bounded(self._inner.send(event), SEND_SECONDS)
        except Exception as error:  # noqa: BLE001 - the SDK raises what its layers raise; the receive loop recovers
            self._dead = True
            logger.warning("the model's input stream is dead: {!r}", error)

    async def close(self) -> None:
        self.abandon()
        try:
            await bounded(self._inner.close(), SEND_SECONDS)
        except Exception as error:  # noqa: BLE001 - as above
            logger.debug("closing the model's input stream: {!r}", error)

    def abandon(self) -> None:
        """Send nothing more."""
        self._dead = True


class GuardedStream:
    """A stream to the model; waiting for its output is the one wait that may take long."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._abandoned = False
        self.input_stream = _Publisher(inner.input_stream)

    async def await_output(self) -> Any:
        """As the SDK's."""
        return await self._inner.await_output()

    def abandon(self) -> None:
        """The peer is gone: nothing more is sent, and closing waits for nobody."""
        self._abandoned = True
        self.input_stream.abandon()

    async def close(self) -> None:
        """Close, within bounds and without raising."""
        closing = bounded(self._inner.close(), SEND_SECONDS)
        if self._abandoned:
            task = asyncio.ensure_future(closing)
            _orphans.add(task)
            task.add_done_callback(_forget)
            return
        try:
            await closing
        except Exception as error:  # noqa: BLE001 - a stream that can't be closed is gone all the same
            logger.debug("closing the model's stream: {!r}", error)


class GuardedClient:
    """The part of `BedrockRuntimeClient` that pipecat uses, with every wait bounded."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    async def invoke_model_with_bidirectional_stream(self, request: Any, **options: Any) -> GuardedStream:
        """Open a stream to the model.

        Raises:
            TimeoutError: the endpoint did not answer (a certificate that is not trusted looks like this too).
        """
        return GuardedStream(
            await bounded(self._inner.invoke_model_with_bidirectional_stream(request, **options), CONNECT_SECONDS)
        )


@dataclass(frozen=True, slots=True)
class ModelAccess:
    """Where and as whom the model is reached, and for how long at a time.

    `rotate_seconds` is the age from which a session is replaced by a fresh one at the interviewer's next words.
    """

    region: str
    endpoint: str | None = None
    rotate_seconds: float = 360.0

    def client(self) -> GuardedClient:
        """A new client with the credentials of this moment. May block for a request to the credentials' source.

        Raises:
            ModelRefusedError: there are no credentials.
        """
        try:
            found = botocore.session.Session().get_credentials()
            credentials = found.get_frozen_credentials() if found is not None else None
        except BotoCoreError as error:
            raise ModelRefusedError(f"no AWS credentials: {error}") from error
        if credentials is None or credentials.access_key is None:
            raise ModelRefusedError("no AWS credentials were found by the default chain")
        config = Config(
            endpoint_uri=self.endpoint or f"https://bedrock-runtime.{self.region}.amazonaws.com",
            region=self.region,
            aws_access_key_id=credentials.access_key,
            aws_secret_access_key=credentials.secret_key,
            aws_session_token=credentials.token,
            aws_credentials_identity_resolver=StaticCredentialsResolver(),
            auth_schemes={ShapeID("aws.auth#sigv4"): SigV4AuthScheme(service="bedrock")},
        )
        return GuardedClient(BedrockRuntimeClient(config=config))


async def check_model(access: ModelAccess, plan: ModelPlan) -> None:
    """Open a session and close it unused, so that a model that refuses is known before the candidate comes.

    An endpoint that takes the session but says nothing within a few seconds is taken as good: it may answer its
    headers with the first event only.

    Raises:
        ModelRefusedError: no credentials, no access, or not reachable.
    """
    client = await asyncio.to_thread(access.client)
    start = b'{"event":{"sessionStart":{"inferenceConfiguration":{"maxTokens":1024,"topP":0.9,"temperature":0.7}}}}'
    try:
        stream = await client.invoke_model_with_bidirectional_stream(
            InvokeModelWithBidirectionalStreamOperationInput(model_id=plan.id)
        )
        await stream.input_stream.send(_chunk(start))
        try:
            await bounded(stream.await_output(), 3)
        except TimeoutError:
            logger.warning("the model took the session but has not answered yet")
        await stream.input_stream.send(_chunk(b'{"event":{"sessionEnd":{}}}'))
        await stream.close()
    except ModelRefusedError:
        raise
    except Exception as error:
        raise ModelRefusedError(f"{type(error).__name__}: {error}") from error


def _chunk(event: bytes) -> InvokeModelWithBidirectionalStreamInputChunk:
    return InvokeModelWithBidirectionalStreamInputChunk(value=BidirectionalInputPayloadPart(bytes_=event))

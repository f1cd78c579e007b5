"""The way to the model: endpoint, credentials, and a client none of whose waits is unbounded.

Closing or sending on a dead stream hangs for ever in the SDK: every such wait is bounded here. Each new stream is
signed with the credentials of its moment, so that rotated ones and those of a role work.
"""

import asyncio
import random
import ssl
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from aws_sdk_bedrock_runtime.client import BedrockRuntimeClient
from aws_sdk_bedrock_runtime.config import Config
from aws_sdk_bedrock_runtime.models import (
    BidirectionalInputPayloadPart,
    InvokeModelWithBidirectionalStreamInputChunk,
    InvokeModelWithBidirectionalStreamOperationInput,
    ModelNotReadyException,
    ModelStreamErrorException,
    ModelTimeoutException,
    ServiceQuotaExceededException,
    ThrottlingException,
)
from loguru import logger
from parley_protocol import ModelPlan
from smithy_aws_core.auth.sigv4 import SigV4AuthScheme
from smithy_aws_core.identity.static import StaticCredentialsResolver
from smithy_core.exceptions import CallError, ClientTimeoutError
from smithy_core.shapes import ShapeID

from parley_bot.exits import ModelRefusedError
from parley_bot.pipeline.credentials import Credentials
from parley_bot.pipeline.nagle import send_at_once

CONNECT_SECONDS = 5.0
OPEN_SECONDS = 10.0
SEND_SECONDS = 2.0
# A stream may answer its headers with its first event only: one that says nothing for so long is taken as good.
ANSWER_SECONDS = 3.0
# A stream whose input has died may still say why.
LAST_WORD_SECONDS = 1.0
CHECKS = 3
# A refusal is tried once more, with credentials looked up anew: they may just have been replaced.
MAX_REFUSALS = 1
# The client's faults by the SDK's classes, which another try may mend all the same.
_PASSING = (
    ClientTimeoutError,
    ModelNotReadyException,
    ModelStreamErrorException,
    ModelTimeoutException,
    ServiceQuotaExceededException,
    ThrottlingException,
)

_orphans: set[asyncio.Task[Any]] = set()


async def bounded[T](work: Coroutine[Any, Any, T], seconds: float, *, whole: bool = False) -> T:
    """Wait for `work`, but no longer than this even if it swallows its cancellation, as the SDK's publisher does.

    Work that nobody waits for any more is cancelled; what must not be done by halves (`whole`) ends all the same.

    Raises:
        TimeoutError: it took longer; it is cancelled, twice, and left behind.
        ConnectionError: the SDK has given it up.
    """
    task = asyncio.ensure_future(work)
    _orphans.add(task)
    task.add_done_callback(_forget)
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
    except asyncio.CancelledError:
        asyncio.get_running_loop().call_later(seconds if whole else 0, task.cancel)
        raise
    if not done:
        task.cancel()
        asyncio.get_running_loop().call_later(0.1, task.cancel)
        raise TimeoutError(f"no end within {seconds} s")
    return _outcome(task)


def _outcome[T](task: asyncio.Future[T]) -> T:
    """What the work has come to: the SDK cancels what it has given up, which must not cancel those who wait for it.

    Raises:
        ConnectionError: it was given up.
    """
    if task.cancelled():
        raise ConnectionError("the SDK has given it up")
    return task.result()


def is_refusal(error: BaseException) -> bool:
    """Whether the model's service has said no: no access, no such model, a request that it does not take."""
    return isinstance(error, CallError) and error.fault == "client" and not isinstance(error, _PASSING)


def _forget(task: asyncio.Task[Any]) -> None:
    _orphans.discard(task)
    if not task.cancelled():
        task.exception()  # seen: an orphan's error is nobody's news


class _Publisher:
    """An input stream whose `send` and `close` neither hang nor raise; a dead one drops what it is given.

    `failed` is set when it has died of a send, not of being closed.
    """

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._dead = False
        self._turn = asyncio.Lock()
        self.failed = asyncio.Event()

    async def send(self, event: Any) -> None:
        if self._dead:
            return
        try:
            # An interruption cancels whoever sends; half an event would break the chain of the events' signatures.
            await bounded(self._in_turn(event), SEND_SECONDS, whole=True)
        except Exception as error:  # noqa: BLE001 - the SDK raises what its layers raise; `_Receiver` makes it known
            if not self._dead:
                self.failed.set()
            self._dead = True
            logger.warning("the model's input stream is dead: {!r}", error)

    async def _in_turn(self, event: Any) -> None:
        # Each signature is made from the one before: an event that overtakes another between the SDK's signing and its
        # writing, which waits where much is to be sent, makes Nova end the session (InvalidSignatureException).
        async with self._turn:
            if not self._dead:
                await self._inner.send(event)

    async def close(self) -> None:
        self.abandon()
        try:
            await bounded(self._inner.close(), SEND_SECONDS)
        except Exception as error:  # noqa: BLE001 - as above
            logger.debug("closing the model's input stream: {!r}", error)

    def abandon(self) -> None:
        """Send nothing more."""
        self._dead = True


class _Receiver:
    """The output of a stream."""

    def __init__(self, inner: Any, failed: asyncio.Event) -> None:
        self._inner, self._failed = inner, failed

    async def receive(self) -> Any:
        """The next event, None at the end.

        Raises:
            ConnectionError: the model does not take what it is sent any more.
        """
        return await _while_heard(self._inner.receive(), self._failed)

    async def close(self) -> None:
        """As the SDK's."""
        await self._inner.close()


async def _while_heard[T](work: Coroutine[Any, Any, T], failed: asyncio.Event) -> T:
    """Wait for `work`, which may take long; but where the input has died, it may wait for ever.

    Raises:
        ConnectionError: the input has failed, and no better reason has come in time; or the SDK has given it up.
    """
    task, failing = asyncio.ensure_future(work), asyncio.ensure_future(failed.wait())
    try:
        await asyncio.wait({task, failing}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            await asyncio.wait({task}, timeout=LAST_WORD_SECONDS)
        if not task.done():
            raise ConnectionError("the model takes nothing more")
        return _outcome(task)
    finally:
        failing.cancel()
        if not task.done():
            task.cancel()
            _orphans.add(task)
            task.add_done_callback(_forget)


class GuardedStream:
    """A stream to the model; waiting for its output is the one wait that may take long."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._hurried = self._answered = False
        self.input_stream = _Publisher(inner.input_stream)

    async def await_output(self) -> Any:
        """As the SDK's.

        Raises:
            ConnectionError: the model does not take what it is sent.
        """
        output, events = await _while_heard(self._inner.await_output(), self.input_stream.failed)
        if not self._answered:
            self._answered = True
            send_at_once()  # the connection is there for certain now
        return output, _Receiver(events, self.input_stream.failed)

    async def answers(self, seconds: float) -> bool:
        """Whether the model has answered within this time.

        The wait goes on behind it: cancelled, it would be the end of the stream's output for everybody.

        Raises:
            Exception: it refuses, or is lost; what the SDK has for that.
        """
        task = asyncio.ensure_future(self.await_output())
        _orphans.add(task)
        task.add_done_callback(_forget)
        done, _ = await asyncio.wait({task}, timeout=seconds)
        return bool(done) and _outcome(task) is not None

    def abandon(self) -> None:
        """The peer is gone: nothing more is sent, and closing waits for nobody."""
        self.hurry()
        self.input_stream.abandon()

    def hurry(self) -> None:
        """What is to be sent is sent, but closing waits for nobody: the SDK may take its time until the peer closes."""
        self._hurried = True

    async def close(self) -> None:
        """Close, within bounds and without raising."""
        closing = bounded(self._inner.close(), SEND_SECONDS)
        if self._hurried:
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
        """Open a stream to the model. It is there once the request is signed: that it connects is not awaited.

        Raises:
            TimeoutError: the SDK did not get so far.
        """
        return GuardedStream(
            await bounded(self._inner.invoke_model_with_bidirectional_stream(request, **options), OPEN_SECONDS)
        )


@dataclass(frozen=True, slots=True)
class ModelAccess:
    """Where and as whom the model is reached, and for how long at a time.

    `rotate_seconds` is the age from which a session is replaced by a fresh one at the interviewer's next words.
    """

    region: str
    endpoint: str | None = None
    rotate_seconds: float = 360.0
    credentials: Credentials = field(default_factory=Credentials)

    @property
    def url(self) -> str:
        """Where the model's service is."""
        return self.endpoint or f"https://bedrock-runtime.{self.region}.amazonaws.com"

    def client(self) -> GuardedClient:
        """A new client with the credentials at hand.

        Raises:
            ModelRefusedError: there are no credentials.
        """
        credentials = self.credentials.current
        config = Config(
            endpoint_uri=self.url,
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

    What may pass is tried again, a refusal once. An endpoint that takes the session but says nothing within a few
    seconds is taken as good: it may answer its headers with the first event only.

    Raises:
        ModelRefusedError: no credentials, no access, or not reachable.
    """
    refusals = 0
    for check in range(1, CHECKS + 1):
        await access.credentials.refresh()
        try:
            await _connect(access.url)
            await _open_session(access, plan)
        except Exception as error:
            refusals += is_refusal(error)
            if refusals > MAX_REFUSALS or check == CHECKS:
                raise ModelRefusedError(f"{type(error).__name__}: {error}") from error
            logger.warning("the model is not there yet: {!r}", error)
            await asyncio.sleep(random.uniform(0.5, 1.0) * check)  # noqa: S311 - jitter keeps no secret
        else:
            return


async def _connect(url: str) -> None:
    """Connect as far as TLS: the SDK's stream does not tell whether it has.

    Raises:
        OSError: not reachable, or its certificate is not trusted.
        TimeoutError: it does not answer.
    """
    place = urlsplit(url)
    async with asyncio.timeout(CONNECT_SECONDS):
        _, writer = await asyncio.open_connection(
            place.hostname, place.port or 443, ssl=ssl.create_default_context(), server_hostname=place.hostname
        )
    writer.transport.abort()


async def _open_session(access: ModelAccess, plan: ModelPlan) -> None:
    start = b'{"event":{"sessionStart":{"inferenceConfiguration":{"maxTokens":1024,"topP":0.9,"temperature":0.7}}}}'
    stream = await access.client().invoke_model_with_bidirectional_stream(
        InvokeModelWithBidirectionalStreamOperationInput(model_id=plan.id)
    )
    await stream.input_stream.send(_chunk(start))
    if not await stream.answers(ANSWER_SECONDS):
        logger.warning("the model took the session but has not answered yet")
    await stream.input_stream.send(_chunk(b'{"event":{"sessionEnd":{}}}'))
    await stream.close()


def _chunk(event: bytes) -> InvokeModelWithBidirectionalStreamInputChunk:
    return InvokeModelWithBidirectionalStreamInputChunk(value=BidirectionalInputPayloadPart(bytes_=event))

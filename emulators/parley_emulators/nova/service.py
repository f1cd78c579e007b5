"""The operation InvokeModelWithBidirectionalStream: who may, on which model, and the life of a stream."""

import asyncio
import contextlib
import json
import logging
import re
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from parley_emulators.nova.bodies import ProtocolViolationError
from parley_emulators.nova.faults import Fault, FaultBook
from parley_emulators.nova.framing import (
    FrameReader,
    FramingError,
    client_event,
    decode,
    encode_error,
    encode_exception,
)
from parley_emulators.nova.http2 import Stream, StreamClosedError
from parley_emulators.nova.manners import MannersBook
from parley_emulators.nova.record import SessionBook, SessionRecord
from parley_emulators.nova.session import Senses, Session
from parley_emulators.nova.settings import NovaSettings
from parley_emulators.nova.sigv4 import ChunkVerifier, Request, Secret, SignatureRefusedError, verify_request

_log = logging.getLogger(__name__)
_PATH = re.compile(r"^/model/(?P<model>[^/]+)/invoke-with-bidirectional-stream(?:\?.*)?$")
_FAULT_POLL_SECONDS = 0.05
_UNEXPECTED = "The system encountered an unexpected error."
_RETIRED = "This model version has reached the end of its life. Please refer to the AWS documentation for more details."


class RefusedError(Exception):
    """The request is answered with an error in place of a stream."""

    def __init__(self, status: int, error_type: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.error_type = error_type
        self.message = message


class _StreamEnds(Exception):
    """The stream is over: why, the frame to send before its end, if any, and how long input is taken after it."""

    def __init__(self, reason: str, frame: bytes | None = None, taken_seconds: float = 0.0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.frame = frame
        self.taken_seconds = taken_seconds


@dataclass
class NovaService:
    """Serves streams; what it is told to spoil and what it has seen are the control port's to ask."""

    settings: NovaSettings
    senses: Senses
    faults: FaultBook
    sessions: SessionBook
    manners: MannersBook

    async def handle(self, stream: Stream) -> None:
        """Serve one request, whatever becomes of it."""
        struck: list[Fault] = []
        try:
            try:
                model, verifier = await self._admit(stream, struck)
            except RefusedError as refusal:
                await _refuse(stream, refusal)
                return
            await self._serve(stream, model, verifier, struck)
        except StreamClosedError:
            return

    async def _admit(self, stream: Stream, struck: list[Fault]) -> tuple[str, ChunkVerifier]:
        headers = stream.headers
        path = headers.get(":path", "")
        matched = _PATH.match(path)
        if matched is None:
            raise RefusedError(404, "UnknownOperationException", f"No operation at {path}.")
        if headers.get(":method") != "POST":
            raise RefusedError(405, "UnknownOperationException", "The method must be POST.")
        settings = self.settings
        token = settings.session_token.get_secret_value() if settings.session_token else None
        key = settings.secret_access_key.get_secret_value()
        secret = Secret(settings.access_key_id, key, settings.region, token)
        try:
            verifier = verify_request(Request("POST", path, headers), secret, datetime.now(UTC))
        except SignatureRefusedError as refused:
            raise RefusedError(403, refused.error_type, refused.message) from refused
        model = unquote(matched["model"])
        if model in settings.retired_models:
            raise RefusedError(404, "ResourceNotFoundException", _RETIRED)
        if model not in settings.models:
            raise RefusedError(400, "ValidationException", "The provided model identifier is invalid.")
        while (fault := self.faults.due(struck)) is not None:
            await _strike_at_start(fault, stream)
        return model, verifier

    async def _serve(self, stream: Stream, model: str, verifier: ChunkVerifier, struck: list[Fault]) -> None:
        request_id = str(uuid.uuid4())
        headers = {"content-type": "application/vnd.amazon.eventstream", "x-amzn-requestid": request_id}
        stream.respond(200, headers)
        record = SessionRecord(id=request_id, model=model, started_at=time.time())
        self.sessions.open(record)
        _log.info("session %s of %s began", request_id, model)
        try:
            await self._converse(stream, verifier, record, struck)
        except* _StreamEnds as ends:
            end = _first(ends)
            record.end = end.reason
            await _end(stream, end.frame)
            await _take_rest(stream, end.taken_seconds)
        except* StreamClosedError:
            record.end = record.end or "the client went away"
        except* Exception as group:  # noqa: BLE001 -- whatever it is, the client hears of it
            error = _first(group)
            record.end = f"failed: {type(error).__name__}: {error}"
            _log.exception("session %s failed", request_id)
            await _end(stream, encode_exception("internalServerException", _UNEXPECTED))
        finally:
            record.ended_at = time.time()
            record.end = record.end or "the emulator stopped"
            _log.info("session %s ended: %s", request_id, record.end)

    async def _converse(
        self, stream: Stream, verifier: ChunkVerifier, record: SessionRecord, struck: list[Fault]
    ) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        gate = _Gate(stream)
        session = Session(self.settings, self.senses, self.manners, gate.send, record, lambda: loop.time() - began)
        async with asyncio.TaskGroup() as group:
            group.create_task(session.run())
            group.create_task(self._read(stream, verifier, session))
            group.create_task(self._limit())
            group.create_task(self._spoil(stream, gate, session, record, struck))

    async def _read(self, stream: Stream, verifier: ChunkVerifier, session: Session) -> None:
        try:
            async for event in self._events(stream, verifier):
                session.take(event)
                if "promptEnd" in event or "sessionEnd" in event:
                    await session.end_prompt()
                if session.ended:
                    raise _StreamEnds("the client ended it")
        except ProtocolViolationError as violation:
            frame = encode_exception("validationException", str(violation))
            raise _StreamEnds(f"refused: {violation}", frame) from violation
        except FramingError as error:
            frame = encode_exception("validationException", f"Invalid input request: {error}.")
            raise _StreamEnds(f"refused: {error}", frame) from error
        except SignatureRefusedError as refused:
            # The API's model has no such exception for its output stream.
            frame = encode_error(refused.error_type, refused.message)
            raise _StreamEnds(f"refused: {refused.message}", frame) from refused
        raise _StreamEnds("the client closed its side")

    async def _events(self, stream: Stream, verifier: ChunkVerifier) -> AsyncIterator[dict[str, Any]]:
        reader = FrameReader()
        while True:
            try:
                async with asyncio.timeout(self.settings.input_timeout_seconds):
                    data = await stream.receive()
            except TimeoutError as error:
                raise ProtocolViolationError("Timed out waiting for audio bytes or interactive content.") from error
            if data is None:
                return
            for envelope in reader.feed(data):
                inner = verifier.verify(envelope)
                if not inner:
                    return
                yield client_event(decode(inner))

    async def _limit(self) -> None:
        await asyncio.sleep(self.settings.session_limit_seconds)
        message = "Model has timed out in processing the request. Try your request again."
        raise _StreamEnds("the session limit", encode_exception("modelTimeoutException", message))

    async def _spoil(
        self, stream: Stream, gate: "_Gate", session: Session, record: SessionRecord, struck: list[Fault]
    ) -> None:
        """Let the ordered faults strike when they are due."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        moment, since = session.moment, began
        while True:
            now = loop.time()
            if session.moment != moment:
                moment, since = session.moment, now
            fault = self.faults.due(struck, now - began, session.responses_begun, moment, now - since)
            if fault is None:
                # A tool's result may be here within a few milliseconds: its moment is not waited for by asking.
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(session.tool_called.wait(), _FAULT_POLL_SECONDS)
                session.tool_called.clear()
                continue
            record.end = f"fault: {fault.kind}" if fault.kind != "delay" else None
            match fault.kind:
                case "delay":
                    gate.hold(fault.delay_seconds)
                case "exception":
                    raise _StreamEnds("fault: exception", encode_exception(fault.exception_type, fault.message))
                case "error":
                    raise _StreamEnds("fault: error", encode_error(fault.error_type, fault.message))
                case "half_close":
                    raise _StreamEnds("fault: half_close", taken_seconds=fault.taken_seconds)
                case "reset":
                    stream.reset()
                    raise StreamClosedError
                case "drop":
                    stream.drop()
                    raise StreamClosedError


class _Gate:
    """Lets a session's output through, and holds it back while a delay is ordered."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._lock = asyncio.Lock()
        self._held_until = 0.0

    def hold(self, seconds: float) -> None:
        self._held_until = asyncio.get_running_loop().time() + seconds

    async def send(self, data: bytes) -> None:
        async with self._lock:
            await asyncio.sleep(self._held_until - asyncio.get_running_loop().time())
            await self._stream.send(data)


async def _strike_at_start(fault: Fault, stream: Stream) -> None:
    match fault.kind:
        case "refuse" | "error":
            raise RefusedError(fault.status, fault.error_type, fault.message)
        case "exception":
            # Before the stream has begun, an exception is an HTTP error of the same name.
            raise RefusedError(fault.status, fault.exception_type[0].upper() + fault.exception_type[1:], fault.message)
        case "delay":
            await asyncio.sleep(fault.delay_seconds)
        case "drop":
            stream.drop()
            raise StreamClosedError
        case "reset":
            stream.reset()
            raise StreamClosedError
        case "half_close":
            stream.respond(200, {"content-type": "application/vnd.amazon.eventstream"})
            await stream.send(b"", end=True)
            raise StreamClosedError


async def _refuse(stream: Stream, refusal: RefusedError) -> None:
    body = json.dumps({"message": refusal.message}).encode()
    headers = {
        "content-type": "application/json", "content-length": str(len(body)), "x-amzn-errortype": refusal.error_type,
        "x-amzn-requestid": str(uuid.uuid4()),
    }  # fmt: skip
    _log.info("refused with %d %s: %s", refusal.status, refusal.error_type, refusal.message)
    stream.respond(refusal.status, headers)
    await stream.send(body, end=True)


async def _end(stream: Stream, frame: bytes | None) -> None:
    """End the response, after a last frame where there is one; a client that is gone misses it."""
    with contextlib.suppress(StreamClosedError):
        if frame is not None:
            await stream.send(frame)
        await stream.send(b"", end=True)


async def _take_rest(stream: Stream, seconds: float) -> None:
    """Take what the client still sends, until it ends its side too or the time is over."""
    with contextlib.suppress(StreamClosedError, TimeoutError):
        async with asyncio.timeout(seconds):
            while await stream.receive() is not None:
                pass


def _first[E: Exception](group: BaseExceptionGroup[E]) -> E:
    """The end that came first, when several came at once."""
    first = group.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first

"""Event-stream frames of InvokeModelWithBidirectionalStream, in both directions.

A client's frame is a signed envelope (`:date`, `:chunk-signature`) round an inner frame whose JSON payload holds the
event in base64: `{"bytes": base64({"event": {...}})}`. The server's frames are inner frames alone.
"""

import base64
import binascii
import json
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from smithy_aws_event_stream.events import Event, EventMessage
from smithy_aws_event_stream.exceptions import EventError

_LENGTH_BYTES = 4
_SHORTEST = 16
_LONGEST = 16 * 1024 * 1024


class FramingError(Exception):
    """Bytes that are no frame of this protocol."""


class FrameReader:
    """Cuts a stream of bytes, as they arrive, into event-stream messages."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[EventMessage]:
        """Take more bytes and yield each message that is complete.

        Raises:
            FramingError: A checksum or a length is wrong; nothing after it can be read.
        """
        self._buffer += data
        while len(self._buffer) >= _LENGTH_BYTES:
            total = int.from_bytes(self._buffer[:_LENGTH_BYTES], "big")
            if not _SHORTEST <= total <= _LONGEST:
                raise FramingError(f"a frame of {total} bytes")
            if len(self._buffer) < total:
                return
            frame = bytes(self._buffer[:total])
            del self._buffer[:total]
            yield decode(frame)


def decode(frame: bytes) -> EventMessage:
    """Decode exactly one message, checking both its checksums.

    Raises:
        FramingError: It is not one whole and sound message.
    """
    source = BytesIO(frame)
    try:
        event = Event.decode(source)
    except (EventError, KeyError, ValueError) as error:  # a KeyError is a header of no known type
        raise FramingError(f"{type(error).__name__} {error}") from error
    if event is None:
        raise FramingError("an empty frame")
    if source.read():
        raise FramingError("bytes after the frame")
    return event.message


def client_event(message: EventMessage) -> dict[str, Any]:
    """The event inside an inner frame of the client's: one key, its kind, with its fields.

    Raises:
        FramingError: The payload is not of the protocol's shape.
    """
    try:
        payload = json.loads(message.payload)
        document = json.loads(base64.b64decode(payload["bytes"], validate=True))
        event = document["event"]
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise FramingError(f"the payload is no event: {error}") from error
    if not isinstance(event, dict) or len(event) != 1:
        raise FramingError("the payload must hold one event")
    return event


def encode_event(event: dict[str, Any]) -> bytes:
    """The server's frame for an event: `{"textOutput": {...}}` and the like."""
    inner = base64.b64encode(json.dumps({"event": event}).encode()).decode()
    headers = {":event-type": "chunk", ":content-type": "application/json", ":message-type": "event"}
    return EventMessage(headers=headers, payload=json.dumps({"bytes": inner}).encode()).encode()


def encode_exception(kind: str, message: str) -> bytes:
    """The server's frame for a modelled exception, such as `modelStreamErrorException`."""
    headers = {":exception-type": kind, ":content-type": "application/json", ":message-type": "exception"}
    return EventMessage(headers=headers, payload=json.dumps({"message": message}).encode()).encode()


def encode_error(code: str, message: str) -> bytes:
    """The server's frame for an error that the API's model does not have."""
    headers = {":error-code": code, ":error-message": message, ":message-type": "error"}
    return EventMessage(headers=headers).encode()

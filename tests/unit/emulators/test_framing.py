"""Frames there and back, however the bytes are cut."""

import base64
import json
import struct
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parley_emulators.nova.framing import (
    FrameReader,
    FramingError,
    client_event,
    decode,
    encode_error,
    encode_event,
    encode_exception,
)
from smithy_aws_event_stream.events import EventMessage

TEXTS = st.text(max_size=200)


@given(TEXTS)
def test_an_event_comes_back_as_it_went(text: str) -> None:
    event = {"textOutput": {"content": text, "role": "ASSISTANT"}}
    assert client_event(decode(encode_event(event))) == event


@given(st.lists(TEXTS, min_size=1, max_size=5), st.integers(1, 97))
def test_frames_are_found_however_the_bytes_are_cut(texts: list[str], size: int) -> None:
    stream = b"".join(encode_event({"textInput": {"content": text}}) for text in texts)
    reader = FrameReader()
    messages = [m for at in range(0, len(stream), size) for m in reader.feed(stream[at : at + size])]
    assert [client_event(message)["textInput"]["content"] for message in messages] == texts


def test_an_exception_names_its_type() -> None:
    message = decode(encode_exception("modelStreamErrorException", "no more"))
    assert message.headers[":message-type"] == "exception"
    assert message.headers[":exception-type"] == "modelStreamErrorException"
    assert json.loads(message.payload) == {"message": "no more"}


def test_an_error_outside_the_model_carries_its_code() -> None:
    message = decode(encode_error("InvalidSignatureException", "no more"))
    expected = {":message-type": "error", ":error-code": "InvalidSignatureException", ":error-message": "no more"}
    assert dict(message.headers) == expected


def test_a_header_of_no_known_type_is_refused() -> None:
    body = b"\x01x\x63"
    prelude = struct.pack("!II", 16 + len(body), len(body))
    checked = prelude + struct.pack("!I", crc32(prelude))
    with pytest.raises(FramingError):
        decode(checked + body + struct.pack("!I", crc32(checked + body)))


def test_bytes_after_a_frame_are_refused() -> None:
    with pytest.raises(FramingError, match="after the frame"):
        decode(encode_event({"sessionEnd": {}}) + b"x")


@pytest.mark.parametrize("position", [0, 9, 20, -1])
def test_a_flipped_byte_is_noticed(position: int) -> None:
    frame = bytearray(encode_event({"sessionEnd": {}}))
    frame[position] ^= 1
    with pytest.raises(FramingError):
        list(FrameReader().feed(bytes(frame) + bytes(100)))


def test_a_length_beyond_reason_is_refused_at_once() -> None:
    with pytest.raises(FramingError):
        list(FrameReader().feed(b"\x7f\xff\xff\xff"))


@pytest.mark.parametrize(
    "payload",
    [
        b"no json",
        b"{}",
        b'{"bytes": "%%"}',
        json.dumps({"bytes": base64.b64encode(b'{"event": {}}').decode()}).encode(),
    ],
)
def test_a_payload_of_another_shape_is_refused(payload: bytes) -> None:
    with pytest.raises(FramingError):
        client_event(EventMessage(payload=payload))

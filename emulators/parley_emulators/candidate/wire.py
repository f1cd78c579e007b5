"""pipecat's protobuf frames and the RTVI messages within them: what goes over the room's WebSocket."""

import json
import uuid
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import DecodeError
from pipecat.frames.protobufs import frames_pb2

MICROPHONE_RATE = 16_000
_RTVI_VERSION = "2.2.0"


@dataclass(frozen=True)
class Sound:
    """A piece of the interviewer's voice."""

    pcm: bytes
    rate: int


@dataclass(frozen=True)
class RtviMessage:
    """A message about the conversation: captions, states, what the server tells the page."""

    type: str
    data: dict[str, Any]


@dataclass(frozen=True)
class Interruption:
    """What has not been played yet is to be dropped."""


type Received = Sound | RtviMessage | Interruption


def encode_microphone(pcm: bytes) -> bytes:
    """The frame for a piece of the candidate's voice (16 kHz)."""
    frame = _frame()
    frame.audio.audio = pcm
    frame.audio.sample_rate = MICROPHONE_RATE
    frame.audio.num_channels = 1
    return bytes(frame.SerializeToString())


def encode_client_ready() -> bytes:
    """The frame that says: this client is ready; begin."""
    about = {"library": "parley-synthetic-candidate"}
    message = {
        "label": "rtvi-ai",
        "type": "client-ready",
        "id": str(uuid.uuid4()),
        "data": {"version": _RTVI_VERSION, "about": about},
    }
    frame = _frame()
    frame.message.data = json.dumps(message)
    return bytes(frame.SerializeToString())


def decode(data: bytes) -> Received | None:
    """What a frame from the room means; None for what a listener has no use for."""
    frame = _frame()
    try:
        frame.ParseFromString(data)
    except DecodeError:
        return None
    match frame.WhichOneof("frame"):
        case "audio":
            return Sound(frame.audio.audio, frame.audio.sample_rate)
        case "interruption":
            return Interruption()
        case "message":
            return _message(frame.message.data)
        case _:
            return None


def _frame() -> Any:
    return frames_pb2.Frame()  # type: ignore[attr-defined]  # protobuf makes the class when the module is loaded


def _message(text: str) -> RtviMessage | None:
    try:
        message = json.loads(text)
    except ValueError:
        return None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return None
    data = message.get("data")
    return RtviMessage(message["type"], data if isinstance(data, dict) else {})

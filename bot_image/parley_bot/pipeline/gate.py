"""What a candidate's client may send into the pipeline: sound, that it is ready, that it leaves. Nothing else.

pipecat's frames and RTVI messages can carry transcripts, interruptions, typed text and results of tool calls; from a
candidate's page they would forge turns of the transcript or answers of the engine.
"""

import json
import time
from collections.abc import Callable
from typing import Any

from google.protobuf.message import DecodeError
from pipecat.frames.frames import CancelFrame, EndFrame, Frame, InputAudioRawFrame, InputTransportMessageFrame
from pipecat.frames.protobufs import frames_pb2
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.serializers.protobuf import ProtobufFrameSerializer

_wire: Any = frames_pb2  # generated without types
_ALLOWED_MESSAGES = {"client-ready"}
SAMPLE_RATE = 16000
"""Hz, of one channel: nothing behind resamples, and another rate would reach the model as another pitch."""
_BYTES_PER_SECOND = 2 * SAMPLE_RATE
_MAX_AUDIO_BYTES = 2 * _BYTES_PER_SECOND
BURST_SECONDS = 5.0
"""How far sound may come ahead of its time, after a stall of the network; pipecat's queues have no bounds."""


def is_allowed_message(message: object) -> bool:
    """Whether an RTVI message of the candidate's client may pass."""
    return isinstance(message, dict) and message.get("type") in _ALLOWED_MESSAGES


def is_leave(message: object) -> bool:
    """Whether an RTVI message says that the candidate leaves for good."""
    if not isinstance(message, dict) or message.get("type") != "client-message":
        return False
    data = message.get("data")
    return isinstance(data, dict) and data.get("t") == "leave"


class CandidateSerializer(ProtobufFrameSerializer):
    """pipecat's protobuf frames; on the way in, all that a candidate's client may not send is dropped unread.

    Args:
        on_leave: Called when the client says that the candidate leaves for good: here, since a message that went
            through the pipeline would race the end of the connection, which comes right after it.
    """

    def __init__(self, on_leave: Callable[[], None]) -> None:
        super().__init__()
        self._on_leave = on_leave
        self._heard_until = 0.0

    async def serialize(self, frame: Frame) -> str | bytes | None:
        """The frame for the client; pipecat hands its own end in too, which no client is told that way."""
        return None if isinstance(frame, (CancelFrame, EndFrame)) else await super().serialize(frame)

    async def deserialize(self, data: str | bytes) -> Frame | None:
        """A frame of the client's, or None for one that is not allowed or can't be read."""
        if isinstance(data, str):
            return None
        try:
            frame = _wire.Frame.FromString(data)
        except DecodeError:
            return None
        kind = frame.WhichOneof("frame")
        if kind == "audio":
            return self._sound(frame.audio.audio, frame.audio.sample_rate, frame.audio.num_channels)
        return self._message(frame.message.data) if kind == "message" else None

    def _sound(self, audio: bytes, sample_rate: int, channels: int) -> InputAudioRawFrame | None:
        """Sound within reason: what is odd here would fail somewhere behind."""
        sane = (sample_rate, channels) == (SAMPLE_RATE, 1) and 0 < len(audio) <= _MAX_AUDIO_BYTES
        if not sane or len(audio) % 2:
            return None
        now = time.monotonic()
        heard_until = max(self._heard_until, now) + len(audio) / _BYTES_PER_SECOND
        if heard_until > now + BURST_SECONDS:
            return None
        self._heard_until = heard_until
        return InputAudioRawFrame(audio=audio, sample_rate=sample_rate, num_channels=channels)

    def _message(self, data: str) -> InputTransportMessageFrame | None:
        try:
            message = json.loads(data)
        except (ValueError, RecursionError):
            return None
        if is_leave(message):
            self._on_leave()
        return InputTransportMessageFrame(message=message) if is_allowed_message(message) else None


class ClientMessageGate(FrameProcessor):
    """Stands between a room's transport and RTVI, for rooms whose messages do not pass the serializer (Daily).

    Args:
        on_leave: Called when the client says that the candidate leaves for good.
    """

    def __init__(self, on_leave: Callable[[], None]) -> None:
        super().__init__()
        self._on_leave = on_leave

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Drop client messages that are not allowed."""
        await super().process_frame(frame, direction)
        if isinstance(frame, InputTransportMessageFrame):
            if is_leave(frame.message):
                self._on_leave()
            if not is_allowed_message(frame.message):
                return
        await self.push_frame(frame, direction)

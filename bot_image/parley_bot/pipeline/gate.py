"""What a candidate's client may send into the pipeline: sound, and that it is ready. Nothing else.

pipecat's frames and RTVI messages can carry transcripts, interruptions, typed text and results of tool calls; from a
candidate's page they would forge turns of the transcript or answers of the engine.
"""

import json
from typing import Any

from google.protobuf.message import DecodeError
from pipecat.frames.frames import CancelFrame, EndFrame, Frame, InputAudioRawFrame, InputTransportMessageFrame
from pipecat.frames.protobufs import frames_pb2
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.serializers.protobuf import ProtobufFrameSerializer

_wire: Any = frames_pb2  # generated without types
_ALLOWED_MESSAGES = {"client-ready"}
_MAX_AUDIO_BYTES = 384_000  # two seconds at 48 kHz, stereo


def is_allowed_message(message: object) -> bool:
    """Whether an RTVI message of the candidate's client may pass."""
    return isinstance(message, dict) and message.get("type") in _ALLOWED_MESSAGES


class CandidateSerializer(ProtobufFrameSerializer):
    """pipecat's protobuf frames; on the way in, all that a candidate's client may not send is dropped unread."""

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
            return _sound(frame.audio.audio, frame.audio.sample_rate, frame.audio.num_channels)
        return _message(frame.message.data) if kind == "message" else None


def _sound(audio: bytes, sample_rate: int, channels: int) -> InputAudioRawFrame | None:
    """Sound within reason: what is odd here would fail somewhere behind."""
    sane = 8000 <= sample_rate <= 48000 and channels in {1, 2} and 0 < len(audio) <= _MAX_AUDIO_BYTES
    if not sane or len(audio) % (2 * channels):
        return None
    return InputAudioRawFrame(audio=audio, sample_rate=sample_rate, num_channels=channels)


def _message(data: str) -> InputTransportMessageFrame | None:
    try:
        message = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return InputTransportMessageFrame(message=message) if is_allowed_message(message) else None


class ClientMessageGate(FrameProcessor):
    """Stands between a room's transport and RTVI, for rooms whose messages do not pass the serializer (Daily)."""

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Drop client messages that are not allowed."""
        await super().process_frame(frame, direction)
        if isinstance(frame, InputTransportMessageFrame) and not is_allowed_message(frame.message):
            return
        await self.push_frame(frame, direction)

"""What a candidate's client may send into the pipeline: sound, and that it is ready. Nothing else.

pipecat's frames and RTVI messages can carry transcripts, interruptions, typed text and results of tool calls; from a
candidate's page they would forge turns of the transcript or answers of the engine.
"""

from typing import Any

from pipecat.frames.frames import CancelFrame, EndFrame, Frame, InputAudioRawFrame, InputTransportMessageFrame
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.serializers.protobuf import ProtobufFrameSerializer

_ALLOWED_MESSAGES = {"client-ready"}
_MAX_AUDIO_BYTES = 384_000  # two seconds at 48 kHz, stereo


def is_allowed(frame: Frame) -> bool:
    """Whether a frame that came from the candidate's client may pass."""
    if isinstance(frame, InputAudioRawFrame):
        return (
            8000 <= frame.sample_rate <= 48000
            and frame.num_channels in {1, 2}
            and 0 < len(frame.audio) <= _MAX_AUDIO_BYTES
            and len(frame.audio) % (2 * frame.num_channels) == 0
        )
    if isinstance(frame, InputTransportMessageFrame):
        message: Any = frame.message
        return isinstance(message, dict) and message.get("type") in _ALLOWED_MESSAGES
    return False


class CandidateSerializer(ProtobufFrameSerializer):
    """pipecat's protobuf frames, with all that a candidate's client may not send dropped on the way in."""

    async def serialize(self, frame: Frame) -> str | bytes | None:
        """The frame for the client; pipecat hands its own end in too, which no client is told that way."""
        return None if isinstance(frame, (CancelFrame, EndFrame)) else await super().serialize(frame)

    async def deserialize(self, data: str | bytes) -> Frame | None:
        """A frame of the client's, or None for one that is not allowed or can't be read.

        The frame's own id and name are the sender's: they are taken over by pipecat only for logs.
        """
        if isinstance(data, str):
            return None
        frame = await super().deserialize(data)
        return frame if frame is not None and is_allowed(frame) else None


class ClientMessageGate(FrameProcessor):
    """Stands between a room's transport and RTVI, for rooms whose messages do not pass the serializer (Daily)."""

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Drop client messages that are not allowed."""
        await super().process_frame(frame, direction)
        if isinstance(frame, InputTransportMessageFrame) and not is_allowed(frame):
            return
        await self.push_frame(frame, direction)

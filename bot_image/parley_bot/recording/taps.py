"""Processors that let the recorder hear both sides: what has come of the candidate, and what has been played."""

from pipecat.frames.frames import Frame, InputAudioRawFrame, InterruptionFrame, OutputAudioRawFrame
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from parley_bot.recording.recorder import Recorder


class CandidateTap(FrameProcessor):
    """Right after the transport's input."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self._recorder = recorder

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Take the sound, and pass the frame on."""
        await super().process_frame(frame, direction)
        if isinstance(frame, InputAudioRawFrame) and direction is FrameDirection.DOWNSTREAM:
            self._recorder.heard(frame.audio)
        await self.push_frame(frame, direction)


class InterviewerTap(FrameProcessor):
    """Right after the transport's output, where frames come in the time of their playing."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self._recorder = recorder

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Take the sound, or note that the rest is not played, and pass the frame on."""
        await super().process_frame(frame, direction)
        if direction is FrameDirection.DOWNSTREAM:
            if isinstance(frame, OutputAudioRawFrame):
                self._recorder.played(frame.audio)
            elif isinstance(frame, InterruptionFrame):
                self._recorder.cut()
        await self.push_frame(frame, direction)

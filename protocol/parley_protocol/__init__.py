"""Messages between bot, API and operator, and the stored transcript: the models that several programs must read alike.

Nothing here does I/O. Every model is frozen and rejects unknown fields on the way in, so that a version skew is an
error with a field name, not a silent loss.
"""

from parley_protocol.assignment import (
    Assignment,
    BotInputs,
    DailyRoom,
    InterviewRef,
    RoomGrant,
    RoomInputs,
    WebsocketRoom,
)
from parley_protocol.consent import ConsentRecord
from parley_protocol.events import (
    AnswerRecorded,
    ConnectionChanged,
    Event,
    EventAck,
    EventBatch,
    FinishReason,
    FinishRequest,
    NumberedEvent,
    QuestionAsked,
    ToolCalled,
    TurnSpoken,
)
from parley_protocol.internal import EraseRequest, SealRequest, SealResult
from parley_protocol.plan import (
    InferenceSettings,
    InterviewerPlan,
    InterviewPlan,
    LimitsPlan,
    ModelPlan,
    QuestionPlan,
    RecordingPlan,
    ToolPlan,
)
from parley_protocol.problem import FieldError, Problem
from parley_protocol.recording import (
    ProviderRecording,
    RecordingAccount,
    RecordingGap,
    RecordingPart,
    RecordingSegment,
)
from parley_protocol.tools import ToolAnswer, ToolOutcome, ToolRequest, ToolWebhook
from parley_protocol.transcript import Manifest, ManifestEntry, Speaker, Transcript, Turn

__all__ = [
    "AnswerRecorded",
    "Assignment",
    "BotInputs",
    "ConnectionChanged",
    "ConsentRecord",
    "DailyRoom",
    "EraseRequest",
    "Event",
    "EventAck",
    "EventBatch",
    "FieldError",
    "FinishReason",
    "FinishRequest",
    "InferenceSettings",
    "InterviewPlan",
    "InterviewRef",
    "InterviewerPlan",
    "LimitsPlan",
    "Manifest",
    "ManifestEntry",
    "ModelPlan",
    "NumberedEvent",
    "Problem",
    "ProviderRecording",
    "QuestionAsked",
    "QuestionPlan",
    "RecordingAccount",
    "RecordingGap",
    "RecordingPart",
    "RecordingPlan",
    "RecordingSegment",
    "RoomGrant",
    "RoomInputs",
    "SealRequest",
    "SealResult",
    "Speaker",
    "ToolAnswer",
    "ToolCalled",
    "ToolOutcome",
    "ToolPlan",
    "ToolRequest",
    "ToolWebhook",
    "Transcript",
    "Turn",
    "TurnSpoken",
    "WebsocketRoom",
]

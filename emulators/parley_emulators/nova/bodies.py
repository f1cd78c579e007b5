"""The bodies of the client's events that configure something, checked as Nova checks them.

From AWS's guide to Nova 2 Sonic (input events, turn-taking): the fields, their nesting and the one form of sound. It
marks no field of the audio configurations as optional, so none is here, and it gives no bounds for `maxTokens`.
`temperature` and `topP` have the bounds of the Nova models' request schema. That `sessionStart` is refused for a field
that it does not know was seen by others (livekit/agents#6200); elsewhere unknown fields are let through. Nova's own
message is "Invalid input request"; what follows it here is ours.
"""

import json
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel


class ProtocolViolationError(Exception):
    """The client sent something that may not come, or not now. The stream ends with a validationException."""


class _Body(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, alias_generator=to_camel)


class _StrictBody(_Body):
    model_config = ConfigDict(extra="forbid")


class Inference(_StrictBody):
    """How the model is to choose its words."""

    max_tokens: int | None = Field(None, gt=0)
    top_p: float | None = Field(None, ge=0, le=1)
    temperature: float | None = Field(None, ge=0, le=1)


class TurnDetection(_StrictBody):
    """How soon a pause ends the user's turn."""

    endpointing_sensitivity: Literal["HIGH", "MEDIUM", "LOW"] | None = None


class SessionStart(_StrictBody):
    """The body of sessionStart."""

    inference_configuration: Inference = Inference()
    turn_detection_configuration: TurnDetection = TurnDetection()


class _Sound(_Body):
    media_type: Literal["audio/lpcm"]
    sample_rate_hertz: Literal[8000, 16000, 24000]
    sample_size_bits: Literal[16]
    channel_count: Literal[1]
    encoding: Literal["base64"]
    audio_type: Literal["SPEECH"] = "SPEECH"


class AudioOutput(_Sound):
    """The sound that the model is to send."""

    voice_id: str


def _json_object(text: str) -> str:
    try:
        parsed = json.loads(text)
    except ValueError as error:
        raise ValueError("must be JSON") from error
    if not isinstance(parsed, dict):
        raise ValueError("must be a JSON object")  # noqa: TRY004 -- pydantic takes ValueErrors
    return text


class InputSchema(_Body):
    """A tool's parameters: JSON Schema, as a string."""

    json_: Annotated[str, AfterValidator(_json_object)] = Field(alias="json")

    @property
    def first_text(self) -> str | None:
        """The name of the first parameter that is a text."""
        properties = json.loads(self.json_).get("properties")
        named = properties.items() if isinstance(properties, dict) else ()
        return next((name for name, of in named if isinstance(of, dict) and of.get("type") == "string"), None)


class ToolSpec(_Body):
    """A tool that the model may call."""

    name: str = Field(min_length=1)
    description: str = ""
    input_schema: InputSchema


class Tool(_Body):
    """An entry of the tools."""

    tool_spec: ToolSpec


class ToolConfiguration(_Body):
    """The tools that are offered."""

    tools: list[Tool] = []


class PromptStart(_Body):
    """The body of promptStart."""

    prompt_name: str = Field(min_length=1)
    audio_output_configuration: AudioOutput
    tool_configuration: ToolConfiguration = ToolConfiguration()


class ToolResultInput(_Body):
    """Which call a result answers."""

    tool_use_id: str = Field(min_length=1)


class ContentStart(_Body):
    """The body of contentStart."""

    content_name: str = Field(min_length=1)
    type: Literal["TEXT", "AUDIO", "TOOL"]
    role: Literal["SYSTEM", "USER", "ASSISTANT", "TOOL"]
    interactive: bool = False
    audio_input_configuration: _Sound | None = None
    tool_result_input_configuration: ToolResultInput | None = None


def parse[B: BaseModel](body: type[B], kind: str, event: dict[str, Any]) -> B:
    """The event's body.

    Raises:
        ProtocolViolationError: It is not of this form; the message names the first field at fault.
    """
    try:
        return body.model_validate(event)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join((kind, *map(str, first["loc"])))
        raise ProtocolViolationError(f"Invalid input request: {field}: {first['msg']}.") from error

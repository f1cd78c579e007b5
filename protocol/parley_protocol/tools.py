"""A template's own tools: what the API needs to call one, what the bot asks for, and what it is answered."""

from enum import StrEnum
from typing import Any

from pydantic import Field

from parley_protocol.model import Message

ARGUMENTS_BYTES = 8_192
"""The longest arguments of a call, and the longest result of one, as JSON: the model has to take it in."""


class ToolWebhook(Message):
    """Where the calls of a tool go. It stays with operator and API: no bot is ever given one.

    `key` is the text that signs the calls, as it stands in its Secret.
    """

    name: str
    url: str
    key: str = Field(repr=False)
    timeout_seconds: int
    output_schema: dict[str, Any] | None = None


class ToolOutcome(StrEnum):
    """What became of a call. Everything but `OK` comes without a result."""

    OK = "ok"
    ARGUMENTS_NOT_VALID = "arguments-not-valid"
    ADDRESS_REFUSED = "address-refused"
    REDIRECT_REFUSED = "redirect-refused"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    REFUSED = "refused"
    FAILED = "failed"
    RESULT_TOO_LONG = "result-too-long"
    RESULT_NOT_VALID = "result-not-valid"
    API_AWAY = "api-away"


class ToolRequest(Message):
    """`POST /bot/v1/tools/{name}`: one call. Sent again, it reaches the webhook under the same `webhook-id`."""

    attempt: int = Field(ge=1)
    call_id: str = Field(pattern=r"^[A-Za-z0-9-]{1,64}$")
    arguments: dict[str, Any]


class ToolAnswer(Message):
    """What became of it. `result` is what the webhook answered, checked against the tool's output schema."""

    outcome: ToolOutcome
    result: Any | None = Field(default=None, repr=False)

"""A template's own tools: what the interviewer can call besides the engine's."""

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from parley_crds.base import DataKey, ObjectName, SpecModel
from parley_crds.rules import Rule, validations

ENGINE_TOOLS = ("next_question", "record_answer", "end_interview")
"""The engine's own tools, whose names a template can't take."""


class SecretKeyRef(SpecModel):
    """A key of a Secret in the same namespace, which must carry the label parley.dev/readable: "true"."""

    name: ObjectName = Field(description="The Secret's name.")
    key: DataKey = Field(description="The key within it.")


class Webhook(SpecModel):
    """Where the API sends the call; the bot never sees the address or the key."""

    url: Annotated[str, Field(min_length=9, max_length=2048, pattern=r"^https://[^\s]+$")] = Field(
        description="An https address on a public network."
    )
    secret_ref: SecretKeyRef | None = Field(default=None, description="The key that signs the calls.")
    timeout_seconds: int = Field(default=5, ge=1, le=30, description="How long an answer may take, in seconds.")


class Tool(SpecModel):
    """A tool that the interviewer can call while it talks."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            Rule(
                f"!(self.name in {list(ENGINE_TOOLS)})",
                f"tools[].name must not be one of the engine's own: {', '.join(ENGINE_TOOLS)}",
                ".name",
            )
        )
    )

    name: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-zA-Z][a-zA-Z0-9_]*$")] = Field(
        description="What the model calls it by; unique within the template."
    )
    description: Annotated[str, Field(min_length=1, max_length=1000)] = Field(
        description="When to call it and what it does, in words for the model."
    )
    input_schema: dict[str, Any] = Field(
        description="The JSON Schema of its arguments.",
        json_schema_extra={"x-kubernetes-preserve-unknown-fields": True},
    )
    webhook: Webhook = Field(description="Where a call goes.")

"""A template's own tools: what the interviewer can call besides the engine's."""

from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from parley_crds.base import DataKey, ObjectName, SpecModel
from parley_crds.json_schemas import JsonSchema
from parley_crds.rules import Rule, validations

ENGINE_TOOLS = (
    "next_question",
    "record_answer",
    "repeat_question",
    "skip_question",
    "give_time",
    "end_interview",
)
"""The engine's own tools, whose names a template can't take."""
_FREE_FORM: JsonDict = {"x-kubernetes-preserve-unknown-fields": True}


class SecretKeyRef(SpecModel):
    """A key of a Secret in the same namespace, which must carry the label parley.dev/readable: "true"."""

    name: ObjectName = Field(description="The Secret's name.")
    key: DataKey = Field(description="The key within it.")


class Webhook(SpecModel):
    """Where the API sends the call; neither the bot nor the model ever sees the address or the key."""

    url: Annotated[str, Field(min_length=9, max_length=2048, pattern=r"^https://[^\s/?#@]+([/?#]\S*)?$")] = Field(
        description="An https address on a public network, without a user name in it."
    )
    secret_ref: SecretKeyRef = Field(
        description="The key that signs the calls (Standard Webhooks): 16 characters or more, or whsec_ and base64."
    )
    timeout_seconds: int = Field(
        default=5, ge=1, le=30, description="How long an answer may take in all, a second try counted in, in seconds."
    )


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
    input_schema: JsonSchema = Field(
        description="The JSON Schema (draft 2020-12, without references) of its arguments, an object.",
        json_schema_extra=_FREE_FORM,
    )
    output_schema: JsonSchema | None = Field(
        default=None,
        description="The JSON Schema that an answer has to fit, an object; unset, any JSON.",
        json_schema_extra=_FREE_FORM,
    )
    webhook: Webhook = Field(description="Where a call goes.")

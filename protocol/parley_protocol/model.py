"""The base of every message: frozen, camelCase on the wire, unknown fields refused."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Message(BaseModel):
    """A message of the wire or the store: immutable, strict about unknown fields.

    Its validation errors name fields and no values: those are what candidates said, and keys.
    """

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, frozen=True, extra="forbid", hide_input_in_errors=True
    )

    def to_json(self) -> bytes:
        """The wire form: UTF-8 JSON with camelCase names, fields that are None left out."""
        return self.model_dump_json(by_alias=True, exclude_none=True).encode()

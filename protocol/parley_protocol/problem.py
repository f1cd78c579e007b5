"""Problem details for HTTP APIs, RFC 9457."""

from pydantic import BaseModel, ConfigDict


class FieldError(BaseModel):
    """One field of the request that was refused, named by its path in the document, and why."""

    model_config = ConfigDict(frozen=True)

    field: str
    message: str


class Problem(BaseModel):
    """`application/problem+json`. `type` is `https://parley.dev/problems/<slug>`."""

    model_config = ConfigDict(frozen=True)

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldError] = []

"""Daily's errors: a stable `error`, and `info` for people."""

from typing import Any


class DailyError(Exception):
    """A call that Daily refuses.

    Args:
        status: The HTTP status.
        error: Daily's name of the error, such as `invalid-request-error`.
        info: What was wrong, for people.
        members: More of the body.
        headers: More headers.
    """

    def __init__(
        self,
        status: int,
        error: str,
        info: str | None = None,
        members: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(info or error)
        self.status = status
        self.headers = headers or {}
        self.body: dict[str, Any] = {"error": error} | ({"info": info} if info else {}) | (members or {})


def invalid(info: str) -> DailyError:
    """The request is not as it should be."""
    return DailyError(400, "invalid-request-error", info)


def not_found(info: str, **members: Any) -> DailyError:
    """There is no such thing."""
    return DailyError(404, "not-found", info, members)

"""What a room provider answers when it does not do what it was asked."""


class RoomError(Exception):
    """A room could not be had; each subclass says what to do next."""


class RoomAuthError(RoomError):
    """The provider does not know this installation's key: a person has to mend it, asking again is of no use."""


class RoomNotFoundError(RoomError):
    """There is no such room: it was never made, or has expired. Ensure it again."""


class RoomRejectedError(RoomError):
    """The provider understood the request and refuses it; the same request is refused again."""


class RoomUnavailableError(RoomError):
    """The provider can't be reached, fails, or wants less traffic. Ask again, after `retry_after` seconds if given."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after

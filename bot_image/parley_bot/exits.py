"""How the bot ends: the errors that lead to its exit codes.

A bot that can't go on does not finish the interview: it says that it leaves and ends with its code, and the operator
starts the next attempt, or gives up when there were enough.
"""

from parley_protocol.exits import ExitCode


class BotError(Exception):
    """The bot can't go on; `exit_code` says how it ends."""

    exit_code = ExitCode.NOT_REPORTED


class ModelRefusedError(BotError):
    """The model does not answer: no access, expired credentials, or not reachable."""

    exit_code = ExitCode.MODEL_REFUSED


class RoomNotJoinedError(BotError):
    """The room could not be joined."""

    exit_code = ExitCode.ROOM_NOT_JOINED


class RoomLostError(BotError):
    """The room, or the bot's way into it, ended underneath the conversation."""

    exit_code = ExitCode.ROOM_LOST


class FaultError(BotError):
    """Something of the bot's own failed."""

    exit_code = ExitCode.CRASHED


class ApiRefusedError(BotError):
    """The API does not take this bot: another attempt is current, the interview is over, or its token is not valid."""

    exit_code = ExitCode.API_REFUSED


class TerminatedError(BotError):
    """The pod is to go."""

    exit_code = ExitCode.TERMINATED


class ApiUnavailableError(BotError):
    """The API could not be reached in time."""

    exit_code = ExitCode.NOT_REPORTED

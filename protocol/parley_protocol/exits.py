"""How a bot's process ends, as the operator reads it."""

from enum import IntEnum


class ExitCode(IntEnum):
    """Why the process ended. Every other code is a crash, which the operator answers with a replacement."""

    FINISHED = 0
    CRASHED = 1
    MODEL_REFUSED = 10
    ROOM_NOT_JOINED = 11
    API_REFUSED = 12
    NOT_REPORTED = 13
    ROOM_LOST = 14
    TERMINATED = 143

"""TCP that sends at once, for connections of a library that opens them itself and knows no such option.

awscrt leaves Nagle's algorithm on: whatever is sent while something before it is not acknowledged waits for that, up
to 40 ms at a peer that has nothing to say. Beside sound, a piece each 20 ms, that is every tool's result.
"""

import os
import socket
from contextlib import suppress
from pathlib import Path

from loguru import logger

_OWN = Path("/proc/self/fd")


def send_at_once() -> int:
    """Switch Nagle's algorithm off on every TCP connection of this process; how many had it on.

    Without Linux's list of what a process has open it changes nothing.
    """
    changed = 0
    for entry in _OWN.glob("*"):
        # What is closed meanwhile, or is no TCP connection, says so.
        with suppress(OSError):
            if entry.readlink().name.startswith("socket:"):
                changed += _changed(int(entry.name))
    logger.debug("{} connections send at once", changed)
    return changed


def _changed(descriptor: int) -> bool:
    # A duplicate has the connection's options and is ours to close.
    with socket.socket(fileno=os.dup(descriptor)) as connection:
        if connection.type != socket.SOCK_STREAM or connection.family not in (socket.AF_INET, socket.AF_INET6):
            return False
        if connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY):
            return False
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return True

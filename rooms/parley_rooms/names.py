"""Names of rooms: only the holder of an installation's key makes one, so whoever removes a room knows whose it is.

A provider's account has no labels for rooms and may serve other installations and people. A prefix would not tell them
apart (`parley` and `parley-test`, or two clusters that both kept the default), so each name ends with a tag.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from typing import Final

_ROOM_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,128}", re.ASCII)
_SHOWN: Final = 40
"""How much of the installation's name is shown for people, so that every legal one fits; the tag binds all of it."""
_TAG_DIGITS: Final = 16


def room_name(key: bytes, installation: str, child: str) -> str:
    """`parley-<installation>-<child>-<tag>`: the same for ever for one Interview's children.

    Args:
        key: the installation's link key that signs.
        installation: its name.
        child: what the Interview's objects are called.

    Raises:
        ValueError: the result is no name that every provider takes (128 of A-Z, a-z, 0-9, dash and underscore).
    """
    name = f"{_prefix(installation)}{child}-{_tag(key, installation, child)}"
    if not child or not _ROOM_NAME.fullmatch(name):
        raise ValueError(f"{name!r} can't be the name of a room")
    return name


def child_of_room(keys: Sequence[bytes], installation: str, name: str) -> str | None:
    """Which child a room was made for, where this installation made the name; None for every other room.

    `keys` are all of its link keys: a room keeps the name that it was made by.
    """
    prefix = _prefix(installation)
    child, _, tag = name.removeprefix(prefix).rpartition("-")
    if not name.startswith(prefix) or not child or not name.isascii():
        return None
    own = any(hmac.compare_digest(tag, _tag(key, installation, child)) for key in keys)
    return child if own else None


def _prefix(installation: str) -> str:
    return f"parley-{installation[:_SHOWN]}-"


def _tag(key: bytes, installation: str, child: str) -> str:
    return hmac.new(key, f"room|{installation}|{child}".encode(), hashlib.sha256).hexdigest()[:_TAG_DIGITS]

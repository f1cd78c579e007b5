"""Join links: a token that only the holder of the link key can make, bound to one Interview and one epoch of its link.

The token needs no storage: operator and API share the key, so a lost Secret is rebuilt with the very same link, and
raising `spec.linkEpoch` revokes it. It travels in the URL's fragment, which no server or mail gateway logs.

A key is changed without a link lost by having two for a time: the first one signs, and what any of them signed is true.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_TOKEN: Final = re.compile(
    r"v1\.(?P<uid>[A-Za-z0-9-]{1,64})\.(?P<epoch>0|[1-9][0-9]{0,9})\.(?P<mac>[A-Za-z0-9_-]{43})", re.ASCII
)
KEY_BYTES_MIN: Final = 32
"""A shorter link key is refused: it signs every link of the installation."""
KEYS_MAX: Final = 4
"""More link keys than a change has any use for; each costs every forged link an HMAC."""


class LinkError(Exception):
    """The link opens nothing."""


class LinkForged(LinkError):
    """Not a token of this installation: damaged in the mail, of another installation, or made up."""


class LinkRevoked(LinkError):
    """A true token of an earlier epoch: a newer link was made."""


@dataclass(frozen=True)
class Link:
    """What a true token says: the Interview's uid and the epoch that the link was made in."""

    uid: str
    epoch: int

    def require_epoch(self, epoch: int) -> None:
        """Raise `LinkRevoked` unless the link is of this epoch, the Interview's `spec.linkEpoch`."""
        if self.epoch != epoch:
            raise LinkRevoked("this link was replaced by a newer one")


def link_keys(text: str) -> tuple[bytes, ...]:
    """The link keys of an installation, one a line: the first one signs, each of them is accepted.

    Blanks and line ends around a key are none of it.

    Raises:
        ValueError: there is none, one is too short, or there are more than `KEYS_MAX`; the keys are not told.
    """
    keys = tuple(line.strip().encode() for line in text.split("\n") if line.strip())
    if not keys or min(map(len, keys)) < KEY_BYTES_MIN:
        which = " each, one a line" if len(keys) > 1 else ""
        raise ValueError(f"must have at least {KEY_BYTES_MIN} characters{which}")
    if len(keys) > KEYS_MAX:
        raise ValueError(f"must be {KEYS_MAX} keys at most, one a line")
    return keys


def mint_link(key: bytes, uid: str, epoch: int) -> str:
    """The token `v1.<uid>.<epoch>.<mac>`: always the same for the same key, Interview and epoch.

    Raises:
        ValueError: the key is too short, or uid or epoch are none.
    """
    _require_key(key)
    token = f"v1.{uid}.{epoch}.{_mac(key, f'join|v1|{uid}|{epoch}')}"
    if not _TOKEN.fullmatch(token):
        raise ValueError(f"no link can be made for uid {uid!r} and epoch {epoch}")
    return token


def verify_link(keys: Sequence[bytes], token: str) -> Link:
    """What the token says, when it was made with one of these keys.

    The Interview is found by the token's uid, so its epoch is known only after: see `Link.require_epoch`.

    Raises:
        LinkForged: the token was made with none of them.
    """
    for key in keys:
        _require_key(key)
    match = _TOKEN.fullmatch(token)
    if match is None:
        raise LinkForged("this is not a complete interview link")
    link = Link(match["uid"], int(match["epoch"]))
    text = f"join|v1|{link.uid}|{link.epoch}"
    if not any(hmac.compare_digest(_mac(key, text), match["mac"]) for key in keys):
        raise LinkForged("this link was not made here")
    return link


def claimed_uid(token: str) -> str | None:
    """The uid that a token names, true or not; None when it has not even a token's form. 64 characters at most."""
    match = _TOKEN.fullmatch(token)
    return None if match is None else match["uid"]


def link_url(base_url: str, token: str) -> str:
    """The link for the candidate: `<base>/join#<token>`."""
    return f"{base_url.rstrip('/')}/join#{token}"


def ticket_key(key: bytes, uid: str) -> bytes:
    """The 32 bytes that sign the tickets of one Interview's WebSocket room, derived from the link key.

    Derived, so that the bot's inputs can be made anew after a crash without invalidating a ticket; a bot that learns
    its own key learns nothing of another interview's.
    """
    _require_key(key)
    return hmac.new(key, f"ticket|{uid}".encode(), hashlib.sha256).digest()


def _require_key(key: bytes) -> None:
    if len(key) < KEY_BYTES_MIN:
        raise ValueError(f"the link key has {len(key)} bytes, at least {KEY_BYTES_MIN} are needed")


def _mac(key: bytes, text: str) -> str:
    digest = hmac.new(key, text.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

"""Tickets into a WebSocket room: signed by the API when a candidate joins, verified and burned by the bot.

A ticket opens one connection to one attempt of one interview, within seconds. The API can run in several replicas
and the bot alone sees every connection, so the bot alone can tell that a ticket was used before.
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Sequence
from typing import Final

from pydantic import Field, ValidationError

from parley_protocol.model import Message

TICKET_SECONDS: Final = 30
"""How long a ticket can be used."""
CLOCK_SKEW_SECONDS: Final = 30
"""How far ahead of the bot's clock the API's may be; a signed ticket that lives longer than this was not for now."""
_SHAPE: Final = re.compile(r"[A-Za-z0-9_-]{1,512}\.[A-Za-z0-9_-]{43}", re.ASCII)


class TicketError(Exception):
    """The ticket opens nothing. A page mends it by asking for a new one."""


class TicketForged(TicketError):
    """Not a ticket, or not signed with this interview's key."""


class TicketExpired(TicketError):
    """Its time is over."""


class TicketMismatch(TicketError):
    """A true ticket of another interview or of another attempt."""


class TicketUsed(TicketError):
    """It opened a connection before."""


class TicketBookFull(TicketError):
    """More tickets than anybody joins with were used within their lifetime."""


class Ticket(Message):
    """What a ticket says. `exp` is in seconds since the epoch; `jti` makes each ticket one of a kind.

    `record`: the template asks for it and the candidate has agreed, so this connection is recorded.
    """

    uid: str = Field(max_length=64)
    attempt: int = Field(ge=1)
    exp: int
    jti: str = Field(min_length=16, max_length=64)
    record: bool = False


def mint_ticket(key: bytes, uid: str, attempt: int, *, now: float, record: bool = False) -> str:
    """A ticket that lives `TICKET_SECONDS` from `now` (seconds since the epoch), signed with the interview's key."""
    exp = int(now) + TICKET_SECONDS
    ticket = Ticket(uid=uid, attempt=attempt, exp=exp, jti=secrets.token_urlsafe(16), record=record)
    body = _encode(ticket.to_json())
    return f"{body}.{_signature(key, body)}"


def verify_ticket(keys: Sequence[bytes], ticket: str, *, uid: str, attempt: int, now: float) -> Ticket:
    """What the ticket says, when it is one for this interview and attempt and of this time.

    `keys` are those that the interview's bot may have been given: two, while the installation's key is being changed.

    Raises:
        TicketForged: it has another shape or another signature.
        TicketMismatch: it is for another interview or attempt.
        TicketExpired: its time is over, or lies in a future that no ticket has.
    """
    if not _SHAPE.fullmatch(ticket):
        raise TicketForged("this is not a ticket")
    body, signature = ticket.split(".")
    if not any(hmac.compare_digest(_signature(key, body), signature) for key in keys):
        raise TicketForged("the ticket is not signed with this interview's key")
    read = _read(body)
    if (read.uid, read.attempt) != (uid, attempt):
        raise TicketMismatch("the ticket is for another interview or another attempt")
    if not now < read.exp <= now + TICKET_SECONDS + CLOCK_SKEW_SECONDS:
        raise TicketExpired("the ticket is not of this time")
    return read


class TicketBook:
    """Remembers the tickets that were used for as long as they could be used again.

    It holds at most `capacity` tickets. A full book refuses, since forgetting one would let it be used twice.
    """

    def __init__(self, capacity: int = 1024) -> None:
        self._capacity = capacity
        self._used: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._used)

    def burn(self, ticket: Ticket, *, now: float) -> None:
        """Use a verified ticket up.

        Raises:
            TicketUsed: it was used before.
            TicketBookFull: too many tickets are in use at a time.
        """
        self._used = {jti: exp for jti, exp in self._used.items() if exp > now}
        if ticket.jti in self._used:
            raise TicketUsed("the ticket was used before")
        if len(self._used) >= self._capacity:
            raise TicketBookFull("too many tickets were used within their lifetime")
        self._used[ticket.jti] = ticket.exp


def _read(body: str) -> Ticket:
    try:
        return Ticket.model_validate(json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))))
    except (binascii.Error, ValueError, ValidationError) as error:
        raise TicketForged("the ticket can't be read") from error


def _signature(key: bytes, body: str) -> str:
    return _encode(hmac.new(key, b"ticket|v1|" + body.encode(), hashlib.sha256).digest())


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

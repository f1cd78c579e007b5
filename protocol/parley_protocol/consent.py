"""The candidate's consent, as it is kept with the transcript: the Interview that told of it goes with its TTL."""

from pydantic import AwareDatetime

from parley_protocol.model import Message


class ConsentRecord(Message):
    """Which version of the consent's text the candidate agreed to, and when."""

    version: str
    given_at: AwareDatetime | None = None

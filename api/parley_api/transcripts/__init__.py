"""Transcripts: the durable log of events, what becomes of it at the end, and its forms."""

from parley_api.transcripts.archive import read
from parley_api.transcripts.erasure import erase
from parley_api.transcripts.render import ARTIFACTS, Format

__all__ = ["ARTIFACTS", "Format", "erase", "read"]

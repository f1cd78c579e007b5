"""Operator → API: finish what a dead bot left, and erase."""

from parley_protocol.model import Message


class SealRequest(Message):
    """`POST /internal/v1/interviews/{uid}/seal`: write the transcript from the stored events, with this reason."""

    namespace: str
    name: str
    reason: str = "Sealed"


class SealResult(Message):
    """`sealed` is False when nothing was ever stored for this interview, so there is no transcript."""

    sealed: bool
    turns: int


class EraseRequest(Message):
    """`POST /internal/v1/interviews/{uid}/erase`: remove every artifact of the interview."""

    namespace: str
    name: str

"""How much of the conversation a new session of the model is told, within Nova Sonic's bounds.

https://docs.aws.amazon.com/nova/latest/nova2-userguide/sonic-chat-history.html: a kilobyte in one piece, 40 in all.
"""

from collections.abc import Iterator, Sequence

PIECE_BYTES = 1024
HISTORY_BYTES = 38 * 1024


def pieces(text: str, size: int = PIECE_BYTES) -> Iterator[str]:
    """The text in parts of at most `size` bytes of UTF-8; no letter is cut."""
    raw = text.encode()
    while raw:
        # What is left of a letter that was cut begins the next part.
        part = raw[:size].decode(errors="ignore")
        yield part
        raw = raw[len(part.encode()) :]


def recent[M](messages: Sequence[M], limit: int = HISTORY_BYTES) -> list[M]:
    """The last messages that hold no more than `limit` bytes of text together, from one of the user's on."""
    total, kept = 0, list[M]()
    for message in reversed(messages):
        total += len(_text(message).encode())
        if total > limit:
            break
        kept.append(message)
    kept.reverse()
    while kept and not _is_users(kept[0]):
        kept.pop(0)
    return kept


def _text(message: object) -> str:
    """Of a message of pipecat's context, or of its session continuation's own history."""
    return str(message.get("content") or message.get("text") or "") if isinstance(message, dict) else ""


def _is_users(message: object) -> bool:
    return isinstance(message, dict) and str(message.get("role")).lower() == "user"

"""How a call is signed: Standard Webhooks, https://www.standardwebhooks.com (symmetric, version 1).

A receiver checks it with that project's library in its own language; the id stays the same when a call is tried again,
so that a receiver can tell.
"""

import base64
import hashlib
import hmac

PREFIX = "whsec_"


def headers(key: str, message_id: str, timestamp: int, body: bytes) -> dict[str | bytes, str | bytes]:
    """The three headers that say who calls.

    Args:
        key: The text of the key's Secret: `whsec_` and base64, or any other text, which counts by its UTF-8 bytes.
        message_id: Unique for the call.
        timestamp: Seconds since 1970.
        body: The body as it is sent.
    """
    # As the libraries of Standard Webhooks read it: the base64 may lack its padding.
    secret = base64.b64decode(key.removeprefix(PREFIX) + "==") if key.startswith(PREFIX) else key.encode()
    signed = f"{message_id}.{timestamp}.".encode() + body
    signature = base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{signature}",
    }

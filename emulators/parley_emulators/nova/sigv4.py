"""AWS Signature Version 4 as the server sees it: a request's Authorization header, then the chain of chunk signatures.

The algorithm is AWS's public one ("Create a signed AWS API request" and "Signature calculations ... event streams");
texts and types of the refusals are those that Bedrock answers with. What must be signed is the former's: the host and
every x-amz-* header that is sent.
"""

import hmac
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from urllib.parse import quote, unquote

from smithy_aws_event_stream.events import EventMessage

SERVICE = "bedrock"
STREAM_HASH = "STREAMING-AWS4-HMAC-SHA256-EVENTS"
"""What x-amz-content-sha256 says of a body that is an event stream."""
_AUTHORIZATION = re.compile(
    r"^AWS4-HMAC-SHA256 Credential=(?P<key>[^/,]+)/(?P<scope>[^,]+), ?SignedHeaders=(?P<headers>[^,]+), ?"
    r"Signature=(?P<signature>[0-9a-f]{64})$"
)
_TIME = "%Y%m%dT%H%M%SZ"
_SKEW = timedelta(minutes=5)
_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)


class SignatureRefusedError(Exception):
    """The request is not let in. `error_type` is what goes out as x-amzn-errortype, with status 403."""

    def __init__(self, error_type: str, message: str) -> None:
        super().__init__(message)
        self.error_type = error_type
        self.message = message


@dataclass(frozen=True)
class Secret:
    """The credentials let in, and where they are good for. Temporary ones have a session token."""

    access_key_id: str
    secret_access_key: str
    region: str
    session_token: str | None = None


@dataclass(frozen=True)
class Request:
    """What of a request is signed. Header names are in lower case; `path` is as on the wire."""

    method: str
    path: str
    headers: Mapping[str, str]


def verify_request(request: Request, secret: Secret, now: datetime) -> "ChunkVerifier":
    """Check the request's signature; the answer checks the chunks that follow it.

    Raises:
        SignatureRefusedError: It is missing, of another key, scope or time, or not what the secret gives.
    """
    header = request.headers.get("authorization")
    if header is None:
        raise SignatureRefusedError("MissingAuthenticationTokenException", "Missing Authentication Token")
    parsed = _AUTHORIZATION.match(header)
    if parsed is None:
        raise SignatureRefusedError(
            "IncompleteSignatureException", "Authorization header requires 'Credential', 'SignedHeaders', 'Signature'."
        )
    token = request.headers.get("x-amz-security-token", "")
    if not _same(parsed["key"], secret.access_key_id) or not _same(token, secret.session_token or ""):
        raise SignatureRefusedError(
            "UnrecognizedClientException", "The security token included in the request is invalid."
        )
    time = _signed_time(request.headers.get("x-amz-date", ""), now)
    scope = _scope(time, secret.region)
    if parsed["scope"] != scope:
        raise SignatureRefusedError("InvalidSignatureException", f"Credential should be scoped to {scope!r}.")
    signed = parsed["headers"].split(";")
    _require_signed(request, signed)
    to_sign = "\n".join(("AWS4-HMAC-SHA256", time, scope, _hex(_canonical_request(request, signed))))
    key = _signing_key(secret, time)
    if not hmac.compare_digest(hmac.digest(key, to_sign.encode(), sha256).hex(), parsed["signature"]):
        raise SignatureRefusedError("InvalidSignatureException", _MISMATCH)
    return ChunkVerifier(secret, parsed["signature"])


class ChunkVerifier:
    """The chain of signatures over a request's chunks: each one signs the one before it."""

    def __init__(self, secret: Secret, seed: str) -> None:
        self._secret = secret
        self._prior = seed

    def verify(self, message: EventMessage) -> bytes:
        """Check the next envelope of the stream and return what is inside: an encoded inner frame, or b"" at the end.

        Raises:
            SignatureRefusedError: The envelope is unsigned, or its signature does not continue the chain.
        """
        date, signature = message.headers.get(":date"), message.headers.get(":chunk-signature")
        if not isinstance(date, datetime) or not isinstance(signature, bytes):
            raise SignatureRefusedError("InvalidSignatureException", "The event stream message is not signed.")
        # The header is signed as it went over the wire: name, type 8, milliseconds since the epoch.
        encoded = struct.pack("!B5sBq", 5, b":date", 8, round(date.timestamp() * 1000))
        time = date.astimezone(UTC).strftime(_TIME)
        scope = _scope(time, self._secret.region)
        to_sign = "\n".join(
            ("AWS4-HMAC-SHA256-PAYLOAD", time, scope, self._prior, _hex(encoded), _hex(message.payload))
        )
        expected = hmac.digest(_signing_key(self._secret, time), to_sign.encode(), sha256)
        if not hmac.compare_digest(expected, signature):
            raise SignatureRefusedError("InvalidSignatureException", _MISMATCH)
        self._prior = signature.hex()
        return message.payload


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())


def _require_signed(request: Request, signed: list[str]) -> None:
    for name in ("host", *sorted(name for name in request.headers if name.startswith("x-amz-"))):
        if name not in signed:
            raise SignatureRefusedError(
                "InvalidSignatureException", f"'{name}' must be a 'SignedHeader' in the AWS Authorization."
            )
    if request.headers.get("x-amz-content-sha256") != STREAM_HASH:
        raise SignatureRefusedError("InvalidSignatureException", f"x-amz-content-sha256 must be {STREAM_HASH}.")


def _signed_time(date: str, now: datetime) -> str:
    try:
        signed = datetime.strptime(date, _TIME).replace(tzinfo=UTC)
    except ValueError as error:
        raise SignatureRefusedError(
            "IncompleteSignatureException", f"Date must be in ISO-8601 'basic format'. Got '{date}'."
        ) from error
    if signed < now - _SKEW:
        raise SignatureRefusedError(
            "InvalidSignatureException", f"Signature expired: {date} is earlier than the limit."
        )
    if signed > now + _SKEW:
        raise SignatureRefusedError("InvalidSignatureException", f"Signature not yet current: {date} is still later.")
    return date


def _canonical_request(request: Request, signed: list[str]) -> bytes:
    path, _, query = request.path.partition("?")
    # The path is encoded once more than on the wire, as for every service but S3.
    canonical_path = quote(path, safe="/~")
    parameters = (part.partition("=") for part in query.split("&") if part)
    encoded = sorted((quote(unquote(k), safe="~"), quote(unquote(v), safe="~")) for k, _, v in parameters)
    lines = [f"{name}:{' '.join(_header(request, name).split())}\n" for name in signed]
    parts = (
        request.method, canonical_path, "&".join(f"{k}={v}" for k, v in encoded), "".join(lines), ";".join(signed),
        STREAM_HASH,
    )  # fmt: skip
    return "\n".join(parts).encode()


def _header(request: Request, name: str) -> str:
    # HTTP/2 carries the host as a pseudo-header.
    value = request.headers.get(name) or (request.headers.get(":authority") if name == "host" else None)
    if value is None:
        raise SignatureRefusedError(
            "InvalidSignatureException", f"'{name}' is a signed header but is not in the request."
        )
    return value


def _scope(time: str, region: str) -> str:
    return f"{time[:8]}/{region}/{SERVICE}/aws4_request"


def _signing_key(secret: Secret, time: str) -> bytes:
    key = f"AWS4{secret.secret_access_key}".encode()
    for part in (time[:8], secret.region, SERVICE, "aws4_request"):
        key = hmac.digest(key, part.encode(), sha256)
    return key


def _hex(data: bytes) -> str:
    return sha256(data).hexdigest()

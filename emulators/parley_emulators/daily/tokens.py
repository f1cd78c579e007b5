"""Meeting tokens: JSON Web Tokens signed by the domain, with Daily's short names of the claims."""

import base64
import binascii
import hmac
import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from parley_emulators.daily.errors import invalid
from parley_emulators.daily.models import TokenProperties

# https://docs.daily.co/reference/rest-api/meeting-tokens/self-signing-tokens
_CLAIMS = {
    "room_name": "r", "user_id": "ud", "user_name": "u", "is_owner": "o", "nbf": "nbf", "exp": "exp",
    "eject_at_token_exp": "ejt", "eject_after_elapsed": "eje", "enable_screenshare": "ss", "enable_recording": "er",
    "start_video_off": "vo", "start_audio_off": "ao", "start_cloud_recording": "sr", "permissions": "p",
}  # fmt: skip
_HEADER = {"alg": "HS256", "typ": "JWT"}


@dataclass(frozen=True)
class Signer:
    """The domain's key. What one key signed, no other accepts."""

    key: bytes
    domain_id: str

    def mint(self, properties: TokenProperties, now: float) -> str:
        """A token with these properties."""
        given = properties.model_dump(exclude_none=True)
        claims = {_CLAIMS.get(name, name): value for name, value in given.items()}
        body = f"{_encode(_HEADER)}.{_encode(claims | {'d': self.domain_id, 'iat': int(now)})}"
        return f"{body}.{self._sign(body)}"

    def read(self, token: str) -> TokenProperties:
        """The properties of a token that this domain signed.

        Raises:
            DailyError: It did not, or it is no token.
        """
        body, _, signature = token.rpartition(".")
        if not hmac.compare_digest(self._sign(body), signature):
            raise invalid("the token's signature is invalid")
        try:
            claims: dict[str, Any] = json.loads(_decode(body.partition(".")[2]))
        except (ValueError, binascii.Error) as error:
            raise invalid("the token is malformed") from error
        names = {claim: name for name, claim in _CLAIMS.items()}
        kept = {names.get(claim, claim): value for claim, value in claims.items() if claim not in ("d", "iat")}
        return TokenProperties.model_validate(kept)

    def _sign(self, body: str) -> str:
        return _base64(hmac.digest(self.key, body.encode(), sha256))


def _encode(document: dict[str, Any]) -> str:
    return _base64(json.dumps(document, separators=(",", ":")).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

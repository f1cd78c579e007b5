"""A call is signed as the receivers' own library checks it."""

import json
import time

import pytest
from parley_api.webhooks import signing
from standardwebhooks import Webhook, WebhookVerificationError

BODY = b'{"tool":"salary","arguments":{"level":"senior \xc3\xbc"}}'


@pytest.mark.parametrize(
    ("key", "theirs"),
    [
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa8", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa8="),
        ("a plain text of ours", b"a plain text of ours"),
    ],
)
def test_the_receivers_library_takes_it(key: str, theirs: str | bytes) -> None:
    headers = {str(k): str(v) for k, v in signing.headers(key, "id-1", int(time.time()), BODY).items()}
    assert Webhook(theirs).verify(BODY, headers) == json.loads(BODY)
    with pytest.raises(WebhookVerificationError):
        Webhook(theirs).verify(BODY.replace(b"senior", b"junior"), headers)

"""Signatures made by AWS's own signers, and what is wrong with others."""

import hmac
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from aws_sdk_signers import AsyncEventSigner
from parley_emulators.nova import sigv4
from parley_emulators.nova.framing import decode
from parley_emulators.nova.sigv4 import ChunkVerifier, Request, Secret, SignatureRefusedError, verify_request
from smithy_aws_event_stream.events import EventHeaderEncoder, EventMessage
from support.nova_client import Credentials, signed_headers

SECRET = Secret("AKIATEST", "the-secret", "us-east-1")
GOOD = Credentials()


async def signed(credentials: Credentials = GOOD, model: str = "amazon.nova-2-sonic-v1:0") -> Request:
    headers = await signed_headers(8443, model, credentials)
    return Request("POST", headers[":path"], headers)


def refusal(request: Request, now: datetime | None = None) -> SignatureRefusedError:
    with pytest.raises(SignatureRefusedError) as refused:
        verify_request(request, SECRET, now or datetime.now(UTC))
    return refused.value


@pytest.mark.parametrize(
    "model", ["amazon.nova-2-5-sonic", "amazon.nova-2-sonic-v1:0", "a model/with ~ odd+characters"]
)
async def test_a_signature_of_awss_own_signer_is_good(model: str) -> None:
    verify_request(await signed(model=model), SECRET, datetime.now(UTC))


async def test_another_secret_is_refused() -> None:
    error = refusal(await signed(replace(GOOD, secret_access_key="another")))
    assert error.error_type == "InvalidSignatureException"
    assert "does not match the signature you provided" in error.message


async def test_another_access_key_is_refused() -> None:
    assert refusal(await signed(replace(GOOD, access_key_id="AKIAOTHER"))).error_type == "UnrecognizedClientException"


async def test_another_region_is_refused() -> None:
    error = refusal(await signed(replace(GOOD, region="eu-north-1")))
    assert error.error_type == "InvalidSignatureException"
    assert "us-east-1/bedrock/aws4_request" in error.message


async def test_a_changed_path_and_a_changed_header_are_refused() -> None:
    request = await signed()
    assert refusal(replace(request, path=request.path + "x")).error_type == "InvalidSignatureException"
    changed = dict(request.headers) | {"content-type": "text/plain"}
    assert refusal(replace(request, headers=changed)).error_type == "InvalidSignatureException"
    missing = {name: value for name, value in request.headers.items() if name != "content-type"}
    assert "'content-type'" in refusal(replace(request, headers=missing)).message


async def test_a_missing_and_a_broken_header_are_refused() -> None:
    request = await signed()
    without = {name: value for name, value in request.headers.items() if name != "authorization"}
    assert refusal(replace(request, headers=without)).error_type == "MissingAuthenticationTokenException"
    broken = dict(request.headers) | {"authorization": "Bearer abc"}
    assert refusal(replace(request, headers=broken)).error_type == "IncompleteSignatureException"


def resigned(request: Request, *names: str, secret: Secret = SECRET, **changed: str) -> Request:
    """The request with other headers, signed anew by these names."""
    headers = {k: v for k, v in request.headers.items() if k != "authorization"}
    headers |= {name.replace("_", "-"): value for name, value in changed.items()}
    time = headers["x-amz-date"]
    scope = f"{time[:8]}/{secret.region}/bedrock/aws4_request"
    canonical = sigv4._canonical_request(Request("POST", request.path, headers), list(names))
    to_sign = "\n".join(("AWS4-HMAC-SHA256", time, scope, sigv4._hex(canonical)))
    signature = hmac.digest(sigv4._signing_key(secret, time), to_sign.encode(), sha256).hex()
    credential = f"Credential={secret.access_key_id}/{scope}, SignedHeaders={';'.join(names)}"
    return replace(
        request, headers=headers | {"authorization": f"AWS4-HMAC-SHA256 {credential}, Signature={signature}"}
    )


ALL = ("content-type", "host", "x-amz-content-sha256", "x-amz-date")


@pytest.mark.parametrize("missing", ["host", "x-amz-date", "x-amz-content-sha256"])
async def test_what_must_be_signed(missing: str) -> None:
    request = await signed()
    verify_request(resigned(request, *ALL), SECRET, datetime.now(UTC))
    error = refusal(resigned(request, *(name for name in ALL if name != missing)))
    assert error.message == f"'{missing}' must be a 'SignedHeader' in the AWS Authorization."


async def test_another_hash_than_a_streams_is_refused() -> None:
    changed = resigned(await signed(), *ALL, x_amz_content_sha256=sha256(b"").hexdigest())
    assert "STREAMING-AWS4-HMAC-SHA256-EVENTS" in refusal(changed).message


async def test_a_session_token_belongs_to_its_key() -> None:
    temporary = replace(SECRET, session_token="the-token")
    request = await signed(replace(GOOD, session_token="the-token"))
    verify_request(request, temporary, datetime.now(UTC))
    for credentials, secret in [(GOOD, temporary), (replace(GOOD, session_token="x"), temporary)]:
        with pytest.raises(SignatureRefusedError) as refused:
            verify_request(await signed(credentials), secret, datetime.now(UTC))
        assert refused.value.error_type == "UnrecognizedClientException"
    assert refusal(request).error_type == "UnrecognizedClientException", "a lasting key has none"
    unsigned = resigned(await signed(), *ALL, secret=temporary, x_amz_security_token="the-token")
    with pytest.raises(SignatureRefusedError, match="x-amz-security-token"):
        verify_request(unsigned, temporary, datetime.now(UTC))


async def test_a_key_that_is_no_ascii_is_refused() -> None:
    request = await signed(replace(GOOD, access_key_id="\u00e9"))
    assert refusal(request).error_type == "UnrecognizedClientException"


@pytest.mark.parametrize(("minutes", "words"), [(6, "expired"), (-6, "not yet current")])
async def test_a_clock_far_off_is_refused(minutes: int, words: str) -> None:
    assert words in refusal(await signed(), datetime.now(UTC) + timedelta(minutes=minutes)).message


class Chain:
    """A stream's chunks as AWS's event signer makes them, and the server's check of them."""

    def __init__(self) -> None:
        seed = "0" * 64
        self._signer = AsyncEventSigner(initial_signature=seed.encode(), event_encoder_cls=EventHeaderEncoder)
        self.verifier = ChunkVerifier(SECRET, seed)

    async def next(self, payload: bytes) -> EventMessage:
        message = EventMessage(headers={":message-type": "event"}, payload=payload)
        signed = await self._signer.sign(event=message, identity=GOOD.identity, properties=GOOD.properties)
        return decode(signed.encode())

    async def end(self) -> EventMessage:
        signed = await self._signer.sign_empty(event=EventMessage(), identity=GOOD.identity, properties=GOOD.properties)
        return decode(signed.encode())


async def test_a_chain_of_chunks_is_good_to_its_empty_end() -> None:
    chain = Chain()
    for number in range(5):
        assert decode(chain.verifier.verify(await chain.next(b"%d" % number))).payload == b"%d" % number
    assert chain.verifier.verify(await chain.end()) == b""


async def test_a_chunk_left_out_breaks_the_chain() -> None:
    chain = Chain()
    await chain.next(b"first")
    with pytest.raises(SignatureRefusedError):
        chain.verifier.verify(await chain.next(b"second"))


async def test_a_changed_chunk_is_refused() -> None:
    chain = Chain()
    message = await chain.next(b"first")
    message.payload += b"x"
    with pytest.raises(SignatureRefusedError):
        chain.verifier.verify(message)


def test_an_unsigned_chunk_is_refused() -> None:
    with pytest.raises(SignatureRefusedError, match="not signed"):
        Chain().verifier.verify(EventMessage(payload=b"x"))

"""The CA and its certificates, judged by Python's own strict verification."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from parley_api.certificates.issue import (
    CA_LIFE,
    LEAF_LIFE,
    MalformedPairError,
    Pair,
    make_ca,
    make_leaf,
    trusted_pem,
    why_renew,
)

NAMES = ["parley-api-internal", "parley-api-internal.parley.svc", "parley-api-internal.parley.svc.cluster.local"]
NOW = datetime.now(UTC)


def handshake(tmp_path: Path, trusted: Pair | str, leaf: Pair, name: str) -> None:
    """A TLS handshake in memory with every strict check on. Raises ssl.SSLError."""
    certificate, key = tmp_path / "tls.crt", tmp_path / "tls.key"
    certificate.write_bytes(leaf.certificate_pem)
    key.write_bytes(leaf.key_pem)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate, key)
    cas = trusted if isinstance(trusted, str) else trusted.certificate_pem.decode()
    asking = ssl.create_default_context(cadata=cas)
    # The default of Python 3.13, asked for by name on 3.12.
    asking.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = asking.wrap_bio(to_client, to_server, server_hostname=name)
    server = serving.wrap_bio(to_server, to_client, server_side=True)
    for side in (client, server, client, server):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    assert client.getpeercert()


@pytest.fixture(scope="module")
def ca() -> Pair:
    return make_ca("Parley internal CA of parley", NOW)


@pytest.mark.parametrize("name", NAMES)
def test_a_strict_client_accepts_the_chain(tmp_path: Path, ca: Pair, name: str) -> None:
    handshake(tmp_path, ca, make_leaf(ca, NAMES, NOW), name)


def test_a_strict_client_refuses_another_name_another_ca_and_another_time(tmp_path: Path, ca: Pair) -> None:
    leaf = make_leaf(ca, NAMES, NOW)
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        handshake(tmp_path, ca, leaf, "parley-api.elsewhere.svc")
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(tmp_path, make_ca("Parley internal CA of parley", NOW), leaf, NAMES[0])
    with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
        handshake(tmp_path, ca, make_leaf(ca, NAMES, NOW - LEAF_LIFE - timedelta(hours=1)), NAMES[0])


def test_while_the_ca_is_changed_both_are_trusted_and_the_first_one_issues(tmp_path: Path, ca: Pair) -> None:
    new = make_ca("Parley internal CA of parley", NOW)
    both = new.certificate_pem + ca.certificate_pem
    trusted = trusted_pem(both)
    for issuer in (ca, new):
        handshake(tmp_path, trusted, make_leaf(issuer, NAMES, NOW), NAMES[0])
    issuing = Pair.parse(both, new.key_pem)
    assert issuing.certificate == new.certificate
    assert why_renew(make_leaf(ca, NAMES, NOW), issuing, NAMES, NOW) == "it was issued by another CA"
    assert why_renew(make_leaf(new, NAMES, NOW), issuing, NAMES, NOW) is None
    with pytest.raises(MalformedPairError):
        Pair.parse(both, ca.key_pem)


def test_no_key_is_among_what_is_to_be_trusted(ca: Pair) -> None:
    assert trusted_pem(ca.key_pem + ca.certificate_pem) == ca.certificate_pem.decode()
    with pytest.raises(MalformedPairError):
        trusted_pem(ca.key_pem)


def test_a_leaf_issues_nothing(tmp_path: Path, ca: Pair) -> None:
    leaf = make_leaf(ca, NAMES, NOW)
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(tmp_path, ca, make_leaf(leaf, ["forged"], NOW), "forged")


def test_a_long_dns_name_fits(tmp_path: Path, ca: Pair) -> None:
    name = ".".join(["a" * 60, "b" * 60, "svc"])
    handshake(tmp_path, ca, make_leaf(ca, [name], NOW), name)


def test_when_a_leaf_is_renewed(ca: Pair) -> None:
    leaf = make_leaf(ca, NAMES, NOW)
    assert why_renew(leaf, ca, list(reversed(NAMES)), NOW) is None
    assert why_renew(leaf, ca, NAMES, NOW + LEAF_LIFE * 0.66) is None
    assert "expires on" in str(why_renew(leaf, ca, NAMES, NOW + LEAF_LIFE * 0.67))
    assert why_renew(leaf, ca, NAMES[:1], NOW) == "its DNS names changed"
    assert why_renew(leaf, make_ca("Parley internal CA of parley", NOW), NAMES, NOW) == "it was issued by another CA"
    assert why_renew(leaf, make_ca("another", NOW), NAMES, NOW) == "it was issued by another CA"


def test_a_pair_reads_back_and_a_false_one_does_not(ca: Pair) -> None:
    again = Pair.parse(ca.certificate_pem, ca.key_pem)
    assert again.certificate == ca.certificate
    with pytest.raises(MalformedPairError, match="not the certificate's"):
        Pair.parse(ca.certificate_pem, make_ca("another", NOW).key_pem)
    with pytest.raises(MalformedPairError, match="can't be read"):
        Pair.parse(b"", ca.key_pem)
    with pytest.raises(MalformedPairError, match="can't be read"):
        Pair.parse(ca.certificate_pem, b"-----BEGIN")


def test_the_ca_outlives_its_leaves(ca: Pair) -> None:
    assert ca.certificate.not_valid_after_utc > NOW + CA_LIFE - timedelta(days=1)
    assert CA_LIFE > 5 * LEAF_LIFE

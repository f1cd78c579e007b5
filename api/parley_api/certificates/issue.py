"""A private CA and the certificates it issues, ECDSA on P-256. Pure but for the clock and the randomness."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CA_LIFE = timedelta(days=3650)
LEAF_LIFE = timedelta(days=397)  # what browsers and strict clients accept at most
CLOCK_SKEW = timedelta(minutes=5)
RENEW_IN_LAST = 1 / 3


class MalformedPairError(ValueError):
    """A stored certificate or key can't be read, or they do not belong together."""


@dataclass(frozen=True)
class Pair:
    """A certificate and its private key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @classmethod
    def parse(cls, certificate: bytes, key: bytes) -> Self:
        """Read both from PEM; of several certificates the first one.

        Raises:
            MalformedPairError: they can't be read, or do not belong together.
        """
        try:
            parsed = x509.load_pem_x509_certificate(certificate)
            private = serialization.load_pem_private_key(key, password=None)
        except (ValueError, TypeError) as error:
            raise MalformedPairError(f"it can't be read: {error}") from error
        if not isinstance(private, ec.EllipticCurvePrivateKey) or private.public_key() != parsed.public_key():
            raise MalformedPairError("its key is not the certificate's")
        return cls(parsed, private)

    @property
    def certificate_pem(self) -> bytes:
        """The certificate as PEM."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        """The private key as PEM (PKCS #8, not encrypted)."""
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )


def make_ca(name: str, now: datetime) -> Pair:
    """A CA that may issue leaves alone.

    Python 3.13 verifies strictly (RFC 5280): without critical keyUsage and basicConstraints it refuses a CA that other
    clients accept.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        _builder(subject, subject, key, now, CA_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(sign_certificates=True), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Pair(certificate, key)


def trusted_pem(certificates: bytes) -> str:
    """The certificates of a PEM file and nothing else of it: they go to everybody who has to trust them.

    Raises:
        MalformedPairError: they can't be read.
    """
    try:
        parsed = x509.load_pem_x509_certificates(certificates)
    except ValueError as error:
        raise MalformedPairError(f"it can't be read: {error}") from error
    return "".join(each.public_bytes(serialization.Encoding.PEM).decode() for each in parsed)


def make_leaf(ca: Pair, dns_names: Sequence[str], now: datetime) -> Pair:
    """A server certificate for these DNS names."""
    key = ec.generate_private_key(ec.SECP256R1())
    # A common name has 64 characters at most; clients look at the alternative names only.
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, dns_names[0][:64])])
    names = x509.SubjectAlternativeName([x509.DNSName(name) for name in dns_names])
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca.key.public_key())
    certificate = (
        _builder(subject, ca.certificate.subject, key, now, LEAF_LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(sign_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(names, critical=False)
        .add_extension(issuer, critical=False)
        .sign(ca.key, hashes.SHA256())
    )
    return Pair(certificate, key)


def why_renew(leaf: Pair, ca: Pair, dns_names: Sequence[str], now: datetime) -> str | None:
    """Why the leaf must be made anew, or None."""
    certificate = leaf.certificate
    try:
        certificate.verify_directly_issued_by(ca.certificate)
    except (ValueError, TypeError, InvalidSignature):
        return "it was issued by another CA"
    if sorted(_dns_names(certificate)) != sorted(dns_names):
        return "its DNS names changed"
    life = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    if now > certificate.not_valid_after_utc - life * RENEW_IN_LAST:
        return f"it expires on {certificate.not_valid_after_utc:%Y-%m-%d}"
    return None


def _dns_names(certificate: x509.Certificate) -> list[str]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return extension.value.get_values_for_type(x509.DNSName)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, life: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now.astimezone(UTC) - CLOCK_SKEW)
        .not_valid_after(now.astimezone(UTC) + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, sign_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not sign_certificates,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )

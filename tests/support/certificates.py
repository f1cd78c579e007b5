"""A certificate authority for a test's own servers, as strict as Python 3.13 wants it."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_LIFETIME = timedelta(days=2)
_CA_USAGE = x509.KeyUsage(False, False, False, False, False, True, True, False, False)


class Authority:
    """A CA whose files are written into `folder`: `ca.crt`, and `<name>.crt` with `<name>.key` for each server."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "parley-tests")])
        self.file = folder / "ca.crt"
        self._make()

    @classmethod
    def existing(cls, folder: Path, certificate: bytes, key: bytes) -> "Authority":
        """A CA that is there already, both as PEM."""
        known = cls.__new__(cls)
        known._folder, known._name = folder, x509.load_pem_x509_certificate(certificate).subject
        read = serialization.load_pem_private_key(key, None)
        assert isinstance(read, ec.EllipticCurvePrivateKey)
        known._key, known.file = read, folder / "ca.crt"
        known.file.write_bytes(certificate)
        return known

    def _make(self) -> None:
        certificate = (
            self._builder(self._name, self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_CA_USAGE, critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def server(self, name: str, *hosts: str) -> tuple[Path, Path]:
        """A server's certificate for these DNS names and addresses: the files of certificate and key."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = self._leaf(name, key, ExtendedKeyUsageOID.SERVER_AUTH).add_extension(
            x509.SubjectAlternativeName([_general_name(host) for host in hosts]), critical=False
        )
        return self._written(name, builder, key)

    def client(self, name: str) -> tuple[Path, Path]:
        """A user's certificate, by which an API server that trusts this CA knows them: certificate and key."""
        key = ec.generate_private_key(ec.SECP256R1())
        return self._written(name, self._leaf(name, key, ExtendedKeyUsageOID.CLIENT_AUTH), key)

    def _leaf(
        self, name: str, key: ec.EllipticCurvePrivateKey, usage: x509.ObjectIdentifier
    ) -> x509.CertificateBuilder:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        return (
            self._builder(subject, key.public_key())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )

    def _written(
        self, name: str, builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey
    ) -> tuple[Path, Path]:
        certificate = builder.sign(self._key, hashes.SHA256())
        files = self._folder / f"{name}.crt", self._folder / f"{name}.key"
        files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        files[1].write_bytes(_pem(key))
        return files

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=5))
            .not_valid_after(now + _LIFETIME)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        )


def signing_key(path: Path) -> Path:
    """An RSA key for signing service-account tokens, in one file for private and public use."""
    path.write_bytes(_pem(rsa.generate_private_key(public_exponent=65537, key_size=2048)))
    return path


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )

"""The certificate authorities to trust: the system's and the installation's private one, in one file.

awscrt, which carries the model's stream, reads `SSL_CERT_FILE` when it is first imported, and takes one file only.
"""

import os
import ssl
import tempfile
from pathlib import Path


def trust_private_ca(ca_file: Path | None) -> Path | None:
    """Write system and private CAs into one file and point `SSL_CERT_FILE` at it. Call it before awscrt is imported.

    Raises:
        OSError: a CA file can't be read, or no temporary file can be written.
    """
    if ca_file is None:
        return None
    handle, name = tempfile.mkstemp(prefix="parley-ca-", suffix=".pem")
    with os.fdopen(handle, "wb") as bundle:
        for source in (_system_cas(), ca_file):
            if source is not None:
                bundle.write(source.read_bytes().rstrip() + b"\n")
    os.environ["SSL_CERT_FILE"] = name
    return Path(name)


def _system_cas() -> Path | None:
    """The system's bundle, or certifi's where the image has none."""
    system = ssl.get_default_verify_paths().cafile
    if system and Path(system).is_file():
        return Path(system)
    try:
        import certifi
    except ImportError:
        return None
    return Path(certifi.where())

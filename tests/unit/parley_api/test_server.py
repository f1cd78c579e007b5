"""The internal port's certificate is followed: a renewed one is used without a restart."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from parley_api import server
from parley_api.settings import Settings
from pydantic import SecretStr
from support.api import eventually
from support.certificates import Authority


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    authority = Authority(tmp_path)
    authority.server("tls", "127.0.0.1")
    return authority


@pytest.fixture
async def port(tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    """A TLS port that uses the files as the API does."""
    monkeypatch.setattr(server, "CERTIFICATE_CHECK_SECONDS", 0.01)
    settings = Settings(
        namespace="parley",
        bots_namespace="parley-bots",
        installation="test",
        link_key=SecretStr("k" * 32),
        link_base_url="http://127.0.0.1:1",
        public_url="http://127.0.0.1:2",
        tls_cert_file=tmp_path / "tls.crt",
        tls_key_file=tmp_path / "tls.key",
    )
    context = server._tls_context(settings)

    async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    following = asyncio.create_task(server._follow_certificate(settings, context))
    async with await asyncio.start_server(hang_up, "127.0.0.1", 0, ssl=context) as listener:
        yield listener.sockets[0].getsockname()[1]
    following.cancel()


async def _serial(port: int, authority: Authority) -> str:
    context = ssl.create_default_context(cafile=authority.file)
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    certificate = writer.get_extra_info("peercert")
    writer.close()
    return str(certificate["serialNumber"])


async def test_a_renewed_certificate_is_used(port: int, authority: Authority) -> None:
    first = await _serial(port, authority)
    authority.server("tls", "127.0.0.1")

    async def renewed() -> bool:
        return await _serial(port, authority) != first

    await eventually("new connections get the new certificate", renewed)


async def test_half_a_renewal_changes_nothing(
    port: int, authority: Authority, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Certificate and key are two files: between them there is a moment in which they do not belong together."""
    first, key = await _serial(port, authority), (tmp_path / "tls.key").read_bytes()
    certificate, new_key = authority.server("other", "127.0.0.1")
    (tmp_path / "tls.crt").write_bytes(certificate.read_bytes())

    async def noticed() -> bool:
        return "can't be read now" in caplog.text

    await eventually("the halves were seen", noticed)
    assert (tmp_path / "tls.key").read_bytes() == key
    assert await _serial(port, authority) == first
    (tmp_path / "tls.key").write_bytes(new_key.read_bytes())

    async def renewed() -> bool:
        return await _serial(port, authority) != first

    await eventually("the whole is used", renewed)

"""What kopf is given to log in with: the token as it is now, and nothing that makes a refused one look new."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from kubernetes.aio.config import incluster_config
from parley_operator.shell.client import connection
from parley_operator.shell.client.connection import CREDENTIALS_LIFETIME, kopf_credentials, load_configuration


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The service account of a pod."""
    (tmp_path / "ca.crt").write_text("a CA")
    (tmp_path / "token").write_text("first")
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(tmp_path / "token"))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(tmp_path / "ca.crt"))
    return tmp_path / "token"


def renew(token: Path) -> None:
    token.write_text("second")


async def test_the_token_is_read_anew(token: Path) -> None:
    assert (await kopf_credentials()).token == "first"
    renew(token)
    assert (await kopf_credentials()).token == "second"


async def test_the_same_token_makes_the_same_credentials(token: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kopf compares them with those that were refused; different ones would be tried without end."""
    now = datetime(2026, 11, 22, 12, 1, tzinfo=UTC)

    class Clock(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:
            return now

    monkeypatch.setattr(connection, "datetime", Clock)
    before = await kopf_credentials()
    now += timedelta(seconds=1)
    after = await kopf_credentials()
    assert before == after
    assert before.expiration is not None
    assert CREDENTIALS_LIFETIME <= before.expiration - now <= 2 * CREDENTIALS_LIFETIME


@pytest.mark.parametrize(
    ("environment", "proxy"),
    [
        ({}, None),
        ({"https_proxy": "http://proxy.example.com:3128"}, "http://proxy.example.com:3128"),
        ({"https_proxy": "http://proxy.example.com:3128", "no_proxy": "10.96.0.1"}, None),
    ],
)
async def test_the_environments_proxy_is_asked_for_once(
    token: Path, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], proxy: str | None
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    configuration = await load_configuration()
    assert configuration.proxy == proxy
    assert configuration.client_session_kwargs == {"trust_env": False}

"""Settings: what the environment may say, and the one line where it says it wrongly."""

import pytest
from parley_api.settings import Settings, load

GOOD = {
    "PARLEY_NAMESPACE": "parley",
    "PARLEY_BOTS_NAMESPACE": "parley-bots",
    "PARLEY_INSTALLATION": "main",
    "PARLEY_LINK_KEY": "k" * 40,
    "PARLEY_LINK_BASE_URL": "https://interviews.example.com",
    "PARLEY_PUBLIC_URL": "https://api.example.com/parley/",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_what_is_needed_is_enough(environment: pytest.MonkeyPatch) -> None:
    settings = load(Settings)
    assert settings.public_port == 8080
    assert settings.internal_port == 8443
    assert settings.room_url == "wss://api.example.com/parley"
    assert settings.link_keys == (b"k" * 40,)


def test_keys_of_links_are_one_a_line_and_the_first_signs(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("PARLEY_LINK_KEY", "n" * 32 + "\n" + "o" * 32 + "\n")
    assert load(Settings).link_keys == (b"n" * 32, b"o" * 32)


@pytest.mark.parametrize("value", ["https://a.example.com,http://b:8080", '["https://a.example.com", "http://b:8080"]'])
def test_a_list_is_json_or_has_commas(environment: pytest.MonkeyPatch, value: str) -> None:
    environment.setenv("PARLEY_CORS_ORIGINS", value)
    assert load(Settings).cors_origins == ["https://a.example.com", "http://b:8080"]


def test_an_empty_variable_is_unset(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("PARLEY_DAILY_API_KEY_FILE", "")
    environment.setenv("PARLEY_WATCH_NAMESPACES", "")
    settings = load(Settings)
    assert settings.daily_api_key_file is None
    assert settings.watch_namespaces == []


@pytest.mark.parametrize("name", GOOD)
def test_a_missing_setting_is_named(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    environment.delenv(name)
    with pytest.raises(SystemExit) as stopped:
        load(Settings)
    assert stopped.value.code == 2
    assert capsys.readouterr().err == f"{name} is missing\n"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PARLEY_LINK_KEY", "short-and-secret"),
        ("PARLEY_LINK_KEY", "k" * 40 + "\nshort-and-secret"),
        ("PARLEY_PUBLIC_URL", "no url"),
        ("PARLEY_PUBLIC_PORT", "80800"),
        ("PARLEY_CORS_ORIGINS", "https://a.example.com/path"),
        ("PARLEY_CORS_ORIGINS", "*"),
        ("PARLEY_CORS_ORIGINS", "https://*.example.com"),
        ("PARLEY_CORS_ORIGINS", "[broken"),
        ("PARLEY_STORE__TYPE", "tape"),
    ],
)
def test_a_malformed_setting_is_named(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str
) -> None:
    environment.setenv(name, value)
    with pytest.raises(SystemExit) as stopped:
        load(Settings)
    assert stopped.value.code == 2
    line = capsys.readouterr().err
    assert line.startswith(f"{name} is malformed: ")
    assert line.count("\n") == 1
    assert "short-and-secret" not in line


def test_an_s3_store_needs_a_bucket(environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    environment.setenv("PARLEY_STORE__TYPE", "s3")
    with pytest.raises(SystemExit):
        load(Settings)
    assert "PARLEY_STORE__BUCKET" in capsys.readouterr().err


def test_secrets_do_not_print(environment: pytest.MonkeyPatch) -> None:
    text = repr(load(Settings))
    assert "k" * 40 not in text


def test_networks_of_webhooks_are_read_and_a_wrong_one_is_named(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.setenv("PARLEY_WEBHOOK_NETWORKS", '["10.2.0.0/16", "fd00:2::/32"]')
    assert [str(network) for network in load(Settings).webhook_networks] == ["10.2.0.0/16", "fd00:2::/32"]
    environment.setenv("PARLEY_WEBHOOK_NETWORKS", "10.2.0.1/16")
    with pytest.raises(SystemExit):
        load(Settings)
    assert capsys.readouterr().err.startswith("PARLEY_WEBHOOK_NETWORKS is malformed")

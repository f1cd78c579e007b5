"""A missing or malformed setting is one line that names it, and exit code 2."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from parley_operator.settings import SettingsError, read_installation, read_settings


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, str]:
    defaults = tmp_path / "bot.json"
    defaults.write_text(json.dumps({"image": "parley/bot:1", "maxResources": None, "imagePullSecrets": ["pull"]}))
    values = {
        "PARLEY_INSTALLATION": "test",
        "PARLEY_NAMESPACE": "parley",
        "PARLEY_BOTS_NAMESPACE": "parley-bots",
        "PARLEY_LINK_KEY": "k" * 43,
        "PARLEY_LINK_BASE_URL": "https://talk.example.com",
        "PARLEY_API_INTERNAL_URL": "https://api:8443",
        "PARLEY_CA_FILE": "/ca.crt",
        "PARLEY_TOKEN_FILE": "/token",
        "PARLEY_BOT_DEFAULTS_FILE": str(defaults),
        "PARLEY_WATCH_NAMESPACES": "[]",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return values


def test_all_is_there(environment: dict[str, str]) -> None:
    installation = read_installation(read_settings())
    assert installation.link_key == b"k" * 43
    assert installation.bot.image_pull_secrets == ["pull"]
    assert installation.room_providers == {"websocket"}
    assert "kkk" not in repr(installation)
    assert "kkk" not in repr(read_settings())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PARLEY_INSTALLATION", None),
        ("PARLEY_INSTALLATION", "of.dots"),
        ("PARLEY_INSTALLATION", "i" * 64),
        ("PARLEY_LINK_KEY", None),
        ("PARLEY_LINK_KEY", "short"),
        ("PARLEY_LINK_KEY", "k" * 43 + "\nshort"),
        ("PARLEY_DEFAULT_ROOM_PROVIDER", "zoom"),
        ("PARLEY_WATCH_NAMESPACES", "not json"),
        ("PARLEY_CAPACITY", "50"),
        ("PARLEY_CAPACITY", "fifty"),
        ("PARLEY_CAPACITY", '{"total": -1}'),
        ("PARLEY_BOT_DEFAULTS_FILE", "/nowhere.json"),
        ("PARLEY_DAILY_API_KEY_FILE", None),
        ("PARLEY_DAILY_GEO", "eu-nowhere-9"),
    ],
)
def test_what_is_wrong_is_named(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, name: str, value: str | None
) -> None:
    if name == "PARLEY_DAILY_API_KEY_FILE":
        monkeypatch.setenv("PARLEY_DEFAULT_ROOM_PROVIDER", "daily")
    if value is None:
        monkeypatch.delenv(name, raising=False)
    else:
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=f"^{name}: ") as raised:
        read_installation(read_settings())
    assert "\n" not in str(raised.value)
    assert "short" not in str(raised.value) or name != "PARLEY_LINK_KEY"


def test_keys_of_links_are_one_a_line_and_the_first_signs(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARLEY_LINK_KEY", "n" * 32 + "\n" + "o" * 32)
    installation = read_installation(read_settings())
    assert (installation.link_key, installation.link_keys) == (b"n" * 32, (b"n" * 32, b"o" * 32))
    assert "nnn" not in repr(installation)
    assert "ooo" not in repr(installation)


def test_rooms_have_the_installations_region(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_installation(read_settings()).daily_geo is None
    monkeypatch.setenv("PARLEY_DAILY_GEO", "eu-central-1")
    assert read_installation(read_settings()).daily_geo == "eu-central-1"


def test_a_limit_is_named_where_it_stands(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_CAPACITY", '{"total": null, "perNamespace": 5, "namespaces": {"hiring": 20}}')
    capacity = read_installation(read_settings()).capacity
    assert (capacity.total, capacity.of("sales"), capacity.of("hiring")) == (None, 5, 20)
    monkeypatch.setenv("PARLEY_CAPACITY", '{"namespaces": {"hiring": "many"}}')
    with pytest.raises(SettingsError, match=r"^PARLEY_CAPACITY: namespaces.hiring: Input should be a valid integer"):
        read_settings()


def test_an_unknown_key_of_the_bots_defaults_is_named(environment: dict[str, str]) -> None:
    Path(environment["PARLEY_BOT_DEFAULTS_FILE"]).write_text(json.dumps({"image": "x", "privileged": True}))
    with pytest.raises(SettingsError, match="privileged"):
        read_installation(read_settings())


@pytest.mark.parametrize(
    ("defaults", "words"),
    [
        ({"resources": {"limits": {"memory": "lots"}}}, "resources.limits.memory: 'lots' is not a quantity"),
        ({"resources": {"limit": {}}}, "resources.limit"),
        ({"maxResources": {"cpu": "two"}}, "maxResources.cpu: 'two' is not a quantity"),
        ({"resources": {"requests": {"cpu": "4"}}, "maxResources": {"cpu": 2}}, r"resources.requests.cpu: 4 is more"),
    ],
)
def test_amounts_that_no_template_could_be_blamed_for(
    environment: dict[str, str], defaults: dict[str, object], words: str
) -> None:
    Path(environment["PARLEY_BOT_DEFAULTS_FILE"]).write_text(json.dumps({"image": "x", **defaults}))
    with pytest.raises(SettingsError, match=words):
        read_installation(read_settings())


def test_amounts_are_read_as_kubernetes_reads_them(environment: dict[str, str]) -> None:
    document = '{"image": "x", "resources": {"limits": {"memory": 1e9}}, "maxResources": {"memory": "1G"}}'
    Path(environment["PARLEY_BOT_DEFAULTS_FILE"]).write_text(document)
    read_installation(read_settings())


def test_the_program_ends_with_2(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PARLEY_BOTS_NAMESPACE")
    ended = subprocess.run([sys.executable, "-m", "parley_operator"], capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert ended.stderr.splitlines() == ["PARLEY_BOTS_NAMESPACE: Field required"]

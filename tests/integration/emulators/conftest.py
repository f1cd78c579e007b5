"""The emulators, in the test's own process, and the speech models, once a run."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from parley_emulators.nova.app import RunningNova, running
from parley_emulators.nova.settings import NovaSettings
from parley_emulators.speech.recogniser import Recogniser
from parley_emulators.speech.synthesiser import Synthesiser
from support.certificates import Authority
from support.nova_client import Connection, Credentials


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def recogniser() -> Iterator[Recogniser]:
    recogniser = Recogniser()
    yield recogniser
    recogniser.close()


@pytest.fixture
async def synthesiser() -> AsyncIterator[Synthesiser]:
    synthesiser = Synthesiser()
    yield synthesiser
    await synthesiser.close()


@pytest.fixture(scope="session")
def settings_of(authority: Authority) -> Callable[..., NovaSettings]:
    cert_file, key_file = authority.server("nova", "localhost", "127.0.0.1")
    credentials = Credentials()

    def settings(**changed: Any) -> NovaSettings:
        values: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": 0,
            "control_port": 0,
            "cert_file": cert_file,
            "key_file": key_file,
            "access_key_id": credentials.access_key_id,
            "secret_access_key": credentials.secret_access_key,
        }
        return NovaSettings(**(values | changed))

    return settings


@pytest.fixture
def settings(settings_of: Callable[..., NovaSettings], request: pytest.FixtureRequest) -> NovaSettings:
    """The emulator's settings; a test changes some by an indirect parameter."""
    return settings_of(**getattr(request, "param", {}))


@pytest.fixture
async def nova(settings: NovaSettings) -> AsyncIterator[RunningNova]:
    async with running(settings) as nova:
        yield nova


type Connect = Callable[[], Awaitable[Connection]]


@pytest.fixture
async def connect(nova: RunningNova, authority: Authority) -> AsyncIterator[Connect]:
    """Opens connections to the emulator, and closes them."""
    connections: list[Connection] = []

    async def open_one() -> Connection:
        connections.append(await Connection.open(nova.port, authority.file))
        return connections[-1]

    yield open_one
    for connection in connections:
        await connection.close()


@pytest.fixture
def ca_file(authority: Authority) -> Path:
    return authority.file

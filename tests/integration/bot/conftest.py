"""The bot as a process, between an emulated Nova Sonic that truly hears and speaks and an API peer on TLS."""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import httpx
import pytest
from parley_emulators.speech.synthesiser import Synthesiser
from support.bot import ApiPeer, BotProcess, interview_plan, serving
from support.certificates import Authority
from support.processes import Program, free_ports
from support.wait import until

ANSWERS = [
    "Last winter our database ran out of connections, and I found the service that never closed them.",
    "We added a limit and an alarm, and it has not happened again.",
    "I want people who say early when something is wrong.",
]
SESSION_TOKEN = "parley-tests-session"
"""A role's credentials, as the bot has them on EKS, are nothing without it."""

StartBot = Callable[..., Awaitable[BotProcess]]


class Nova:
    """The emulator: where it is, and its control port."""

    def __init__(self, url: str, control: httpx.Client) -> None:
        self.url, self.control = url, control

    def order(self, *faults: dict[str, object]) -> None:
        """Let things go wrong."""
        self.control.put("/faults", json={"faults": list(faults)}).raise_for_status()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="session")
def nova_process(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nova]:
    cert, key = authority.server("nova", "127.0.0.1", "localhost")
    port, control_port = free_ports(2)
    env = {
        "PARLEY_NOVA_HOST": "127.0.0.1",
        "PARLEY_NOVA_PORT": str(port),
        "PARLEY_NOVA_CONTROL_PORT": str(control_port),
        "PARLEY_NOVA_CERT_FILE": str(cert),
        "PARLEY_NOVA_KEY_FILE": str(key),
        "PARLEY_NOVA_ACCESS_KEY_ID": "AKIAPARLEYTESTS",
        "PARLEY_NOVA_SECRET_ACCESS_KEY": "parley-tests",
        "PARLEY_NOVA_SESSION_TOKEN": SESSION_TOKEN,
    }
    log = tmp_path_factory.mktemp("nova") / "nova.log"
    program = Program([sys.executable, "-m", "parley_emulators", "nova"], log, env)
    control = httpx.Client(base_url=f"http://127.0.0.1:{control_port}", timeout=5)

    def loaded() -> bool:
        program.require_alive()
        try:
            return control.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    try:
        until("the emulator's models are loaded", loaded, 60)
        yield Nova(f"https://127.0.0.1:{port}", control)
    finally:
        program.stop()


@pytest.fixture
def nova(nova_process: Nova) -> Iterator[Nova]:
    nova_process.control.delete("/sessions")
    yield nova_process
    nova_process.control.delete("/faults")
    nova_process.control.delete("/manners")


@pytest.fixture
async def answers() -> AsyncIterator[list[bytes]]:
    """The spoken answers, 16 kHz."""
    voice = Synthesiser()
    try:
        yield [await voice.say(answer, 16000) for answer in ANSWERS]
    finally:
        await voice.close()


@pytest.fixture
async def peer(authority: Authority) -> AsyncIterator[ApiPeer]:
    async with serving(ApiPeer(interview_plan()), tls=authority.server("api", "127.0.0.1")) as running:
        yield running


@pytest.fixture
async def start_bot(peer: ApiPeer, nova: Nova, authority: Authority, tmp_path: Path) -> AsyncIterator[StartBot]:
    """Starts bots; whichever still runs at the end is killed."""
    started: list[BotProcess] = []

    async def start(**env: str) -> BotProcess:
        bot = BotProcess(peer, tmp_path, authority.file, nova.url, **{"AWS_SESSION_TOKEN": SESSION_TOKEN} | env)
        started.append(bot)
        return await bot.start()

    yield start
    for bot in started:
        await bot.kill()

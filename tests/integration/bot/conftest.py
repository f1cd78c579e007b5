"""The bot as a process, between an emulated Nova Sonic that truly hears and speaks and an API peer on TLS."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from parley_emulators.speech.synthesiser import Synthesiser
from support.bot import ApiPeer, BotProcess, interview_plan, serving
from support.certificates import Authority
from support.nova_process import SESSION_TOKEN, Nova, running_nova

ANSWERS = [
    "Last winter our database ran out of connections, and I found the service that never closed them.",
    "We added a limit and an alarm, and it has not happened again.",
    "I want people who say early when something is wrong.",
]
StartBot = Callable[..., Awaitable[BotProcess]]


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="session")
def nova_process(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nova]:
    with running_nova(authority, tmp_path_factory.mktemp("nova") / "nova.log") as nova:
        yield nova


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

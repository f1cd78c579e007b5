"""One talk: a bot, Parley's or the plain example, and a candidate, each a process of its own on loopback."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from bench.voice.candidate import Config, Room
from bench.voice.sounds import Line, Record, Span
from parley_protocol import ConnectionChanged, InterviewPlan, Speaker, Turn
from support.bot import KEY, UID, ApiPeer, BotProcess, serving
from support.certificates import Authority
from support.nova_process import ACCESS_KEY, SECRET_KEY, SESSION_TOKEN, Nova
from support.processes import Program, free_ports
from support.wait import eventually

PARLEY, PLAIN = "parley", "plain"
TITLES = {PARLEY: "Parley", PLAIN: "pipecat's example"}
TESTS = Path(__file__).parents[2]


@dataclass(frozen=True)
class Site:
    """What all talks of a part share; `folder` is for their logs."""

    folder: Path
    authority: Authority
    nova: Nova

    def called(self, name: str) -> Path:
        """A folder for one talk."""
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder


@dataclass
class Talk:
    """What came of a talk. The bot's own account of it is there for Parley alone."""

    record: Record
    sessions: list[dict[str, Any]]
    lines: list[dict[str, Any]] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    started: float | None = None
    """The start of the interview's time, of the monotonic clock."""

    def logged(self, message: str) -> list[dict[str, Any]]:
        """The bot's log lines with this message."""
        return [line for line in self.lines if line.get("message") == message]

    def told(self, speaker: Speaker) -> list[Span]:
        """The turns of one speaker as the transcript has them, on the monotonic clock."""
        assert self.started is not None
        turns = [turn for turn in self.turns if turn.speaker is speaker]
        return [Span(self.started + t.start_ms / 1000, self.started + t.end_ms / 1000) for t in turns]

    def taken(self) -> list[tuple[float, int]]:
        """When the model took each turn of the candidate's as ended, and in which of its sessions."""
        ahead = time.time() - time.monotonic()
        return [
            (session["started_at"] - ahead + turn["at"], number)
            for number, session in enumerate(self.sessions)
            for turn in session["turns"]
            if turn["role"] == "USER"
        ]


class Running(Protocol):
    """A bot that can be talked to."""

    room: Room

    @property
    def pid(self) -> int:
        """Its process."""

    @property
    def ended(self) -> bool:
        """Whether the process is gone."""

    async def account(self) -> dict[str, Any]:
        """What it says itself of the talk that is over: fields of `Talk`."""

    async def kill(self) -> None:
        """As a node that is lost."""


class ParleyBot:
    """The bot as its pod runs it, and an API that speaks its protocol."""

    def __init__(self, peer: ApiPeer, process: BotProcess) -> None:
        self.peer, self.process = peer, process
        url = f"ws://127.0.0.1:{process.port}/ws"
        self.room = Room(url, KEY.hex(), UID, peer.attempt)

    @property
    def pid(self) -> int:
        """Its process."""
        assert self.process.process is not None
        return self.process.process.pid

    @property
    def ended(self) -> bool:
        """Whether the process is gone."""
        return self.process.ended

    async def account(self) -> dict[str, Any]:
        """Its transcript and its log."""
        joined = (
            e.at
            for events in self.peer.stored.values()
            for e in events
            if isinstance(e.event, ConnectionChanged) and (e.event.who, e.event.what) == ("candidate", "joined")
        )
        first = next(joined, None)
        started = None if first is None else first.timestamp() - (time.time() - time.monotonic())
        return {"lines": self.process.lines, "turns": self.peer.turns, "started": started}

    async def kill(self) -> None:
        """As a node that is lost."""
        await self.process.kill()


class PlainBot:
    """pipecat's example."""

    def __init__(self, program: Program, port: int) -> None:
        self._program = program
        self.room = Room(f"ws://127.0.0.1:{port}/ws")

    @property
    def pid(self) -> int:
        """Its process."""
        return self._program.pid

    @property
    def ended(self) -> bool:
        """Whether the process is gone."""
        return not self._program.running

    async def account(self) -> dict[str, Any]:
        """It keeps nothing."""
        return {}

    async def kill(self) -> None:
        """As a node that is lost."""
        await asyncio.to_thread(self._program.kill)


async def start_parley(peer: ApiPeer, site: Site, folder: Path, **env: str) -> ParleyBot:
    """Parley's bot; in its room, unless it has ended before."""
    credentials = {"AWS_SESSION_TOKEN": SESSION_TOKEN}
    process = BotProcess(peer, folder, site.authority.file, site.nova.url, **credentials | env)
    await process.start()
    await eventually("the bot is in the room", lambda: process.ended or process.logged("in the room"), 60)
    return ParleyBot(peer, process)


async def start_plain(site: Site, folder: Path, **env: str) -> PlainBot:
    """The example; it serves."""
    (port,) = free_ports(1)
    settings = {
        "PYTHONPATH": str(TESTS),
        "NOVA_ENDPOINT": site.nova.url,
        "SSL_CERT_FILE": str(site.authority.file),
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_SESSION_TOKEN": SESSION_TOKEN,
        "AWS_REGION": "us-east-1",
    }
    command = [sys.executable, "-m", "bench.voice.plain", str(port)]
    program = Program(command, folder / f"plain-{port}.log", settings | env)

    async def listens() -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return False
        writer.close()
        return True

    deadline = time.monotonic() + 60
    while not await listens():
        program.require_alive()
        if time.monotonic() > deadline:
            raise TimeoutError("pipecat's example does not serve")
        await asyncio.sleep(0.1)
    return PlainBot(program, port)


@asynccontextmanager
async def bot(subject: str, site: Site, folder: Path, plan: InterviewPlan, **env: str) -> AsyncIterator[Running]:
    """A bot of this kind while the block runs."""
    async with AsyncExitStack() as stack:
        if subject == PLAIN:
            running: Running = await start_plain(site, folder, **env)
        else:
            certificate = site.authority.server(f"api-{folder.name}", "127.0.0.1")
            peer = await stack.enter_async_context(serving(ApiPeer(plan), tls=certificate))
            running = await start_parley(peer, site, folder, **env)
        try:
            yield running
        finally:
            await running.kill()


class CandidateProcess:
    """`python -m bench.voice.candidate`."""

    def __init__(self, config: Config, folder: Path, name: str = "candidate") -> None:
        asked, self._result = folder / f"{name}.json", folder / f"{name}-record.json"
        self._result.unlink(missing_ok=True)
        config.write(asked)
        self._limit = config.limit_seconds + 30
        command = [sys.executable, "-m", "bench.voice.candidate", str(asked), str(self._result)]
        self.program = Program(command, folder / f"{name}.log", {"PYTHONPATH": str(TESTS)})

    async def record(self) -> Record:
        """What it says of its talk, when that is over."""
        await eventually("the candidate's talk is over", lambda: not self.program.running, self._limit)
        if not self._result.exists():
            raise RuntimeError(f"the candidate failed:\n{self.program.output[-2000:]}")
        return Record.of(json.loads(self._result.read_text()))


def config_for(subject: str, room: Room, lines: Sequence[Line], **more: Any) -> Config:
    """A candidate that talks to the end: Parley's tells it that it is over, the example goes on for ever."""
    return replace(Config(room, tuple(lines), hangs_up_after=2.0 if subject == PLAIN else None), **more)


async def talk(subject: str, site: Site, name: str, plan: InterviewPlan, lines: Sequence[Line], **env: str) -> Talk:
    """Hold one talk from beginning to end."""
    site.nova.control.delete("/sessions")
    folder = site.called(name)
    async with bot(subject, site, folder, plan, **env) as running:
        if running.ended:
            raise RuntimeError(f"{TITLES[subject]} has ended before the talk: see {folder}")
        limit = 40.0 + 20.0 * len(lines)
        candidate = CandidateProcess(config_for(subject, running.room, lines, limit_seconds=limit), folder)
        record = await candidate.record()
        return await closed(running, site, record)


async def closed(running: Running, site: Site, record: Record) -> Talk:
    """The whole account of a talk that is over."""
    if isinstance(running, ParleyBot):
        # What was said last is stored when the process has ended.
        await eventually("the bot has ended", lambda: running.ended, 30)
    sessions = site.nova.control.get("/sessions").json()
    return Talk(record, [s for s in sessions if s["turns"]], **await running.account())

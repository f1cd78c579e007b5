"""One conversation at a time: an emulated Nova Sonic, an API's peer, the bot as a process, and a scripted candidate."""

import asyncio
import contextlib
import itertools
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from parley_emulators.speech.synthesiser import Synthesiser
from parley_protocol import FinishReason, InterviewPlan, Turn
from parley_protocol.events import Event

from support.bot import ApiPeer, BotProcess, serving
from support.certificates import Authority
from support.nova_process import SESSION_TOKEN, Nova, running_nova
from support.voices.guest import ScriptedGuest, rendered
from support.voices.script import Script
from support.wait import eventually

_END_SECONDS = 20.0


@dataclass
class Talk:
    """A conversation that is over, or was given up.

    `seconds` is how long it took from the candidate's coming; `exit_code` is None for a bot that had to be killed;
    `epoch` is when the candidate's clock was zero, in seconds since the epoch, which the bot's log counts from.
    """

    plan: InterviewPlan
    script: Script
    stored: list[Event] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    reason: FinishReason | None = None
    exit_code: int | None = None
    close_code: int | None = None
    guest: ScriptedGuest | None = None
    sessions: list[dict[str, Any]] = field(default_factory=list)
    log: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0
    epoch: float = 0.0

    @property
    def told(self) -> list[str]:
        """The turns, a line each, for who reads what was said."""
        return [f"{'(cut) ' if turn.interrupted else ''}{turn.speaker.value}: {turn.text}" for turn in self.turns]

    def logged(self, message: str) -> list[dict[str, Any]]:
        """The bot's log lines with this message."""
        return [line for line in self.log if line.get("message") == message]


type Beside = Callable[["Lane", BotProcess, ScriptedGuest], Awaitable[None]]
"""What goes on beside a conversation once the candidate has come: it is cancelled at the end."""


class Lane:
    """An emulator of its own, through which conversations go one after the other."""

    def __init__(self, nova: Nova, authority: Authority, folder: Path, voice: Synthesiser) -> None:
        self.nova, self.authority, self.voice, self._folder = nova, authority, voice, folder
        self._numbers = itertools.count(1)

    @staticmethod
    @contextlib.contextmanager
    def open(folder: Path, voice: Synthesiser, **settings: str) -> Iterator["Lane"]:
        """A lane, with settings of the emulator's by their variables' names."""
        folder.mkdir(parents=True, exist_ok=True)
        authority = Authority(folder)
        with running_nova(authority, folder / "nova.log", **settings) as nova:
            yield Lane(nova, authority, folder, voice)

    def folder(self, name: str) -> Path:
        """A new folder for a conversation's files."""
        folder = self._folder / f"{next(self._numbers):03}-{name}"
        folder.mkdir()
        return folder

    async def converse(
        self,
        plan: InterviewPlan,
        script: Script,
        seconds: float,
        *,
        before: tuple[dict[str, object], ...] = (),
        during: tuple[dict[str, object], ...] = (),
        manners: tuple[str, ...] = (),
        endless: bool = False,
        beside: Beside | None = None,
        **env: str,
    ) -> Talk:
        """Hold a conversation, at most so many seconds.

        `before` are faults that are ordered before the bot is started, `during` those before the candidate comes;
        `manners` are how the model disobeys.
        """
        since = time.time()
        self.nova.forget()
        self.nova.order(*before)
        if manners:
            self.nova.control.put("/manners", json={"manners": manners}).raise_for_status()
        folder = self.folder(script.name)
        sound = await rendered(script, self.voice)
        guest, talk = ScriptedGuest(script, sound, endless=endless), Talk(plan, script)
        talk.epoch = time.time() - time.monotonic()
        async with serving(ApiPeer(plan), tls=self.authority.server("api", "127.0.0.1")) as peer:
            bot = BotProcess(peer, folder, self.authority.file, self.nova.url, AWS_SESSION_TOKEN=SESSION_TOKEN, **env)
            await bot.start()
            try:
                await self._hold(bot, guest, talk, seconds, during, beside)
            finally:
                await bot.kill()
            talk.turns, talk.stored = peer.turns, [event.event for events in peer.stored.values() for event in events]
            talk.reason = peer.finished.reason if peer.finished else None
        talk.guest, talk.close_code, talk.log = guest, guest.close_code, bot.lines
        # One of the conversation before may have been running when it was to be forgotten.
        talk.sessions = [session for session in self.nova.sessions if session["started_at"] >= since]
        return talk

    async def _hold(
        self,
        bot: BotProcess,
        guest: ScriptedGuest,
        talk: Talk,
        seconds: float,
        during: tuple[dict[str, object], ...],
        beside: Beside | None,
    ) -> None:
        began = time.monotonic()
        with contextlib.suppress(TimeoutError):
            await eventually("the bot is in the room", lambda: bot.ended or bot.logged("in the room"), 90)
        if not bot.logged("in the room"):
            talk.seconds = time.monotonic() - began
            talk.exit_code = await bot.exit_code(1) if bot.ended else None
            return
        if during:
            self.nova.order(*during)
        came = time.monotonic()
        await guest.join(bot.url())
        doing = asyncio.create_task(beside(self, bot, guest)) if beside is not None else None
        try:
            with contextlib.suppress(TimeoutError):
                await guest.over(seconds)
            talk.seconds = time.monotonic() - came
            with contextlib.suppress(TimeoutError):
                talk.exit_code = await bot.exit_code(_END_SECONDS)
        finally:
            await guest.leave()
            if doing is not None:
                doing.cancel()
                await asyncio.wait({doing})

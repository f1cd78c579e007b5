"""`python -m bench.voice.candidate CONFIG RESULT`: a candidate that knows to the sample what it says and hears.

It talks by its own ear alone, so that it can talk to any bot that speaks pipecat's protobuf frames.
"""

import asyncio
import contextlib
import json
import sys
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from bench.voice.sounds import Ear, Line, Mouth, Record
from parley_emulators.candidate.sound import TICK_SECONDS, Playback
from parley_emulators.candidate.wire import (
    Interruption,
    RtviMessage,
    Sound,
    decode,
    encode_client_ready,
    encode_microphone,
)
from parley_protocol.tickets import mint_ticket
from support.voices.echo import EchoPath
from support.voices.script import Echo
from support.voices.sounds import mixed
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

_COMES_BACK_SECONDS = 1.0


@dataclass(frozen=True)
class Room:
    """Where to go; `key` (hex), `uid` and `attempt` make the ticket, where one is asked for."""

    url: str
    key: str = ""
    uid: str = ""
    attempt: int = 1

    def address(self) -> str:
        """The address, with a fresh ticket."""
        if not self.key:
            return self.url
        ticket = mint_ticket(bytes.fromhex(self.key), self.uid, self.attempt, now=time.time())
        return f"{self.url}?token={ticket}"


@dataclass(frozen=True)
class Config:
    """What the candidate does.

    Attributes:
        room: Where.
        lines: What it says, in order.
        hangs_up_after: It leaves when its last line was replied to, and it has been quiet for so long; None: it stays.
        repeats_after: It says its last line again when nobody has spoken for so long; None: it waits.
        drops_after_lines: After so many lines its connection is lost, and made anew a second later; 0: never.
        limit_seconds: It leaves at the latest after this.
        echo: What its loudspeaker gives back to its microphone.
    """

    room: Room
    lines: tuple[Line, ...]
    hangs_up_after: float | None = None
    repeats_after: float | None = None
    drops_after_lines: int = 0
    limit_seconds: float = 300.0
    echo: Echo | None = None

    def write(self, path: Path) -> None:
        """For the process."""
        path.write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, path: Path) -> "Config":
        """As written."""
        data: dict[str, Any] = json.loads(path.read_text())
        lines = tuple(Line(**line) for line in data.pop("lines"))
        echo = Echo(**given) if (given := data.pop("echo")) else None
        return cls(room=Room(**data.pop("room")), lines=lines, echo=echo, **data)


class Candidate:
    """One talk, with a connection or two."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._lines = list(config.lines)
        self._sounds = {line.pcm: Path(line.pcm).read_bytes() for line in config.lines}
        self._ear, self._mouth, self._playback = Ear(), Mouth(), Playback()
        self._record = Record(spoken=self._mouth.spoken, heard=self._ear.heard)
        self._socket: ClientConnection | None = None
        self._said: Line | None = None
        self._echo = EchoPath(config.echo) if config.echo else None
        self._drops_left = 1 if config.drops_after_lines else 0

    async def talk(self) -> Record:
        """Join, talk, and say how it was."""
        ticking = asyncio.create_task(self._tick())
        try:
            async with asyncio.timeout(self._config.limit_seconds):
                over = await self._connection()
                while not over:
                    await asyncio.sleep(_COMES_BACK_SECONDS)
                    over = await self._connection()
        except TimeoutError:
            self._record.ended_by = "the candidate's patience"
        finally:
            ticking.cancel()
            self._record.left = time.monotonic()
        return self._record

    async def _connection(self) -> bool:
        """Hold one connection; the answer is whether the talk is over with it."""
        try:
            async with connect(self._config.room.address(), compression=None, max_size=None) as socket:
                self._record.joined = self._record.joined or time.monotonic()
                await socket.send(encode_client_ready())
                self._socket = socket
                receiving = asyncio.create_task(self._receive(socket))
                wants = asyncio.create_task(self._until_wanted())
                await asyncio.wait({receiving, wants}, return_when=asyncio.FIRST_COMPLETED)
                self._socket = None
                receiving.cancel()
                wants.cancel()
                if wants.done() and wants.result() == "drop":
                    socket.transport.abort()
                    self._playback.clear()
                    return False
                self._record.ended_by = self._how(socket, wants)
        except (InvalidHandshake, OSError, ConnectionClosed) as error:
            self._record.ended_by = f"{type(error).__name__}: {error}"
        return True

    @staticmethod
    def _how(socket: ClientConnection, wants: asyncio.Task[str]) -> str:
        if wants.done() and not wants.cancelled():
            return "the candidate hung up"
        return f"closed with {socket.close_code} {socket.close_reason or ''}".strip()

    async def _receive(self, socket: ClientConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for data in socket:
                match decode(data) if isinstance(data, bytes) else None:
                    case Sound() as sound:
                        self._ear.arrives(time.monotonic(), playing=not self._playback.empty)
                        self._playback.put(sound)
                        if self._echo is not None:
                            self._echo.play(sound.pcm)
                    case Interruption():
                        self._playback.clear()
                        if self._echo is not None:
                            self._echo.fall_silent()
                    case RtviMessage(type="server-message", data={"kind": "ended", "reason": str(reason)}):
                        self._record.told_end = reason
                    case _:
                        pass

    async def _until_wanted(self) -> str:
        """Until this side ends the connection: for good, or as a network would."""
        while True:
            await asyncio.sleep(TICK_SECONDS)
            said = len(self._config.lines) - len(self._lines)
            if self._drops_left and said >= self._config.drops_after_lines and self._replied(0.5):
                self._drops_left = 0
                return "drop"
            patience = self._config.hangs_up_after
            if patience is not None and not self._lines and self._replied(patience):
                return "hang up"

    def _replied(self, quiet: float) -> bool:
        """Whether something was heard after the last word said, and it has been quiet since for so long."""
        heard, spoken = self._ear.last, self._last_spoken
        if heard is None or spoken is None or self._mouth.speaking or heard.began < spoken.ended:
            return False
        return time.monotonic() - heard.ended >= quiet

    @property
    def _last_spoken(self) -> Any:
        return self._mouth.spoken[-1] if self._mouth.spoken else None

    async def _tick(self) -> None:
        """Every 20 ms: the microphone's frame goes out, the ear's is played. Time is the schedule's, not the loop's."""
        due = time.monotonic()
        while True:
            due += TICK_SECONDS
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            if self._socket is None:
                due = time.monotonic()
                continue
            self._record.latest_tick = max(self._record.latest_tick, time.monotonic() - due)
            self._think(due)
            spoken = self._mouth.frame(due)
            if self._echo is not None:
                spoken = mixed(spoken, self._echo.chunk())
            with contextlib.suppress(ConnectionClosed):
                await self._socket.send(encode_microphone(spoken))
            self._ear.play(self._playback.tick(), due)

    def _think(self, now: float) -> None:
        if self._mouth.speaking:
            return
        if self._lines and self._lines[0].is_due(self._ear.last, self._last_spoken, now):
            self._say(self._lines.pop(0))
        elif self._said is not None and self._config.repeats_after is not None:
            since = max(self._last_spoken.ended, self._ear.last.ended if self._ear.last else 0.0)
            if now - since >= self._config.repeats_after:
                self._say(self._said)

    def _say(self, line: Line) -> None:
        self._said = replace(line, barge_in=None)
        self._mouth.say(self._sounds[line.pcm])


def main(config: Path, result: Path) -> None:
    """Talk as the one file says, and write what came of it into the other."""
    record = asyncio.run(Candidate(Config.read(config)).talk())
    result.write_text(json.dumps(record.as_json()))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

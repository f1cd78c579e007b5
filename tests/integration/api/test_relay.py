"""The relay, between a real WebSocket client and a real WebSocket server that stands where a bot's pod would."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
import pytest
from parley_protocol.socket import BOT_PORT, MAX_MESSAGE_BYTES
from parley_protocol.tickets import mint_ticket
from parley_rooms.links import ticket_key
from support.api import LINK_KEY, ORIGIN, Api, Interviewed, eventually
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed, InvalidStatus

MakeInterview = Callable[..., Interviewed]
POD_IP = "127.0.0.2"


@dataclass
class BotServer:
    """Answers as it is told to; knows what it was asked."""

    tickets: list[str] = field(default_factory=list)
    closes: list[tuple[int | None, str | None]] = field(default_factory=list)
    received: int = 0
    reading: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        self.tickets.append(connection.request.path.partition("token=")[2])
        try:
            async for message in connection:
                self.received += 1
                await self.reading.wait()
                if message == "close, please":
                    await connection.close(4410, "taken over by another tab")
                elif message == "break":
                    connection.transport.abort()
                else:
                    await connection.send(message)
        except ConnectionClosed:
            pass
        self.closes.append((connection.close_code, connection.close_reason))


@pytest.fixture
async def bot() -> AsyncIterator[BotServer]:
    server = BotServer()
    server.reading.set()
    async with serve(server.handle, POD_IP, BOT_PORT, max_queue=2, ping_interval=None):
        yield server


@pytest.fixture
def made(interview: MakeInterview) -> Interviewed:
    one = interview("Ready", attempt=1)
    one.bot(ip=POD_IP)
    return one


def room(api: Api, made: Interviewed, ticket: str | None = None) -> str:
    return f"{api.url.replace('http', 'ws')}/rooms/{made.uid}/ws?token={ticket or ticket_of(made)}"


def ticket_of(made: Interviewed, attempt: int = 1, age: float = 0, key: str = LINK_KEY) -> str:
    now = datetime.now(UTC).timestamp() - age
    return mint_ticket(ticket_key(key.encode(), made.uid), made.uid, attempt, now=now)


async def close_of(connection: ClientConnection) -> tuple[int | None, str | None]:
    async with asyncio.timeout(10):
        await connection.wait_closed()
    return connection.close_code, connection.close_reason


async def sent_until_stuck(candidate: ClientConnection, message: bytes) -> int:
    """How many messages go out before one takes longer than two seconds."""
    for sent in range(400):
        try:
            async with asyncio.timeout(2):
                await candidate.send(message)
        except TimeoutError:
            return sent
    return 400


async def known(http: httpx.AsyncClient, made: Interviewed) -> None:
    """The API's cache knows the interview."""

    async def seen() -> bool:
        return (await http.get("/join/v1/interview", headers=made.headers())).status_code == 200

    await eventually("the API knows the interview", seen)


async def test_messages_pass_both_ways(http: httpx.AsyncClient, api: Api, made: Interviewed, bot: BotServer) -> None:
    await known(http, made)
    ticket = ticket_of(made)
    async with connect(room(api, made, ticket), origin=ORIGIN, proxy=None, compression=None) as candidate:  # type: ignore[arg-type]  # Origin is a NewType of str
        for message in ("text", b"\x00\xff" * 10, b"", b"x" * MAX_MESSAGE_BYTES):
            await candidate.send(message)
            assert await candidate.recv() == message
    assert bot.tickets == [ticket]
    assert ticket not in api.logged()


async def test_an_unknown_origin_is_refused(
    http: httpx.AsyncClient, api: Api, made: Interviewed, bot: BotServer
) -> None:
    await known(http, made)
    for origin in ("https://evil.example.com", "null", ORIGIN + ".evil.example.com", ORIGIN.replace("https", "http")):
        with pytest.raises(InvalidStatus) as refused:
            await connect(room(api, made), origin=origin, proxy=None)  # type: ignore[arg-type]  # Origin is a NewType of str
        assert refused.value.response.status_code == 403
        assert json.loads(refused.value.response.body)["type"].endswith("/origin-refused")
    assert bot.tickets == []


async def test_a_program_without_an_origin_may(
    http: httpx.AsyncClient, api: Api, made: Interviewed, bot: BotServer
) -> None:
    await known(http, made)
    async with connect(room(api, made), proxy=None) as candidate:
        await candidate.send("hello")
        assert await candidate.recv() == "hello"


@pytest.mark.parametrize("what", ["forged", "expired", "rubbish", "another attempt", "another interview"])
async def test_tickets_that_open_nothing(
    http: httpx.AsyncClient, api: Api, made: Interviewed, interview: MakeInterview, bot: BotServer, what: str
) -> None:
    await known(http, made)
    tickets = {
        "forged": ticket_of(made, key="x" * 40),
        "expired": ticket_of(made, age=31),
        "rubbish": "rubbish",
        "another attempt": ticket_of(made, attempt=2),
        "another interview": ticket_of(interview()),
    }
    async with connect(room(api, made, tickets[what]), proxy=None) as candidate:
        code, reason = await close_of(candidate)
    assert code == 4401
    assert reason
    assert bot.tickets == []


async def test_an_interview_that_is_not_there(api: Api, made: Interviewed) -> None:
    other = Interviewed(made.cluster, made.namespace, "x", "00000000-0000-0000-0000-000000000000")
    async with connect(room(api, other), proxy=None) as candidate:
        assert (await close_of(candidate))[0] == 1000


async def test_a_bot_that_is_not_there(http: httpx.AsyncClient, api: Api, made: Interviewed) -> None:
    """Nobody listens at the pod's address; and there may be no pod at all."""
    await known(http, made)
    async with connect(room(api, made), proxy=None) as candidate:
        assert (await close_of(candidate))[0] == 4503
    made.operator_status("InProgress", 2)
    async with connect(room(api, made, ticket_of(made, attempt=2)), proxy=None) as candidate:
        assert (await close_of(candidate))[0] == 4503


async def test_the_bots_close_reaches_the_candidate(
    http: httpx.AsyncClient, api: Api, made: Interviewed, bot: BotServer
) -> None:
    await known(http, made)
    async with connect(room(api, made), proxy=None) as candidate:
        await candidate.send("close, please")
        assert await close_of(candidate) == (4410, "taken over by another tab")
    async with connect(room(api, made), proxy=None) as candidate:
        await candidate.send("break")
        assert (await close_of(candidate))[0] == 1011


async def test_the_candidates_close_reaches_the_bot(
    http: httpx.AsyncClient, api: Api, made: Interviewed, bot: BotServer
) -> None:
    await known(http, made)
    async with connect(room(api, made), proxy=None) as candidate:
        await candidate.close(4001, "leaving")

    async def closed() -> bool:
        return bool(bot.closes)

    await eventually("the bot saw the end", closed)
    assert bot.closes == [(4001, "leaving")]
    broken = await connect(room(api, made), proxy=None)
    broken.transport.abort()

    async def both() -> bool:
        return len(bot.closes) == 2

    await eventually("the bot saw the break", both)
    assert bot.closes[1][0] in (1000, 1001)


async def test_a_message_that_is_too_large_ends_it(
    http: httpx.AsyncClient, api: Api, made: Interviewed, bot: BotServer
) -> None:
    await known(http, made)
    async with connect(room(api, made), proxy=None, compression=None) as candidate:
        await candidate.send(b"x" * (MAX_MESSAGE_BYTES + 1))
        assert (await close_of(candidate))[0] == 1009
    assert bot.received == 0


async def test_a_slow_bot_slows_the_candidate_down(
    http: httpx.AsyncClient, api: Api, made: Interviewed, bot: BotServer
) -> None:
    """Nothing piles up in the API: what it does not take stays with the sender."""
    await known(http, made)
    bot.reading.clear()
    message = b"x" * 256 * 1024
    async with connect(room(api, made), proxy=None, compression=None) as candidate:
        sent = await sent_until_stuck(candidate, message)
        assert sent < 100
        bot.reading.set()
        for _ in range(sent):
            assert await candidate.recv() == message

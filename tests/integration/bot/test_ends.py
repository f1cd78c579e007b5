"""Each way an interview can end other than well: promptly, with its reason and exit code."""

import base64
import signal

import pytest
from parley_protocol import ConnectionChanged, FinishReason, LimitsPlan
from parley_protocol.assignment import DailyRoom
from support.bot import KEY, ApiPeer, eventually, interview_plan
from support.guest import Guest
from support.processes import free_ports

from .conftest import Nova, StartBot


async def test_a_model_that_refuses(peer: ApiPeer, nova: Nova, start_bot: StartBot) -> None:
    nova.order({"kind": "refuse", "status": 403, "times": None})
    bot = await start_bot()
    assert await bot.exit_code(40) == 10
    assert peer.finished is None, "another attempt may have it"
    assert any("AccessDenied" in line.get("message", "") for line in bot.lines), "the log says why"


async def test_a_model_that_is_not_there(peer: ApiPeer, start_bot: StartBot) -> None:
    bot = await start_bot(PARLEY_MODEL_ENDPOINT=f"https://127.0.0.1:{free_ports(1)[0]}")
    assert await bot.exit_code(40) == 10
    assert peer.finished is None
    assert "ConnectionRefused" in bot.lines[-1]["message"], "the last line is what the attempt's record shows"


async def test_a_model_that_is_busy_for_a_moment(peer: ApiPeer, nova: Nova, start_bot: StartBot) -> None:
    nova.order({"kind": "refuse", "status": 429, "error_type": "ThrottlingException", "times": 2})
    bot = await start_bot()
    await bot.ready()


async def test_credentials_that_were_replaced_as_it_looked(peer: ApiPeer, nova: Nova, start_bot: StartBot) -> None:
    nova.order({"kind": "refuse", "status": 403, "error_type": "ExpiredTokenException"})
    bot = await start_bot()
    await bot.ready()


async def test_no_credentials(peer: ApiPeer, start_bot: StartBot) -> None:
    bot = await start_bot(AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="", HOME="/nonexistent")
    assert await bot.exit_code(40) == 10
    assert any("credentials" in line.get("message", "") for line in bot.lines)


async def test_credentials_that_expire_before_the_candidate_comes(
    peer: ApiPeer, nova: Nova, start_bot: StartBot
) -> None:
    bot = await start_bot()
    await bot.ready()
    nova.order({"kind": "refuse", "status": 403, "error_type": "ExpiredTokenException", "times": None})
    guest = await Guest([]).join(bot.url())
    await guest.over(60)
    assert guest.close_code == 1001
    assert await bot.exit_code(15) == 10
    last = peer.stored[1][-1].event
    assert isinstance(last, ConnectionChanged)
    assert (last.who, last.what) == ("bot", "left")
    assert peer.finished is None, "the interview goes on with the next bot"


async def test_an_api_that_refuses_the_pod(peer: ApiPeer, start_bot: StartBot) -> None:
    peer.attempt = 2
    bot = await start_bot()
    await bot.ready()
    peer.attempt = 3
    await Guest([]).join(bot.url(attempt=2))
    assert await bot.exit_code(20) == 12


async def test_told_to_go(peer: ApiPeer, start_bot: StartBot) -> None:
    bot = await start_bot()
    await bot.ready()
    guest = await Guest([]).join(bot.url())
    await eventually("the greeting is stored", lambda: peer.turns, 30)
    assert bot.process is not None
    bot.process.send_signal(signal.SIGTERM)
    assert await bot.exit_code(6) == 143
    await guest.over(5)
    assert guest.close_code == 1001
    last = peer.stored[1][-1].event
    assert isinstance(last, ConnectionChanged)
    assert (last.who, last.what) == ("bot", "left")
    assert peer.finished is None, "the interview goes on with the next bot"


async def test_a_candidate_who_leaves(peer: ApiPeer, start_bot: StartBot) -> None:
    peer.plan = interview_plan(reconnect_grace_seconds=2)
    bot = await start_bot()
    await bot.ready()
    guest = await Guest([]).join(bot.url())
    await eventually("the question is asked", lambda: "question" in peer.kinds(), 30)
    await guest.leave()
    assert await bot.exit_code(20) == 0
    assert peer.finished is not None
    assert peer.finished.reason is FinishReason.CANDIDATE_LEFT


async def test_a_candidate_who_leaves_for_good(peer: ApiPeer, start_bot: StartBot) -> None:
    bot = await start_bot()
    await bot.ready()
    guest = await Guest([]).join(bot.url())
    await eventually("the question is asked", lambda: "question" in peer.kinds(), 30)
    await guest.send_message({"label": "rtvi-ai", "type": "client-message", "id": "2", "data": {"t": "leave"}})
    await guest.leave()
    assert await bot.exit_code(20) == 0
    assert peer.finished is not None
    assert peer.finished.reason is FinishReason.CANDIDATE_LEFT


async def test_told_to_go_as_it_ends(peer: ApiPeer, start_bot: StartBot) -> None:
    bot = await start_bot()
    await bot.ready()
    guest = await Guest([]).join(bot.url())
    await eventually("the question is asked", lambda: "question" in peer.kinds(), 30)
    await guest.send_message({"label": "rtvi-ai", "type": "client-message", "id": "2", "data": {"t": "leave"}})
    await eventually("it is over", lambda: bot.logged("conversation over"), 10)
    assert bot.process is not None
    bot.process.send_signal(signal.SIGTERM)
    assert await bot.exit_code(10) == 0
    assert peer.finished is not None
    assert peer.finished.reason is FinishReason.CANDIDATE_LEFT
    assert peer.finished.last_event == len(peer.stored[1])
    gone = [e.event for e in peer.stored[1] if isinstance(e.event, ConnectionChanged) and e.event.what == "left"]
    assert [event.who for event in gone] == ["candidate", "bot"], "what comes before the end is there, all of it"


async def test_a_port_that_is_taken(start_bot: StartBot) -> None:
    first = await start_bot()
    await first.ready()
    second = await start_bot(PARLEY_PORT=str(first.port))
    assert await second.exit_code(20) == 1
    assert any("crashed" in line.get("message", "") for line in second.lines)


async def test_settings_that_are_wrong(start_bot: StartBot) -> None:
    bot = await start_bot(PARLEY_LOG_LEVEL="verbose", PARLEY_CA_FILE="/nonexistent")
    assert await bot.exit_code(20) == 2
    (line,) = bot.log.read_text().splitlines()
    assert "PARLEY_LOG_LEVEL" in line
    assert "PARLEY_CA_FILE" in line


async def test_a_candidate_who_says_nothing(peer: ApiPeer, start_bot: StartBot) -> None:
    peer.plan = interview_plan(silence_nudge_seconds=3, silence_end_seconds=20)
    bot = await start_bot()
    await bot.ready()
    guest = await Guest([]).join(bot.url())
    await guest.over(80)
    assert await bot.exit_code(15) == 0
    assert peer.finished is not None
    assert peer.finished.reason is FinishReason.SILENCE
    said = [turn.text for turn in peer.turns]
    assert said[1] == "Take your time. I am still listening."
    assert guest.told("ended") == [{"kind": "ended", "reason": "Silence"}]


async def test_time_that_is_over(peer: ApiPeer, start_bot: StartBot, answers: list[bytes]) -> None:
    limits = LimitsPlan(duration_seconds=12, closing_notice_seconds=2)
    peer.plan = interview_plan().model_copy(update={"limits": limits})
    bot = await start_bot()
    await bot.ready()
    guest = await Guest(answers[:1]).join(bot.url())
    await guest.over(80)
    assert await bot.exit_code(15) == 0
    assert peer.finished is not None
    assert peer.finished.reason is FinishReason.TIME_LIMIT
    closing = "Our time is up, so I have to stop here. Thank you for your time. Goodbye."
    assert " ".join(turn.text for turn in peer.turns).endswith(closing)


async def test_a_daily_room_that_cannot_be_joined(peer: ApiPeer, start_bot: StartBot) -> None:
    peer.room = DailyRoom(room_url=f"https://127.0.0.1:{free_ports(1)[0]}/room", token="no-token")
    bot = await start_bot()
    assert await bot.exit_code(45) == 11
    assert not bot.logged("in the room")


@pytest.mark.parametrize(
    "ticket", ["", "nonsense", f"{base64.urlsafe_b64encode(KEY).decode()}.x"], ids=["none", "nonsense", "forged"]
)
async def test_a_ticket_that_is_none(start_bot: StartBot, ticket: str) -> None:
    bot = await start_bot()
    await bot.ready()
    guest = await Guest([]).join(bot.url(ticket=ticket))
    await guest.over(10)
    assert guest.close_code == 4401

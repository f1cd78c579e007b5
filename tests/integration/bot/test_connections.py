"""Lost connections, second tabs, replaced bots, lost model sessions: the interview goes on where it stopped."""

import signal

from parley_protocol import FinishReason, Speaker, Turn
from support.bot import ApiPeer, eventually, interview_plan
from support.guest import Guest

from .conftest import Nova, StartBot

WELCOME = "Welcome back. Let us go on where we stopped."


def interviewer(peer: ApiPeer) -> list[str]:
    return [turn.text for turn in peer.turns if turn.speaker is Speaker.INTERVIEWER]


def candidate(peer: ApiPeer) -> list[Turn]:
    return [turn for turn in peer.turns if turn.speaker is Speaker.CANDIDATE]


async def test_a_candidate_who_comes_back(peer: ApiPeer, start_bot: StartBot, answers: list[bytes]) -> None:
    bot = await start_bot()
    await bot.ready()
    first = await Guest([]).join(bot.url())
    await eventually("the question is spoken", lambda: peer.turns, 40)
    await first.leave()
    second = await Guest(answers).join(bot.url())
    await second.over(150)
    assert await bot.exit_code(15) == 0
    said = interviewer(peer)
    assert said[1] == f"{WELCOME} Tell me about an outage that you have solved."
    assert sum("Hello Kim" in text for text in said) == 1
    assert peer.finished is not None
    assert peer.finished.reason is FinishReason.COMPLETED
    assert [turn.seq for turn in peer.turns] == list(range(1, len(peer.turns) + 1))


async def test_a_ticket_opens_once_and_a_second_tab_takes_over(peer: ApiPeer, start_bot: StartBot) -> None:
    bot = await start_bot()
    await bot.ready()
    ticket = bot.url()
    first = await Guest([]).join(ticket)
    await eventually("the question is asked", lambda: "question" in peer.kinds(), 30)
    again = await Guest([]).join(ticket)
    await again.over(10)
    assert again.close_code == 4409
    assert first.close_code is None
    second = await Guest([]).join(bot.url())
    await first.over(15)
    assert first.close_code == 4410
    assert first.close_reason == "the interview goes on in another tab"
    await eventually("it is welcomed", lambda: any(WELCOME in text for text in interviewer(peer)), 40)
    assert second.close_code is None


async def test_a_second_tab_can_be_refused(peer: ApiPeer, start_bot: StartBot) -> None:
    peer.plan = interview_plan().model_copy(update={"second_tab": "Refuse"})
    bot = await start_bot()
    await bot.ready()
    first = await Guest([]).join(bot.url())
    await eventually("the question is asked", lambda: "question" in peer.kinds(), 30)
    second = await Guest([]).join(bot.url())
    await second.over(10)
    assert second.close_code == 4409
    assert second.close_reason == "the interview is open in another tab"
    assert first.close_code is None


async def test_a_bot_that_is_lost_is_replaced(peer: ApiPeer, start_bot: StartBot, answers: list[bytes]) -> None:
    bot = await start_bot()
    await bot.ready()
    await Guest(answers[:1]).join(bot.url())
    await eventually("the first answer is stored", lambda: "answer" in peer.kinds(), 60)
    assert bot.process is not None
    bot.process.send_signal(signal.SIGKILL)
    await bot.process.wait()
    before = list(peer.turns)

    peer.attempt = 2
    replacement = await start_bot()
    await replacement.ready()
    second = await Guest(answers[1:]).join(replacement.url(attempt=2))
    await second.over(150)
    assert await replacement.exit_code(15) == 0
    assert peer.turns[: len(before)] == before, "no acknowledged turn is lost"
    said = interviewer(peer)
    assert sum("Hello Kim" in text for text in said) == 1
    assert any(text.startswith(WELCOME) for text in said)
    assert [turn.seq for turn in peer.turns] == list(range(1, len(peer.turns) + 1))
    times = [turn.end_ms for turn in peer.turns]
    assert times == sorted(times), "one clock for all attempts"


async def test_an_api_that_is_away_for_a_while(peer: ApiPeer, start_bot: StartBot, answers: list[bytes]) -> None:
    bot = await start_bot()
    await bot.ready()
    guest = await Guest(answers).join(bot.url())
    await eventually("the question is asked", lambda: "question" in peer.kinds(), 30)
    peer.down = True
    await eventually("the candidate is heard all the same", lambda: len(guest.answers) < 2, 60)
    peer.down = False
    await guest.over(150)
    assert await bot.exit_code(30) == 0
    assert len(candidate(peer)) == 3


async def test_a_model_session_that_is_lost(
    peer: ApiPeer, nova: Nova, start_bot: StartBot, answers: list[bytes]
) -> None:
    bot = await start_bot()
    await bot.ready()
    nova.order({"kind": "reset", "after_responses": 2}, {"kind": "drop", "after_responses": 3})
    # An answer that is lost with the session is asked for again: there is one to spare for each loss.
    guest = await Guest([*answers, answers[-1], answers[-1]]).join(bot.url())
    await guest.over(200)
    assert await bot.exit_code(15) == 0
    assert peer.finished is not None
    assert peer.finished.reason is FinishReason.COMPLETED
    assert sum("Hello Kim" in text for text in interviewer(peer)) == 1


async def test_a_model_session_that_is_rotated(
    peer: ApiPeer, nova: Nova, start_bot: StartBot, answers: list[bytes]
) -> None:
    bot = await start_bot(PARLEY_MODEL_ROTATE_SECONDS="8")
    await bot.ready()
    guest = await Guest(answers).join(bot.url())
    await guest.over(150)
    assert await bot.exit_code(15) == 0
    sessions = nova.control.get("/sessions").json()
    assert sum(1 for session in sessions if session["turns"]) >= 2, "more than one session has talked"
    said = interviewer(peer)
    assert sum("Hello Kim" in text for text in said) == 1
    assert not any("lost the line" in text for text in said), "nobody has noticed"
    assert len(candidate(peer)) == 3
    assert peer.finished is not None
    assert peer.finished.reason is FinishReason.COMPLETED

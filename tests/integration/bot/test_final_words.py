"""The transcript has what the interviewer has spoken, where that is not what the model has announced."""

from parley_protocol import FinishReason, QuestionPlan, Speaker, TurnSpoken
from support.bot import ApiPeer
from support.guest import Guest

from .conftest import Nova, StartBot

SPEAKS = {"250": "two hundred and fifty", "crew": "team", "Goodbye": "Farewell"}
# From the end of its sound to Nova's word of it, and the way to the API.
LATEST_SECONDS = 2.5


async def test_what_was_spoken_replaces_what_was_announced(
    peer: ApiPeer, nova: Nova, start_bot: StartBot, answers: list[bytes]
) -> None:
    nova.control.put("/manners", json={"speaks": SPEAKS})
    question = QuestionPlan(id="team", text="We have 250 machines. What do you look for in a crew?")
    peer.plan = peer.plan.model_copy(update={"questions": [question]})
    bot = await start_bot()
    await bot.ready()
    guest = await Guest(answers[2:]).join(bot.url())
    await guest.over(100)
    assert await bot.exit_code(15) == 0

    assert peer.finished is not None
    assert peer.finished.reason is FinishReason.COMPLETED
    assert [turn.text for turn in peer.turns if turn.speaker is Speaker.INTERVIEWER] == [
        "Hello Kim, thank you for coming. We have two hundred and fifty machines. What do you look for in a team?",
        "Thank you for your time. Farewell.",
    ]
    assert [turn.seq for turn in peer.turns] == [1, 2, 3]
    told = [(entry.at_ms, entry.event.turn) for entry in peer.stored[1] if isinstance(entry.event, TurnSpoken)]
    assert all(at - turn.end_ms < LATEST_SECONDS * 1000 for at, turn in told if turn.speaker is Speaker.INTERVIEWER)

"""What a candidate asks for, spoken: the question again, and to pass on it."""

from collections.abc import AsyncIterator

import pytest
from parley_emulators.speech.synthesiser import Synthesiser
from parley_protocol import AnswerRecorded, FinishReason, Speaker
from support.bot import ApiPeer
from support.guest import Guest

from .conftest import StartBot

WISHES = ["Could you repeat the question again?", "I would like to skip this question.", "Give me a minute to think."]


@pytest.fixture
async def talk(answers: list[bytes]) -> AsyncIterator[list[bytes]]:
    """The question again; pass on it; then, of the last one, a moment and an answer."""
    voice = Synthesiser()
    try:
        yield [*[await voice.say(wish, 16000) for wish in WISHES], answers[-1]]
    finally:
        await voice.close()


async def test_wishes_are_granted_and_told_as_that(peer: ApiPeer, start_bot: StartBot, talk: list[bytes]) -> None:
    bot = await start_bot()
    await bot.ready()
    guest = await Guest(talk).join(bot.url())
    await guest.over(150)
    assert await bot.exit_code(15) == 0

    said = " ".join(turn.text for turn in peer.turns if turn.speaker is Speaker.INTERVIEWER)
    assert said.count("Tell me about an outage that you have solved.") == 2
    assert "Take the time you need." in said
    answered = [stored.event for stored in peer.stored[1] if isinstance(stored.event, AnswerRecorded)]
    assert [(event.question_id, event.skipped) for event in answered] == [("outage", True), ("team", False)]
    assert peer.finished is not None
    assert peer.finished.reason is FinishReason.COMPLETED

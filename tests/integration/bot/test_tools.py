"""The template's own tools, spoken: the candidate asks, the interviewer looks it up, and the interview goes on."""

from collections.abc import AsyncIterator

import pytest
from parley_emulators.speech.synthesiser import Synthesiser
from parley_protocol import FinishReason, Speaker, ToolAnswer, ToolCalled, ToolOutcome, ToolPlan
from support.bot import ApiPeer
from support.guest import Guest

from .conftest import Nova, StartBot

QUESTION = "What is the salary range of this job?"
TOOL = ToolPlan(
    name="salary_range",
    description="Look up the salary range of the job.",
    input_schema={"type": "object", "properties": {"question": {"type": "string"}}, "required": ["question"]},
)
OUTCOMES = {
    "quick": (ToolAnswer(outcome=ToolOutcome.OK, result={"range": "sixty to eighty thousand"}), 0.0),
    "slow": (ToolAnswer(outcome=ToolOutcome.OK, result={"range": "sixty to eighty thousand"}), 4.0),
    "failing": (ToolAnswer(outcome=ToolOutcome.TIMEOUT), 0.0),
}


@pytest.fixture
async def talk(answers: list[bytes]) -> AsyncIterator[list[bytes]]:
    """The candidate's question, and then the answers."""
    voice = Synthesiser()
    try:
        yield [await voice.say(QUESTION, 16000), *answers]
    finally:
        await voice.close()


@pytest.mark.parametrize("kind", OUTCOMES)
async def test_the_candidate_asks_and_is_answered(
    peer: ApiPeer, nova: Nova, start_bot: StartBot, talk: list[bytes], kind: str
) -> None:
    peer.plan = peer.plan.model_copy(update={"tools": [TOOL]})
    peer.tool_answer, peer.tool_seconds = OUTCOMES[kind]
    bot = await start_bot()
    await bot.ready()
    # Where the tool is slow, the words for meanwhile are spoken to without an answer.
    script = talk if kind != "slow" else [talk[0], b"", *talk[1:]]
    guest = await Guest(script).join(bot.url())
    await guest.over(150)
    assert await bot.exit_code(15) == 0

    said = " ".join(turn.text for turn in peer.turns if turn.speaker is Speaker.INTERVIEWER)
    assert ("sixty to eighty thousand" in said) is (kind != "failing")
    assert ("I can not look that up right now" in said) is (kind == "failing")
    assert ("One moment please" in said) is (kind == "slow")
    ((name, call),) = peer.tool_calls
    assert name == "salary_range"
    assert "salary" in str(call.arguments["question"]).lower()
    outcomes = [e.event.outcome for e in peer.stored[1] if isinstance(e.event, ToolCalled) and e.event.name == name]
    assert outcomes == ["timeout" if kind == "failing" else "ok"]
    assert peer.finished is not None
    assert peer.finished.reason is FinishReason.COMPLETED
    # The check of the model opens a session of its own.
    session = nova.control.get("/sessions").json()[-1]
    offered = {tool["toolSpec"]["name"] for tool in session["prompt_start"]["toolConfiguration"]["tools"]}
    assert {"next_question", "end_interview", "salary_range"} <= offered

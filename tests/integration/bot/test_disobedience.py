"""A model that disobeys, over the wire and spoken: the engine holds its plan, and tells nothing before its time."""

import json

from parley_emulators.nova.manners import OFF_PLAN
from parley_protocol import FinishReason, QuestionAsked, Speaker, ToolCalled
from support.bot import ApiPeer, Guest

from .conftest import Nova, StartBot


async def test_the_plan_is_held_against_a_model_with_no_manners(
    peer: ApiPeer, nova: Nova, start_bot: StartBot, answers: list[bytes]
) -> None:
    nova.control.put("/manners", json={"manners": ["early_end", "unknown_tool", "twice", "off_plan"]})
    bot = await start_bot()
    await bot.ready()
    # The model's own question takes the place of a word of the candidate's: each is answered.
    guest = await Guest(answers + answers).join(bot.url())
    await guest.over(200)
    assert await bot.exit_code(15) == 0

    assert peer.finished is not None
    assert peer.finished.reason is FinishReason.COMPLETED
    events = [stored.event for stored in peer.stored[1]]
    asked = [event.question_id for event in events if isinstance(event, QuestionAsked) and not event.follow_up]
    assert asked == ["outage", "team"]
    outcomes = {(event.name, event.outcome) for event in events if isinstance(event, ToolCalled)}
    assert {("grade_candidate", "unknown-tool"), ("end_interview", "too-early")} <= outcomes
    said = " ".join(turn.text for turn in peer.turns if turn.speaker is Speaker.INTERVIEWER)
    assert OFF_PLAN in said, "the transcript keeps what was said, asked for or not"
    assert said.endswith("Thank you for your time. Goodbye.")

    # On the captured wire nothing of a question comes before the engine asks it.
    session = nova.control.get("/sessions").json()[-1]
    results = [call["result"] for call in session["tool_calls"] if call["result"] is not None]
    first = next(n for n, result in enumerate(results) if "What do you look for in a team?" in result)
    before = json.dumps([session["system"], session["history"], session["interactive"], results[:first]])
    assert "honesty" not in before
    assert "What do you look for in a team?" not in before

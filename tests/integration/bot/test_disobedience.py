"""A model that disobeys, over the wire and spoken: the engine holds its plan, and tells nothing before its time."""

import json

from parley_emulators.nova.manners import OFF_PLAN
from parley_protocol import AnswerRecorded, FinishReason, QuestionAsked, Speaker, ToolCalled
from support.bot import ApiPeer, probing_plan
from support.guest import Guest
from support.nova_process import told_to_the_model

from .conftest import Nova, StartBot


async def test_the_plan_is_held_against_a_model_with_no_manners(
    peer: ApiPeer, nova: Nova, start_bot: StartBot, answers: list[bytes]
) -> None:
    # Each alone, and the others, in `make soak`.
    manners = ["early_end", "unknown_tool", "twice", "off_plan", "out_of_order", "skips"]
    nova.control.put("/manners", json={"manners": manners})
    peer.plan = probing_plan()
    bot = await start_bot()
    await bot.ready()
    # The model's own question comes before the plan's: who answered it at once would talk over the one that counts.
    # Where the machine is slow they do all the same, and have to answer once more: a guest must not run out of answers.
    guest = await Guest(10 * answers, polite=True).join(bot.url())
    await guest.over(200)
    assert await bot.exit_code(15) == 0

    assert peer.finished is not None
    assert peer.finished.reason is FinishReason.COMPLETED
    events = [stored.event for stored in peer.stored[1]]
    asked = [event.question_id for event in events if isinstance(event, QuestionAsked) and not event.follow_up]
    assert asked == ["outage", "team"]
    outcomes = {(event.name, event.outcome) for event in events if isinstance(event, ToolCalled)}
    assert outcomes >= {
        ("grade_candidate", "unknown-tool"),
        ("end_interview", "too-early"),
        ("record_answer", "words-not-spoken"),
        ("skip_question", "no-answer"),
    }
    assert not [event for event in events if isinstance(event, AnswerRecorded) and event.skipped]
    said = " ".join(turn.text for turn in peer.turns if turn.speaker is Speaker.INTERVIEWER)
    assert OFF_PLAN in said, "the transcript keeps what was said, asked for or not"
    assert said.endswith("Thank you for your time. Goodbye.")

    # On the captured wire nothing of a question comes before the engine asks it.
    told = told_to_the_model(nova.sessions[-1])
    first = next(n for n, text in enumerate(told) if "What do you look for in a team?" in text)
    assert json.loads(told[first])["say"].endswith("What do you look for in a team?"), "it came to be asked"
    assert "honesty" in told[first]
    assert not any("honesty" in text for text in told[:first])

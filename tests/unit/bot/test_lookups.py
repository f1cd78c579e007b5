"""The template's own tools in the conversation: quick, slow, failing, called at the wrong time or without end."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parley_bot import conversation as conversing
from parley_bot.conversation import Conversation
from parley_bot.engine import InterviewSession, Next, Prompt
from parley_bot.engine.lookups import MOST_CALLS, PATIENCE_SECONDS
from parley_bot.engine.phrases import phrases_for
from parley_bot.reporter import Reporter
from parley_bot.timeline import Timeline
from parley_protocol import AnswerRecorded, EventBatch, FinishReason, ToolAnswer, ToolCalled, ToolOutcome
from support.engine import Room, make_plan, no_tools
from support.wait import eventually

PHRASES = phrases_for("en-US")
FOUND = ToolAnswer(outcome=ToolOutcome.OK, result={"salary": "much"})
FAILED = ToolAnswer(outcome=ToolOutcome.TIMEOUT)
# A lone surrogate, which json.loads makes of a model's "\\ud83d", and which has no UTF-8.
HALF = "\ud83d"
CLIENT: Any = None  # the reporter is not run: what it has is looked at


@pytest.fixture
def room() -> Room:
    room = Room(InterviewSession(make_plan(silence_nudge_seconds=10)))
    room.call("next_question")
    room.answer(2)
    return room


def found(actions: list[Any]) -> list[dict[str, Any]]:
    """What prompts bring of look-ups."""
    told = [json.loads(action.text) for action in actions if isinstance(action, Prompt)]
    return [one for one in told if one["next"] == "answer"]


def test_what_was_found_is_told_as_the_calls_result(room: Room) -> None:
    assert room.session.begin_tool("salary", room.now) is None
    decision = room.session.end_tool("salary", FOUND, room.now)
    assert decision.reply.as_result()["next"] == "answer"
    assert decision.reply.as_result()["result"] == {"salary": "much"}
    assert decision.events == (ToolCalled(name="salary", outcome="ok"),)
    assert found(room.wait(8)) == []


def test_what_was_not_found_is_said_honestly(room: Room) -> None:
    assert room.session.begin_tool("salary", room.now) is None
    decision = room.session.end_tool("salary", FAILED, room.now)
    assert decision.reply.say == PHRASES.not_found
    assert decision.events == (ToolCalled(name="salary", outcome="timeout"),)


def test_nothing_found_is_an_answer_too(room: Room) -> None:
    room.session.begin_tool("salary", room.now)
    told = room.session.end_tool("salary", ToolAnswer(outcome=ToolOutcome.OK), room.now).reply.as_result()
    assert (told["next"], told["result"]) == ("answer", None)


def test_a_slow_call_is_bridged_and_told_once_after_it(room: Room) -> None:
    room.session.begin_tool("salary", room.now)
    filler = room.session.tool_is_slow()
    assert filler.say == PHRASES.one_moment
    assert room.wait(30) == [], "nobody is nudged while something is looked up"
    room.session.end_tool("salary", FOUND, room.now)
    assert found(room.wait(1)) == [], "the words for meanwhile come first"
    room.session.interviewer_began(room.now)
    assert found(room.wait(1)) == [], "nobody is interrupted"
    room.session.interviewer_ceased(room.now)
    (told,) = found(room.wait(8))
    assert told["result"] == {"salary": "much"}


def test_words_for_meanwhile_that_never_come_do_not_hold_it_up_for_ever(room: Room) -> None:
    room.session.begin_tool("salary", room.now)
    room.session.tool_is_slow()
    room.session.end_tool("salary", FOUND, room.now)
    assert len(found(room.wait(PATIENCE_SECONDS + 1))) == 1


def test_a_candidate_who_speaks_is_not_cut_short(room: Room) -> None:
    room.session.begin_tool("salary", room.now)
    room.session.detach_tool()
    room.session.candidate_spoke(room.now, speaking=True)
    room.session.end_tool("salary", FOUND, room.now)
    assert found(room.wait(20)) == []
    room.session.candidate_spoke(room.now, speaking=False)
    assert len(found(room.wait(2))) == 1


@pytest.mark.parametrize("loss", ["candidate_left", "model_restarted"])
def test_an_answer_whose_call_is_lost_is_told_all_the_same(room: Room, loss: str) -> None:
    room.session.begin_tool("salary", room.now)
    getattr(room.session, loss)(room.now)
    room.session.end_tool("salary", FOUND, room.now)
    if loss == "candidate_left":
        assert found(room.wait(2)) == []
        room.session.candidate_joined(room.now)
    assert len(found(room.wait(8))) == 1


@pytest.mark.parametrize("loss", ["candidate_left", "model_restarted", "prompt_lost"])
def test_an_answer_that_was_told_and_is_lost_is_told_again(room: Room, loss: str) -> None:
    room.session.begin_tool("salary", room.now)
    room.session.detach_tool()
    room.session.end_tool("salary", FOUND, room.now)
    (told,) = [action for action in room.wait(2) if isinstance(action, Prompt)]
    if loss == "prompt_lost":
        room.session.prompt_lost("another prompt")
        assert found(room.wait(1)) == []
        room.session.prompt_lost(told.text)
    else:
        getattr(room.session, loss)(room.now)
    if loss == "candidate_left":
        room.session.candidate_joined(room.now)
    assert len(found(room.wait(2))) == 1
    room.speak("Much.")
    room.session.model_restarted(room.now)
    assert found(room.wait(2)) == [], "what was told of is not told again"


def test_a_lost_prompt_takes_nothing_from_the_call_that_is_waited_for(room: Room) -> None:
    room.session.begin_tool("salary", room.now)
    room.session.detach_tool()
    room.session.end_tool("salary", FOUND, room.now)
    (told,) = [action for action in room.wait(2) if isinstance(action, Prompt)]
    room.session.begin_tool("holidays", room.now)
    room.session.prompt_lost(told.text)
    room.session.end_tool("holidays", ToolAnswer(outcome=ToolOutcome.OK, result="thirty"), room.now)
    assert [one["result"] for one in found(room.wait(8))] == [{"salary": "much"}], "holidays were told as its result"


def test_of_two_answers_lost_at_once_both_are_told_again_in_their_order(room: Room) -> None:
    for what in ("much", "more"):
        room.session.begin_tool("salary", room.now)
        room.session.detach_tool()
        room.session.end_tool("salary", ToolAnswer(outcome=ToolOutcome.OK, result=what), room.now)
        if what == "much":
            assert len(found(room.wait(2))) == 1
    room.session.model_restarted(room.now)
    assert [one["result"] for one in found(room.wait(8))] == ["much", "more"]


def test_one_thing_is_looked_up_at_a_time(room: Room) -> None:
    room.session.begin_tool("salary", room.now)
    second = room.session.begin_tool("holidays", room.now)
    assert second is not None
    assert second.reply.next is Next.LISTEN
    assert second.events == (ToolCalled(name="holidays", outcome="still-looking"),)


def test_calls_without_end_have_one(room: Room) -> None:
    for _ in range(MOST_CALLS):
        assert room.session.begin_tool("salary", room.now) is None
        room.session.end_tool("salary", FOUND, room.now)
    refused = room.session.begin_tool("salary", room.now)
    assert refused is not None
    assert refused.reply.say == PHRASES.not_found
    assert refused.events == (ToolCalled(name="salary", outcome="too-many-calls"),)


def test_words_that_were_given_out_come_before_a_call() -> None:
    session = InterviewSession(make_plan())
    session.candidate_joined(0.0)
    asked = session.next_question(0.0)
    refused = session.begin_tool("salary", 0.0)
    assert refused is not None
    assert refused.reply == asked.reply


def test_after_the_closing_words_nothing_is_looked_up_or_told(room: Room) -> None:
    room.session.begin_tool("salary", room.now)
    room.session.detach_tool()
    while room.call("next_question") is not Next.HANG_UP and not room.session.ending:
        room.record()
        room.call("end_interview", reason="completed")
    room.session.end_tool("salary", FOUND, room.now)
    assert found(room.wait(10)) == []
    assert room.session.begin_tool("salary", room.now) is not None


STEPS = st.sampled_from(
    ["begin", "slow", "detach", "end", "fail", "wait", "speak", "left", "joined", "restart", "next"]
)


@given(st.lists(STEPS, max_size=40))
def test_whatever_happens_each_answer_is_told_at_most_once_and_none_out_of_turn(steps: list[str]) -> None:
    room = Room(InterviewSession(make_plan()))
    room.call("next_question")
    begun = ended = told = 0
    for step in steps:
        session, running = room.session, begun > ended
        match step:
            case "begin":
                begun += session.begin_tool("salary", room.now) is None
            case "slow" | "detach" if running:
                session.tool_is_slow() if step == "slow" else session.detach_tool()
            case "end" | "fail" if running:
                ended += 1
                session.end_tool("salary", FOUND if step == "end" else FAILED, room.now)
            case "wait":
                told += len(found(room.wait(3)))
            case "speak":
                room.speak("I built an engine.")
            case "left":
                session.candidate_left(room.now)
            case "joined":
                session.candidate_joined(room.now)
            case "restart":
                session.model_restarted(room.now)
            case "next":
                session.next_question(room.now)
        assert 0 <= begun - ended <= 1
        assert told <= ended


def conversation(
    call: Callable[[str, dict[str, Any]], Awaitable[ToolAnswer]], joined: float = 0.0
) -> tuple[Conversation, Reporter]:
    reporter = Reporter(CLIENT, 1, Timeline())
    held = Conversation(InterviewSession(make_plan()), reporter, Timeline(), call)
    held.session.candidate_joined(joined)
    return held, reporter


def conversation_with_a_slow_tool() -> tuple[Conversation, Reporter, asyncio.Event]:
    """Its tool answers once the event is set."""
    release = asyncio.Event()

    async def call(_name: str, _arguments: dict[str, Any]) -> ToolAnswer:
        await release.wait()
        return FOUND

    return (*conversation(call), release)


def outcomes(reporter: Reporter) -> list[str]:
    return [e.event.outcome for e in reporter.waiting if isinstance(e.event, ToolCalled)]


async def test_a_quick_tool_answers_its_call() -> None:
    async def call(name: str, arguments: dict[str, Any]) -> ToolAnswer:
        return ToolAnswer(outcome=ToolOutcome.OK, result=[name, arguments])

    held, reporter = conversation(call)
    told = await held.own_tool("salary", {"level": "senior"})
    assert told["result"] == ["salary", {"level": "senior"}]
    assert outcomes(reporter) == ["ok"]


async def test_a_slow_tool_has_the_interviewer_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversing, "_SLOW_SECONDS", 0.01)
    held, reporter, release = conversation_with_a_slow_tool()
    assert (await held.own_tool("salary", {}))["say"] == PHRASES.one_moment
    assert outcomes(reporter) == []
    release.set()
    await eventually("the call has ended", lambda: outcomes(reporter) == ["ok"], 5)


async def test_a_call_outlives_the_interruption_that_its_waiting_does_not() -> None:
    held, reporter, release = conversation_with_a_slow_tool()
    waiting = asyncio.create_task(held.own_tool("salary", {}))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    release.set()
    await eventually("the call has ended", lambda: outcomes(reporter) == ["ok"], 5)
    assert len(found(list(held.session.tick(100.0)))) == 1


async def test_a_call_that_breaks_is_over_all_the_same() -> None:
    async def call(_name: str, _arguments: dict[str, Any]) -> ToolAnswer:
        raise ValueError("not foreseen")

    held, reporter = conversation(call)
    assert (await held.own_tool("salary", {}))["say"] == PHRASES.not_found
    assert outcomes(reporter) == ["failed"]
    assert held.session.begin_tool("salary", 1.0) is None, "none is running any more"


@pytest.mark.parametrize("tool", ["record_answer", "end_interview", HALF])
async def test_half_a_character_of_the_models_breaks_no_tool_of_the_engines(tool: str) -> None:
    held, reporter = conversation(no_tools, time.monotonic())
    held.tool("next_question", {})
    held.interviewer_began(1)
    held.candidate_said("I built an engine.")
    assert held.tool(tool, {"summary": f"an engine {HALF}", "reason": HALF})["instruction"]
    answers = [e.event.summary for e in reporter.waiting if isinstance(e.event, AnswerRecorded)]
    assert answers == {"record_answer": ["an engine ?"], "end_interview": [""]}.get(tool, [])
    assert b"tool" in EventBatch(attempt=1, events=list(reporter.waiting)).to_json()


async def test_what_comes_after_the_end_is_reported_to_nobody() -> None:
    held, reporter, release = conversation_with_a_slow_tool()
    waiting = asyncio.create_task(held.own_tool("salary", {}))
    await asyncio.sleep(0)
    held.end(FinishReason.CANDIDATE_LEFT)
    release.set()
    await waiting
    assert outcomes(reporter) == []

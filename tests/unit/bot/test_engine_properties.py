"""Whatever a model, a candidate and a network do: the plan is held, what is required is asked, and it ends."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from parley_bot.engine import Finish, Next
from parley_protocol import FinishReason, InterviewerPlan, InterviewPlan, LimitsPlan, ModelPlan, QuestionPlan
from support.engine_world import World

QUESTIONS = st.lists(
    st.builds(
        QuestionPlan,
        id=st.sampled_from("abcdef"),
        text=st.just("Why is that so, and what follows?"),
        required=st.booleans(),
        follow_ups=st.integers(0, 3),
        time_limit_seconds=st.none() | st.integers(10, 120),
    ).map(lambda question: question.model_copy(update={"expectation": f"expected of {question.id}"})),
    min_size=1,
    max_size=5,
    unique_by=lambda question: question.id,
)
PLANS = st.builds(
    InterviewPlan,
    title=st.just("t"),
    interviewer=st.just(InterviewerPlan(name="Ada", greeting="Hello.", closing="Goodbye.")),
    questions=QUESTIONS,
    limits=st.builds(
        LimitsPlan,
        duration_seconds=st.integers(30, 900),
        closing_notice_seconds=st.integers(0, 120),
        silence_nudge_seconds=st.integers(5, 30),
        silence_end_seconds=st.integers(31, 120),
        reconnect_grace_seconds=st.integers(0, 300),
        extra_time_percent=st.sampled_from([0, 25, 100]),
    ),
    model=st.builds(ModelPlan, turn_sensitivity=st.sampled_from(["LOW", "MEDIUM", "HIGH"])),
)
TOOLS = ("next_question", "unknown_tool", "repeat_question", "skip_question", "give_time")
TALK = st.one_of(
    st.just(("call", "next_question")),
    st.tuples(st.just("call"), st.just("record_answer"), st.text(max_size=5), st.booleans()),
    st.tuples(st.just("answer"), st.integers(1, 60), st.booleans()),
    st.tuples(st.just("speak"), st.booleans()),
    st.tuples(st.just("exchange"), st.integers(1, 60), st.booleans()),
)
TROUBLE = st.one_of(
    st.tuples(st.just("call"), st.sampled_from(["unknown_tool", "repeat_question", "skip_question", "give_time"])),
    st.tuples(st.just("call"), st.just("end_interview"), st.sampled_from(["completed", "candidate_stopped", ""])),
    st.tuples(st.just("look_up"), st.sampled_from(["quick", "slow", "cut_off"])),
    st.tuples(st.just("looked_up"), st.booleans()),
    st.tuples(st.just("noise"), st.booleans()),
    st.just(("talk_on",)),
    st.tuples(st.just("asked_whether_to_stop"), st.booleans()),
    st.tuples(st.just("wish"), st.sampled_from(["repeat_question", "give_time", "skip_question"])),
    st.tuples(st.just("interrupt"), st.integers(0, 9), st.integers(0, 5), st.booleans(), st.booleans()),
    st.tuples(st.just("wait"), st.integers(1, 40)),
    st.tuples(st.just("away"), st.integers(0, 200)),
    st.sampled_from([("leave",), ("return",)]),
    st.tuples(st.just("way_back"), st.booleans()),
    st.tuples(st.just("restart_model"), st.booleans(), st.booleans(), st.integers(0, 30)),
    st.tuples(st.just("replace_bot"), st.integers(0, 3)),
)
# Talk is as likely as all troubles together, and there is much of it: else few interviews come to a second question.
STEPS = st.lists(st.booleans().flatmap(lambda talks: TALK if talks else TROUBLE), min_size=20, max_size=60)


def play(world: World, step: str, *arguments: Any) -> None:
    """One step; who is away neither speaks nor is spoken to."""
    match step, arguments:
        case "call", _:
            world.call(*arguments)
        case "look_up", (how,):
            world.look_up(how)
        case "looked_up", (found,):
            world.looked_up(found=found)
        case "wait", (seconds,):
            world.wait(seconds)
        case "away", (seconds,):
            world.leave()
            world.wait(seconds)
            if world.finish is None:
                world.join()
        case "leave", _:
            world.leave()
        case "way_back", (is_open,):
            world.way_back(is_open=is_open)
        case "return", _:
            world.join()
        case "replace_bot", (lost,):
            world.replace_bot(lost)
        case _ if world.session.clock.candidate_present:
            talk(world, step, *arguments)


def talk(world: World, step: str, *arguments: Any) -> None:
    """A step of those who are in the room."""
    match step, arguments:
        case "answer", (seconds, agrees):
            world.answer(seconds, agrees=agrees)
        case "noise", (stays,):
            world.noise(stays=stays)
        case "speak", (given,):
            world.speak(given=given)
        case "exchange", (seconds, follow_up):
            world.speak()
            world.answer(seconds)
            world.call("record_answer", "s", follow_up)
        case "asked_whether_to_stop", (agrees,):
            world.call("end_interview", "candidate_stopped")
            world.speak()
            world.answer(1, agrees=agrees)
        case "wish", (tool,):
            world.answer(2)
            world.call(tool)
            world.speak()
            world.answer(2)
        case "talk_on", _:
            world.talk_on()
        case "interrupt", (words, seconds, understood, agrees):
            world.interrupt(words, seconds, understood=understood, agrees=agrees)
        case "restart_model", (unheard, part_lost, seconds):
            world.session.model_interrupted()
            world.wait(seconds)
            world.session.model_restarted(world.now, unheard=unheard, part_lost=part_lost)
        case _:
            raise AssertionError(f"no such step: {step}")


@settings(max_examples=400, deadline=None)
@given(plan=PLANS, steps=STEPS)
def test_the_plan_is_held_and_it_ends(plan: InterviewPlan, steps: list[tuple[Any, ...]]) -> None:
    """Its bounds in time are looked at each second: `World`."""
    world = World(plan)
    for step in steps:
        if world.finish is None:
            play(world, *step)
    world.wait(plan.limits.duration_seconds + 3600)
    world.accounts_for_every_required_question()
    world.holds_the_plan()


def obey(world: World, wishes: list[bool], seconds: Any) -> None:
    """A model that does as it is told, and wishes to ask further or not; the candidate answers for `seconds(world)`."""
    world.call("next_question")
    for wish in wishes:
        world.speak()
        if world.session.ending or world.finish is not None:
            world.wait(3)
            return
        world.answer(seconds(world))
        reply = world.call("record_answer", "s", wish)
        if reply.next is Next.NEXT_QUESTION:
            world.call("next_question")
        elif reply.next is Next.END_INTERVIEW:
            world.call("end_interview", "completed")
    raise AssertionError("it goes on and on")


WISHES = st.lists(st.booleans(), min_size=40, max_size=40)


@settings(max_examples=200, deadline=None)
@given(plan=PLANS, wishes=WISHES)
def test_an_obedient_model_completes_any_plan(plan: InterviewPlan, wishes: list[bool]) -> None:
    world = World(plan.model_copy(update={"limits": LimitsPlan(duration_seconds=7200)}))
    obey(world, wishes, lambda _: 5)
    assert world.finish == Finish(FinishReason.COMPLETED)
    assert set(world.asked) == {question.id for question in plan.questions}
    world.holds_the_plan()


def in_time(world: World) -> int:
    """An answer that takes, with the two seconds in which it was asked for, as long as is reckoned with."""
    if world.reply is not None and world.reply.next is Next.FOLLOW_UP:
        return int(world.plan.limits.longer(30)) - 2
    question = next(question for question in world.plan.questions if question.id == world.session.question_id)
    return int(question.time_limit_seconds or world.plan.limits.longer(60)) - 2


@settings(max_examples=200, deadline=None)
@given(plan=PLANS, wishes=WISHES)
def test_nothing_optional_costs_a_required_question(plan: InterviewPlan, wishes: list[bool]) -> None:
    """Of a candidate who keeps to the time, as many are asked as without optional questions and follow-ups."""
    required = [q.model_copy(update={"follow_ups": 0}) for q in plan.questions if q.required]
    whole, bare = World(plan), World(plan.model_copy(update={"questions": required or plan.questions[:1]}))
    obey(whole, wishes, in_time)
    obey(bare, wishes, in_time)
    ids = {question.id for question in required}
    assert set(whole.asked) & ids == set(bare.asked) & ids
    for world in (whole, bare):
        world.accounts_for_every_required_question()
        world.holds_the_plan()

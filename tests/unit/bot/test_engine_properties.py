"""Whatever a model, a candidate and a network do: the plan is held, and it ends."""

from hypothesis import given, settings
from hypothesis import strategies as st
from parley_bot.engine import Finish, InterviewSession
from parley_protocol import (
    AnswerRecorded,
    Event,
    FinishReason,
    InterviewerPlan,
    InterviewPlan,
    LimitsPlan,
    QuestionAsked,
    QuestionPlan,
)

QUESTIONS = st.lists(
    st.builds(
        QuestionPlan,
        id=st.sampled_from("abcdef"),
        text=st.just("Why?"),
        required=st.booleans(),
        follow_ups=st.integers(0, 3),
        time_limit_seconds=st.none() | st.integers(10, 120),
    ),
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
        silence_end_seconds=st.integers(30, 120),
        reconnect_grace_seconds=st.integers(0, 60),
    ),
)
STEPS = st.lists(
    st.one_of(
        st.just(("next_question", ())),
        st.tuples(st.just("record_answer"), st.tuples(st.text(max_size=5), st.booleans())),
        st.tuples(st.just("end_interview"), st.tuples(st.sampled_from(["completed", "candidate_stopped", ""]))),
        st.just(("unknown_tool", ("x",))),
        st.tuples(st.sampled_from(["repeat_question", "skip_question", "give_time"]), st.just(())),
        st.tuples(st.just("answer"), st.tuples(st.integers(1, 60))),
        st.just(("noise", ())),
        st.just(("noise_that_stays", ())),
        st.just(("speak", ())),
        st.just(("talk_on", ())),
        st.tuples(st.just("wait"), st.tuples(st.integers(1, 40))),
        st.just(("leave", ())),
        st.just(("return", ())),
        st.just(("restart_model", ())),
        st.just(("replace_bot", ())),
    ),
    max_size=60,
)


class World:
    """Plays the steps, and keeps what was reported."""

    def __init__(self, plan: InterviewPlan) -> None:
        self.plan, self.now, self.events = plan, 0.0, list[Event]()
        self.session = InterviewSession(plan)
        self.session.candidate_joined(0)
        self.finish: Finish | None = None

    def play(self, step: str, arguments: tuple[object, ...]) -> None:
        match step:
            case "next_question" | "unknown_tool" | "record_answer" | "end_interview":
                self.call(step, arguments)
            case "repeat_question" | "skip_question" | "give_time":
                self.events.extend(getattr(self.session, step)(self.now).events)
            case "answer":
                self.session.candidate_spoke(self.now, speaking=True)
                self.wait(arguments[0])
                self.session.candidate_spoke(self.now, speaking=False)
                self.session.candidate_understood()
            case "noise":
                self.session.candidate_spoke(self.now, speaking=True)
                self.session.candidate_spoke(self.now, speaking=False)
            case "noise_that_stays":
                self.session.candidate_spoke(self.now, speaking=True)
            case "talk_on":
                self.session.interviewer_began(self.now)
            case "speak":
                self.session.interviewer_began(self.now)
                self.wait(2)
                self.take(self.session.interviewer_ceased(self.now))
            case "wait":
                self.wait(arguments[0])
            case "leave":
                self.session.candidate_left(self.now)
            case "return":
                self.session.candidate_joined(self.now)
            case "restart_model":
                self.session.model_restarted(self.now)
            case "replace_bot" if self.finish is None:
                used = self.session.clock.used(self.now)
                self.session = InterviewSession(self.plan, self.events, used)
                self.session.await_return(self.now)

    def call(self, tool: str, arguments: tuple[object, ...]) -> None:
        if tool == "record_answer":
            decision = self.session.record_answer(self.now, str(arguments[0]), follow_up=bool(arguments[1]))
        elif tool == "end_interview":
            decision = self.session.end_interview(self.now, str(arguments[0]))
        elif tool == "next_question":
            decision = self.session.next_question(self.now)
        else:
            decision = self.session.unknown_tool("x", self.now)
        self.events.extend(decision.events)
        assert decision.reply.as_result()["instruction"]

    def wait(self, seconds: object) -> None:
        assert isinstance(seconds, int)
        for _ in range(seconds):
            self.now += 1
            self.take(self.session.tick(self.now))

    def take(self, actions: tuple[object, ...]) -> None:
        self.finish = self.finish or next((a for a in actions if isinstance(a, Finish)), None)


@settings(max_examples=300, deadline=None)
@given(plan=PLANS, steps=STEPS)
def test_the_plan_is_held_and_it_ends(plan: InterviewPlan, steps: list[tuple[str, tuple[object, ...]]]) -> None:
    world = World(plan)
    for step, arguments in steps:
        world.play(step, arguments)
    if world.finish is None:
        world.wait(plan.limits.duration_seconds + 1000)
    assert world.finish is not None, "time alone ends it"

    asked = [e for e in world.events if isinstance(e, QuestionAsked)]
    first_time = [e.question_id for e in asked if e.follow_up == 0]
    assert len(first_time) == len(set(first_time)), "no question is put twice as a new one"
    for question in plan.questions:
        follow_ups = [e.follow_up for e in asked if e.question_id == question.id and e.follow_up]
        assert follow_ups == list(range(1, len(follow_ups) + 1))
        assert len(follow_ups) <= question.follow_ups
    answered = [e.question_id for e in world.events if isinstance(e, AnswerRecorded)]
    assert set(answered) <= set(first_time)
    if world.finish.reason is FinishReason.COMPLETED:
        assert world.session.unasked_required() == (), "completed means that every required question was asked"


@settings(max_examples=200, deadline=None)
@given(plan=PLANS, wishes=st.lists(st.booleans(), min_size=40, max_size=40))
def test_an_obedient_model_completes_any_plan(plan: InterviewPlan, wishes: list[bool]) -> None:
    world = World(plan.model_copy(update={"limits": LimitsPlan(duration_seconds=7200)}))
    world.call("next_question", ())
    for wish in wishes:
        world.play("speak", ())
        if world.finish is not None:
            break
        world.play("answer", (5,))
        decision = world.session.record_answer(world.now, "s", follow_up=wish)
        world.events.extend(decision.events)
        if decision.reply.next == "next_question":
            world.call("next_question", ())
        elif decision.reply.next == "end_interview":
            world.call("end_interview", ("completed",))
    assert world.finish == Finish(FinishReason.COMPLETED)
    assert {e.question_id for e in world.events if isinstance(e, QuestionAsked)} == {q.id for q in plan.questions}

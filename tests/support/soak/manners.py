"""A model that disobeys, in each of its manners: what the engine holds of the plan, and what the model is told."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from parley_bot.engine.phrases import phrases_for
from parley_emulators.nova.manners import OFF_PLAN, Manner
from parley_protocol import AnswerRecorded, FinishReason, InterviewPlan, QuestionAsked, Speaker, ToolCalled, ToolPlan

from support.nova_process import told_to_the_model
from support.soak import promises
from support.soak.plans import answers, plan
from support.soak.rig import Lane, Talk
from support.voices.script import Script

_QUESTIONS = 2
_SECONDS = 240.0
# What a model makes of an answer other than one is asked for again: there are answers to spare.
_SPARE = 8
_LIMITS = {"silence_nudge_seconds": 6, "silence_end_seconds": 24}
_EXPECTED = ("a root cause", "honesty")
_TOOL = ToolPlan(
    name="salary_range",
    description="Look up the salary range of the job.",
    input_schema={"type": "object", "properties": {"question": {"type": "string"}}, "required": ["question"]},
)
_PHRASES = phrases_for("en-US")


@dataclass(frozen=True)
class Straying:
    """A manner, and the signs in a conversation that the model had it.

    Args:
        manner: By the emulator's name.
        what: What the model does.
        shown: Whether it did.
        end: What it comes to.
        seconds: How long the interview may take; None: as long as by default.
        spoken_once: Whether what the model is given once is spoken once.
    """

    manner: Manner
    what: str
    shown: Callable[[Talk], bool]
    end: FinishReason = FinishReason.COMPLETED
    seconds: int | None = None
    spoken_once: bool = True


def _called(tool: str, outcome: str) -> Callable[[Talk], bool]:
    return lambda talk: any(
        isinstance(event, ToolCalled) and (event.name, event.outcome) == (tool, outcome) for event in talk.stored
    )


def _said(words: str) -> Callable[[Talk], bool]:
    return lambda talk: words in promises.said(talk, Speaker.INTERVIEWER)


def _kept_to_itself(talk: Talk) -> bool:
    """Whether it was given more to speak than it has spoken."""
    calls = [call for session in talk.sessions for call in session["tool_calls"]]
    spoken = [turn for session in talk.sessions for turn in session["turns"] if turn["role"] == "ASSISTANT"]
    return sum('"say"' in (call["result"] or "") for call in calls) > len(spoken)


def every_manner() -> list[Straying]:
    """One interview each."""
    time_limit, unspoken = FinishReason.TIME_LIMIT, "words-not-spoken"
    return [
        Straying("early_end", "wants to end after each answer", _called("end_interview", "too-early")),
        Straying("unknown_tool", "calls a tool that nobody has", _called("grade_candidate", "unknown-tool")),
        Straying("twice", "makes each call twice", _called("record_answer", unspoken), spoken_once=False),
        Straying("out_of_order", "asks for the next question before it records", _called("record_answer", unspoken)),
        Straying("no_tools", "calls none after the first", _said("I see."), end=time_limit, seconds=20),
        Straying("off_plan", "asks a question of its own after each answer", _said(OFF_PLAN)),
        Straying("mute", "keeps every second text to itself", _kept_to_itself),
        Straying("skips", "passes on each question it has spoken", _called("skip_question", "no-answer")),
        Straying("repeats", "takes answers for a wish to hear it again", _called("repeat_question", "ok")),
        Straying("stalls", "takes answers for a wish to think", _said(_PHRASES.take_time)),
        Straying("stops", "takes answers for a wish to stop", _said(_PHRASES.confirm_stop)),
        Straying("looks_up", "looks up what nobody asked for", _called(_TOOL.name, "ok")),
    ]


@dataclass
class Strayed:
    """What became of one, and what was broken."""

    straying: Straying
    calls: int = 0
    refused: int = 0
    seconds: float = 0.0
    reason: FinishReason | None = None
    broken: list[str] = field(default_factory=list)
    turns: list[str] = field(default_factory=list)


async def attempt(lane: Lane, straying: Straying) -> Strayed:
    """Hold an interview with a model of this manner."""
    script = Script(straying.manner, straying.what, answers(_QUESTIONS) + answers(_SPARE))
    talk = await lane.converse(_plan(straying), script, _SECONDS, manners=(straying.manner,))
    return judged(straying, talk)


def _plan(straying: Straying) -> InterviewPlan:
    bare = plan(_QUESTIONS, **_LIMITS, **({"duration_seconds": straying.seconds} if straying.seconds else {}))
    questions = [
        question.model_copy(update={"follow_ups": 1, "expectation": expected})
        for question, expected in zip(bare.questions, _EXPECTED, strict=True)
    ]
    return bare.model_copy(update={"questions": questions, "tools": [_TOOL]})


def judged(straying: Straying, talk: Talk) -> Strayed:
    """The figures of a conversation, and what is broken of what must hold of it."""
    calls = [event for event in talk.stored if isinstance(event, ToolCalled)]
    return Strayed(
        straying,
        len(calls),
        sum(call.outcome != "ok" for call in calls),
        talk.seconds,
        talk.reason,
        list(_broken(straying, talk)),
        talk.told,
    )


def _broken(straying: Straying, talk: Talk) -> Iterator[str]:
    if not straying.shown(talk):
        yield "the model has not done so"
    any_broken = promises.of_any(talk)
    yield from (broken for broken in any_broken if straying.spoken_once or not broken.startswith("greeted"))
    if straying.end is FinishReason.COMPLETED:
        yield from promises.of_a_whole_one(talk)
        yield from promises.of_a_goodbye(talk)
    elif talk.reason is not straying.end:
        yield f"it ended by {talk.reason}"
    yield from of_the_plan(talk)
    yield from of_what_is_told(talk)


def of_the_plan(talk: Talk) -> Iterator[str]:
    """Each question is put once, in order, followed up within its budget, and passed on by nobody."""
    puts = [event for event in talk.stored if isinstance(event, QuestionAsked)]
    asked = [event.question_id for event in puts if not event.follow_up]
    if asked != [question.id for question in talk.plan.questions][: len(asked)]:
        yield f"asked {', '.join(asked)}"
    for question in talk.plan.questions:
        further = sum(event.question_id == question.id and event.follow_up > 0 for event in puts)
        if further > question.follow_ups:
            yield f"{question.id} was followed up {further} times"
    recorded = [event for event in talk.stored if isinstance(event, AnswerRecorded)]
    yield from (f"{event.question_id} was skipped" for event in recorded if event.skipped)


def of_what_is_told(talk: Talk) -> Iterator[str]:
    """The model is told of a question, and of what is expected of its answer, when it comes to be asked."""
    for session in talk.sessions:
        told = told_to_the_model(session)
        for question in talk.plan.questions:
            asked = next((n for n, text in enumerate(told) if question.text in text and '"say"' in text), len(told))
            early = [text for text in told[:asked] if question.text in text or str(question.expectation) in text]
            yield from (f"{question.id} was told before its time" for _ in early)

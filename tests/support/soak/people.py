"""All kinds of candidates, each in an interview of its own, and what must hold of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from parley_protocol import FinishReason, Speaker

from support.soak import promises
from support.soak.plans import answers, plan, talking_on
from support.soak.rig import Lane, Talk
from support.voices.script import Clip, Echo, Noise, Over, Pause, Say, Script, said

_QUESTIONS = 4
_SECONDS = 180.0
_LIMITS = {"silence_nudge_seconds": 6, "silence_end_seconds": 30}
_PLAIN = answers(_QUESTIONS)
_READ = ((Clip("0870"),), (Clip("0880"), Pause(0.2), Clip("0890")), (Clip("0920"),), (Clip("0930"),))
_THINKING = ((Clip("0880"), Pause(2.5), Clip("0890")),)
# The rates that the recogniser is known for, and room for a word or two: 2 % on Piper's speech, 7 % on people's.
_CLEAR, _PEOPLE, _NOISY = 0.08, 0.15, 0.20


@dataclass(frozen=True)
class Kind:
    """A kind of candidate and what must hold: at most this error rate, and whether the interviewer is cut short.

    `cut_short`: None where it may be, or not. `patient`: the template asks for a model that waits (sensitivity LOW).
    """

    script: Script
    most_errors: float | None = _CLEAR
    cut_short: bool | None = False
    patient: bool = False
    end: FinishReason = FinishReason.COMPLETED
    limits: Mapping[str, int] = field(default_factory=dict)


def _kinds() -> Iterator[Kind]:
    yield Kind(Script("plain", "answers in one breath", _PLAIN))
    yield Kind(Script("hesitant", "stops for 0.4 s within each answer", answers(_QUESTIONS, pause=0.4)))
    yield Kind(
        Script("thinking", "stops to think for 1.5 s within each answer", answers(_QUESTIONS, pause=1.5)),
        _NOISY,
        cut_short=True,
    )
    yield Kind(
        Script("thinking-long", "stops to think for 4 s within each answer", answers(_QUESTIONS, pause=4.0)),
        _NOISY,
        cut_short=None,
    )
    think = (*_THINKING, *answers(_QUESTIONS - len(_THINKING)))
    yield Kind(Script("waited-for", "thinks for 2.5 s in mid-sentence, sensitivity LOW", think), _PEOPLE, patient=True)
    yield Kind(Script("late", "thinks for 4 s before each answer", _late(4.0)))
    yield Kind(Script("fan", "pink noise, 15 dB below the voice", _PLAIN, Noise("pink", 15)), _NOISY)
    yield Kind(Script("street", "pink noise, 8 dB below the voice", _PLAIN, Noise("pink", 8)), _NOISY)
    yield Kind(Script("café", "four people talking, 20 dB below the voice", _PLAIN, Noise("babble", 20)), _NOISY)
    over = Over("Sorry, may I ask something?", after=0.8, always=False)
    yield Kind(Script("interrupting", "speaks over the greeting", _PLAIN, over=over), cut_short=True)
    nodding = Over("Okay.", after=0.3, always=True)
    yield Kind(Script("nodding", "says okay while the interviewer speaks", _PLAIN, over=nodding))
    yield Kind(Script("speakerphone", "hears the interviewer 30 dB down, 0.15 s late", _PLAIN, echo=Echo(0.15, 30)))
    yield Kind(Script("loud-speakerphone", "the same, 18 dB down", _PLAIN, echo=Echo(0.15, 18)))
    # They pause between two recordings for about as long as the model waits: whether it asks on into that is chance.
    yield Kind(Script("people", "recordings of people reading", _READ), _PEOPLE, cut_short=None)
    fan = Noise("pink", 15)
    yield Kind(Script("people-fan", "the same in pink noise, 15 dB below", _READ, fan), _NOISY, cut_short=None)
    yield Kind(Script("silent", "never says a word"), None, end=FinishReason.SILENCE)
    yield Kind(Script("silent-fan", "the same in pink noise", (), fan), None, end=FinishReason.SILENCE)
    ramble = Script("talking-on", "talks past the end without a breath", (talking_on(13),))
    yield Kind(ramble, None, end=FinishReason.TIME_LIMIT, limits={"duration_seconds": 15, "closing_notice_seconds": 5})
    yield Kind(Script("mumbling", "answers nothing but um", (said("Um."),) * _QUESTIONS), None)


def _late(seconds: float) -> tuple[tuple[Say | Clip | Pause, ...], ...]:
    return tuple((Pause(seconds), *answer) for answer in _PLAIN)


KINDS = {kind.script.name: kind for kind in _kinds()}


@dataclass
class Heard:
    """What became of one: its figures, and what was broken."""

    kind: Kind
    errors: float | None = None
    replies: list[float] = field(default_factory=list)
    barge_ins: list[float] = field(default_factory=list)
    cut_short: int = 0
    seconds: float = 0.0
    reason: FinishReason | None = None
    broken: list[str] = field(default_factory=list)
    turns: list[str] = field(default_factory=list)


async def hear(lane: Lane, kind: Kind) -> Heard:
    """Hold an interview with a candidate of this kind."""
    talk = await lane.converse(
        plan(_QUESTIONS, "LOW" if kind.patient else "HIGH", **_LIMITS | kind.limits), kind.script, _SECONDS
    )
    return judged(kind, talk)


def judged(kind: Kind, talk: Talk) -> Heard:
    """The figures of a conversation, and what is broken of what must hold of it."""
    heard = Heard(kind, seconds=talk.seconds, reason=talk.reason)
    heard.turns = talk.told
    heard.errors = promises.error_rate(talk) if kind.most_errors is not None else None
    if talk.guest is not None:
        heard.replies, heard.barge_ins = talk.guest.replies, talk.guest.barge_ins
    heard.cut_short = sum(turn.interrupted for turn in talk.turns if turn.speaker is Speaker.INTERVIEWER)
    heard.broken = [*promises.of_any(talk), *_broken(heard, talk)]
    return heard


def _broken(heard: Heard, talk: Talk) -> Iterator[str]:
    kind = heard.kind
    if kind.end is FinishReason.COMPLETED:
        yield from promises.of_a_whole_one(talk)
        yield from promises.of_a_goodbye(talk)
    elif talk.reason is not kind.end:
        yield f"it ended by {talk.reason}"
    elif kind.end is FinishReason.TIME_LIMIT:
        yield from promises.of_a_goodbye(talk)
    if heard.errors is not None and kind.most_errors is not None and heard.errors > kind.most_errors:
        yield f"word error rate {heard.errors:.1%}"
    if heard.cut_short and kind.cut_short is False:
        yield f"the interviewer was cut short {heard.cut_short} times"
    if kind.cut_short and not heard.cut_short:
        yield "the interviewer spoke on"

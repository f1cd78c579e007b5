"""What must hold of a conversation, whatever happened in it. Pure: each answers with what is broken."""

from collections.abc import Iterator

from parley_protocol import ConnectionChanged, FinishReason, QuestionAsked, Speaker
from parley_protocol.exits import ExitCode

from support.soak.plans import CLOSING, GREETING
from support.soak.rig import Talk
from support.speech import normalised, word_error_rate

LOST_LINE = "I lost the line"
_GOING_AWAY = 1001
# Words that a session's fault may have taken with it: they were understood and not sent.
_FAULTED = ("fault:", "the client went away")


def said(talk: Talk, speaker: Speaker) -> str:
    """All that one of them said."""
    return " ".join(turn.text for turn in talk.turns if turn.speaker is speaker)


def error_rate(talk: Talk) -> float:
    """The word error rate of the candidate's words in the transcript against what they have said."""
    spoken = talk.guest.words if talk.guest is not None else ""
    return word_error_rate(spoken, said(talk, Speaker.CANDIDATE) or "-") if spoken else 0.0


def of_any(talk: Talk) -> Iterator[str]:
    """What holds for every conversation."""
    greetings = said(talk, Speaker.INTERVIEWER).count(GREETING.partition(",")[0])
    if greetings > 1:
        yield f"greeted {greetings} times"
    numbers = [turn.seq for turn in talk.turns]
    if numbers != list(range(1, len(numbers) + 1)):
        yield f"the turns' numbers have gaps: {numbers}"
    yield from _lost_words(talk)


def _lost_words(talk: Talk) -> Iterator[str]:
    """Whatever a session of the model's understood and sent is in the transcript."""
    kept = normalised(said(talk, Speaker.CANDIDATE))
    for session in talk.sessions:
        understood = [turn["text"] for turn in session["turns"] if turn["role"] == "USER"]
        if understood and str(session["end"]).startswith(_FAULTED):
            understood.pop()
        yield from (f"not in the transcript: {text!r}" for text in understood if normalised(text) not in kept)


def of_a_whole_one(talk: Talk) -> Iterator[str]:
    """The interview came to its end: everything was asked, and the bot says so."""
    if talk.reason is not FinishReason.COMPLETED:
        yield f"it ended by {talk.reason}, exit code {talk.exit_code}"
    if talk.exit_code != ExitCode.FINISHED:
        yield f"exit code {talk.exit_code}"
    asked = {event.question_id for event in talk.stored if isinstance(event, QuestionAsked)}
    yield from (f"{question.id} was not asked" for question in talk.plan.questions if question.id not in asked)
    words = said(talk, Speaker.INTERVIEWER)
    yield from (f"{q.id} was not spoken" for q in talk.plan.questions if not _spoken(q.text, words))


def _spoken(text: str, words: str) -> bool:
    """Whether it was said to its end at least once, or so far that nobody misses the rest."""
    return normalised(" ".join(text.split()[:-1])) in normalised(words)


def of_a_goodbye(talk: Talk) -> Iterator[str]:
    """Its last words were spoken."""
    if not said(talk, Speaker.INTERVIEWER).endswith(CLOSING.split()[-1]):
        yield "the closing words were not spoken to their end"


def of_one_left(talk: Talk) -> Iterator[str]:
    """The bot could not go on: it says so, promptly, and leaves the interview to the next one."""
    if talk.reason is not None:
        yield f"it was finished by {talk.reason}, though another bot may go on"
    if talk.exit_code != ExitCode.MODEL_REFUSED:
        yield f"exit code {talk.exit_code}"
    last = talk.stored[-1] if talk.stored else None
    came = any(isinstance(event, ConnectionChanged) for event in talk.stored)
    if came and not (isinstance(last, ConnectionChanged) and (last.who, last.what) == ("bot", "left")):
        yield f"the last event is {last}"
    if talk.guest is not None and talk.guest.socket is not None and talk.close_code != _GOING_AWAY:
        yield f"the candidate's connection was closed with {talk.close_code}"


def unnoticed(talk: Talk) -> Iterator[str]:
    """The sessions changed, and nobody can tell."""
    if LOST_LINE in said(talk, Speaker.INTERVIEWER):
        yield "the interviewer spoke of a lost line"
    yield from (f"a session ended by {s['end']}" for s in talk.sessions if s["end"] == "the session limit")

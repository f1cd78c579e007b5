"""What a candidate does in an interview, described; nothing here makes a sound."""

from dataclasses import dataclass

from support.voices.recordings import transcripts


@dataclass(frozen=True)
class Say:
    """Words, in the synthetic voice."""

    text: str


@dataclass(frozen=True)
class Clip:
    """A recording of a person, by its number."""

    number: str


@dataclass(frozen=True)
class Pause:
    """Silence within an answer, in seconds."""

    seconds: float


type Answer = tuple[Say | Clip | Pause, ...]


@dataclass(frozen=True)
class Noise:
    """What is to be heard all the time: pink noise, or other people's talk, so many dB below the candidate."""

    kind: str
    below: float


@dataclass(frozen=True)
class Over:
    """Words over the interviewer's: `after` seconds into each of its utterances, or into the first alone."""

    text: str
    after: float
    always: bool


@dataclass(frozen=True)
class Echo:
    """The interviewer's own sound in the microphone, so many seconds later and so many dB quieter."""

    seconds: float
    below: float


@dataclass(frozen=True)
class Script:
    """A candidate.

    Args:
        name: For tables and CASE=.
        what: What they are like.
        answers: One for each time that the interviewer comes to an end.
        noise: What is to be heard beside them.
        over: What they say while the interviewer speaks.
        echo: What their loudspeaker gives back to their microphone.
        spare: What they say when their answers are used up, and the interviewer asks again.
    """

    name: str
    what: str
    answers: tuple[Answer, ...] = ()
    noise: Noise | None = None
    over: Over | None = None
    echo: Echo | None = None
    spare: Answer = (Say("That is all that I can say about it."),)


def said(text: str) -> Answer:
    """An answer in one breath."""
    return (Say(text),)


def words_of(part: Say | Clip | Pause) -> str:
    """The words of a part of an answer; a pause has none."""
    if isinstance(part, Pause):
        return ""
    return part.text if isinstance(part, Say) else transcripts()[part.number]

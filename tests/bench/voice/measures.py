"""What the record of a talk comes to: replies, interruptions, errors of times. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.voice.sounds import Heard, Span


@dataclass(frozen=True)
class Replied:
    """What followed an utterance, seconds from its last audible sample.

    Attributes:
        utterance: Its number in the talk, from 0.
        ear: To the interviewer's first audible sample at the ear.
        quiet: Of that, the quiet that the reply's sound begins with, and the wait for the player's next 20 ms.
    """

    utterance: int
    ear: float
    quiet: float


def replies(spoken: Sequence[Span], heard: Sequence[Heard]) -> list[Replied]:
    """The replies, in order; an utterance that was followed by another before any sound has none."""
    found = []
    for number, said in enumerate(spoken):
        until = spoken[number + 1].began if number + 1 < len(spoken) else float("inf")
        first = next((sound for sound in heard if said.ended < sound.began < until), None)
        if first is not None:
            found.append(Replied(number, first.began - said.ended, first.began - max(first.arrived, said.ended)))
    return found


def interruptions(spoken: Sequence[Span], heard: Sequence[Heard]) -> list[float]:
    """For each utterance that began over the interviewer: seconds until the interviewer was silent."""
    return [sound.ended - said.began for said in spoken for sound in heard if sound.began < said.began < sound.ended]


@dataclass(frozen=True)
class Errors:
    """How far told times are from the known ones, seconds, signed: what is positive is told too late.

    Attributes:
        begins: Of the turns' beginnings.
        ends: Of their ends.
        untold: Known sound that no told turn is of.
        unknown: Told turns of which no sound is known.
    """

    begins: list[float] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)
    untold: int = 0
    unknown: int = 0

    @property
    def sizes(self) -> list[float]:
        """All of them without their signs."""
        return [abs(error) for error in (*self.begins, *self.ends)]

    def __add__(self, other: "Errors") -> "Errors":
        """Those of two speakers or talks together."""
        return Errors(
            self.begins + other.begins, self.ends + other.ends, self.untold + other.untold, self.unknown + other.unknown
        )


def errors(told: Sequence[Span], known: Sequence[Span]) -> Errors:
    """Each stretch of known sound belongs to the told turn that it lies in most, or else next to.

    A turn that is told to be too short, or beside its sound, has its whole error; one that has none is `unknown`.
    """
    parts: dict[int, list[Span]] = {}
    for sound in known:
        if told:
            nearest = max(range(len(told)), key=lambda number: _overlap(told[number], sound))
            parts.setdefault(nearest, []).append(sound)
    begins = [told[number].began - min(s.began for s in sounds) for number, sounds in sorted(parts.items())]
    ends = [told[number].ended - max(s.ended for s in sounds) for number, sounds in sorted(parts.items())]
    return Errors(begins, ends, 0 if told else len(known), len(told) - len(parts))


def _overlap(one: Span, other: Span) -> float:
    """Seconds that two spans have in common; less than 0 by how far they are apart."""
    return min(one.ended, other.ended) - max(one.began, other.began)


def slowed(before: float, after: float) -> float:
    """By which share something takes longer."""
    return after / before - 1

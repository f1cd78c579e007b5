"""Long conversations: across the model's session limits, on a compressed clock and on the true one, and the soak."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median
from typing import Any

from parley_protocol import FinishReason

from support.bot import BotProcess
from support.soak import promises
from support.soak.memory import LIMIT_MB_A_MINUTE, SETTLE_MINUTES, Usage
from support.soak.plans import answers, plan
from support.soak.rig import Lane, Talk
from support.voices.guest import ScriptedGuest, Span
from support.voices.script import Answer, Pause, Script

NOVA_LIMIT_SECONDS = 480.0
ROTATE_SECONDS = 360.0
# At sensitivity HIGH, which the plans ask for.
NOVA_WAIT_SECONDS = 1.5
_LONG = 10_000
MOST_GAP_MS = 1000.0
_SAMPLE_SECONDS = 10.0


@dataclass(frozen=True)
class Length:
    """A conversation across session limits.

    Args:
        name: For tables and CASE=.
        what: What is done in it.
        compressed: By how much every limit of the session is shorter than Nova's.
        questions: How many are asked.
        answers: What is said to them.
        seconds: The longest that it may take.
        duration: The interview's own time limit; it ends by that where it is shorter than the questions.
        limits: How many session limits it has to outlive.
    """

    name: str
    what: str
    compressed: float
    questions: int
    answers: tuple[Answer, ...]
    seconds: float
    limits: int
    duration: int = _LONG
    endless: bool = False
    end: FinishReason = FinishReason.COMPLETED

    @property
    def limit_seconds(self) -> float:
        """The emulator's limit of a session."""
        return NOVA_LIMIT_SECONDS / self.compressed

    @property
    def model(self) -> dict[str, str]:
        """The emulator's settings: the limit, and Nova's own wait, which what follows a change is measured against."""
        return {
            "PARLEY_NOVA_SESSION_LIMIT_SECONDS": f"{self.limit_seconds:g}",
            "PARLEY_NOVA_HIGH_PAUSE_SECONDS": f"{NOVA_WAIT_SECONDS:g}",
        }

    @property
    def rotate_seconds(self) -> float:
        """The bot's age of a session from which it is replaced."""
        return ROTATE_SECONDS / self.compressed


def across(compressed: float, limits: int) -> list[Length]:
    """A talker and a silent candidate across so many session limits, on a clock that runs so much faster."""
    seconds = NOVA_LIMIT_SECONDS / compressed * limits
    talk = round(seconds / 6) + 1  # a question, an answer and the reply take some seven seconds
    quiet = (Pause(seconds + 2), *answers(1)[0])
    return [
        Length("talking", "answers as they are asked", compressed, talk, answers(talk), 4 * seconds + 60, limits),
        Length(
            "silent", f"is silent for {seconds:.0f} s, then answers", compressed, 2,
            (quiet, *answers(2)[1:]), 2 * seconds + 60, limits,
        ),
    ]  # fmt: skip


NINE_MINUTES = Length(
    "true", "the true limit and the bot's own thresholds", 1.0, 200, answers(8), 700, 1, duration=540, endless=True,
    end=FinishReason.TIME_LIMIT,
)  # fmt: skip


def soak(minutes: float) -> Length:
    """One bot, talking for so long."""
    seconds = round(60 * minutes)
    limits = int(seconds // NOVA_LIMIT_SECONDS)
    return Length(
        "soak", f"{minutes:g} minutes of talk", 1.0, 1000, answers(8), seconds + 120, limits, duration=seconds,
        endless=True, end=FinishReason.TIME_LIMIT,
    )  # fmt: skip


@dataclass
class Held:
    """What became of one."""

    length: Length
    talk: Talk
    usage: Usage
    broken: list[str] = field(default_factory=list)

    @property
    def sessions(self) -> int:
        """How many sessions have heard the candidate."""
        return sum(1 for session in self.talk.sessions if session["audio_seconds"] > 0)

    @property
    def gaps(self) -> list[float]:
        """Milliseconds for which the candidate's sound was held back at each change of sessions that nobody spoke at.

        Where the candidate speaks, the former session says first what it has understood, and no reply is due; of such
        a change the candidate's ear tells, by the reply after it.
        """
        return [float(line["held_ms"]) for line in self.talk.logged("session_rotated") if not line["split"]]

    @property
    def replies(self) -> "Replies":
        """What the candidate waited for the interviewer's words, beside the changes of sessions."""
        waits = self.talk.guest.waits if self.talk.guest is not None else []
        return Replies.of(waits, [_began(line) - self.talk.epoch for line in self.talk.logged("session_rotated")])


def _began(line: dict[str, Any]) -> float:
    """When a change began, in seconds since the epoch: its line is written at its end."""
    return datetime.fromisoformat(line["time"]).timestamp() - line["held_ms"] / 1000


@dataclass
class Replies:
    """Seconds at the ear: of the first reply that was heard after each change of sessions, and of all others."""

    after_changes: list[float]
    others: list[float]

    @classmethod
    def of(cls, waits: Sequence[Span], changes: Sequence[float]) -> "Replies":
        """Waits and the beginnings of changes by one clock; a change is of the wait that goes on or comes next."""
        first = {next((number for number, wait in enumerate(waits) if wait.end > began), None) for began in changes}
        numbered = list(enumerate(waits))
        return cls(
            [wait.seconds for number, wait in numbered if number in first],
            [wait.seconds for number, wait in numbered if number not in first],
        )

    def broken(self) -> Iterator[str]:
        """No change makes a reply later, by more than a second, than one where there was none.

        That is the median of the others: a late one among them may be of a change that is not seen to be its cause.
        """
        if not self.after_changes:
            return
        if not self.others:
            yield "there is no reply to compare those after a change with"
            return
        latest, usual = max(self.after_changes), median(self.others)
        if latest > usual + MOST_GAP_MS / 1000:
            yield f"a reply after a change came after {latest:.1f} s, others after {usual:.1f}"


async def hold(lane: Lane, length: Length) -> Held:
    """Hold it. The lane's emulator must have the length's limit."""
    usage = Usage()

    async def watch(_lane: Lane, bot: BotProcess, _guest: ScriptedGuest) -> None:
        assert bot.process is not None
        await usage.watch(bot.process.pid, _SAMPLE_SECONDS)

    talk = await lane.converse(
        plan(
            length.questions, duration_seconds=length.duration, closing_notice_seconds=1,
            silence_nudge_seconds=_LONG, silence_end_seconds=_LONG,
        ),
        Script(length.name, length.what, length.answers), length.seconds,
        endless=length.endless, beside=watch, PARLEY_MODEL_ROTATE_SECONDS=f"{length.rotate_seconds:g}",
    )  # fmt: skip
    held = Held(length, talk, usage)
    held.broken = [*promises.of_any(talk), *promises.unnoticed(talk), *_broken(held)]
    return held


def _broken(held: Held) -> Iterator[str]:
    length, talk = held.length, held.talk
    if length.end is FinishReason.COMPLETED:
        yield from promises.of_a_whole_one(talk)
        if (errors := promises.error_rate(talk)) > 0.08:
            yield f"word error rate {errors:.1%}"
    elif talk.reason is not length.end:
        yield f"it ended by {talk.reason}, exit code {talk.exit_code}"
    if held.sessions <= length.limits:
        yield f"only {held.sessions} sessions for {length.limits} limits"
    if held.gaps and max(held.gaps) > MOST_GAP_MS:
        yield f"the candidate was not heard for {max(held.gaps):.0f} ms"
    yield from held.replies.broken()
    measured = held.usage.memory[-1][0] if held.usage.memory else 0.0
    if measured > 2 * SETTLE_MINUTES and held.usage.slope >= LIMIT_MB_A_MINUTE:
        yield f"memory grows by {held.usage.slope:.2f} MB a minute"

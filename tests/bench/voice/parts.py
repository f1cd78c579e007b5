"""The parts of the benchmark that time one talk after the other: replies, interruptions, changes of session."""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.voice.measures import Errors, Replied, errors, interruptions, replies
from bench.voice.plans import QUESTIONS, lines, plan
from bench.voice.sounds import Line
from bench.voice.talk import PARLEY, TITLES, CandidateProcess, Site, Talk, bot, closed, config_for, talk
from bench.voice.usage import Cores, Memory, memory_of
from parley_protocol import Speaker
from support.figures import Reply

# Into a question, which takes two to three seconds.
BARGE_IN_SECONDS = 0.7
# A session is replaced so soon in the part that measures it.
ROTATE_SECONDS = 7
# In a talk of ten questions it is replaced some seven times.
_CHANGES_TALKS = 8
_MEMORY_EVERY_SECONDS = 2.0


@dataclass
class Timed:
    """Of one subject, in milliseconds.

    Attributes:
        ear: Of each reply, the candidate's last audible sample to the first one of the reply at the ear.
        taken: Of that, until the model took the turn as ended, by the model's own record.
        quiet: Of the whole, the quiet that the reply's sound begins with.
        after: Of the whole, the rest.
        split: The bot's own account beside the ear's; Parley's alone.
        cut: Of each interruption, the candidate's first audible sample to silence at the ear.
        latest: By how much a candidate's own clock was late at most.
    """

    ear: list[float] = field(default_factory=list)
    taken: list[float] = field(default_factory=list)
    quiet: list[float] = field(default_factory=list)
    after: list[float] = field(default_factory=list)
    split: list[Reply] = field(default_factory=list)
    cut: list[float] = field(default_factory=list)
    candidate_times: Errors = field(default_factory=Errors)
    interviewer_times: Errors = field(default_factory=Errors)
    latest: float = 0.0
    unanswered: int = 0

    def add_replies(self, held: Talk) -> None:
        """Take the replies of a talk."""
        found = replies(held.record.spoken, held.record.heard)
        self.ear += [1000 * reply.ear for reply in found]
        self.quiet += [1000 * reply.quiet for reply in found]
        known = [(reply, wait) for reply, wait in zip(found, _waits(held, found), strict=True) if wait is not None]
        self.taken += [1000 * wait for _, wait in known]
        self.after += [1000 * (reply.ear - reply.quiet - wait) for reply, wait in known]
        self.unanswered += len(held.record.spoken) - len(found)
        accounts = held.logged("turn_latency")
        if len(accounts) == len(found):
            pairs = zip(found, accounts, strict=True)
            self.split += [Reply.of(1000 * reply.ear, account) for reply, account in pairs]
        self.latest = max(self.latest, 1000 * held.record.latest_tick)

    def add_interruptions(self, held: Talk) -> None:
        """Take the interruptions of a talk."""
        self.cut += [1000 * seconds for seconds in interruptions(held.record.spoken, held.record.heard)]
        self.latest = max(self.latest, 1000 * held.record.latest_tick)

    def add_times(self, held: Talk) -> None:
        """Set the times of the transcript beside what was said and heard."""
        self.candidate_times += errors(held.told(Speaker.CANDIDATE), held.record.spoken)
        self.interviewer_times += errors(held.told(Speaker.INTERVIEWER), held.record.heard)


def _waits(held: Talk, found: Sequence[Replied]) -> list[float | None]:
    """For each reply, how long the model waited for the end of the turn; its last word on the turn counts."""
    spoken, moments = held.record.spoken, [moment for moment, _ in held.taken()]
    waits = []
    for reply in found:
        ended = spoken[reply.utterance].ended
        waits.append(max((m - ended for m in moments if 0 < m - ended <= reply.ear), default=None))
    return waits


@dataclass
class Cost:
    """What a bot in a talk has used: cores on average, and memory in bytes at its most."""

    cores: list[float] = field(default_factory=list)
    memory: list[Memory] = field(default_factory=list)


async def measure_replies(subject: str, site: Site, files: list[str], turns: int, timed: Timed, cost: Cost) -> None:
    """Talks of at most ten questions, one after the other, until there were so many turns.

    The one before them is not counted: the emulator has to find the sound of what it has never said.
    """
    first = min(len(QUESTIONS), turns)
    await talk(subject, site, f"reply-{subject}-before", plan(first), lines(files, first))
    for number in range(math.ceil(turns / len(QUESTIONS))):
        count = min(len(QUESTIONS), turns - number * len(QUESTIONS))
        name = f"reply-{subject}-{number}"
        held = await _watched(subject, site, name, count, lines(files, count), cost)
        timed.add_replies(held)
        if subject == PARLEY:
            timed.add_times(held)
        print(f"  {TITLES[subject]}: {len(timed.ear)} replies", flush=True)


async def _watched(subject: str, site: Site, name: str, count: int, said: Sequence[Line], cost: Cost) -> Talk:
    """A talk whose bot is looked at meanwhile: from the candidate's coming to its going."""
    site.nova.control.delete("/sessions")
    folder = site.called(name)
    async with bot(subject, site, folder, plan(count)) as running:
        cores, memory = Cores({"bot": [running.pid]}), Memory(0, 0)
        config = config_for(subject, running.room, said, limit_seconds=40.0 + 20.0 * count)
        recording = asyncio.create_task(CandidateProcess(config, folder).record())
        while not running.ended:
            try:
                memory = max(memory, memory_of(running.pid), key=lambda seen: seen.pss)
                used = cores.read()["bot"]
            except OSError:
                break  # gone between two looks
            if (await asyncio.wait({recording}, timeout=_MEMORY_EVERY_SECONDS))[0]:
                break
        cost.cores.append(used)
        cost.memory.append(memory)
        return await closed(running, site, await recording)


async def measure_interruptions(subject: str, site: Site, files: list[str], count: int, timed: Timed) -> None:
    """Talks in which the candidate talks over every question, until that was so often."""
    for number in range(math.ceil(count / len(QUESTIONS))):
        questions = min(len(QUESTIONS), count - number * len(QUESTIONS))
        said = lines(files, questions, barge_in=BARGE_IN_SECONDS)
        held = await talk(subject, site, f"barge-{subject}-{number}", plan(questions), said)
        timed.add_interruptions(held)
        if subject == PARLEY:
            timed.add_times(held)
        print(f"  {TITLES[subject]}: {len(timed.cut)} interruptions", flush=True)


@dataclass
class Changes:
    """Of the changes of the model's session: replies, in milliseconds, and the gaps that the bot tells of."""

    right_after: list[float] = field(default_factory=list)
    others: list[float] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    sessions: int = 0


async def measure_changes(site: Site, files: list[str], turns: int, changes: Changes) -> None:
    """Talks in which sessions are replaced again and again; the first reply of each new one beside the rest."""
    count = min(turns, len(QUESTIONS))
    env = {"PARLEY_MODEL_ROTATE_SECONDS": str(ROTATE_SECONDS)}
    for number in range(_CHANGES_TALKS):
        held = await talk(PARLEY, site, f"changes-{number}", plan(count), lines(files, count), **env)
        _add_changes(held, changes)


def _add_changes(held: Talk, changes: Changes) -> None:
    changes.sessions += len(held.sessions)
    changes.gaps += [float(line["held_ms"]) for line in held.logged("session_rotated")]
    session_before = 0
    for reply in replies(held.record.spoken, held.record.heard):
        ended = held.record.spoken[reply.utterance].ended
        taken = [session for moment, session in held.taken() if ended < moment < ended + reply.ear]
        if not taken:
            continue
        side = changes.right_after if taken[-1] != session_before else changes.others
        side.append(1000 * reply.ear)
        session_before = taken[-1]

"""Writers and sealers of one interview's log, each a replica of its own, in an order that is chosen call by call."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from parley_api.store import Store
from parley_api.transcripts.assemble import Subject, assemble
from parley_api.transcripts.event_log import Appended, EventLog, LogClosedError
from parley_api.transcripts.sealing import Sealing, close_log
from parley_protocol import EventBatch, InterviewRef, NumberedEvent, Speaker, Transcript, Turn, TurnSpoken
from parley_protocol.assignment import AttemptEvents

from support.interleaving import Steps

REF = InterviewRef(namespace="hiring", name="ada", uid="u-1")
AT = datetime(2026, 11, 22, 9, tzinfo=UTC)
SEALING = Sealing(closed_at=AT, reason="Sealed", attempt=1)


def batch(first: int, last: int) -> EventBatch:
    """These turns, as the first attempt's events."""

    def turn(n: int) -> TurnSpoken:
        return TurnSpoken(turn=Turn(seq=n, speaker=Speaker.CANDIDATE, text=str(n), start_ms=n, end_ms=n + 1))

    events = [NumberedEvent(n=n, at=AT, at_ms=n, event=turn(n)) for n in range(first, last + 1)]
    return EventBatch(attempt=1, events=events)


@dataclass
class Race:
    """One interview whose first event is stored."""

    store: Store
    steps: Steps
    ref: InterviewRef = REF
    acknowledged: int = 1
    refused: int = 0
    transcript: Transcript | None = None
    _logs: list[EventLog] = field(default_factory=list)

    async def begin(self) -> None:
        """Store the first event."""
        await EventLog(self.store).append(self.ref.namespace, self.ref.uid, batch(1, 1))

    async def informed(self) -> EventLog:
        """The log of a replica that has the interview in its memory, and has not heard of an end."""
        log = EventLog(self.store)
        await log.highest(self.ref.namespace, self.ref.uid, 1)
        log._store = self.steps.at(self.store)
        return log

    def fresh(self) -> EventLog:
        """The log of a replica that knows nothing of the interview."""
        return EventLog(self.steps.at(self.store))

    async def write(self, log: EventLog, first: int, last: int, tries: int = 1) -> None:
        """Report these events, again where the answer is lost: who is refused may still be acknowledged by another."""
        self._logs.append(log)
        for _ in range(tries):
            try:
                answer: Appended = await log.append(self.ref.namespace, self.ref.uid, batch(first, last))
            except LogClosedError:
                self.refused += 1
            else:
                assert answer.acknowledged >= last
                self.acknowledged = max(self.acknowledged, answer.acknowledged)

    async def seal(self, *, crash: bool = False) -> None:
        """What an end does at the store; a crash comes before the transcript is there."""
        store = self.steps.at(self.store)
        sealing = await close_log(store, self.ref, SEALING)
        history = await EventLog(store).read(self.ref.namespace, self.ref.uid)
        if not crash and self.transcript is None:  # which is written once
            self.transcript = _transcript(history, sealing)

    async def require_whole(self) -> None:
        """Whatever was acknowledged is in the transcript, and from now on nothing is."""
        if self.transcript is None:
            history = await EventLog(self.store).read(self.ref.namespace, self.ref.uid)
            self.transcript = _transcript(history, SEALING)
        assert len(self.transcript.turns) >= self.acknowledged, f"{self.acknowledged} were acknowledged"
        for log in (*self._logs, EventLog(self.store)):
            before = self.refused
            log._store = self.store
            await self.write(log, 1, 5)
            assert self.refused == before + 1, "the log is closed"


def _transcript(history: list[AttemptEvents], sealing: Sealing) -> Transcript:
    return assemble(Subject(REF.namespace, REF.name, REF.uid), history, sealing.ending(history))

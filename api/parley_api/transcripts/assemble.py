"""From stored events to the transcript: pure, and the same for any split of the events into batches."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from parley_protocol import (
    AnswerRecorded,
    BotInputs,
    ConnectionChanged,
    NumberedEvent,
    QuestionAsked,
    QuestionPlan,
    Speaker,
    ToolCalled,
    Transcript,
    Turn,
    TurnSpoken,
)
from parley_protocol.assignment import AttemptEvents
from parley_protocol.transcript import TranscriptConnection, TranscriptQuestion, TranscriptToolCall
from pydantic import AwareDatetime


@dataclass(frozen=True)
class Subject:
    """What the transcript says of the interview besides its events."""

    namespace: str
    name: str
    uid: str
    title: str = ""
    language: str = ""
    template: str = ""
    candidate_name: str | None = None
    questions: Sequence[QuestionPlan] = ()

    @classmethod
    def of(cls, inputs: BotInputs) -> "Subject":
        """The subject of a bot's inputs."""
        plan = inputs.plan
        return cls(
            namespace=inputs.interview.namespace,
            name=inputs.interview.name,
            uid=inputs.interview.uid,
            title=plan.title,
            language=plan.language,
            template=inputs.template,
            candidate_name=plan.candidate_name,
            questions=tuple(plan.questions),
        )


@dataclass(frozen=True)
class Ending:
    """Why and when the interview ended, and in which attempt (from 1): the last ones may have left no event."""

    reason: str
    at: AwareDatetime
    attempt: int = 1


def assemble(subject: Subject, history: Iterable[AttemptEvents], ending: Ending) -> Transcript:
    """The transcript of all attempts.

    Attempts may come in any order, and events of one more than once; an attempt and a number name one event.
    """
    attempts = _normal(history)
    turns = _turns(attempts)
    return Transcript(
        namespace=subject.namespace,
        name=subject.name,
        uid=subject.uid,
        title=subject.title or subject.name,
        language=subject.language,
        template=subject.template,
        candidate_name=subject.candidate_name,
        started_at=started_at(attempts),
        finished_at=ending.at,
        reason=ending.reason,
        attempts=max([ending.attempt, *(one.attempt for one in attempts)]),
        turns=turns,
        questions=_questions(subject.questions, attempts, turns),
        tool_calls=[
            TranscriptToolCall(at_ms=item.at_ms, name=item.event.name, outcome=item.event.outcome)
            for _, item in _all(attempts)
            if isinstance(item.event, ToolCalled)
        ],
        connections=[
            TranscriptConnection(at_ms=item.at_ms, who=item.event.who, what=item.event.what, attempt=attempt)
            for attempt, item in _all(attempts)
            if isinstance(item.event, ConnectionChanged)
        ],
    )


def started_at(history: Iterable[AttemptEvents]) -> AwareDatetime | None:
    """When the candidate first joined, which is the start of the interview's clock; None: never."""
    for _, item in _all(_normal(history)):
        if candidate_joined(item):
            return item.at
    return None


def last_event_at(history: Iterable[AttemptEvents]) -> AwareDatetime | None:
    """The time of the latest event; None where there is none."""
    return max((item.at for one in history for item in one.events), default=None)


def candidate_joined(item: NumberedEvent) -> bool:
    """Whether the event tells that the candidate came into the room."""
    return isinstance(item.event, ConnectionChanged) and item.event.who == "candidate" and item.event.what == "joined"


def _normal(history: Iterable[AttemptEvents]) -> list[AttemptEvents]:
    """Attempts in order, the events of each once and in order."""
    numbered: dict[int, dict[int, NumberedEvent]] = {}
    for one in history:
        numbered.setdefault(one.attempt, {}).update({item.n: item for item in one.events})
    return [
        AttemptEvents(attempt=attempt, events=[events[n] for n in sorted(events)])
        for attempt, events in sorted(numbered.items())
    ]


def _all(attempts: Iterable[AttemptEvents]) -> Iterator[tuple[int, NumberedEvent]]:
    return ((one.attempt, item) for one in attempts for item in one.events)


def _turns(attempts: Iterable[AttemptEvents]) -> list[Turn]:
    """Every turn in order; a turn told again within an attempt is the later telling.

    An attempt goes on counting where the former stopped, as far as it knew. Turns that the former still stored behind
    its back would bear the same numbers: then the later attempt's move up, so that none is lost.
    """
    turns: list[Turn] = []
    for one in attempts:
        spoken = {item.event.turn.seq: item.event.turn for item in one.events if isinstance(item.event, TurnSpoken)}
        ordered = [spoken[seq] for seq in sorted(spoken)]
        shift = max(0, turns[-1].seq + 1 - ordered[0].seq) if turns and ordered else 0
        turns.extend(turn.model_copy(update={"seq": turn.seq + shift}) for turn in ordered)
    return turns


@dataclass(frozen=True)
class _Asked:
    """What the events tell of one question: whether it was put, which follow-ups were, and whether it was passed."""

    asked: bool = False
    skipped: bool = False
    follow_ups: frozenset[int] = frozenset()


def _questions(
    planned: Sequence[QuestionPlan], attempts: Iterable[AttemptEvents], turns: Iterable[Turn]
) -> list[TranscriptQuestion]:
    """The planned questions in their order, then those that only the events know (a plan that was lost)."""
    asked = {question.id: _Asked() for question in planned}
    for _, item in _all(attempts):
        if isinstance(item.event, QuestionAsked):
            known = asked.get(item.event.question_id, _Asked())
            follow_ups = known.follow_ups | ({item.event.follow_up} - {0})
            asked[item.event.question_id] = replace(known, asked=True, follow_ups=follow_ups)
        elif isinstance(item.event, AnswerRecorded) and item.event.skipped:
            asked[item.event.question_id] = replace(asked.get(item.event.question_id, _Asked()), skipped=True)
    answers: dict[str | None, list[int]] = {}
    for turn in turns:
        if turn.speaker is Speaker.CANDIDATE:
            answers.setdefault(turn.question_id, []).append(turn.seq)
    plans = {question.id: question for question in planned}
    return [
        TranscriptQuestion(
            id=question_id,
            text=plans[question_id].text if question_id in plans else "",
            required=plans[question_id].required if question_id in plans else False,
            asked=state.asked,
            follow_ups=len(state.follow_ups),
            answer_turns=answers.get(question_id, []),
            skipped=state.skipped,
        )
        for question_id, state in asked.items()
    ]

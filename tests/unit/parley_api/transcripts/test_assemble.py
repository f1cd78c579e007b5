"""From events to the transcript."""

import itertools
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from parley_api.transcripts.assemble import Ending, Subject, assemble, last_event_at, started_at
from parley_protocol import AnswerRecorded, BotInputs, NumberedEvent, Speaker, TurnSpoken
from parley_protocol.assignment import AttemptEvents

END = datetime(2026, 11, 22, 10, tzinfo=UTC)
Story = list[AttemptEvents]
fixtures_are_constant = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def ending(story: Story) -> Ending:
    at = last_event_at(story)
    assert at is not None
    return Ending("Completed", at)


def test_the_story_as_a_transcript(inputs: BotInputs, story: Story) -> None:
    transcript = assemble(Subject.of(inputs), story, ending(story))
    assert [turn.seq for turn in transcript.turns] == [1, 2, 3, 4]
    first, second = transcript.questions
    assert (first.id, first.text, first.asked, first.follow_ups, first.answer_turns) == (
        "q1", "What did you build?", True, 1, [2, 4],
    )  # fmt: skip
    assert (second.id, second.asked, second.required, second.answer_turns) == ("q2", False, False, [])
    assert transcript.attempts == 2
    assert transcript.started_at == story[0].events[1].at
    assert transcript.finished_at == story[1].events[-1].at
    assert [(call.name, call.outcome) for call in transcript.tool_calls] == [("record_answer", "ok")]
    assert [(one.who, one.what, one.attempt) for one in transcript.connections] == [
        ("bot", "joined", 1), ("candidate", "joined", 1), ("bot", "joined", 2), ("candidate", "left", 2),
    ]  # fmt: skip


def test_a_question_that_the_candidate_has_passed_is_told_as_that(inputs: BotInputs, story: Story) -> None:
    passed = AnswerRecorded(question_id="q1", skipped=True)
    last = story[-1].events[-1]
    event = last.model_copy(update={"n": last.n + 1, "event": passed})
    longer = [*story[:-1], story[-1].model_copy(update={"events": [*story[-1].events, event]})]
    questions = assemble(Subject.of(inputs), longer, ending(story)).questions
    assert [(question.id, question.skipped) for question in questions] == [("q1", True), ("q2", False)]


@fixtures_are_constant
@given(seed=st.integers(), cuts=st.sets(st.integers(1, 6)))
def test_no_split_order_or_repeat_changes_the_transcript(
    inputs: BotInputs, story: Story, seed: int, cuts: set[int]
) -> None:
    whole = assemble(Subject.of(inputs), story, ending(story))
    chance = random.Random(seed)
    pieces = []
    for one in story:
        edges = [0, *sorted(cut for cut in cuts if cut < len(one.events)), len(one.events)]
        parts = [one.events[a:b] for a, b in itertools.pairwise(edges)]
        pieces += [AttemptEvents(attempt=one.attempt, events=part) for part in parts]
    pieces += chance.choices(pieces, k=3)
    chance.shuffle(pieces)
    assert assemble(Subject.of(inputs), pieces, ending(story)) == whole


@fixtures_are_constant
@given(spoken=st.lists(st.lists(st.integers(1, 6), unique=True, max_size=5), min_size=1, max_size=4))
def test_no_turn_is_lost_where_attempts_count_alike(
    inputs: BotInputs,
    make_turn: Callable[..., TurnSpoken],
    make_numbered: Callable[..., list[NumberedEvent]],
    spoken: list[list[int]],
) -> None:
    story = [
        AttemptEvents(
            attempt=attempt,
            events=make_numbered([make_turn(seq, Speaker.CANDIDATE, f"{attempt}/{seq}", "q1") for seq in numbers]),
        )
        for attempt, numbers in enumerate(spoken, start=1)
    ]
    transcript = assemble(Subject.of(inputs), story, Ending("Sealed", END))
    assert [turn.text for turn in transcript.turns] == [
        f"{attempt}/{seq}" for attempt, numbers in enumerate(spoken, start=1) for seq in sorted(numbers)
    ]
    numbers = [turn.seq for turn in transcript.turns]
    assert numbers == sorted(set(numbers))
    assert transcript.questions[0].answer_turns == numbers


def test_a_turn_told_again_is_its_last_telling(
    inputs: BotInputs, make_turn: Callable[..., TurnSpoken], make_numbered: Callable[..., list[NumberedEvent]]
) -> None:
    told = [make_turn(1, Speaker.CANDIDATE, "I bui"), make_turn(1, Speaker.CANDIDATE, "I built it.")]
    story = [AttemptEvents(attempt=1, events=make_numbered(told))]
    transcript = assemble(Subject.of(inputs), story, ending(story))
    assert [turn.text for turn in transcript.turns] == ["I built it."]


def test_without_a_plan_the_events_name_the_questions(story: Story) -> None:
    transcript = assemble(Subject("hiring", "ada", "u-1"), story, ending(story))
    assert transcript.title == "ada"
    assert [(one.id, one.asked, one.follow_ups) for one in transcript.questions] == [("q1", True, 1)]


def test_nobody_came(inputs: BotInputs, story: Story) -> None:
    alone = [AttemptEvents(attempt=1, events=story[0].events[:1])]
    assert started_at(alone) is None
    transcript = assemble(Subject.of(inputs), alone, ending(alone))
    assert transcript.started_at is None
    assert transcript.turns == []
    assert last_event_at([]) is None
    assert ending(alone).at - story[0].events[0].at == timedelta(0)

"""A sample of `make soak`: candidates as people are."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from parley_bot.engine.phrases import phrases_for
from parley_emulators.speech.synthesiser import Synthesiser
from parley_protocol import FinishReason, Speaker
from support.certificates import Authority
from support.nova_process import Nova
from support.soak import matrix, promises
from support.soak.faults import every_case
from support.soak.plans import answers, plan, talking_on
from support.soak.rig import Lane, Talk
from support.voices.script import Clip, Echo, Noise, Over, Pause, Script


@pytest.fixture
async def voice() -> AsyncIterator[Synthesiser]:
    voice = Synthesiser()
    yield voice
    await voice.close()


@pytest.fixture
def lane(nova: Nova, authority: Authority, tmp_path: Path, voice: Synthesiser) -> Lane:
    return Lane(nova, authority, tmp_path, voice)


def hold(talk: Talk) -> None:
    broken = [*promises.of_any(talk), *promises.of_a_whole_one(talk), *promises.of_a_goodbye(talk)]
    assert broken == [], "\n".join(f"{turn.speaker}: {turn.text}" for turn in talk.turns)


async def test_a_candidate_who_stops_to_think_beside_a_fan(lane: Lane) -> None:
    read = (Clip("0880"), Pause(0.2), Clip("0890"))  # a person's voice
    script = Script("thinking", "thinks, then reads", (*answers(1, pause=1.2), read), noise=Noise("pink", 15))
    talk = await lane.converse(plan(2), script, 120)
    hold(talk)
    assert promises.error_rate(talk) < 0.25
    answered = [turn.question_id for turn in talk.turns if turn.speaker is Speaker.CANDIDATE]
    assert set(answered) == {"q1", "q2"}
    assert answered == sorted(answered), "no words count for a question that was asked after them"


async def test_who_talks_past_the_end_is_told_so_and_let_go_politely(lane: Lane) -> None:
    script = Script("talking-on", "talks past the end without a breath", (talking_on(10),))
    limits = {"duration_seconds": 6, "closing_notice_seconds": 2}
    talk = await lane.converse(plan(2, **limits), script, 120)
    assert [*promises.of_any(talk), *promises.of_a_goodbye(talk)] == []
    assert talk.reason is FinishReason.TIME_LIMIT
    last = talk.turns[-1]
    assert (last.speaker, last.interrupted) == (Speaker.INTERVIEWER, False)
    assert phrases_for("en").time_over in last.text
    assert any(turn.speaker is Speaker.CANDIDATE for turn in talk.turns), "what they said until then is kept"


async def test_neither_a_nod_nor_an_echo_cuts_the_interviewer_short(lane: Lane) -> None:
    over, echo = Over("Okay.", after=0.3, always=True), Echo(seconds=0.15, below=30)
    talk = await lane.converse(plan(2), Script("nodding", "nods", answers(2), over=over, echo=echo), 120)
    hold(talk)
    assert not any(turn.interrupted for turn in talk.turns)
    assert promises.error_rate(talk) < 0.15


async def test_people_who_talk_in_a_cafe_are_not_the_candidate(lane: Lane) -> None:
    talk = await lane.converse(plan(2), Script("café", "sits in a café", answers(2), noise=Noise("babble", 20)), 120)
    hold(talk)
    assert not any(turn.interrupted for turn in talk.turns)
    assert promises.error_rate(talk) < 0.2


async def test_a_session_that_is_lost_in_mid_answer_takes_no_word_with_it(lane: Lane) -> None:
    spec = next(spec for spec in every_case() if str(spec) == "reset/mid-answer")
    result = await matrix.attempt(lane, spec)
    assert result.passed, result

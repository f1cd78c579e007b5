"""The parts of `make soak` that decide: which cases there are, what is measured, what is broken."""

from datetime import UTC, datetime

import pytest
from parley_protocol import AnswerRecorded, FinishReason, QuestionAsked, Speaker, Transcript, Turn
from parley_protocol.transcript import TranscriptQuestion
from support.soak import losses, matrix, promises
from support.soak.faults import FAULTS, LASTING, STAGES, START_FAULTS, every_case, lasting_orders
from support.soak.lengths import NINE_MINUTES, Held, Replies
from support.soak.losses import Kept, every_loss
from support.soak.memory import Usage
from support.soak.people import KINDS, judged
from support.soak.plans import CLOSING, GREETING, plan
from support.soak.rig import Talk
from support.voices.guest import ScriptedGuest, Sound, Span
from support.voices.script import Say, Script


def turn(seq: int, speaker: Speaker, text: str, *, interrupted: bool = False) -> Turn:
    return Turn(seq=seq, speaker=speaker, text=text, start_ms=seq, end_ms=seq, interrupted=interrupted)


def whole() -> Talk:
    """A conversation of one question, as it should be."""
    talk = Talk(
        plan(1), Script("one", "answers", ((Say("I built a bridge."),),)), reason=FinishReason.COMPLETED, exit_code=0
    )
    talk.turns = [
        turn(1, Speaker.INTERVIEWER, f"{GREETING} What did you build last year?"),
        turn(2, Speaker.CANDIDATE, "I built a bridge."),
        turn(3, Speaker.INTERVIEWER, CLOSING),
    ]
    talk.stored = [QuestionAsked(question_id="q1"), AnswerRecorded(question_id="q1")]
    talk.sessions = [
        {"end": "the client ended it", "turns": [{"role": "USER", "text": "I built a bridge."}], "audio_seconds": 9}
    ]
    return talk


def broken(talk: Talk) -> list[str]:
    return [
        *promises.of_any(talk),
        *promises.of_a_whole_one(talk),
        *promises.of_a_goodbye(talk),
        *promises.unnoticed(talk),
    ]


def test_nothing_is_broken_in_a_whole_conversation() -> None:
    assert broken(whole()) == []


def test_a_second_greeting_is_seen() -> None:
    talk = whole()
    talk.turns.insert(1, turn(2, Speaker.INTERVIEWER, GREETING))
    assert "greeted 2 times" in broken(talk)
    assert any("gaps" in each for each in broken(talk))


def test_a_question_that_was_never_out_is_seen() -> None:
    talk = whole()
    talk.turns[0] = turn(1, Speaker.INTERVIEWER, f"{GREETING} What did", interrupted=True)
    assert "q1 was not spoken" in broken(talk)
    talk.stored = []
    assert "q1 was not asked" in broken(talk)


def test_words_that_the_model_understood_are_missed() -> None:
    talk = whole()
    talk.sessions[0]["turns"].append({"role": "USER", "text": "And a tunnel."})
    assert "not in the transcript: 'And a tunnel.'" in broken(talk)
    talk.sessions[0]["end"] = "fault: reset"
    assert broken(talk) == [], "the last words before a fault may never have been sent"


@pytest.mark.parametrize("stage", ["answer", "mid-answer"])
def test_words_that_a_fault_has_taken_from_who_speaks_are_missed(stage: str) -> None:
    spec = next(spec for spec in every_case() if str(spec) == f"reset/{stage}")
    talk = whole()
    talk.guest = ScriptedGuest(talk.script, Sound([]))
    talk.guest.said = ["I built a bridge."]
    assert list(matrix._broken(spec, talk)) == []
    talk.turns[1] = turn(2, Speaker.CANDIDATE, "a bridge.")
    talk.sessions = [{"end": "fault: reset", "turns": [{"role": "USER", "text": "I built a bridge."}]}]
    assert list(matrix._broken(spec, talk)) == ["word error rate 50.0%"]


def test_what_ends_a_session_is_seen() -> None:
    talk = whole()
    talk.sessions.append({"end": "the session limit", "turns": [], "audio_seconds": 1})
    assert "a session ended by the session limit" in broken(talk)


def test_a_bot_that_gives_up_leaves_the_interview_open() -> None:
    talk = whole()
    assert len(list(promises.of_one_left(talk))) == 2
    assert list(promises.of_one_left(Talk(plan(1), talk.script, exit_code=10))) == []


def test_a_candidate_who_is_not_to_be_heard_of_has_no_error_rate() -> None:
    kind = KINDS["silent"]
    talk = Talk(plan(4), kind.script, reason=FinishReason.SILENCE)
    assert judged(kind, talk).errors is None
    assert judged(kind, talk).broken == []


def test_every_fault_is_met_at_every_stage() -> None:
    cases = {str(spec) for spec in every_case()}
    assert {f"{fault}/{stage}" for fault in FAULTS for stage in STAGES} <= cases
    assert {f"{fault}/{stage}" for fault in START_FAULTS for stage in ("check", "opening")} <= cases
    lasting = [lasting_orders(spec) for spec in every_case() if spec.fault in LASTING]
    assert len(lasting) == len(LASTING)
    assert all(orders is not None and orders[0]["kind"] == "reset" and orders[1]["times"] is None for orders in lasting)


def test_a_slope_is_of_what_comes_after_the_first_minutes() -> None:
    usage = Usage(memory=[(minute / 2, 100.0 + (50 if minute < 10 else 0) + 0.15 * minute) for minute in range(60)])
    assert usage.slope == pytest.approx(0.3)
    with pytest.raises(ValueError, match="no memory"):
        _ = Usage(memory=[(1.0, 100.0), (6.0, 100.0)]).slope
    assert Usage(cpu=[(0.0, 10.0), (2.0, 40.0)]).cores == pytest.approx(0.25)


def test_the_reply_after_a_change_is_the_one_that_goes_on_or_comes_next() -> None:
    waits = [Span(1.0, 2.0), Span(11.0, 13.0), Span(21.0, 22.5), Span(31.0, 32.0)]
    spoken_over = Replies.of(waits, [12.0])
    assert spoken_over.after_changes == [2.0]
    assert spoken_over.others == [1.0, 1.5, 1.0]
    assert list(spoken_over.broken()) == []
    assert Replies.of(waits, [5.0, 14.0, 40.0]).after_changes == [2.0, 1.5]


def test_a_reply_that_a_change_makes_late_is_seen() -> None:
    late = Replies.of([Span(1.0, 2.0), Span(11.0, 13.1), Span(21.0, 22.0), Span(31.0, 33.0)], [10.0])
    assert list(late.broken()) == ["a reply after a change came after 2.1 s, others after 1.0"]
    assert list(Replies([2.1], []).broken()) == ["there is no reply to compare those after a change with"]
    assert list(Replies([], [9.0]).broken()) == []


def test_a_change_begins_before_its_line_is_written() -> None:
    talk = whole()
    talk.guest = ScriptedGuest(talk.script, Sound([]))
    talk.guest.mouth = [Span(0.0, 10.0), Span(20.0, 21.0)]
    talk.guest.ear.utterances = [Span(12.0, 13.0), Span(22.0, 23.0)]
    # The words of the first answer are heard out by the session that goes, so the change outlasts the wait.
    line = {"time": "1970-01-01T00:01:53.000+00:00", "message": "session_rotated", "held_ms": 3500, "split": True}
    talk.epoch, talk.log = 100.0, [line]
    held = Held(NINE_MINUTES, talk, Usage())
    assert held.replies == Replies([2.0], [1.0])
    assert held.gaps == []


def test_each_kill_is_at_a_stage_of_its_own_and_an_absence_lasts_a_minute() -> None:
    cases = every_loss()
    assert {loss.stage for loss in cases if loss.away is None} == {"greeting", "answer", "tool", "speech", "closing"}
    assert len({loss.name for loss in cases}) == len(cases)
    assert all(loss.stage in STAGES for loss in cases)
    assert all("60 s" in loss.what for loss in cases if loss.away is not None)


def kept(*acknowledged: Turn) -> Kept:
    """A conversation whose bot was killed and replaced, and whose transcript is that of a whole one."""
    talk = whole()
    transcript = Transcript(
        namespace="hiring", name="kim", uid="u", title="t", language="en", template="t", attempts=2,
        finished_at=datetime(2026, 11, 22, tzinfo=UTC), reason="Completed", turns=talk.turns, tool_calls=[],
        connections=[],
        questions=[TranscriptQuestion(id="q1", text="", required=True, asked=True, follow_ups=0, answer_turns=[2])],
    )  # fmt: skip
    return Kept(
        every_loss()[0], talk, acknowledged=list(acknowledged or talk.turns), transcript=transcript, struck=True
    )


def test_nothing_is_lost_where_all_that_was_acknowledged_is_there() -> None:
    assert list(losses.broken(kept())) == []
    first = kept().talk.turns[0]
    assert list(losses.broken(kept(first.model_copy(update={"seq": 7})))) == [], "its number may have moved up"


def test_an_acknowledged_turn_that_is_missing_twice_there_or_elsewhere_is_seen() -> None:
    lost = turn(9, Speaker.CANDIDATE, "And a tunnel.")
    assert list(losses.broken(kept(lost))) == ["acknowledged, and 0 times in the transcript: 'And a tunnel.'"]
    one, two, three = whole().turns
    assert list(losses.lost_turns([one], [one, one])) == [f"acknowledged, and 2 times in the transcript: {one.text!r}"]
    assert list(losses.misplaced_turns([one, two, three], [two, one, three]))
    assert list(losses.misplaced_turns([one, three], [one, two, three])) == []


def test_a_loss_that_was_none_is_no_case() -> None:
    one = kept()
    one.struck = False
    assert list(losses.broken(one)) == ["nothing was lost: the case was not reached"]
    one.transcript = None
    assert list(losses.broken(one)) == ["there is no transcript"]


def test_a_greeting_that_was_begun_again_is_seen_though_no_turn_tells_of_it() -> None:
    one = kept()
    greeting = {"role": "ASSISTANT", "text": GREETING}
    one.talk.sessions = [{"end": "the client went away", "turns": [greeting], "audio_seconds": 1}] * 2
    assert list(losses.broken(one)) == ["the greeting was spoken in 2 sessions"]


def test_what_is_left_to_nobody_is_sealed() -> None:
    left = next(loss for loss in every_loss() if not loss.replaced)
    one = kept()
    one.loss = left
    assert list(losses.broken(one)) == ["what was left ended by Completed"]

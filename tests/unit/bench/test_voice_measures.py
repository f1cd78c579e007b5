"""What the record of a talk comes to."""

import time

import pytest
from bench.voice.capacity import ENOUGH_REPLIES, JUDGED, Level, rounds, together, verdict
from bench.voice.faults import Outcome
from bench.voice.measures import Errors, Replied, errors, interruptions, replies
from bench.voice.parts import Timed
from bench.voice.report import bots, faults, ms
from bench.voice.sounds import Heard, Record, Span
from bench.voice.talk import Talk
from bench.voice.usage import Memory, busy_of, parent_of, parse_rollup


def test_a_reply_is_the_first_sound_after_the_last_word() -> None:
    spoken = [Span(10, 12), Span(20, 22), Span(23, 24)]
    heard = [Heard(5, 8, 5), Heard(13.0, 15, 12.9), Heard(15.5, 16, 15.4), Heard(25, 26, 24.5)]
    assert replies(spoken, heard) == [Replied(0, 1.0, pytest.approx(0.1)), Replied(2, 1, 0.5)]


def test_sound_that_goes_on_through_an_utterance_is_no_reply_to_it() -> None:
    assert replies([Span(10, 12)], [Heard(9, 13, 9)]) == []


def test_an_interruption_lasts_until_silence() -> None:
    spoken = [Span(10, 12), Span(20, 22)]
    heard = [Heard(9, 10.2, 9), Heard(13, 15, 13)]
    assert interruptions(spoken, heard) == [pytest.approx(0.2)]


def test_errors_have_signs_and_turns_their_sounds() -> None:
    told = [Span(10.1, 15.0), Span(20.0, 21.9)]
    known = [Span(10, 12), Span(12.6, 15.2), Span(20.05, 22)]
    found = errors(told, known)
    assert found.begins == pytest.approx([0.1, -0.05])
    assert found.ends == pytest.approx([-0.2, -0.1])
    assert found.sizes == pytest.approx([0.1, 0.05, 0.2, 0.1])
    assert (found.untold, found.unknown) == (0, 0)


def test_a_turn_that_leaves_out_its_last_sentence_has_the_whole_error() -> None:
    found = errors([Span(10, 12), Span(40, 42)], [Span(10, 12), Span(13, 15), Span(40, 42)])
    assert found.ends == [-3, 0]


def test_turns_without_sound_and_sound_without_turns_are_counted() -> None:
    assert errors([Span(1, 2), Span(30, 31)], [Span(1, 2)]).unknown == 1
    assert errors([], [Span(1, 2)]) == Errors(untold=1)
    both = errors([], [Span(1, 2)]) + errors([Span(1, 2)], [Span(1, 2)])
    assert (both.begins, both.untold) == ([0], 1)


def talk(**account: float) -> Talk:
    record = Record([Span(10, 12)], [Heard(13.0, 15, 12.95)], latest_tick=0.004)
    lines = [{"message": "turn_latency", **account}] if account else []
    return Talk(record, [], lines)


def test_the_split_of_a_reply() -> None:
    timed = Timed()
    timed.add_replies(talk(wait_ms=800, model_ms=120, ours_ms=11))
    (split,) = timed.split
    assert (split.ear, split.wait, split.model, split.in_bot) == (1000, 800, 120, 11)
    assert split.ours == 80
    assert timed.latest == 4
    assert timed.quiet == pytest.approx([50])


def test_the_models_own_record_tells_how_long_it_waited() -> None:
    timed, ahead = Timed(), time.time() - time.monotonic()
    held = talk(wait_ms=800, model_ms=120, ours_ms=11)
    turns = [{"role": "ASSISTANT", "at": 1.0}, {"role": "USER", "at": 12.7}, {"role": "USER", "at": 30.0}]
    held.sessions.append({"started_at": ahead, "turns": turns})
    timed.add_replies(held)
    assert timed.taken == pytest.approx([700], abs=5)
    assert timed.after == pytest.approx([250], abs=5)


def test_accounts_that_are_not_one_for_each_reply_split_nothing() -> None:
    timed = Timed()
    timed.add_replies(talk())
    assert timed.ear == [1000]
    assert timed.split == timed.taken == []


def test_answers_that_nobody_replied_to_are_counted() -> None:
    timed = Timed()
    timed.add_replies(Talk(Record([Span(1, 2), Span(5, 6)], [Heard(7, 8, 7)]), []))
    assert timed.unanswered == 1


def level(bots: int, ear: float, machine: float = 1.0, replied: int = 20, slowest: float | None = None) -> Level:
    """Twenty replies were to be had; the slowest two of them are the p95."""
    replies = ([slowest or ear] * 2 + [ear] * 18)[:replied]
    return Level(bots, replies, 20, {"bots": 0.4, "emulator": machine - 0.4, "machine": machine}, 1.0)


@pytest.mark.parametrize("share", [0.5, 0.95])
def test_so_many_bots_are_held_as_slow_nobody_by_a_tenth(share: float) -> None:
    held, why = verdict([level(1, 1000), level(2, 1090, 1.4), level(3, 1200, 1.9)], share, 2)
    assert held == 2
    assert why.startswith("the cores: 1.90 of 2 at 3 bots (emulator 1.50")


def test_p50_and_p95_are_judged_each_by_itself() -> None:
    levels = [level(1, 950, slowest=970), level(2, 960, slowest=1000), level(3, 970, slowest=1220), level(4, 1100)]
    assert [verdict(levels, share, 2)[0] for share in JUDGED.values()] == [3, 2]
    assert "Held before replies slow by a tenth: 3 by the p50, 2 by the p95." in bots({}, levels, 2)


def test_a_p95_that_is_better_again_later_is_not_held() -> None:
    levels = [level(1, 950), level(2, 950, slowest=1220), level(3, 950)]
    assert verdict(levels, 0.95, 2)[0] == 1


def test_a_level_with_a_reply_missing_is_not_held() -> None:
    held, why = verdict([level(1, 1000), level(2, 1000, replied=19)], 0.5, 2)
    assert held == 1
    assert why.startswith("not the cores")
    assert verdict([level(1, 1000, replied=0), level(2, 1000)], 0.5, 2)[0] == 0


def test_what_was_not_tried_bounds_nothing() -> None:
    assert verdict([level(1, 1000), level(2, 1000)], 0.5, 2) == (2, "nothing yet: more were not tried")


@pytest.mark.parametrize(("at_once", "times"), [(1, 4), (2, 2), (3, 2), (4, 1), (8, 1)])
def test_each_level_has_twenty_replies(at_once: int, times: int) -> None:
    assert rounds(at_once, 6) == times
    assert at_once * 6 * times >= ENOUGH_REPLIES


def test_rounds_are_one_level_together() -> None:
    late = Level(1, [900.0], 1, {"bots": 0.2, "machine": 0.6}, 14.0)
    both = together([Level(1, [800.0], 1, {"bots": 0.4, "machine": 1.0}, 3.0), late])
    assert (both.bots, both.ear, both.expected, both.latest) == (1, [800.0, 900.0], 2, 14.0)
    assert both.cores == pytest.approx({"bots": 0.3, "machine": 0.8})


def test_figures_in_words() -> None:
    assert ms([]) == "not measured"
    assert ms([1.0, 2.0, 3.0]) == "p50 2 ms, p95 3 ms (n=3)"


def test_the_table_of_faults_has_both_columns() -> None:
    told = faults([("reset", {"parley": Outcome("goes on", True), "plain": Outcome("hangs", False)})])
    assert "| reset | ✓ goes on | ✗ hangs |" in told


def test_what_the_kernel_counts() -> None:
    assert parent_of("12 (a) b) S 7 12 12 0") == 7
    assert parse_rollup("x [rollup]\nRss: 20 kB\nPss: 10 kB\n") == Memory(20480, 10240)
    assert busy_of("cpu  100 0 50 900 30 0 10 0 0 0\n") == pytest.approx(1.6)

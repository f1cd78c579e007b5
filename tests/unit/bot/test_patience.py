"""What the model hears of a candidate who stops within a sentence, and of one who has finished."""

from hypothesis import given
from hypothesis import strategies as st
from parley_bot.endpointing import PATIENCE_SECONDS
from parley_bot.pipeline.assembly import _patience
from parley_bot.pipeline.patience import Patience, UnfinishedTurns
from parley_protocol import ModelPlan
from pipecat.frames.frames import InputAudioRawFrame
from pipecat.processors.frame_processor import FrameDirection
from support.engine import make_plan

CHUNK = 640  # 20 ms


def pieces(count: int, letter: bytes) -> list[bytes]:
    return [letter * CHUNK] * count


def heard(patience: Patience, sounds: list[bytes]) -> bytes:
    return b"".join(b"".join(patience.take(sound)) for sound in sounds)


def test_a_finished_sentence_is_heard_as_it_is() -> None:
    patience = Patience(2.0)
    sounds = pieces(10, b"v") + pieces(100, b"-")
    assert heard(patience, sounds) == b"".join(sounds)


def test_a_pause_within_a_sentence_is_not_heard() -> None:
    patience = Patience(2.0)
    patience.hold()
    assert heard(patience, pieces(80, b"-") + pieces(10, b"v")) == b""
    onset = b"".join(patience.go_on())
    assert onset == b"-" * 10 * CHUNK + b"v" * 10 * CHUNK, "the voice began before it was told of"
    assert heard(patience, pieces(5, b"v")) == b"v" * 5 * CHUNK


def test_patience_ends() -> None:
    patience = Patience(2.0)
    patience.hold()
    assert heard(patience, pieces(99, b"-")) == b""
    assert len(heard(patience, pieces(1, b"-"))) == 100 * CHUNK, "the model hears the whole pause, at once"
    assert heard(patience, pieces(1, b"-")) == b"-" * CHUNK


@given(st.lists(st.sampled_from(["take", "hold", "go on"]), max_size=400), st.sampled_from([0.1, 2.0]))
def test_what_is_kept_is_bounded_and_in_order(steps: list[str], seconds: float) -> None:
    patience, numbers, out, kept = Patience(seconds), iter(range(1000)), b"", 0
    for step in steps:
        if step == "hold":
            patience.hold()
        elif step == "go on":
            out += b"".join(patience.go_on())
            kept = 0
        else:
            sounds = patience.take(next(numbers).to_bytes(2, "big") * (CHUNK // 2))
            out += b"".join(sounds)
            kept = 0 if sounds else kept + CHUNK
        assert kept / 32000 <= seconds
    order = [int.from_bytes(out[at : at + 2], "big") for at in range(0, len(out), CHUNK)]
    assert order == sorted(set(order))


def test_who_has_extra_time_is_waited_for_as_much_longer() -> None:
    plan = make_plan(extra_time_percent=50)
    assert _patience(plan, print) == [], "MEDIUM has not asked for it"
    (unfinished,) = _patience(plan.model_copy(update={"model": ModelPlan(turn_sensitivity="LOW")}), print)
    assert unfinished._patience.seconds == 1.5 * PATIENCE_SECONDS


async def test_each_sound_that_is_kept_is_told_of() -> None:
    kept: list[str] = []
    unfinished = UnfinishedTurns(0.06, lambda: kept.append("kept"))
    unfinished._patience.hold()
    for _ in range(4):
        await unfinished.process_frame(InputAudioRawFrame(bytes(CHUNK), 16000, 1), FrameDirection.DOWNSTREAM)
    assert len(kept) == 2, "the third ends the patience"

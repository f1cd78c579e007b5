"""What the model hears where others talk in the candidate's room."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parley_bot.pipeline.level import Heard, OwnVoice
from parley_bot.pipeline.others import Others, OthersWithheld
from pipecat.frames.frames import Frame, InputAudioRawFrame, VADUserStartedSpeakingFrame
from pipecat.tests.utils import run_test

CHUNK = 640  # 20 ms
SILENCE, VOICE, BABBLE = bytes(CHUNK), b"v" * CHUNK, b"b" * CHUNK


def hear(others: Others, sound: bytes, seconds: float, heard: Heard) -> bytes:
    return b"".join(b"".join(others.take(sound, heard)) for _ in range(round(seconds / 0.02)))


def among_others() -> Others:
    others = Others()
    hear(others, BABBLE, 1, Heard.OTHERS)
    assert others.withholding
    return others


def test_the_model_hears_a_pause_where_only_others_talk() -> None:
    others = Others()
    others.candidate(speaking=True)
    assert hear(others, VOICE, 1, Heard.CANDIDATE) == VOICE * 50
    others.candidate(speaking=False)
    heard = hear(others, BABBLE, 3, Heard.OTHERS)
    assert heard == BABBLE * 12 + SILENCE * 138, "the candidate's last word may end softly"


def test_while_the_interviewer_has_the_floor_others_are_not_heard_at_all() -> None:
    others = Others()
    assert others.take(BABBLE, Heard.SOFT, interviewer=True) == [SILENCE]


def test_a_soft_ending_before_the_interviewer_speaks_withholds_nothing() -> None:
    others = Others()
    hear(others, VOICE, 0.2, Heard.OTHERS)
    assert others.take(SILENCE, Heard.NOBODY, interviewer=True) == [SILENCE]
    assert not others.withholding


def test_the_candidate_is_heard_from_the_first_consonant() -> None:
    others = among_others()
    assert hear(others, VOICE, 0.16, Heard.CANDIDATE) == SILENCE * 8, "until the voice is believed"
    assert b"".join(others.candidate(speaking=True)) == BABBLE * 12 + VOICE * 8
    assert hear(others, VOICE, 1, Heard.CANDIDATE) == VOICE * 50


def test_what_was_heard_is_not_heard_again() -> None:
    others = Others()
    hear(others, VOICE, 1, Heard.CANDIDATE)
    assert others.candidate(speaking=True) == []
    hear(others, BABBLE, 0.5, Heard.OTHERS)
    others.candidate(speaking=False)
    assert hear(others, BABBLE, 0.1, Heard.OTHERS) == SILENCE * 5
    assert b"".join(others.candidate(speaking=True)) == BABBLE * 5


def test_nothing_of_the_candidates_own_turn_is_withheld() -> None:
    others = Others()
    others.candidate(speaking=True)
    assert hear(others, VOICE, 5, Heard.OTHERS) == VOICE * 250


def test_a_soft_voice_where_nobody_else_talks_has_time_to_be_known() -> None:
    others = Others()
    assert hear(others, VOICE, 2, Heard.SOFT) == VOICE * 100
    assert hear(others, VOICE, 1, Heard.SOFT).endswith(SILENCE * 49)


def test_when_the_others_have_ceased_all_is_heard_again() -> None:
    others = among_others()
    assert hear(others, SILENCE, 1.9, Heard.NOBODY) == SILENCE * 95
    hear(others, SILENCE, 0.1, Heard.NOBODY)
    assert hear(others, b"n" * CHUNK, 1, Heard.NOBODY) == b"n" * CHUNK * 50


@given(
    st.lists(st.tuples(st.sampled_from([Heard.NOBODY, Heard.CANDIDATE, Heard.SOFT]), st.floats(0.02, 1)), max_size=30)
)
def test_in_a_room_of_ones_own_nothing_is_withheld(sounds: list[tuple[Heard, float]]) -> None:
    others = Others()
    for heard, seconds in sounds:
        # Soft sound that goes on for so long that it can't be the end of a word is another matter.
        hear(others, VOICE, 0.02, Heard.CANDIDATE)
        assert set(hear(others, VOICE, seconds, heard)) <= set(VOICE)


@given(st.lists(st.tuples(st.sampled_from([*Heard, True, False]), st.floats(0.02, 3)), max_size=30))
def test_what_is_heard_is_in_order_and_nothing_is_heard_twice(steps: list[tuple[Heard | bool, float]]) -> None:
    others, numbers, out = Others(), iter(range(1, 60_000)), b""
    for what, seconds in steps:
        if isinstance(what, bool):
            out += b"".join(others.candidate(speaking=what))
            continue
        for _ in range(round(seconds / 0.02)):
            out += b"".join(others.take(next(numbers).to_bytes(2, "big") * (CHUNK // 2), what))
    order = [int.from_bytes(out[at : at + 2], "big") for at in range(0, len(out), CHUNK)]
    heard = [number for number in order if number]
    assert heard == sorted(set(heard))


@pytest.mark.parametrize(("heard", "sound"), [(Heard.OTHERS, SILENCE), (Heard.CANDIDATE, VOICE), (Heard.NOBODY, VOICE)])
async def test_the_model_is_sent_what_is_to_be_heard(heard: Heard, sound: bytes) -> None:
    own = OwnVoice(heard=heard, interviewer=False)
    frames: list[Frame] = [InputAudioRawFrame(VOICE, 16_000, 1) for _ in range(40)]
    down, _ = await run_test(OthersWithheld(own), frames_to_send=frames)
    assert [frame.audio for frame in down if isinstance(frame, InputAudioRawFrame)][-10:] == [sound] * 10


async def test_a_voice_comes_before_what_tells_of_it() -> None:
    """Who waits for the rest of a sentence takes what came just before."""
    own = OwnVoice(heard=Heard.OTHERS)
    frames: list[Frame] = [InputAudioRawFrame(VOICE, 16_000, 1) for _ in range(40)]
    down, _ = await run_test(OthersWithheld(own), frames_to_send=[*frames, VADUserStartedSpeakingFrame()])
    *sounds, told = [frame for frame in down if isinstance(frame, InputAudioRawFrame | VADUserStartedSpeakingFrame)]
    assert isinstance(told, VADUserStartedSpeakingFrame)
    assert [frame.audio for frame in sounds if isinstance(frame, InputAudioRawFrame)][-20:] == [VOICE] * 20

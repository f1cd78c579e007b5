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
    others.own.heard = heard
    return b"".join(b"".join(others.take(sound)) for _ in range(round(seconds / 0.02)))


def cafe() -> Others:
    """The candidate has the floor among others."""
    return Others(OwnVoice(interviewer=False, company=True))


def withholding() -> Others:
    others = cafe()
    hear(others, BABBLE, 1, Heard.OTHERS)
    assert others.withholding
    return others


def test_the_model_hears_a_pause_where_only_others_talk() -> None:
    others = cafe()
    others.candidate(speaking=True)
    assert hear(others, VOICE, 1, Heard.CANDIDATE) == VOICE * 50
    others.candidate(speaking=False)
    heard = hear(others, BABBLE, 3, Heard.OTHERS)
    assert heard == BABBLE * 12 + SILENCE * 138, "the candidate's last word may end softly"


@pytest.mark.parametrize("company", [True, False])
def test_while_the_interviewer_has_the_floor_the_candidate_alone_is_heard(company: bool) -> None:
    """Before its first word, too: what a model takes for a voice then would cut into that."""
    others = Others(OwnVoice(interviewer=True, company=company))
    assert hear(others, BABBLE, 1, Heard.OTHERS) == SILENCE * 50
    assert hear(others, VOICE, 0.16, Heard.CANDIDATE) == SILENCE * 8
    assert b"".join(others.candidate(speaking=True)) == BABBLE * 12 + VOICE * 8
    assert hear(others, VOICE, 1, Heard.CANDIDATE) == VOICE * 50


def test_who_answers_before_the_interviewer_has_quite_ended_is_heard() -> None:
    """Where nobody else talks, what came just before is heard, too."""
    others = Others(OwnVoice(interviewer=True))
    assert hear(others, VOICE, 0.3, Heard.OTHERS) == SILENCE * 15
    others.own.interviewer = False
    assert hear(others, VOICE, 0.1, Heard.CANDIDATE) == VOICE * 20


def test_the_candidate_is_heard_from_the_first_consonant() -> None:
    others = withholding()
    assert hear(others, VOICE, 0.16, Heard.CANDIDATE) == SILENCE * 8, "until the voice is believed"
    assert b"".join(others.candidate(speaking=True)) == BABBLE * 12 + VOICE * 8
    assert hear(others, VOICE, 1, Heard.CANDIDATE) == VOICE * 50


def test_what_was_heard_is_not_heard_again() -> None:
    others = cafe()
    hear(others, VOICE, 1, Heard.CANDIDATE)
    assert others.candidate(speaking=True) == []
    hear(others, BABBLE, 0.5, Heard.OTHERS)
    others.candidate(speaking=False)
    assert hear(others, BABBLE, 0.1, Heard.OTHERS) == SILENCE * 5
    assert b"".join(others.candidate(speaking=True)) == BABBLE * 5


def test_nothing_of_the_candidates_own_turn_is_withheld() -> None:
    others = cafe()
    others.candidate(speaking=True)
    assert hear(others, VOICE, 5, Heard.OTHERS) == VOICE * 250


def test_when_the_others_have_ceased_all_is_heard_again() -> None:
    others = withholding()
    assert hear(others, SILENCE, 1.9, Heard.NOBODY) == SILENCE * 95
    hear(others, SILENCE, 0.1, Heard.NOBODY)
    assert hear(others, b"n" * CHUNK, 1, Heard.NOBODY) == b"n" * CHUNK * 50


@given(st.lists(st.tuples(st.sampled_from(Heard), st.floats(0.02, 5)), max_size=30))
def test_in_a_room_of_ones_own_nothing_is_withheld(sounds: list[tuple[Heard, float]]) -> None:
    others = Others(OwnVoice(interviewer=False))
    for heard, seconds in sounds:
        assert set(hear(others, VOICE, seconds, heard)) <= set(VOICE)


STEPS = st.one_of(
    st.tuples(st.sampled_from(["voice", "floor", "company"]), st.booleans()),
    st.tuples(st.sampled_from(Heard), st.floats(0.02, 3)),
)


@given(st.lists(STEPS, max_size=30))
def test_what_is_heard_is_in_order_and_nothing_is_heard_twice(steps: list[tuple[str | Heard, float | bool]]) -> None:
    others, numbers, out = cafe(), iter(range(1, 60_000)), b""
    for what, value in steps:
        match what:
            case "voice":
                out += b"".join(others.candidate(speaking=bool(value)))
            case "floor":
                others.own.interviewer = bool(value)
            case "company":
                others.own.company = bool(value)
            case Heard():
                others.own.heard = what
                for _ in range(round(value / 0.02)):
                    out += b"".join(others.take(next(numbers).to_bytes(2, "big") * (CHUNK // 2)))
    order = [int.from_bytes(out[at : at + 2], "big") for at in range(0, len(out), CHUNK)]
    heard = [number for number in order if number]
    assert heard == sorted(set(heard))


@pytest.mark.parametrize(("heard", "sound"), [(Heard.OTHERS, SILENCE), (Heard.CANDIDATE, VOICE), (Heard.NOBODY, VOICE)])
async def test_the_model_is_sent_what_is_to_be_heard(heard: Heard, sound: bytes) -> None:
    own = OwnVoice(heard=heard, interviewer=False, company=True)
    frames: list[Frame] = [InputAudioRawFrame(VOICE, 16_000, 1) for _ in range(40)]
    down, _ = await run_test(OthersWithheld(own), frames_to_send=frames)
    assert [frame.audio for frame in down if isinstance(frame, InputAudioRawFrame)][-10:] == [sound] * 10


async def test_a_voice_comes_before_what_tells_of_it() -> None:
    """Who waits for the rest of a sentence takes what came just before."""
    own = OwnVoice(heard=Heard.OTHERS, interviewer=False, company=True)
    frames: list[Frame] = [InputAudioRawFrame(VOICE, 16_000, 1) for _ in range(40)]
    down, _ = await run_test(OthersWithheld(own), frames_to_send=[*frames, VADUserStartedSpeakingFrame()])
    *sounds, told = [frame for frame in down if isinstance(frame, InputAudioRawFrame | VADUserStartedSpeakingFrame)]
    assert isinstance(told, VADUserStartedSpeakingFrame)
    assert [frame.audio for frame in sounds if isinstance(frame, InputAudioRawFrame)][-20:] == [VOICE] * 20

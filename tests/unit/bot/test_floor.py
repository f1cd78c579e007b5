"""Who has the floor while the interviewer speaks: what the model hears of nods, echoes and interruptions."""

import numpy as np
import pytest
from parley_bot.pipeline.echo import Loudspeaker
from parley_bot.pipeline.floor import NOD_SECONDS, Floor, FloorKeeper
from parley_bot.pipeline.level import Heard, OwnVoice
from pipecat.frames.frames import (
    Frame,
    InputAudioRawFrame,
    InterruptionFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.tests.utils import run_test

CHUNK = 640  # 20 ms
SILENCE, VOICE = bytes(CHUNK), b"v" * CHUNK


def hear(floor: Floor, seconds: float, sound: bytes = VOICE) -> bytes:
    return b"".join(b"".join(floor.take(sound)) for _ in range(round(seconds / 0.02)))


def speaking() -> Floor:
    """The interviewer speaks, and what is loud is loud enough."""
    floor = Floor(own=OwnVoice(heard=Heard.CANDIDATE))
    floor.interviewer(speaking=True)
    return floor


def test_a_candidate_is_heard_while_the_interviewer_is_silent() -> None:
    floor = Floor()
    floor.voice(speaking=True)
    assert hear(floor, 1) == VOICE * 50
    assert not floor.hushed


def test_a_floor_that_was_taken_is_not_given_back() -> None:
    floor = speaking()
    floor.voice(speaking=True)
    hear(floor, NOD_SECONDS - 0.1)
    assert floor.hushed
    floor.take_over()
    assert not floor.hushed
    assert set(hear(floor, 2 * NOD_SECONDS)) == {0}
    assert floor.interviewer(speaking=False) == floor.interviewer(speaking=True) == []
    assert set(hear(floor, 2 * NOD_SECONDS)) == {0}
    assert (floor.hushed, floor.cut) == (False, False)


def test_who_is_hushed_is_heard_again_when_they_take_the_floor() -> None:
    hushes: list[bool] = []
    keeper = FloorKeeper(hushes.append, lambda _: None, Loudspeaker(), OwnVoice(heard=Heard.CANDIDATE))
    keeper._floor.hushed = True
    keeper.take_over()
    assert hushes == [False]


def test_a_nod_is_not_heard_and_the_interviewer_speaks_on() -> None:
    floor = speaking()
    first = hear(floor, 0.2)
    floor.voice(speaking=True)
    rest = hear(floor, NOD_SECONDS - 0.1)
    assert floor.hushed
    floor.voice(speaking=False)
    assert not floor.hushed
    assert set(first + rest + hear(floor, 1)) == {0}
    assert floor.interviewer(speaking=False) == []


def test_the_interviewer_falls_silent_with_the_voice_and_not_a_piece_later() -> None:
    floor = speaking()
    hear(floor, 0.2)
    floor.voice(speaking=True)
    assert floor.hushed


def test_who_speaks_on_is_heard_from_the_first_word() -> None:
    floor = speaking()
    hear(floor, 1, SILENCE)
    hear(floor, 0.2)
    floor.voice(speaking=True)
    heard = hear(floor, NOD_SECONDS)
    assert heard.count(VOICE) == round((0.2 + NOD_SECONDS) / 0.02), "all of the voice, when it was no nod"
    assert hear(floor, 0.5) == VOICE * 25
    assert floor.hushed, "until the model has stopped"
    assert floor.interviewer(speaking=False) == []
    assert not floor.hushed


def test_a_first_word_that_looks_like_a_nod_is_not_lost() -> None:
    floor = speaking()
    floor.voice(speaking=True)
    hear(floor, 0.3, b"s" * CHUNK)
    floor.voice(speaking=False)
    assert not floor.hushed
    hear(floor, 0.3, SILENCE)
    floor.voice(speaking=True)
    heard = hear(floor, NOD_SECONDS - 0.3)
    assert heard.count(b"s" * CHUNK) == 15
    assert heard.count(VOICE) == round((NOD_SECONDS - 0.3) / 0.02)


def test_nods_with_time_between_them_are_nods() -> None:
    floor = speaking()
    for _ in range(5):
        floor.voice(speaking=True)
        assert set(hear(floor, 0.4)) == {0}
        floor.voice(speaking=False)
        assert set(hear(floor, 1.0, SILENCE)) == {0}


def test_who_begins_in_the_interviewers_last_moment_loses_no_word() -> None:
    floor = speaking()
    hear(floor, 1, SILENCE)
    hear(floor, 0.2)
    floor.voice(speaking=True)
    hear(floor, 0.1)
    assert b"".join(floor.interviewer(speaking=False)).count(VOICE) == 15
    assert hear(floor, 0.1) == VOICE * 5


def test_who_begins_as_the_interviewer_ends_loses_no_consonant() -> None:
    """The voice activity takes its time: it tells of a voice when the interviewer has ended already."""
    floor = speaking()
    hear(floor, 1, SILENCE)
    before = hear(floor, 0.08)
    after = b"".join(floor.interviewer(speaking=False)) + hear(floor, 0.06)
    heard = before + after + b"".join(floor.voice(speaking=True)) + hear(floor, 0.5)
    assert heard.count(VOICE) == round((0.08 + 0.06 + 0.5) / 0.02)
    assert heard.endswith(VOICE * 32)


def test_an_echo_of_the_interviewers_last_words_is_not_heard() -> None:
    """It comes a moment late: when the interviewer has ended already it may be taken for a voice."""
    played = np.random.default_rng(1).normal(0, 4000, 16_000).astype("<i2").tobytes()
    speaker = Loudspeaker()
    floor = Floor(speaker)
    floor.interviewer(speaking=True)
    speaker.play(played, 16_000)
    for at in range(0, len(played), CHUNK):
        echo = (np.frombuffer(played[at : at + CHUNK], "<i2") // 30).astype("<i2").tobytes()
        assert set(b"".join(floor.take(echo))) == {0}
    floor.interviewer(speaking=False)
    assert floor.voice(speaking=True) == []
    assert hear(floor, 0.1) == VOICE * 5


def test_where_nobody_begins_as_the_interviewer_ends_the_sound_goes_on() -> None:
    floor = speaking()
    hear(floor, 1, b"n" * CHUNK)
    floor.interviewer(speaking=False)
    assert not floor.own.interviewer
    heard = hear(floor, 0.2, b"s" * CHUNK)
    assert heard == SILENCE * 9 + b"s" * CHUNK * 10, "late by that, once, and nothing of it is lost"
    assert hear(floor, 0.1, b"s" * CHUNK) == b"s" * CHUNK * 5


def test_an_interviewer_who_goes_on_is_guarded_still() -> None:
    floor = speaking()
    floor.interviewer(speaking=False)
    hear(floor, 0.1)
    floor.interviewer(speaking=True)
    assert floor.own.interviewer
    assert set(hear(floor, 1)) == {0}


def test_who_was_speaking_has_the_floor_already() -> None:
    floor = Floor()
    floor.voice(speaking=True)
    floor.interviewer(speaking=True)
    assert hear(floor, 0.1) == VOICE * 5


def test_what_no_voice_activity_confirms_is_no_voice() -> None:
    floor = speaking()
    assert set(hear(floor, 5)) == {0}
    assert floor.interviewer(speaking=False) == []


def test_a_voice_that_is_softer_than_the_candidate_is_does_not_hush() -> None:
    floor = speaking()
    floor.own.heard = Heard.OTHERS
    floor.voice(speaking=True)
    assert set(hear(floor, 2)) == {0}
    assert not floor.hushed
    floor.own.heard = Heard.CANDIDATE
    hear(floor, 0.1)
    assert floor.hushed, "and a voice in the midst of it does"


def test_the_candidates_level_is_learnt_while_they_have_the_floor() -> None:
    own = OwnVoice()
    floor = Floor(own=own)
    floor.interviewer(speaking=True)
    assert own.interviewer
    floor.interviewer(speaking=False)
    assert not own.interviewer
    floor.voice(speaking=True)
    floor.interviewer(speaking=True)
    assert not own.interviewer, "who speaks already has the floor"


def test_who_takes_the_floor_is_learnt() -> None:
    floor = speaking()
    floor.voice(speaking=True)
    hear(floor, NOD_SECONDS)
    assert not floor.own.interviewer


def test_an_echo_as_loud_as_a_voice_is_like_what_was_played() -> None:
    played, own = (np.random.default_rng(seed).normal(0, 4000, 16_000 * 3).astype("<i2").tobytes() for seed in (1, 2))
    speaker = Loudspeaker()
    floor = Floor(speaker, OwnVoice(heard=Heard.CANDIDATE))
    floor.interviewer(speaking=True)
    floor.voice(speaking=True)
    for at in range(0, len(played) - CHUNK, CHUNK):
        speaker.play(played[at : at + CHUNK], 16_000)
        echo = played[at - 10 * CHUNK : at - 9 * CHUNK] if at >= 10 * CHUNK else SILENCE
        floor.own.heard = Heard.CANDIDATE if any(echo) else Heard.NOBODY
        assert set(b"".join(floor.take(echo))) == {0}
        assert not floor.hushed
    for at in range(0, CHUNK * round(NOD_SECONDS / 0.02 + 20), CHUNK):
        floor.take(own[at : at + CHUNK])
    assert floor.hushed, "a voice of its own is heard"


def test_words_that_the_model_does_not_stop_are_dropped() -> None:
    floor = speaking()
    floor.voice(speaking=True)
    hear(floor, NOD_SECONDS)
    assert not floor.cut, "the model is to stop by itself"
    hear(floor, 0.4)
    assert floor.cut
    assert floor.hushed
    floor.interrupted()
    hear(floor, 1)
    assert not floor.cut
    assert not floor.hushed


def test_a_model_that_stops_is_left_alone() -> None:
    floor = speaking()
    floor.voice(speaking=True)
    hear(floor, NOD_SECONDS)
    floor.interrupted()
    hear(floor, 2)
    assert not floor.cut


def told(floor: Floor) -> tuple[bool, bool]:
    """What is told of a voice that the model does not hear, once."""
    found = (floor.dropped, floor.begins)
    floor.dropped = floor.begins = False
    return found


def test_a_nod_is_dropped_when_nothing_has_come_after_it() -> None:
    floor = speaking()
    floor.voice(speaking=True)
    hear(floor, 0.4)
    floor.voice(speaking=False)
    hear(floor, 0.7, SILENCE)
    assert told(floor) == (False, False), "it may be a first word still"
    hear(floor, 0.3, SILENCE)
    assert told(floor) == (True, False)
    hear(floor, 3, SILENCE)
    floor.interviewer(speaking=False)
    hear(floor, 0.3, SILENCE)
    assert told(floor) == (False, False), "and once"


@pytest.mark.parametrize("answers", [False, True])
def test_a_nod_is_dropped_when_the_interviewer_ends(answers: bool) -> None:
    floor = speaking()
    floor.voice(speaking=True)
    hear(floor, 0.4)
    floor.voice(speaking=False)
    hear(floor, 0.2, SILENCE)
    floor.interviewer(speaking=False)
    hear(floor, 0.1, SILENCE)
    assert told(floor) == (False, False)
    if answers:
        floor.voice(speaking=True)
    else:
        hear(floor, 0.1, SILENCE)
    assert told(floor) == (True, False), "and not what begins then"


def test_a_first_word_that_is_heard_is_not_dropped() -> None:
    floor = speaking()
    floor.voice(speaking=True)
    hear(floor, 0.3)
    floor.voice(speaking=False)
    hear(floor, 0.3, SILENCE)
    floor.voice(speaking=True)
    hear(floor, 1)
    floor.voice(speaking=False)
    floor.interviewer(speaking=False)
    hear(floor, 3, SILENCE)
    assert told(floor) == (False, False)


def test_a_nod_into_the_interviewers_end_is_heard_and_not_dropped() -> None:
    floor = speaking()
    hear(floor, 0.2)
    floor.voice(speaking=True)
    hear(floor, 0.2)
    assert floor.interviewer(speaking=False)
    floor.voice(speaking=False)
    hear(floor, 3, SILENCE)
    assert told(floor) == (False, False)


def test_what_the_candidate_says_in_their_own_turn_is_not_dropped() -> None:
    floor = Floor()
    for _ in range(2):
        floor.voice(speaking=True)
        hear(floor, 0.3)
        floor.voice(speaking=False)
        hear(floor, 1, SILENCE)
    floor.interviewer(speaking=True)
    hear(floor, 2, SILENCE)
    floor.interviewer(speaking=False)
    hear(floor, 1, SILENCE)
    assert told(floor) == (False, False)


def echoing(seconds: float) -> Floor:
    """The interviewer has been heard for so long, and their echo is a voice to the voice activity."""
    floor = speaking()
    played = np.random.default_rng(1).normal(0, 4000, round(16_000 * seconds)).astype("<i2").tobytes()
    floor.loudspeaker.play(played[:CHUNK], 16_000)
    floor.take(played[:CHUNK])
    floor.voice(speaking=True)
    for at in range(CHUNK, len(played) - CHUNK, CHUNK):
        floor.loudspeaker.play(played[at : at + CHUNK], 16_000)
        floor.take(played[at : at + CHUNK])
    assert not floor.hushed
    return floor


def test_an_echo_is_dropped_as_it_ceases() -> None:
    floor = echoing(1.0)
    assert told(floor) == (False, False)
    floor.voice(speaking=False)
    assert told(floor) == (True, False)


def test_an_echo_that_the_candidate_speaks_into_is_none_from_there_on() -> None:
    floor = echoing(1.0)
    own = np.random.default_rng(2).normal(0, 12_000, 16_000).astype("<i2").tobytes()
    for at in range(0, len(own), CHUNK):
        floor.take(own[at : at + CHUNK])
    assert floor.hushed
    assert told(floor) == (False, True)


@pytest.mark.parametrize(("seconds", "tail"), [(0.5, True), (0.7, False)])
def test_the_last_of_an_echo_is_dropped_after_the_interviewers_end(seconds: float, tail: bool) -> None:
    floor = echoing(1.0)
    assert floor.interviewer(speaking=False) == []
    assert told(floor) == (False, True), "what goes on is heard"
    hear(floor, seconds)
    floor.voice(speaking=False)
    assert told(floor) == (tail, False)


async def test_what_is_dropped_is_told() -> None:
    dropped: list[bool] = []
    keeper = FloorKeeper(lambda _: None, dropped.append, Loudspeaker(), OwnVoice(heard=Heard.CANDIDATE))
    keeper._floor.interviewer(speaking=True)
    nod = [InputAudioRawFrame(VOICE, 16_000, 1) for _ in range(10)]
    quiet = [InputAudioRawFrame(SILENCE, 16_000, 1) for _ in range(50)]
    frames = [VADUserStartedSpeakingFrame(), *nod, VADUserStoppedSpeakingFrame(), *quiet]
    await run_test(keeper, frames_to_send=frames)
    assert dropped == [False]


@pytest.mark.parametrize(
    ("end", "hushes"), [(VADUserStoppedSpeakingFrame(), [True, False]), (InterruptionFrame(), [True])]
)
async def test_the_room_is_told_when_it_may_speak_on_and_ends_with_an_interruption_itself(
    end: Frame, hushes: list[bool]
) -> None:
    hushed: list[bool] = []
    keeper = FloorKeeper(hushed.append, lambda _: None, Loudspeaker(), OwnVoice(heard=Heard.CANDIDATE))
    keeper._floor.interviewer(speaking=True)
    sound = [InputAudioRawFrame(VOICE, 16_000, 1) for _ in range(10)]
    await run_test(keeper, frames_to_send=[VADUserStartedSpeakingFrame(), *sound, end])
    assert hushed == hushes

"""A candidate's mouth and ear, tick by tick."""

import numpy as np
from parley_emulators.candidate.sound import EAR_BYTES, EAR_RATE, TICK_SECONDS, Microphone, Playback, audible
from parley_emulators.candidate.wire import (
    MICROPHONE_RATE,
    Interruption,
    RtviMessage,
    Sound,
    decode,
    encode_client_ready,
    encode_microphone,
)
from parley_emulators.speech.audio import silence


def tone(seconds: float, rate: int) -> bytes:
    time = np.arange(round(seconds * rate)) / rate
    return (8000 * np.sin(2 * np.pi * 440 * time)).astype("<i2").tobytes()


def ticks(seconds: float) -> int:
    return round(seconds / TICK_SECONDS)


def test_the_microphone_says_words_without_the_silence_round_them() -> None:
    microphone = Microphone()
    assert not audible(microphone.tick())
    microphone.say(silence(0.5, MICROPHONE_RATE) + tone(0.2, MICROPHONE_RATE) + silence(0.5, MICROPHONE_RATE))
    frames = []
    while microphone.speaking:
        frames.append(microphone.tick())
    assert len(frames) == ticks(0.2)
    assert all(len(frame) == 640 for frame in frames)
    assert audible(frames[0])
    assert audible(frames[-1])
    assert not audible(microphone.tick())


def test_the_microphone_stops_in_the_middle() -> None:
    microphone = Microphone()
    microphone.say(tone(1, MICROPHONE_RATE))
    microphone.tick()
    microphone.stop()
    assert not microphone.speaking
    assert not audible(microphone.tick())


def test_a_silent_answer_is_nothing_to_say() -> None:
    microphone = Microphone()
    microphone.say(silence(1, MICROPHONE_RATE))
    assert not microphone.speaking


def test_the_ear_hears_in_time_what_came_at_once() -> None:
    playback = Playback()
    playback.put(Sound(tone(0.5, EAR_RATE), EAR_RATE))
    heard = [playback.tick() for _ in range(ticks(1))]
    assert all(len(frame) == 960 for frame in heard)
    assert sum(audible(frame) for frame in heard) == ticks(0.5)
    assert audible(heard[0])
    assert playback.empty


def test_what_was_sent_ahead_bridges_a_delay() -> None:
    playback = Playback()
    sound = tone(0.4, EAR_RATE)
    ahead = EAR_BYTES * 6
    playback.put(Sound(sound[:ahead], EAR_RATE))
    heard = b"".join(playback.tick() for _ in range(6))
    playback.put(Sound(sound[ahead:], EAR_RATE))
    heard += b"".join(playback.tick() for _ in range(ticks(0.4)))
    assert heard.startswith(sound)


def test_after_a_gap_enough_is_held_back_that_the_next_delay_makes_none() -> None:
    playback = Playback()
    sound = tone(0.04, EAR_RATE)
    playback.put(Sound(sound, EAR_RATE))
    assert [audible(playback.tick()) for _ in range(4)] == [True, True, False, False]
    for _ in range(2):
        playback.put(Sound(sound, EAR_RATE))
        assert not audible(playback.tick())
    playback.put(Sound(sound, EAR_RATE))
    assert [audible(playback.tick()) for _ in range(7)] == [*[True] * 6, False]


def test_a_short_rest_is_played_too() -> None:
    playback = Playback()
    playback.put(Sound(tone(0.02, EAR_RATE), EAR_RATE))
    assert any(audible(playback.tick()) for _ in range(10))


def test_an_interruption_drops_what_was_not_played() -> None:
    playback = Playback()
    playback.put(Sound(tone(1, EAR_RATE), EAR_RATE))
    playback.tick()
    playback.clear()
    assert not any(audible(playback.tick()) for _ in range(10))


def test_another_rate_is_played_at_its_own_speed() -> None:
    playback = Playback()
    for _ in range(50):
        playback.put(Sound(tone(0.02, 16_000), 16_000))
    heard = [playback.tick() for _ in range(ticks(1.2))]
    assert abs(sum(audible(frame) for frame in heard) - ticks(1)) <= 3


def test_frames_there_and_back() -> None:
    assert decode(encode_microphone(b"\x01\x02")) == Sound(b"\x01\x02", MICROPHONE_RATE)
    ready = decode(encode_client_ready())
    assert isinstance(ready, RtviMessage)
    assert ready.type == "client-ready"
    assert ready.data["version"] == "2.2.0"
    assert decode(b"\xff\xff no frame") is None
    assert decode(b"") is None


def test_an_interruption_frame() -> None:
    from pipecat.frames.protobufs import frames_pb2

    frame = frames_pb2.Frame()
    frame.interruption.SetInParent()
    assert decode(frame.SerializeToString()) == Interruption()

"""Interviews that are recorded: who is on which channel, where on the clock, and what is not recorded."""

import io
import signal
from itertools import pairwise
from pathlib import Path

import numpy as np
import soundfile
import soxr
from parley_api.recordings.opus import OneStream
from parley_api.store.layout import PartKey
from parley_bot.recording.encoder import RATE
from parley_bot.recording.track import Samples
from parley_protocol import ConnectionChanged, FinishReason, RecordingPlan, Speaker
from support.bot import ApiPeer, eventually
from support.guest import Guest
from support.speech import channel_of, recognise, word_error_rate

from .conftest import ANSWERS, StartBot

NEAR_SECONDS = 0.1
"""How far a sound of the recording may be from where it was on the wire; 25 ms is usual, of which a frame is 20."""


def to_be_recorded(peer: ApiPeer, **how: bool) -> None:
    """One question, and a recording of it."""
    recording = RecordingPlan(wanted=True, **how)
    peer.plan = peer.plan.model_copy(update={"questions": peer.plan.questions[1:], "recording": recording})


def one_stream(peer: ApiPeer) -> bytes:
    """What the first attempt has recorded, as the API makes it one stream."""
    stream = OneStream(peer.recorded[1][1][0].start_ms)
    parts = [
        (PartKey(1, number, about.start_ms, about.duration_ms), data)
        for number, (about, data) in sorted(peer.recorded[1].items())
    ]
    return b"".join([*(stream.add(*part) for part in parts), stream.finish()])


def decoded(peer: ApiPeer) -> Samples:
    """Both channels of what the first attempt has recorded."""
    parts = peer.recorded[1]
    assert sorted(parts) == list(range(1, len(parts) + 1))
    abouts = [parts[number][0] for number in sorted(parts)]
    assert all(a.start_ms + a.duration_ms == b.start_ms for a, b in pairwise(abouts))
    sound, rate = soundfile.read(io.BytesIO(one_stream(peer)), dtype="int16")
    assert rate == RATE
    told = abouts[-1].start_ms + abouts[-1].duration_ms - abouts[0].start_ms
    assert abs(len(sound) / RATE * 1000 - told) < 50
    return np.asarray(sound)


def level(sound: Samples) -> float:
    return float(np.sqrt(np.mean(sound.astype(float) ** 2))) if len(sound) else 0.0


def found_at(needle: Samples, sound: Samples) -> float:
    """Where in the sound the needle is, in seconds: the peak of their correlation."""
    size = len(sound) + len(needle)
    spectrum = np.fft.rfft(sound.astype(float), size) * np.conj(np.fft.rfft(needle.astype(float), size))
    return float(np.argmax(np.fft.irfft(spectrum, size)[: len(sound)])) / RATE


async def test_each_side_is_heard_on_its_channel_and_at_its_time(
    peer: ApiPeer, start_bot: StartBot, answers: list[bytes], tmp_path: Path
) -> None:
    to_be_recorded(peer)
    bot = await start_bot()
    await bot.ready()
    guest = await Guest(answers[2:]).join(bot.url(record=True))
    await guest.over(100)
    assert await bot.exit_code(15) == 0
    assert guest.told("recording") == [{"kind": "recording", "on": True}]
    assert peer.finished is not None
    assert peer.finished.reason is FinishReason.COMPLETED

    (tmp_path / "recording.ogg").write_bytes(one_stream(peer))
    sound = decoded(peer)
    for turn in peer.turns:
        span = sound[turn.start_ms * RATE // 1000 : turn.end_ms * RATE // 1000]
        own, other = (0, 1) if turn.speaker is Speaker.CANDIDATE else (1, 0)
        assert level(span[:, own]) > 20 * level(span[:, other]), turn

    for channel, words in ((0, ANSWERS[2]), (1, "Hello Kim, thank you for coming. What do you look for in a team?")):
        heard = recognise(channel_of(tmp_path / "recording.ogg", channel, tmp_path))
        assert word_error_rate(words, " ".join(heard.split()[: len(words.split())])) < 0.25, heard

    joined = next(e.at for e in peer.stored[1] if e.event == ConnectionChanged(who="candidate", what="joined"))
    answer = soxr.resample(np.frombuffer(answers[2], np.int16), 16_000, RATE)
    spoken = guest.spoke[0] + 0.5 - joined.timestamp()
    assert abs(found_at(answer, sound[:, 0]) - spoken) < NEAR_SECONDS
    first = float(np.argmax(np.abs(sound[:, 1]) > 500)) / RATE
    quiet = float(np.argmax(np.abs(np.frombuffer(bytes(guest.heard), np.int16)) > 500)) / RATE
    assert abs(first - (guest.hears[0] + quiet - joined.timestamp())) < NEAR_SECONDS


async def leave_for_good(guest: Guest) -> None:
    """As the page does it."""
    leave = {"label": "rtvi-ai", "type": "client-message", "id": "2", "data": {"t": "leave"}}
    await guest.send_message(leave)
    await guest.over(20)


async def test_who_has_not_agreed_is_not_recorded(peer: ApiPeer, start_bot: StartBot) -> None:
    to_be_recorded(peer)
    bot = await start_bot()
    await bot.ready()
    guest = await Guest([]).join(bot.url())
    await eventually("the interviewer has spoken", lambda: bool(peer.turns), 30)
    await leave_for_good(guest)
    assert await bot.exit_code(15) == 0
    assert guest.told("recording") == []
    assert peer.recorded == {}, "at its end a bot hands over whatever it has recorded"


async def test_a_bot_that_goes_hands_over_what_the_api_was_away_for(peer: ApiPeer, start_bot: StartBot) -> None:
    to_be_recorded(peer)
    bot = await start_bot()
    await bot.ready()
    guest = await Guest([]).join(bot.url(record=True))
    await eventually("the interviewer has spoken", lambda: bool(peer.turns), 30)
    peer.down = True

    def refusals() -> int:
        return sum("of the recording not acknowledged" in line.get("message", "") for line in bot.lines)

    # By then it waits for 8 s at most between its tries, and has 2 s when it is told to go.
    await eventually("it has long been away", lambda: refusals() >= 5, 90)
    peer.down = False
    assert bot.process is not None
    bot.process.send_signal(signal.SIGTERM)
    assert await bot.exit_code(6) == 143
    await guest.over(5)
    (left,) = bot.logged("the interview is left to the next bot")
    assert left["drained"] is True
    decoded(peer)


async def test_a_recording_that_is_required_and_fails_ends_the_interview(peer: ApiPeer, start_bot: StartBot) -> None:
    to_be_recorded(peer, required=True)
    peer.refuse_recording = True
    bot = await start_bot()
    await bot.ready()
    uninvited = await Guest([]).join(bot.url())
    await uninvited.over(10)
    assert uninvited.close_code == 4401, "nobody gets in who has not agreed"
    guest = await Guest([]).join(bot.url(record=True))
    await guest.over(60)
    assert await bot.exit_code(15) == 0
    assert peer.finished is not None
    assert peer.finished.reason is FinishReason.RECORDING_FAILED
    assert guest.told("ended") == [{"kind": "ended", "reason": "RecordingFailed"}]

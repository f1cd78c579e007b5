"""Speaking and hearing again."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import jiwer
import numpy as np
import pytest
from parley_emulators.recognise import recognise
from parley_emulators.speech.audio import duration, read_wav, resample, silence, to_pcm, to_samples, write_wav
from parley_emulators.speech.ear import Ear, TurnHeard
from parley_emulators.speech.recogniser import Recogniser
from parley_emulators.speech.synthesiser import Synthesiser, SynthesisError, _Utterance
from parley_emulators.speech.turns import SpeechStarted
from support.speech import normalised

SENTENCES = [
    "Please tell me about an outage that you helped to solve.",
    "I write unit tests first, and then I run everything on a real cluster.",
    "We measured the response time of every request, and we found that the cache was too small.",
    "Thank you, that was all. We will write to you soon. Goodbye.",
]
RATE = 16_000


async def test_what_is_said_is_understood(synthesiser: Synthesiser, recogniser: Recogniser) -> None:
    heard = [await recogniser.recognise(to_samples(await synthesiser.say(text, RATE))) for text in SENTENCES]
    errors = jiwer.wer([normalised(text) for text in SENTENCES], [normalised(text) for text in heard])
    assert errors < 0.15, heard


async def test_an_ear_hears_turns_in_real_sound(synthesiser: Synthesiser, recogniser: Recogniser) -> None:
    stretches: list[str] = []

    async def understood(text: str) -> None:
        stretches.append(text)

    ear = Ear(recogniser, 24_000, 0.8, understood)
    for text in SENTENCES[:2]:
        ear.hear(silence(1, 24_000) + await synthesiser.say(text, 24_000) + silence(1.5, 24_000))
    turns: list[str] = []
    starts = 0
    async with asyncio.timeout(60):
        async for event in ear.listen():
            match event:
                case SpeechStarted():
                    starts += 1
                case TurnHeard(text):
                    assert " ".join(stretches) == " ".join([*turns, text]), "its words come before a turn's end"
                    turns.append(text)
            if len(turns) == 2:
                break
    assert starts >= 2
    assert jiwer.wer([normalised(text) for text in SENTENCES[:2]], [normalised(text) for text in turns]) < 0.15


async def test_a_text_always_sounds_the_same(synthesiser: Synthesiser) -> None:
    """What is understood must not be a matter of chance."""
    other = Synthesiser()
    try:
        assert await other.say(SENTENCES[0], RATE) == await synthesiser.say(SENTENCES[0], RATE)
    finally:
        await other.close()


async def test_what_was_said_before_is_not_made_again(synthesiser: Synthesiser) -> None:
    first = await synthesiser.say("Hello.", RATE)
    assert await synthesiser.say("Hello.", RATE) is first
    assert duration(await synthesiser.say("Hello.", 24_000), 24_000) == pytest.approx(duration(first, RATE), rel=0.1)


async def test_the_cache_forgets_what_was_said_long_ago() -> None:
    synthesiser = Synthesiser(cache_bytes=60_000)
    try:
        first = await synthesiser.say("One.", RATE)
        for text in ("Two.", "Three.", "Four."):
            await synthesiser.say(text, RATE)
        assert await synthesiser.say("One.", RATE) is not first
    finally:
        await synthesiser.close()


async def test_many_ask_at_once(synthesiser: Synthesiser) -> None:
    spoken = await asyncio.gather(*(synthesiser.say(f"Number {number}.", RATE) for number in range(4)))
    assert len(set(spoken)) == 4
    assert all(duration(pcm, RATE) > 0.4 for pcm in spoken)


async def test_a_speaking_process_that_died_is_started_again(synthesiser: Synthesiser) -> None:
    await synthesiser.say("Hello.", RATE)
    worker = synthesiser._worker
    assert worker is not None
    worker._process.kill()
    assert await synthesiser.say("Goodbye.", RATE)


async def test_a_speaking_process_that_is_stuck_is_ended_and_started_again(synthesiser: Synthesiser) -> None:
    await synthesiser.say("Hello.", RATE)
    worker = synthesiser._worker
    assert worker is not None
    worker._patience = 0.5
    worker._process.send_signal(signal.SIGSTOP)
    with pytest.raises(SynthesisError, match=r"not answered within 0\.5 s"):
        await synthesiser.say("Goodbye.", RATE)
    await worker._reader
    assert await synthesiser.say("Goodbye.", RATE)


async def test_an_answer_that_is_not_understood_keeps_nobody_waiting(synthesiser: Synthesiser) -> None:
    await synthesiser.start()
    worker = synthesiser._worker
    assert worker is not None
    utterance = worker._waiting[99] = _Utterance()
    answers = asyncio.StreamReader()
    answers.feed_data(b"\0\0\0\x02\0\0\0\0{]")
    worker._reader.cancel()
    worker._reader = asyncio.create_task(worker._read(answers))
    await worker._reader
    with pytest.raises(SynthesisError, match="was not understood"):
        await utterance.done


async def test_a_text_without_words_is_silence(synthesiser: Synthesiser) -> None:
    assert duration(await synthesiser.say("", RATE), RATE) < 1


def test_pcm_there_and_back() -> None:
    samples = np.linspace(-1, 0.99, 1000, dtype=np.float32)
    assert np.allclose(to_samples(to_pcm(samples)), samples, atol=1e-4)
    assert to_samples(b"\x01\x02\x03").shape == (1,)
    assert len(resample(silence(1, 48_000), 48_000, RATE)) == len(silence(1, RATE))


def test_wav_files_there_and_back(tmp_path: Path) -> None:
    path = tmp_path / "new" / "sound.wav"
    write_wav(path, silence(0.5, 24_000), 24_000)
    assert read_wav(path, RATE) == silence(0.5, RATE)
    (tmp_path / "no.wav").write_bytes(b"no sound")
    with pytest.raises(ValueError, match=r"no\.wav"):
        read_wav(tmp_path / "no.wav", RATE)


async def test_a_recording_is_recognised_by_the_program(synthesiser: Synthesiser, tmp_path: Path) -> None:
    pause = silence(1.5, 24_000)
    pcm = pause.join([b"", *[await synthesiser.say(text, 24_000) for text in SENTENCES], b""])
    path = tmp_path / "long.wav"
    write_wav(path, pcm, 24_000)
    heard = await asyncio.to_thread(recognise, path)
    assert jiwer.wer(normalised(" ".join(SENTENCES)), normalised(heard)) < 0.12, heard


def test_the_recogniser_program_explains_what_is_wrong(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "parley_emulators.recognise", str(tmp_path / "nothing.wav")]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 1
    assert answer.stderr.startswith("cannot recognise: ")
    assert answer.stderr.count("\n") == 1

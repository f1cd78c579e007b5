"""Whole interviews through the bot's process: spoken, interrupted, resumed, ended."""

import wave
from itertools import groupby, pairwise
from pathlib import Path

from parley_emulators.speech.synthesiser import Synthesiser
from parley_protocol import FinishReason, Speaker
from support.bot import ApiPeer, eventually
from support.guest import Guest
from support.speech import word_error_rate

from .conftest import ANSWERS, StartBot


async def test_a_whole_interview(peer: ApiPeer, start_bot: StartBot, answers: list[bytes], tmp_path: Path) -> None:
    bot = await start_bot()
    await bot.ready()
    guest = await Guest(answers).join(bot.url())
    await guest.over(150)
    assert await bot.exit_code(15) == 0
    with wave.open(str(tmp_path / "heard.wav"), "wb") as file:
        file.setparams((1, 2, 24000, 0, "NONE", ""))
        file.writeframes(bytes(guest.heard))

    assert peer.finished is not None
    assert peer.finished.reason is FinishReason.COMPLETED
    said = " ".join(t.text for t in peer.turns if t.speaker is Speaker.INTERVIEWER)
    understood = " ".join(t.text for t in peer.turns if t.speaker is Speaker.CANDIDATE)
    assert "Hello Kim, thank you for coming. Tell me about an outage that you have solved." in said
    assert said.endswith("What do you look for in a team? Thank you for your time. Goodbye.")
    assert word_error_rate(" ".join(ANSWERS), understood) < 0.15
    assert [t.question_id for t in peer.turns if t.speaker is Speaker.CANDIDATE] == ["outage", "outage", "team"]
    assert [t.seq for t in peer.turns] == list(range(1, len(peer.turns) + 1))
    assert all(t.start_ms <= t.end_ms for t in peer.turns)
    assert guest.close_code == 1000
    assert guest.told("ended") == [{"kind": "ended", "reason": "Completed"}]
    captions_of_both(guest, said)
    progress_falls(guest)
    assert len(bot.logged("turn_latency")) == 3
    assert not any(words in bot.log.read_text() for words in ("outage that you have solved", "database"))


def captions_of_both(guest: Guest, said: str) -> None:
    """The page was told of each sentence before and after it was spoken, and of each answer while it was heard."""
    outputs = [(data["text"], data["spoken"]) for data in guest.rtvi("bot-output")]
    sentences = [text for text, spoken in outputs if not spoken]
    assert outputs == [(text, spoken) for text in sentences for spoken in (False, True)]
    assert " ".join(sentences) == said
    so_far: list[str] = []
    finals = 0
    for data in guest.rtvi("user-transcription"):
        if not data["final"]:
            so_far.append(data["text"])
            continue
        assert so_far, "a caption grew before it was final"
        assert data["text"].startswith(so_far[0])
        assert so_far == sorted(so_far, key=len)
        so_far, finals = [], finals + 1
    assert finals == len(ANSWERS)
    assert not guest.rtvi("bot-interrupted"), "nothing was cut short"


def progress_falls(guest: Guest) -> None:
    """The page was told of each question in its turn, and of time that passes."""
    told = guest.told("progress")
    assert [question for question, _ in groupby(data["question"] for data in told)] == [1, 2]
    assert {data["total"] for data in told} == {2}
    left = [data["secondsLeft"] for data in told]
    assert all(later < earlier for earlier, later in pairwise(left)), left
    assert len(left) > 2, "also between the questions"


async def test_a_candidate_who_says_goodbye_is_heard_out(
    peer: ApiPeer, start_bot: StartBot, answers: list[bytes]
) -> None:
    goodbye = "Thank you very much, it was good to talk with you."
    voice = Synthesiser()
    said = await voice.say(goodbye, 16000)
    await voice.close()
    bot = await start_bot()
    await bot.ready()
    guest = await Guest([*answers, said]).join(bot.url())
    await guest.over(150)
    assert await bot.exit_code(15) == 0
    assert not guest.speaking, "nobody hung up on them"
    assert peer.finished is not None
    assert peer.finished.reason is FinishReason.COMPLETED
    closing, last = peer.turns[-2:]
    assert closing.text.endswith("Goodbye.")
    assert not closing.interrupted
    assert last.speaker is Speaker.CANDIDATE
    assert word_error_rate(goodbye, last.text) < 0.2


async def test_an_interviewer_who_is_interrupted(peer: ApiPeer, start_bot: StartBot, answers: list[bytes]) -> None:
    bot = await start_bot()
    await bot.ready()
    guest = await Guest([], barge_in=answers[0]).join(bot.url())
    await eventually("the interruption is heard", lambda: len(peer.turns) >= 2, 60)
    first, second = peer.turns[:2]
    assert first.speaker is Speaker.INTERVIEWER
    assert first.interrupted
    whole = "Hello Kim, thank you for coming. Tell me about an outage that you have solved."
    assert whole.startswith(first.text)
    assert len(first.text) < len(whole), "what was cut off was not said"
    assert second.speaker is Speaker.CANDIDATE
    assert not second.interrupted
    assert guest.rtvi("bot-interrupted"), "the page closes the caption that was cut short"
    await guest.leave()

"""A candidate in a room: it arrives, listens, answers in turn, comes back when it is cut off, and tells how it was."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import jiwer
import pytest
from parley_emulators.candidate.__main__ import main
from parley_emulators.candidate.errors import CandidateError
from parley_emulators.candidate.interview import Held, Options, hold_interview
from parley_emulators.candidate.join import Link
from parley_emulators.candidate.script import Script, read_script
from parley_emulators.candidate.sound import audible
from parley_emulators.serving import serving
from parley_emulators.speech.audio import duration, read_wav, to_samples
from parley_emulators.speech.recogniser import Recogniser
from parley_emulators.speech.synthesiser import Synthesiser
from support.room import RATE, TOKEN, Conduct, Interviewer, Room
from support.speech import normalised
from websockets.asyncio.client import ClientConnection, connect

QUESTIONS = ["Please tell me about an outage that you helped to solve.", "What do you want from the team around you?"]
ANSWERS = ["The disk was full, and I made room.", "I want people who say early when something is wrong."]
type Hold = Callable[..., Awaitable[Held]]


@pytest.fixture
async def questions(synthesiser: Synthesiser) -> list[bytes]:
    return [await synthesiser.say(question, RATE) for question in QUESTIONS]


@contextlib.asynccontextmanager
async def open_room(conduct: Conduct, **members: Any) -> AsyncIterator[Room]:
    room = Room(conduct, **members)
    async with serving(room.app(), "127.0.0.1", 0) as listening:
        room.base = f"http://127.0.0.1:{listening.port}"
        yield room


async def hold(room: Room, script: Script | None = None, **options: Any) -> Held:
    chosen = Options(f"{room.base}/join#{TOKEN}", script or Script(answers=ANSWERS), show=False, **options)
    async with asyncio.timeout(90):
        return await hold_interview(chosen)


def finished(pcm: bytes) -> bool:
    """Whether there was speech, and then half a second of silence."""
    quiet = 16_000
    return len(pcm) > 2 * quiet and audible(pcm[:-quiet]) and not audible(pcm[-quiet:])


async def test_an_interview_to_its_end(questions: list[bytes], recogniser: Recogniser) -> None:
    answers: list[str] = []

    async def conduct(interviewer: Interviewer, _: int) -> None:
        await interviewer.tell("bot-ready", version="2.2.0")
        for text, voice in zip(QUESTIONS, questions, strict=True):
            await interviewer.tell("bot-output", text=text, spoken=False)
            await interviewer.speak(voice)
            await interviewer.tell("bot-output", text=text, spoken=True)
            heard = await interviewer.answer(finished)
            answers.append(recogniser.recognise_now(to_samples(heard)))
            await interviewer.tell("user-transcription", text=answers[-1], final=True)
        await interviewer.tell("server-message", kind="ended", reason="Completed")
        await interviewer.socket.close()

    async with open_room(conduct, not_ready=3) as room:
        held = await hold(room)
    summary = held.summary
    assert held.error is None
    assert summary.reason == "Completed"
    assert room.calls == ["interview", "consent", *["connect"] * 4]
    assert jiwer.wer([normalised(text) for text in ANSWERS], [normalised(text) for text in answers]) < 0.2
    assert [caption.text for caption in summary.captions if caption.speaker == "Interviewer"] == QUESTIONS
    assert [caption.text for caption in summary.captions if caption.speaker == "Candidate"] == answers
    times = [summary.consent, summary.connected, summary.bot_ready, summary.first_sound, summary.ended]
    assert times == sorted(times, key=lambda time: time or 0)
    (reply,) = summary.replies
    assert reply.answer == 0
    assert 0.3 < reply.wait < 5, "the interviewer waits for half a second of silence, and then recognises"
    assert duration(held.recording, RATE) == pytest.approx((summary.ended or 0) - (summary.connected or 0), abs=1.0)


async def test_what_reached_the_ear_is_on_the_recording(questions: list[bytes], tmp_path: Path) -> None:
    async def conduct(interviewer: Interviewer, _: int) -> None:
        await interviewer.speak(questions[0])
        await interviewer.answer(finished)
        await interviewer.tell("server-message", kind="ended", reason="Completed")
        await interviewer.socket.close()

    script = tmp_path / "script.yaml"
    script.write_text("answers: ['The disk was full, and I made room.']\n")
    async with open_room(conduct) as room:
        arguments = ["--link", f"{room.base}/join#{TOKEN}", "--script", str(script), "--quiet", "--limit", "60"]
        arguments += ["--record", str(tmp_path / "out/heard.wav"), "--summary", str(tmp_path / "out/summary.json")]
        assert await asyncio.to_thread(main, arguments) == 0
    recorded = read_wav(tmp_path / "out/heard.wav", RATE)
    assert questions[0].strip(b"\0") in recorded, "word for word, without a gap"
    assert '"reason": "Completed"' in (tmp_path / "out/summary.json").read_text()


async def test_a_lost_connection_is_joined_again_and_the_answer_said_again(
    questions: list[bytes], recogniser: Recogniser
) -> None:
    heard: list[bytes] = []

    async def conduct(interviewer: Interviewer, connection: int) -> None:
        await interviewer.speak(questions[0])
        if connection == 1:
            await interviewer.answer(audible)
            await interviewer.socket.close(1011)
            return
        heard.append(await interviewer.answer(finished))
        await interviewer.tell("server-message", kind="ended", reason="Completed")
        await interviewer.socket.close()

    async with open_room(conduct) as room:
        held = await hold(room, Script(answers=ANSWERS[:1]))
    assert held.error is None
    assert held.summary.rejoined == 1
    assert held.summary.answers_given == 1
    (again,) = heard
    said = recogniser.recognise_now(to_samples(again))
    assert jiwer.wer(normalised(ANSWERS[0]), normalised(said)) < 0.2, "the whole of it"


async def test_a_room_that_closes_before_the_first_word_is_joined_again(
    questions: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    connections = 0

    @contextlib.asynccontextmanager
    async def connect_late(*arguments: Any, **options: Any) -> AsyncIterator[ClientConnection]:
        """The first time, the close is here before anything can be sent."""
        nonlocal connections
        connections += 1
        async with connect(*arguments, **options) as socket:
            if connections == 1:
                await socket.wait_closed()
            yield socket

    async def conduct(interviewer: Interviewer, _: int) -> None:
        await interviewer.tell("server-message", kind="ended", reason="Completed")
        await interviewer.socket.close()

    monkeypatch.setattr("parley_emulators.candidate.call.connect", connect_late)
    async with open_room(conduct, closed=1) as room:
        held = await hold(room, Script())
    assert held.error is None
    assert held.summary.rejoined == 1


async def test_a_room_that_closes_after_the_end_was_missed(questions: list[bytes]) -> None:
    async def conduct(interviewer: Interviewer, _: int) -> None:
        room.state = "finished"
        await interviewer.socket.close()

    async with open_room(conduct) as room:
        held = await hold(room)
    assert held.error is None
    assert held.summary.reason == "completed"


async def test_a_place_taken_over_is_not_fought_for() -> None:
    async def conduct(interviewer: Interviewer, _: int) -> None:
        await interviewer.socket.close(4410, "another tab")

    async with open_room(conduct) as room:
        held = await hold(room, Script())
    assert held.error is not None
    assert held.error.startswith("another connection has taken the candidate's place")
    assert room.connections == 1


async def test_cutting_in(questions: list[bytes]) -> None:
    long = questions[0] + questions[1]
    spoken_when_cut = 0.0

    async def conduct(interviewer: Interviewer, _: int) -> None:
        nonlocal spoken_when_cut
        began = asyncio.get_running_loop().time()
        speaking = asyncio.create_task(interviewer.speak(long))
        await interviewer.answer(audible)
        spoken_when_cut = asyncio.get_running_loop().time() - began
        await speaking
        await interviewer.tell("server-message", kind="ended", reason="Completed")

    async with open_room(conduct) as room:
        await hold(room, Script.model_validate({"answers": [{"say": "Stop, please.", "barge_in_seconds": 0.5}]}))
    assert 0.5 < spoken_when_cut < duration(long, RATE) - 1


@pytest.mark.parametrize("script", [{"leave_after_answers": 1}, {"leave_after_seconds": 1.0}])
async def test_leaving_early(questions: list[bytes], script: dict[str, float]) -> None:
    async def conduct(interviewer: Interviewer, _: int) -> None:
        await interviewer.speak(questions[0])
        await asyncio.Event().wait()

    async with open_room(conduct) as room:
        held = await hold(room, Script.model_validate({"answers": ANSWERS} | script))
    assert held.error is None
    assert held.summary.reason == "left"


async def test_an_early_end_is_told_as_an_error() -> None:
    async def conduct(interviewer: Interviewer, _: int) -> None:
        await interviewer.tell("server-message", kind="ended", reason="technical_fault")

    async with open_room(conduct) as room:
        held = await hold(room, Script())
    assert held.error == "the interview ended early: technical_fault"


async def nothing(_: Interviewer, __: int) -> None:
    await asyncio.Event().wait()


async def test_nobody_comes() -> None:
    async with open_room(nothing, not_ready=1000) as room:
        with pytest.raises(CandidateError, match=r"no interviewer within 0\.3 s: 409 not-ready On its way"):
            await hold(room, Script(), patience_seconds=0.3)


async def test_a_refused_link_and_an_interview_that_is_over() -> None:
    async with open_room(nothing) as room:
        with pytest.raises(CandidateError, match="the link was refused: 401 link-invalid This link is not valid"):
            await hold_interview(Options(f"{room.base}/join#forged", Script(), show=False))
        room.state = "expired"
        with pytest.raises(CandidateError, match="it is expired"):
            await hold(room)


async def test_an_interview_that_does_not_end() -> None:
    async with open_room(nothing) as room:
        held = await hold(room, Script(), limit_seconds=1)
    assert held.error == "the interview was not over after 1 s"


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ("", "no web address"),
        ("ftp://x/#y", "no web address"),
        ("http://x/join", "no token"),
        ("http://x/#", "no token"),
    ],
)
def test_links_that_are_none(link: str, words: str) -> None:
    with pytest.raises(CandidateError, match=words):
        Link.parse(link)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("answers: [", "no YAML"),
        ("answers: [3]", r"answers\.0"),
        ("surprise: 1", "surprise"),
        ("reply_after_seconds: 0", "reply_after_seconds"),
        ("- list", "the document"),
    ],
)
def test_scripts_that_are_none(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "script.yaml"
    path.write_text(text)
    with pytest.raises(CandidateError, match=words):
        read_script(path)


def test_the_program_says_in_one_line_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--link", "http://x/#y", "--script", str(tmp_path / "no.yaml")]) == 1
    assert capsys.readouterr().err == f"candidate: cannot read {tmp_path / 'no.yaml'}: No such file or directory\n"
    script = tmp_path / "script.yaml"
    script.write_text("")
    assert main(["--link", "http://127.0.0.1:9/join#y", "--script", str(script)]) == 1
    assert capsys.readouterr().err.startswith("candidate: GET http://127.0.0.1:9/config.json: ConnectError")


def test_a_microphone_file_for_a_browser(tmp_path: Path) -> None:
    script, out = tmp_path / "script.yaml", tmp_path / "mic.wav"
    script.write_text("answers: ['Yes.', 'No.']\npauses: [1, 2]\n")
    assert main(["mic", "--script", str(script), "--out", str(out)]) == 0
    pcm = read_wav(out, 48_000)
    assert not audible(pcm[: 48_000 * 2 - 10])
    assert audible(pcm)
    assert 4 < duration(pcm, 48_000) < 7

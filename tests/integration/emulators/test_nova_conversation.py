"""Whole conversations with the emulated model: what it hears, says and calls, and how it is interrupted."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import jiwer
import numpy as np
import pytest
from parley_emulators.nova.app import RunningNova
from parley_emulators.nova.speaker import Speaker
from parley_emulators.speech.audio import BYTES_PER_SAMPLE, duration, resample, silence, to_pcm, to_samples
from parley_emulators.speech.recogniser import Recogniser
from parley_emulators.speech.synthesiser import Synthesiser
from support.nova_client import Connection
from support.nova_talk import INPUT_RATE, OUTPUT_RATE, PROMPT, Talk
from support.speech import normalised
from support.wait import eventually

ANSWER = "Last year I moved our billing service to Kubernetes with a small team."
INTERVIEW = ("next_question", "record_answer", "end_interview")
type Connect = Callable[[], Awaitable[Connection]]


@pytest.fixture
async def talk(connect: Connect) -> AsyncIterator[Talk]:
    connection = await connect()
    stream = await connection.stream()
    assert await stream.status() == 200
    talk = Talk(stream)
    yield talk
    await talk.close()


async def answer_tool(talk: Talk, number: int, **result: str) -> dict[str, str]:
    """Answer the number-th tool call; the answer is the call."""
    use = await talk.until("toolUse", number)
    await talk.result(use["toolUseId"], json.dumps(result))
    return {"name": use["toolName"], **json.loads(use["content"])}


async def test_an_interview_by_voice_and_tools(
    talk: Talk, synthesiser: Synthesiser, recogniser: Recogniser, nova: RunningNova
) -> None:
    await talk.begin(*INTERVIEW)
    await talk.text("Begin.", interactive=True)
    assert (await answer_tool(talk, 1, next="listen", say="Welcome. What did you do last year?"))["name"] == INTERVIEW[
        0
    ]
    assert await talk.turn(1) == "END_TURN"
    assert talk.texts("ASSISTANT", "SPECULATIVE") == ["Welcome.", "What did you do last year?"]
    assert talk.texts("ASSISTANT", "FINAL") == ["Welcome.", "What did you do last year?"]
    heard = recogniser.recognise_now(to_samples(resample(bytes(talk.spoken), OUTPUT_RATE, 16_000)))
    assert jiwer.wer("welcome what did you do last year", normalised(heard)) <= 0.3

    talk.say(await synthesiser.say(ANSWER, INPUT_RATE))
    call = await answer_tool(talk, 2, next="next_question")
    assert call["name"] == "record_answer"
    assert call["follow_up"] is True
    user_text = " ".join(talk.texts("USER", "FINAL"))
    assert jiwer.wer(normalised(ANSWER), normalised(user_text)) <= 0.2
    assert user_text.startswith(call["summary"])

    assert (await answer_tool(talk, 3, next="hang_up", say="Thank you. Goodbye."))["name"] == "next_question"
    await talk.turn(2)
    assert talk.texts("ASSISTANT", "SPECULATIVE")[-2:] == ["Thank you.", "Goodbye."]

    async with httpx.AsyncClient() as client:
        (session,) = (await client.get(f"http://127.0.0.1:{nova.control_port}/sessions")).json()
    assert session["system"] == ["Be kind."]
    assert [tool["toolSpec"]["name"] for tool in session["prompt_start"]["toolConfiguration"]["tools"]] == [*INTERVIEW]
    assert [call["name"] for call in session["tool_calls"]] == ["next_question", "record_answer", "next_question"]


async def test_the_blocks_of_a_response(talk: Talk) -> None:
    await talk.begin()
    await talk.text(json.dumps({"say": "Hello there. Goodbye."}), interactive=True)
    await talk.turn()
    await talk.text(json.dumps({"say": "Still here."}), interactive=True)
    await talk.turn(2)
    await talk.stream.send(promptEnd={"promptName": PROMPT})
    await talk.until("completionEnd")
    order = [name for name, _ in talk.received if name not in ("audioOutput", "usageEvent")]
    text, audio = ["contentStart", "textOutput", "contentEnd"], ["contentStart", "contentEnd"]
    sentence = [*text, *audio, *text]
    assert order == ["completionStart", *sentence, *sentence, *sentence, "completionEnd"], "one for the session"
    ends = [(event["type"], event["stopReason"]) for event in talk.all("contentEnd")]
    first = [("TEXT", "PARTIAL_TURN"), ("AUDIO", "PARTIAL_TURN"), ("TEXT", "PARTIAL_TURN")]
    last = [("TEXT", "PARTIAL_TURN"), ("AUDIO", "END_TURN"), ("TEXT", "END_TURN")]
    assert ends == [*first, *last, *last]
    assert len({event["completionId"] for _, event in talk.received}) == 1
    usage = talk.all("usageEvent")
    assert all(u["totalTokens"] == u["totalInputTokens"] + u["totalOutputTokens"] for u in usage)
    spoken = sum(u["details"]["delta"]["output"]["speechTokens"] for u in usage)
    assert spoken == usage[-1]["details"]["total"]["output"]["speechTokens"] > 0


async def test_what_was_heard_is_reported_before_any_answer(talk: Talk) -> None:
    await talk.begin()
    usage = await talk.until("usageEvent")
    assert usage["details"]["delta"]["input"]["textTokens"] > 0
    assert talk.all("completionStart") == []


async def test_speech_goes_out_a_little_faster_than_it_plays(talk: Talk, nova: RunningNova) -> None:
    await talk.begin(microphone=False)
    loop = asyncio.get_running_loop()
    await talk.text(
        json.dumps({"say": "This sentence is long enough to be sent over some seconds, I think."}), interactive=True
    )
    await talk.until("audioOutput")
    began = loop.time()
    await talk.turn()
    took, lasts = loop.time() - began, duration(bytes(talk.spoken), OUTPUT_RATE)
    assert lasts > 3
    assert took == pytest.approx(lasts, abs=0.6), "the last text comes when it has been heard"


async def test_the_user_cuts_in(talk: Talk, synthesiser: Synthesiser) -> None:
    await talk.begin("record_answer")
    story = "This is a very long story about a team, and it goes on, and on, and on, until somebody stops it at last."
    voice = await synthesiser.say(ANSWER, INPUT_RATE)
    whole = await synthesiser.say(story, OUTPUT_RATE)
    await talk.text(json.dumps({"say": f"{story} And more."}), interactive=True)
    await talk.until("audioOutput", 10)
    talk.say(voice)
    assert await talk.turn() == "INTERRUPTED"
    assert len(talk.spoken) < len(whole)
    ends = [(event["type"], event["stopReason"]) for event in talk.all("contentEnd")]
    assert ends[-2:] == [("AUDIO", "END_TURN"), ("TEXT", "INTERRUPTED")]
    assert talk.texts("ASSISTANT", "FINAL") == ['{ "interrupted" : true }']
    assert (await talk.until("toolUse"))["toolName"] == "record_answer", "what was said is answered"


async def test_silence_and_noise_are_no_turn(talk: Talk, nova: RunningNova) -> None:
    await talk.begin("record_answer")
    noise = np.random.default_rng(7).normal(0, 0.05, 2 * INPUT_RATE).astype(np.float32)
    talk.say(to_pcm(noise))
    record = nova.service.sessions.records[0]
    await eventually("two seconds of noise and a pause were heard", lambda: record.audio_seconds > 3.5)
    await talk.text(json.dumps({"say": "I am listening."}), interactive=True)
    assert await talk.turn() == "END_TURN"
    assert talk.all("toolUse") == []
    assert record.turns[0].role == "ASSISTANT", "nothing was heard before it spoke"


@pytest.mark.parametrize(("sensitivity", "pause"), [("HIGH", 0.6), (None, 0.8), ("LOW", 1.2)])
async def test_the_pause_that_ends_a_turn(
    talk: Talk, synthesiser: Synthesiser, nova: RunningNova, sensitivity: str | None, pause: float
) -> None:
    await talk.begin("record_answer", sensitivity=sensitivity, microphone=False)
    voice = await synthesiser.say("Yes, I did that.", INPUT_RATE)
    loud = np.flatnonzero(np.abs(to_samples(voice)) > 0.01)
    voice = voice[int(loud[0]) * BYTES_PER_SAMPLE : (int(loud[-1]) + 1) * BYTES_PER_SAMPLE]
    short, long = silence(pause - 0.2, INPUT_RATE), silence(pause + 0.4, INPUT_RATE)
    await talk.say_at_once(voice + short + voice + long + voice + long)
    record = nova.service.sessions.records[0]
    await eventually("two turns are heard", lambda: len([t for t in record.turns if t.role == "USER"]) == 2, 60)
    first, second = (len(normalised(turn.text).split()) for turn in record.turns if turn.role == "USER")
    assert (first, second) == pytest.approx((2 * second, second), abs=2), "the shorter pause ended nothing"
    assert first > second


async def test_a_tool_that_answers_late_finds_the_model_listening(talk: Talk) -> None:
    await talk.begin("next_question")
    await talk.text("Begin.", interactive=True)
    use = await talk.until("toolUse")
    await talk.text(json.dumps({"say": "Still here."}), interactive=True)
    await talk.result(use["toolUseId"], json.dumps({"next": "listen", "say": "Here I am."}))
    await talk.turn(2)
    assert talk.texts("ASSISTANT", "SPECULATIVE") == ["Here I am.", "Still here."]


async def test_history_is_taken_in_without_an_answer(connect: Connect, nova: RunningNova) -> None:
    talk = Talk(await (await connect()).stream())
    await talk.begin("next_question", microphone=False, history=["I said this before.", "And this."])
    await talk.text(json.dumps({"say": "Good."}), interactive=True)
    await talk.turn()
    record = nova.service.sessions.records[0]
    assert [message.text for message in record.history] == ["I said this before.", "And this."]
    assert talk.texts("ASSISTANT", "FINAL") == ["Good."]
    await talk.close()


async def test_many_streams_share_a_connection(connect: Connect) -> None:
    connection = await connect()
    talks = [Talk(await connection.stream()) for _ in range(3)]
    for number, talk in enumerate(talks):
        await talk.begin(microphone=False)
        await talk.text(json.dumps({"say": f"Number {number}."}), interactive=True)
    for number, talk in enumerate(talks):
        await talk.turn()
        assert talk.texts("ASSISTANT", "FINAL") == [f"Number {number}."]
        await talk.close()


async def test_who_speaks_before_the_first_sound_is_not_talked_over(
    talk: Talk, synthesiser: Synthesiser, nova: RunningNova, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The voice takes its time, and the user begins meanwhile."""
    await talk.begin("record_answer")
    asked, go, cut = asyncio.Event(), asyncio.Event(), asyncio.Event()
    say, cut_in = nova.service.senses.synthesiser.say, Speaker.cut_in

    def noted(speaker: Speaker) -> None:
        cut_in(speaker)
        cut.set()

    async def slow(text: str, rate: int) -> bytes:
        asked.set()
        await go.wait()
        return await say(text, rate)

    monkeypatch.setattr(nova.service.senses.synthesiser, "say", slow)
    await talk.text(json.dumps({"say": "This is a question that nobody will hear."}), interactive=True)
    await asked.wait()
    monkeypatch.setattr(Speaker, "cut_in", noted)
    talk.say(await synthesiser.say(ANSWER, INPUT_RATE))
    # Not when the sound has come: on a busy machine it is a while until the voice in it is known.
    await asyncio.wait_for(cut.wait(), 30)
    go.set()
    assert await talk.turn() == "INTERRUPTED"
    assert talk.spoken == b""
    assert (await talk.until("toolUse"))["toolName"] == "record_answer"

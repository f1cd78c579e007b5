"""Whole conversations with the emulated model: what it hears, says and calls, and how it is interrupted."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import jiwer
import pytest
from parley_emulators.nova.app import RunningNova
from parley_emulators.speech.audio import duration, resample, to_samples
from parley_emulators.speech.recogniser import Recogniser
from parley_emulators.speech.synthesiser import Synthesiser
from support.nova_client import Connection
from support.nova_talk import INPUT_RATE, OUTPUT_RATE, Talk
from support.speech import normalised

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
    await talk.until("completionEnd", 1)
    assert talk.texts("ASSISTANT", "SPECULATIVE") == ["Welcome.", "What did you do last year?"]
    assert talk.texts("ASSISTANT", "FINAL") == ["Welcome.", "What did you do last year?"]
    heard = recogniser.recognise_now(to_samples(resample(bytes(talk.spoken), OUTPUT_RATE, 16_000)))
    assert jiwer.wer("welcome what did you do last year", normalised(heard)) <= 0.3

    talk.say(await synthesiser.say(ANSWER, INPUT_RATE))
    call = await answer_tool(talk, 2, next="next_question")
    assert call["name"] == "record_answer"
    assert call["follow_up"] is True
    (user_text,) = talk.texts("USER", "FINAL")
    assert jiwer.wer(normalised(ANSWER), normalised(user_text)) <= 0.2
    assert user_text.startswith(call["summary"])

    assert (await answer_tool(talk, 3, next="hang_up", say="Thank you. Goodbye."))["name"] == "next_question"
    await talk.until("completionEnd", 2)
    assert talk.texts("ASSISTANT", "SPECULATIVE")[-2:] == ["Thank you.", "Goodbye."]

    async with httpx.AsyncClient() as client:
        (session,) = (await client.get(f"http://127.0.0.1:{nova.control_port}/sessions")).json()
    assert session["system"] == ["Be kind."]
    assert [tool["toolSpec"]["name"] for tool in session["prompt_start"]["toolConfiguration"]["tools"]] == [*INTERVIEW]
    assert [call["name"] for call in session["tool_calls"]] == ["next_question", "record_answer", "next_question"]


async def test_the_blocks_of_a_response(talk: Talk) -> None:
    await talk.begin()
    await talk.text(json.dumps({"say": "Hello there. Goodbye."}), interactive=True)
    await talk.until("completionEnd")
    order = [name for name, _ in talk.received if name != "audioOutput"]
    text, audio = ["contentStart", "textOutput", "contentEnd"], ["contentStart", "contentEnd"]
    sentence = [*text, *audio, *text]
    assert order == ["completionStart", *sentence, *sentence, "usageEvent", "completionEnd"]
    ends = [(event["type"], event["stopReason"]) for event in talk.all("contentEnd")]
    first = [("TEXT", "PARTIAL_TURN"), ("AUDIO", "PARTIAL_TURN"), ("TEXT", "PARTIAL_TURN")]
    assert ends == [*first, ("TEXT", "PARTIAL_TURN"), ("AUDIO", "END_TURN"), ("TEXT", "END_TURN")]
    assert len({event["completionId"] for _, event in talk.received}) == 1
    usage = talk.all("usageEvent")[0]
    assert usage["totalTokens"] == usage["totalInputTokens"] + usage["totalOutputTokens"] > 0


async def test_speech_goes_out_a_little_faster_than_it_plays(talk: Talk, nova: RunningNova) -> None:
    await talk.begin(microphone=False)
    loop = asyncio.get_running_loop()
    await talk.text(
        json.dumps({"say": "This sentence is long enough to be sent over some seconds, I think."}), interactive=True
    )
    await talk.until("audioOutput")
    began = loop.time()
    await talk.until("usageEvent")
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
    assert (await talk.until("completionEnd"))["stopReason"] == "INTERRUPTED"
    assert len(talk.spoken) < len(whole)
    ends = [(event["type"], event["stopReason"]) for event in talk.all("contentEnd")]
    assert ends[-2:] == [("AUDIO", "END_TURN"), ("TEXT", "INTERRUPTED")]
    assert talk.texts("ASSISTANT", "FINAL") == ['{ "interrupted" : true }']
    assert (await talk.until("toolUse"))["toolName"] == "record_answer", "what was said is answered"


async def test_silence_and_noise_are_no_turn(talk: Talk, nova: RunningNova) -> None:
    await talk.begin("record_answer")
    talk.say(b"\x40\x00\xc0\xff" * INPUT_RATE)
    await talk.text(json.dumps({"say": "I am listening."}), interactive=True)
    await talk.until("completionEnd")
    assert talk.all("toolUse") == []
    assert talk.all("completionEnd")[0]["stopReason"] == "END_TURN"


@pytest.mark.parametrize(("sensitivity", "pause"), [("HIGH", 0.6), (None, 0.8), ("LOW", 1.2)])
async def test_the_pause_that_ends_a_turn(
    talk: Talk, synthesiser: Synthesiser, sensitivity: str | None, pause: float
) -> None:
    await talk.begin("record_answer", sensitivity=sensitivity)
    voice = await synthesiser.say("Yes, I did that.", INPUT_RATE)
    talk.say(voice)
    began = asyncio.get_running_loop().time()
    await talk.until("toolUse")
    waited = asyncio.get_running_loop().time() - began - duration(voice, INPUT_RATE)
    assert waited > pause - 0.5, "the voice itself ends in up to 0.4 s of silence"


async def test_a_tool_that_answers_late_finds_the_model_listening(talk: Talk) -> None:
    await talk.begin("next_question")
    await talk.text("Begin.", interactive=True)
    use = await talk.until("toolUse")
    await talk.text(json.dumps({"say": "Still here."}), interactive=True)
    await talk.result(use["toolUseId"], json.dumps({"next": "listen", "say": "Here I am."}))
    await talk.until("completionEnd", 2)
    assert talk.texts("ASSISTANT", "SPECULATIVE") == ["Here I am.", "Still here."]


async def test_history_is_taken_in_without_an_answer(connect: Connect, nova: RunningNova) -> None:
    talk = Talk(await (await connect()).stream())
    await talk.begin("next_question", microphone=False)
    await talk.text("I said this before.")
    await talk.text("And this.")
    await talk.text(json.dumps({"say": "Good."}), interactive=True)
    await talk.until("completionEnd")
    record = nova.service.sessions.records[0]
    assert [message.text for message in record.history] == ["I said this before.", "And this."]
    assert len(talk.all("completionStart")) == 1
    await talk.close()


async def test_many_streams_share_a_connection(connect: Connect) -> None:
    connection = await connect()
    talks = [Talk(await connection.stream()) for _ in range(3)]
    for number, talk in enumerate(talks):
        await talk.begin(microphone=False)
        await talk.text(json.dumps({"say": f"Number {number}."}), interactive=True)
    for number, talk in enumerate(talks):
        await talk.until("completionEnd")
        assert talk.texts("ASSISTANT", "FINAL") == [f"Number {number}."]
        await talk.close()

"""Whom the emulated model does not let in, what it does not put up with, and the faults that it was told to have."""

import asyncio
import contextlib
import json
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import h2.exceptions
import httpx
import pytest
from parley_emulators.nova.app import RunningNova, running
from parley_emulators.nova.settings import NovaSettings
from parley_emulators.serving import StartupError
from smithy_aws_event_stream.events import EventMessage
from support.certificates import Authority
from support.nova_client import Connection, Credentials, NovaStream
from support.nova_talk import OUTPUT_RATE, Talk, sound
from support.wait import eventually

OUTPUT = sound(OUTPUT_RATE)

type Connect = Callable[[], Awaitable[Connection]]


async def refused(stream: NovaStream) -> tuple[int, str, str]:
    """Status, error type and message of a refusal."""
    headers = await asyncio.wait_for(stream.response, 10)
    return int(headers[":status"]), headers["x-amzn-errortype"], json.loads(await stream.body())["message"]


async def order(nova: RunningNova, *faults: dict[str, Any]) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.put(f"http://127.0.0.1:{nova.control_port}/faults", json={"faults": list(faults)})
    assert answer.status_code == 200, answer.text


async def begun(connect: Connect) -> Talk:
    talk = Talk(await (await connect()).stream())
    await talk.begin(microphone=False)
    return talk


async def test_a_wrong_secret_is_refused(connect: Connect) -> None:
    stream = await (await connect()).stream(Credentials(secret_access_key="wrong"))
    status, error, message = await refused(stream)
    assert (status, error) == (403, "InvalidSignatureException")
    assert "signature we calculated" in message


@pytest.mark.parametrize(
    ("model", "status", "error"),
    [
        ("amazon.nova-9", 400, "ValidationException"),
        ("amazon.nova-sonic-v1:0", 404, "ResourceNotFoundException"),
    ],
)
async def test_a_model_that_is_not_served(connect: Connect, model: str, status: int, error: str) -> None:
    stream = await (await connect()).stream(model=model)
    assert (await refused(stream))[:2] == (status, error)


async def test_another_path_and_method(connect: Connect) -> None:
    connection = await connect()
    path = {":path": "/model/x/invoke"}
    assert (await refused(await connection.stream(**path)))[:2] == (404, "UnknownOperationException")
    assert (await refused(await connection.stream(**{":method": "PUT"})))[0] == 405


async def test_events_out_of_order_end_the_stream(connect: Connect, nova: RunningNova) -> None:
    stream = await (await connect()).stream()
    await stream.send(promptStart={"promptName": "p"})
    received = [item async for item in stream.received()]
    assert received == [("validationException", {"message": "The first event must be sessionStart."})]
    assert stream.ended_by == "ended"
    assert nova.service.sessions.records[0].end == "refused: The first event must be sessionStart."


async def test_sound_within_a_text_is_refused_as_nova_does(connect: Connect) -> None:
    talk = await begun(connect)
    block = {"promptName": "prompt", "contentName": "t"}
    await talk.stream.send(contentStart=block | {"type": "TEXT", "role": "USER", "interactive": True})
    await talk.stream.send(audioInput={"promptName": "prompt", "contentName": "mic", "content": ""})
    error = await talk.until("validationException")
    assert error["message"] == "Chat history should be sent completely before streaming audio."
    await talk.close()


async def test_a_chunk_of_another_signature_ends_the_stream(connect: Connect) -> None:
    talk = await begun(connect)
    message = await talk.stream.signed({"sessionEnd": {}})
    headers = dict(message.headers) | {":chunk-signature": bytes(32)}
    await talk.stream.send_message(EventMessage(headers=headers, payload=message.payload))
    assert "signature" in (await talk.until("InvalidSignatureException"))["message"]
    await talk.close()


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ({"promptStart": {"promptName": "p", "audioOutputConfiguration": None}}, "audioOutputConfiguration"),
        ({"promptStart": {"promptName": "p", "audioOutputConfiguration": OUTPUT | {"voiceId": "hal"}}}, "voiceId hal"),
        ({"contentStart": {"promptName": "p", "toolResultInputConfiguration": "x"}}, "No prompt is open"),
        ({"sessionEnd": []}, "must be an object"),
    ],
)
async def test_an_event_of_another_form_ends_the_stream(connect: Connect, event: dict[str, Any], words: str) -> None:
    stream = await (await connect()).stream()
    await stream.send(sessionStart={})
    await stream.send_message(await stream.signed(event))
    ((kind, fields),) = [item async for item in stream.received()]
    assert kind == "validationException"
    assert words in fields["message"]


async def test_a_tool_result_that_is_no_json_ends_the_stream(connect: Connect) -> None:
    talk = Talk(await (await connect()).stream())
    await talk.begin("next_question", microphone=False)
    await talk.text("Begin.", interactive=True)
    await talk.result((await talk.until("toolUse"))["toolUseId"], "All is well.")
    assert (await talk.until("validationException"))["message"] == "Tool Response parsing error"
    await talk.close()


async def test_a_defect_of_the_emulator_is_told(
    connect: Connect, nova: RunningNova, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(text: str, rate: int) -> bytes:
        raise RuntimeError("no voice")

    monkeypatch.setattr(nova.service.senses.synthesiser, "say", broken)
    talk = await begun(connect)
    await talk.text(json.dumps({"say": "Hello."}), interactive=True)
    await talk.until("internalServerException")
    assert nova.service.sessions.records[0].end == "failed: RuntimeError: no voice"
    await talk.close()


async def test_a_request_that_cannot_be_handled_is_reset(
    connect: Connect, nova: RunningNova, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("parley_emulators.nova.service.verify_request", None)
    with pytest.raises(ConnectionError, match="reset"):
        await (await (await connect()).stream()).status()


async def test_a_refused_stream_leaves_the_connection_its_window(connect: Connect, nova: RunningNova) -> None:
    """What a client goes on sending in streams that are over must not use up what the others may send."""
    connection = await connect()
    for _ in range(3):
        stream = await connection.stream(Credentials(secret_access_key="wrong"))
        assert (await refused(stream))[0] == 403
        await eventually("the server wants no more of it", lambda stream=stream: stream.ended_by)
    window = connection.h2.outbound_flow_control_window
    talk = Talk(await connection.stream())
    await talk.begin(microphone=False)
    for _ in range(3):
        spoiled = await connection.stream()
        assert await spoiled.status() == 200
        await spoiled.send(promptStart={"promptName": "p"})
        with contextlib.suppress(h2.exceptions.ProtocolError):
            for _ in range(4):
                await spoiled.send(sessionStart={"much": "x" * 20_000})
    await eventually(
        "the window is as wide again", lambda: connection.h2.outbound_flow_control_window > window - 70_000
    )
    await talk.text(json.dumps({"say": "Here."}), interactive=True)
    assert await talk.turn() == "END_TURN"
    await talk.close()


async def test_a_client_that_trusts_another_authority_leaves_nothing_behind(
    settings: NovaSettings, authority: Authority, tmp_path: Path
) -> None:
    other = Authority(tmp_path)
    async with running(settings) as nova:
        with pytest.raises(ssl.SSLError):
            await Connection.open(nova.port, other.file)
        connection = await Connection.open(nova.port, authority.file)
        assert await (await connection.stream()).status() == 200
    await connection.close()


async def test_models_that_do_not_load_end_it(settings: NovaSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise OSError("no such file")

    monkeypatch.setattr("parley_emulators.nova.app.vad.load", broken)
    async with running(settings) as nova, asyncio.timeout(30):
        with pytest.raises(StartupError, match="speech models cannot be loaded: no such file"):
            await nova.until(asyncio.Event())


@pytest.mark.parametrize("settings", [{"session_token": "the-token"}], indirect=True)
async def test_temporary_credentials_are_let_in_with_their_token(connect: Connect) -> None:
    connection = await connect()
    assert await (await connection.stream(Credentials(session_token="the-token"))).status() == 200
    for credentials in (Credentials(), Credentials(session_token="another")):
        status, error, _ = await refused(await connection.stream(credentials))
        assert (status, error) == (403, "UnrecognizedClientException")


async def test_bytes_that_are_no_frame_end_the_stream(connect: Connect) -> None:
    talk = await begun(connect)
    message = EventMessage(payload=b"no event")
    identity = Credentials()
    signed = await talk.stream.signer.sign(event=message, identity=identity.identity, properties=identity.properties)
    await talk.stream.send_message(signed)
    assert "Invalid input request" in (await talk.until("validationException"))["message"]
    await talk.close()


@pytest.mark.parametrize("settings", [{"session_limit_seconds": 0.5}], indirect=True)
async def test_a_session_is_ended_at_its_limit(connect: Connect) -> None:
    talk = await begun(connect)
    assert (await talk.until("modelTimeoutException"))["message"].startswith("Model has timed out")
    assert await talk.over() == "ended"
    await talk.close()


@pytest.mark.parametrize("settings", [{"input_timeout_seconds": 0.5}], indirect=True)
async def test_a_session_without_input_is_ended(connect: Connect) -> None:
    talk = await begun(connect)
    assert "Timed out waiting" in (await talk.until("validationException"))["message"]
    await talk.close()


async def test_the_end_of_the_clients_side_ends_the_response(connect: Connect, nova: RunningNova) -> None:
    talk = await begun(connect)
    talk.stream.half_close()
    assert await talk.over() == "ended"
    assert nova.service.sessions.records[0].end == "the client closed its side"
    await talk.close()


@pytest.mark.parametrize(
    ("status", "error"),
    [(403, "AccessDeniedException"), (429, "ThrottlingException"), (503, "ServiceUnavailableException")],
)
async def test_an_ordered_refusal_strikes_so_often_and_no_more(
    connect: Connect, nova: RunningNova, status: int, error: str
) -> None:
    await order(nova, {"kind": "refuse", "status": status, "error_type": error, "times": 2})
    connection = await connect()
    for _ in range(2):
        assert (await refused(await connection.stream()))[:2] == (status, error)
    assert await (await connection.stream()).status() == 200


async def test_an_ordered_exception_strikes_in_the_middle(connect: Connect, nova: RunningNova) -> None:
    await order(nova, {"kind": "exception", "exception_type": "throttlingException", "after_responses": 1})
    talk = await begun(connect)
    await talk.text(json.dumps({"say": "One, two, three, four, five, six, seven."}), interactive=True)
    assert (await talk.until("throttlingException"))["message"] == "An ordered fault."
    assert talk.all("completionEnd") == []
    await talk.close()


async def test_an_ordered_error_is_outside_the_apis_model(connect: Connect, nova: RunningNova) -> None:
    await order(nova, {"kind": "error", "error_type": "SomethingNewError", "after_seconds": 0.1})
    talk = await begun(connect)
    assert (await talk.until("SomethingNewError"))["message"] == "An ordered fault."
    assert await talk.over() == "ended"
    await talk.close()


@pytest.mark.parametrize(("kind", "ending"), [("drop", "disconnected"), ("reset", "reset"), ("half_close", "ended")])
async def test_ordered_ways_to_lose_a_stream(connect: Connect, nova: RunningNova, kind: str, ending: str) -> None:
    await order(nova, {"kind": kind, "after_seconds": 0.2})
    talk = await begun(connect)
    assert await talk.over() == ending
    assert nova.service.sessions.records[0].end == f"fault: {kind}"
    await talk.close()


async def test_a_stream_that_ends_may_take_the_rest_of_the_request(connect: Connect, nova: RunningNova) -> None:
    await order(nova, {"kind": "half_close", "after_seconds": 0.2, "taken_seconds": 20})
    talk = await begun(connect)
    assert await talk.over() == "ended"
    (record,) = nova.service.sessions.records
    assert record.ended_at is None, "what still comes is taken"
    talk.stream.half_close()
    await eventually("both sides have ended", lambda: record.ended_at, 5)
    await talk.close()


async def test_an_ordered_delay_holds_the_output_back(connect: Connect, nova: RunningNova) -> None:
    await order(nova, {"kind": "delay", "delay_seconds": 1.0, "after_responses": 1, "times": None})
    talk = await begun(connect)
    began = asyncio.get_running_loop().time()
    await talk.text(json.dumps({"say": "Late."}), interactive=True)
    assert await talk.turn() == "END_TURN"
    assert asyncio.get_running_loop().time() - began >= 1.0
    await talk.close()


@pytest.mark.parametrize("kind", ["drop", "reset"])
async def test_a_stream_lost_before_it_began(connect: Connect, nova: RunningNova, kind: str) -> None:
    await order(nova, {"kind": kind})
    with pytest.raises(ConnectionError):
        await (await (await connect()).stream()).status()


async def test_a_fault_without_sense_is_not_taken(nova: RunningNova) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.put(f"http://127.0.0.1:{nova.control_port}/faults", json={"faults": [{"kind": "smoke"}]})
    assert answer.status_code == 422


async def test_it_is_ready_once_the_models_are_loaded(nova: RunningNova) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{nova.control_port}") as client:
        assert (await client.get("/healthz")).status_code == 200
        async with asyncio.timeout(60):
            await nova.models_loaded.wait()
        assert (await client.get("/readyz")).status_code == 200

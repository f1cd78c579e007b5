"""The guards between pipecat and the SDK's stream, against a stream that does what dead ones do."""

import asyncio
from typing import Any

import pytest
from aws_sdk_bedrock_runtime.models import AccessDeniedException, ThrottlingException, ValidationException
from parley_bot.exits import ModelRefusedError
from parley_bot.pipeline import access
from parley_bot.pipeline.access import GuardedStream, ModelAccess, bounded, check_model, is_refusal
from parley_protocol import ModelPlan
from smithy_core.exceptions import ClientTimeoutError
from support.wait import eventually


class Stalled:
    """A stream that neither takes nor gives anything, and never ends."""

    def __init__(self, last_word: Exception | None = None) -> None:
        self.input_stream = self
        self._last_word = last_word
        self.closing = asyncio.Event()

    async def send(self, _event: object) -> None:
        await asyncio.Event().wait()

    async def receive(self) -> Any:
        if self._last_word is not None:
            await asyncio.sleep(0)
            raise self._last_word
        await asyncio.Event().wait()

    async def await_output(self) -> tuple[None, "Stalled"]:
        return None, self

    async def close(self) -> None:
        self.closing.set()
        await asyncio.Event().wait()


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "SEND_SECONDS", 0.05)
    monkeypatch.setattr(access, "LAST_WORD_SECONDS", 0.05)


async def test_a_stream_that_takes_nothing_more_is_lost_for_who_listens() -> None:
    stream = GuardedStream(Stalled())
    _, events = await stream.await_output()
    listening = asyncio.create_task(events.receive())
    await stream.input_stream.send("sound")
    with pytest.raises(ConnectionError):
        await asyncio.wait_for(listening, 2)


async def test_a_stream_that_is_closed_has_not_failed() -> None:
    stream = GuardedStream(Stalled())
    stream.abandon()
    await stream.input_stream.send("sound")
    assert not stream.input_stream.failed.is_set()


async def test_a_stream_closed_in_a_hurry_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "SEND_SECONDS", 60)
    closing = Stalled()
    stream = GuardedStream(closing)
    stream.hurry()
    await asyncio.wait_for(stream.close(), 2)
    await eventually("it is being closed", closing.closing.is_set, 2)
    assert not stream.input_stream.failed.is_set()


class Signing(Stalled):
    """A stream that signs each event at once, and writes it when it may: as the SDK's does."""

    def __init__(self) -> None:
        super().__init__()
        self.signed, self.written = list[object](), list[object]()
        self.full = asyncio.Event()

    async def send(self, event: object) -> None:
        self.signed.append(event)
        if len(self.signed) == 1:
            await self.full.wait()
        self.written.append(event)


async def test_no_event_overtakes_another_between_its_signing_and_its_writing() -> None:
    signing = Signing()
    stream = GuardedStream(signing)
    sending = [asyncio.create_task(stream.input_stream.send(event)) for event in ("sound", "result")]
    await eventually("the first is signed, and the second has had its turn", lambda: signing.signed, 5, every=0.005)
    signing.full.set()
    await asyncio.gather(*sending)
    assert signing.signed == signing.written == ["sound", "result"]


async def test_what_a_dying_stream_says_is_heard() -> None:
    stream = GuardedStream(Stalled(ValidationException("no such voice")))
    _, events = await stream.await_output()
    await stream.input_stream.send("sound")
    with pytest.raises(ValidationException):
        await events.receive()


async def test_work_that_nobody_waits_for_any_more_is_cancelled() -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    waiting = asyncio.create_task(bounded(work(), 60))
    await begun.wait()
    waiting.cancel()
    await asyncio.wait_for(ended.wait(), 2)


async def test_what_was_begun_to_be_sent_is_sent_whole() -> None:
    begun, may_end, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        await may_end.wait()
        ended.set()

    waiting = asyncio.create_task(bounded(work(), 60, whole=True))
    await begun.wait()
    waiting.cancel()
    await asyncio.wait({waiting})
    may_end.set()
    await asyncio.wait_for(ended.wait(), 2)


@pytest.mark.parametrize(
    ("error", "refusal"),
    [
        (AccessDeniedException("no"), True),
        (ValidationException("no"), True),
        (ThrottlingException("slow down"), False),
        (ClientTimeoutError(message="late"), False),
        (ConnectionError("gone"), False),
    ],
)
def test_only_a_no_is_a_refusal(error: Exception, refusal: bool) -> None:
    assert is_refusal(error) is refusal


async def test_an_endpoint_that_never_answers_is_not_reachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setattr(access, "CONNECT_SECONDS", 0.05)
    monkeypatch.setattr(access, "CHECKS", 1)

    async def hang(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _reader.read()
        finally:
            writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1")
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(ModelRefusedError, match="TimeoutError"):
            await check_model(ModelAccess("us-east-1", f"https://127.0.0.1:{port}"), ModelPlan())


class Late(Stalled):
    """A stream that answers when `answered` is set; who is cancelled while waiting cancels it for all, as the SDK."""

    def __init__(self) -> None:
        super().__init__()
        self.answered: asyncio.Future[tuple[None, Stalled]] = asyncio.get_running_loop().create_future()

    async def await_output(self) -> tuple[None, Stalled]:
        return await self.answered

    async def close(self) -> None:
        await self.answered


async def test_a_look_whether_it_answers_does_not_end_the_wait_for_it() -> None:
    inner = Late()
    stream = GuardedStream(inner)
    assert not await stream.answers(0.05)
    inner.answered.set_result((None, inner))
    assert await stream.answers(1)
    assert (await stream.await_output())[0] is None


async def test_what_the_sdk_has_given_up_cancels_nobody_else() -> None:
    inner = Late()
    stream = GuardedStream(inner)
    inner.answered.cancel()
    with pytest.raises(ConnectionError):
        await stream.await_output()
    with pytest.raises(ConnectionError):
        await bounded(inner.await_output(), 1)
    await stream.close()

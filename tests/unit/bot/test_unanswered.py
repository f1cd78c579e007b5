"""A session of the model's of which nothing comes any more, though it has not ended."""

import asyncio
import time
from typing import Any

import pytest
from parley_bot.pipeline import access, handover
from parley_bot.pipeline.access import GuardedStream
from parley_bot.pipeline.nova import GuardedNovaSonic
from pipecat.adapters.llm.services.aws_nova_sonic_adapter import Role
from pipecat.frames.frames import CancelFrame, LLMMessagesAppendFrame
from support.model_service import model_service
from support.wait import eventually

REPLY = {"contentStart": {"type": "TEXT", "role": "ASSISTANT"}}


@pytest.fixture
def resets() -> list[float]:
    return []


@pytest.fixture
def unheard() -> list[str]:
    return []


@pytest.fixture
def llm(monkeypatch: pytest.MonkeyPatch, resets: list[float], unheard: list[str]) -> GuardedNovaSonic:
    """The service without a connection; when it would open its session anew is taken down."""

    async def reset(self: Any) -> None:
        resets.append(asyncio.get_running_loop().time())

    monkeypatch.setattr(GuardedNovaSonic, "reset_conversation", reset)
    monkeypatch.setattr(handover, "_UNANSWERED_SECONDS", 0.2)
    return model_service(on_unheard=unheard.append)


def prompt(text: str) -> LLMMessagesAppendFrame:
    return LLMMessagesAppendFrame(messages=[{"role": "user", "content": text}], run_llm=True)


async def looked_at(llm: GuardedNovaSonic, seconds: float) -> None:
    """As its watch does, for so long."""
    until = asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < until:
        await llm._reset_unanswered()
        await asyncio.sleep(0.01)


async def test_a_prompt_that_nothing_follows_has_the_session_opened_anew_once(
    llm: GuardedNovaSonic, resets: list[float]
) -> None:
    await llm._send_text_event("Go on.", Role.USER, interactive=True)
    looking = asyncio.create_task(looked_at(llm, 0.6))
    await eventually("it is given up", lambda: resets, 5)
    await looking
    assert len(resets) == 1


async def test_a_prompt_waits_for_the_session_that_takes_over(llm: GuardedNovaSonic, unheard: list[str]) -> None:
    llm._audio_input_started = False
    async with llm._changing:
        putting = asyncio.create_task(llm._handle_messages_append(prompt("Go on.")))
        await asyncio.wait({putting}, timeout=0.05)
        llm._audio_input_started = True
    await putting
    assert unheard == []
    assert llm._prompted_at is not None


async def test_a_prompt_that_finds_no_session_is_told_of(llm: GuardedNovaSonic, unheard: list[str]) -> None:
    await llm._handle_messages_append(prompt("Go on."))
    assert unheard == ["Go on."]
    assert llm._prompted_at is None


class Hanging:
    """A stream whose peer does not close."""

    def __init__(self) -> None:
        self.input_stream = self

    async def send(self, _event: object) -> None: ...

    async def close(self) -> None:
        await asyncio.Event().wait()


async def test_an_end_for_good_waits_for_no_peer(llm: GuardedNovaSonic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "SEND_SECONDS", 60)
    llm._client, llm._stream = object(), GuardedStream(Hanging())
    await asyncio.wait_for(llm.cancel(CancelFrame()), 10)
    assert llm._stream is None


async def test_an_answer_of_any_kind_and_history_are_no_reason(llm: GuardedNovaSonic, resets: list[float]) -> None:
    await llm._send_text_event("Go on.", Role.USER, interactive=True)
    await llm._handle_content_start_event(REPLY)
    await llm._send_text_event("What was said.", Role.ASSISTANT, interactive=False)
    await looked_at(llm, 0.4)
    assert resets == []


async def test_quiet_is_made_for_a_muted_microphone_and_not_where_its_sound_is_kept(
    llm: GuardedNovaSonic, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[bytes] = []

    async def send(audio: bytes) -> None:
        sent.append(audio)

    monkeypatch.setattr(llm, "_send_user_audio_event", send)
    llm._last_sound = time.monotonic() - 3
    await llm._fill_silence()
    assert sent == [bytes(3200)]
    llm.sound_kept()
    await llm._fill_silence()
    assert len(sent) == 1

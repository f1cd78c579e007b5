"""A session in the place of one that is lost hears what the candidate has said, and then what they say."""

import asyncio
import time
from typing import Any

import pytest
from parley_bot.pipeline import handover
from parley_bot.pipeline.nova import GuardedNovaSonic
from pipecat.adapters.llm.services.aws_nova_sonic_adapter import Role
from pipecat.frames.frames import InputAudioRawFrame, LLMMessagesAppendFrame
from pipecat.processors.aggregators.llm_context import LLMContext
from support.model_service import model_service
from support.wait import eventually

PIECE = 640


class Session:
    """What the service's sessions are given: sound by the number of each piece, and the prompts."""

    def __init__(self) -> None:
        self.heard: list[int] = []
        self.asked: list[str] = []
        self.untold: list[str] = []
        self.restarts: list[tuple[bool, bool]] = []
        self.understood: list[str] = []
        self.prompt: str | None = None

    def restart(self, unheard: bool, part_lost: bool) -> str | None:
        self.restarts.append((unheard, part_lost))
        return self.prompt

    async def sound(self, audio: bytes) -> None:
        self.heard += [int.from_bytes(audio[at : at + 2]) for at in range(0, len(audio), PIECE)]

    async def text(self, text: str, _role: Role, interactive: bool = False) -> None:
        assert interactive
        self.asked.append(text)


@pytest.fixture
def session() -> Session:
    return Session()


@pytest.fixture
def llm(monkeypatch: pytest.MonkeyPatch, session: Session) -> GuardedNovaSonic:
    """The service in mid-conversation, without a connection."""
    monkeypatch.setattr(handover, "_AGAIN_PACE", 100.0)
    llm = model_service(
        on_restart=session.restart, on_heard=session.understood.append, on_unheard=session.untold.append
    )
    monkeypatch.setattr(llm, "create_task", lambda work, **_: asyncio.ensure_future(work))
    monkeypatch.setattr(llm, "_send_user_audio_event", session.sound)
    monkeypatch.setattr(llm, "_send_text_event", session.text)
    llm._context, llm._stream, llm._audio_input_started = LLMContext(), object(), True
    return llm


async def said(llm: GuardedNovaSonic, *numbers: int) -> None:
    for number in numbers:
        sound = number.to_bytes(2) * (PIECE // 2)
        await llm._handle_input_audio_frame(InputAudioRawFrame(audio=sound, sample_rate=16000, num_channels=1))


async def open_again(llm: GuardedNovaSonic, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it ends to connect; what is sent for it is left out."""

    async def connected(self: Any) -> None:
        self._audio_input_started = True

    monkeypatch.setattr(handover.AWSNovaSonicLLMService, "_finish_connecting_if_context_available", connected)
    llm._stream, llm._ready_to_send_context = object(), True
    await llm._finish_connecting_if_context_available()


async def test_what_was_said_is_heard_again_and_then_what_is_said(
    llm: GuardedNovaSonic, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    llm._unheard.voice(speaking=True)
    await said(llm, *range(1, 101))
    await llm._report_user_transcription_text_added("words that are understood anew")
    session.heard.clear()
    llm._audio_input_started = False
    llm._keep_turn()
    await said(llm, *range(101, 151))
    assert session.heard == [], "there is no session"
    await open_again(llm, monkeypatch)
    await said(llm, *range(151, 161))
    await llm._handle_messages_append(LLMMessagesAppendFrame(messages=[{"role": "user", "content": "Go on."}]))
    await eventually("it has caught up", lambda: not llm._unheard.behind, 10)
    await said(llm, *range(161, 171))
    assert session.heard == list(range(1, 171))
    assert session.restarts == [(True, False)]
    assert session.understood == [], "the words come with the sound"
    assert session.untold == ["Go on."], "nobody speaks into it"


async def test_who_has_said_nothing_hears_the_prompt_at_once(
    llm: GuardedNovaSonic, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.prompt = "Go on."
    llm._keep_turn()
    await open_again(llm, monkeypatch)
    await eventually("it has caught up", lambda: not llm._unheard.behind, 10)
    assert session.restarts == [(False, False)]
    assert llm._context is not None
    assert llm._context.get_messages()[-1:] == [{"role": "user", "content": "Go on."}]


@pytest.mark.parametrize("words", [True, False])
async def test_a_prompt_waits_until_nothing_is_understood(
    llm: GuardedNovaSonic, session: Session, monkeypatch: pytest.MonkeyPatch, words: bool
) -> None:
    session.prompt = "Go on."
    llm._unheard.voice(speaking=True)
    await said(llm, *range(1, 51))
    await llm._report_user_transcription_text_added("I built a bridge.")
    llm._unheard.voice(speaking=False)
    llm._keep_turn()
    await open_again(llm, monkeypatch)
    await eventually("it has caught up", lambda: not llm._unheard.behind, 10)
    if words:
        content = {"contentStart": {"type": "TEXT", "role": "USER"}}
        await llm._handle_content_start_event(content)
        await llm._report_user_transcription_text_added("I built a bridge.")
    llm._caught_up_at = time.monotonic()
    await llm._prompt_wordless()
    assert (session.asked, session.understood) == ([], []), "not yet"
    llm._caught_up_at -= handover._WORDLESS_SECONDS
    for _ in range(2):
        await llm._prompt_wordless()
    assert session.asked == ([] if words else ["Go on."])
    assert session.understood == ([] if words else ["I built a bridge."]), "understood once, and not again"


async def test_words_that_no_session_hears_again_are_told_as_they_were(llm: GuardedNovaSonic, session: Session) -> None:
    llm._unheard.voice(speaking=True)
    await said(llm, *range(1, 51))
    await llm._report_user_transcription_text_added("I built a bridge.")
    llm._keep_turn()
    llm.flush_heard()
    llm.flush_heard()
    assert session.understood == ["I built a bridge."]

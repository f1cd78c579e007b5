"""A whole interview: link, consent, room, conversation, end."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from parley_emulators.candidate.call import Call, Dropped, Over
from parley_emulators.candidate.errors import CandidateError, Unreachable
from parley_emulators.candidate.join import JoinApi, Link, Room, is_over
from parley_emulators.candidate.script import Script
from parley_emulators.candidate.summary import Summary
from parley_emulators.candidate.wire import MICROPHONE_RATE
from parley_emulators.speech import vad
from parley_emulators.speech.synthesiser import Synthesiser, SynthesisError

# These ends are the plan's or the candidate's own; anything else went wrong.
_NORMAL = frozenset({"completed", "timelimit", "left"})
_REJOIN_SECONDS = 0.5
_MOST_REJOINS = 30


@dataclass(frozen=True)
class Options:
    """How an interview is to be held.

    Args:
        api: The API's address; None: the page's configuration tells.
        patience_seconds: How long to wait for an interviewer.
        limit_seconds: How long the whole may take.
        show: Whether the conversation is printed as it happens.
    """

    link: str
    script: Script
    api: str | None = None
    patience_seconds: float = 120.0
    limit_seconds: float = 1800.0
    show: bool = True


@dataclass
class Held:
    """An interview that was held, or as much of it as there was.

    Args:
        recording: What reached the ear, from the first connection on, 24 kHz.
        error: What went wrong; None when it ended normally.
    """

    summary: Summary
    recording: bytes = b""
    error: str | None = None


async def synthesise(texts: list[str], rate: int) -> list[bytes]:
    """The spoken texts (PCM at the rate in Hz).

    Raises:
        CandidateError: The synthesiser failed.
    """
    synthesiser = Synthesiser()
    try:
        return [await synthesiser.say(text, rate) for text in texts]
    except SynthesisError as error:
        raise CandidateError(f"cannot speak: {error}") from error
    finally:
        await synthesiser.close()


async def hold_interview(options: Options) -> Held:
    """Hold an interview to its end.

    Raises:
        CandidateError: It could not even begin: the link, the consent or the room was refused.
    """
    loop = asyncio.get_running_loop()
    link = Link.parse(options.link)
    voices = await synthesise([answer.say for answer in options.script.answers], MICROPHONE_RATE)
    await asyncio.to_thread(vad.load)
    began = loop.time()

    def elapsed() -> float:
        return round(loop.time() - began, 3)

    held = Held(Summary(began=datetime.now(UTC)))
    call = Call(options.script, voices, held.summary, elapsed, options.show)
    try:
        async with asyncio.timeout(options.limit_seconds), httpx.AsyncClient() as client:
            api = JoinApi(link, client)
            await _arrive(api, options, call, held.summary, elapsed)
            room = await api.connect(options.patience_seconds)
            reason = await _alive(call, _converse(api, options, call, room, held.summary))
            held.summary.reason = reason
            if reason.replace("_", "").lower() not in _NORMAL:
                held.error = f"the interview ended early: {reason}"
    except TimeoutError:
        held.error = f"the interview was not over after {options.limit_seconds:g} s"
    except CandidateError as error:
        if held.summary.connected is None:
            raise
        held.error = str(error)
    held.summary.ended = elapsed()
    held.recording = bytes(call.recording)
    return held


async def _arrive(api: JoinApi, options: Options, call: Call, summary: Summary, elapsed: Callable[[], float]) -> None:
    await api.find(options.api)
    view = await api.interview()
    if is_over(view):
        raise CandidateError(f"the interview cannot be joined: it is {view['state']}")
    call.say(f"{view['title']}, {view['questions']} questions, with {view['interviewerName']}")
    if not view["consent"]["given"]:
        await api.consent(view["consent"]["version"])
    summary.consent = elapsed()
    call.say("consent given; waiting for the interviewer")


async def _converse(api: JoinApi, options: Options, call: Call, room: Room, summary: Summary) -> str:
    """Be in the room, again whenever the connection is lost, until the interview is over; the answer is why it is."""
    while True:
        match await call.hold(room):
            case Over(reason):
                return reason
            case Dropped(reason, taken_over=True):
                raise CandidateError(f"another connection has taken the candidate's place: {reason}")
            case Dropped(reason) if summary.rejoined >= _MOST_REJOINS:
                raise CandidateError(f"the connection was lost {_MOST_REJOINS + 1} times: {reason}")
            case Dropped(reason):
                found = await _found_again(api, options.patience_seconds)
                if found == "finished":
                    return "completed"
                if not isinstance(found, Room):
                    raise CandidateError(f"the interview is {found}")
                call.say(f"connection lost ({reason}); joining again")
                summary.rejoined += 1
                room = found


async def _found_again(api: JoinApi, patience_seconds: float) -> Room | str:
    """The room, or the state of an interview that is over. An API that is away is waited for, as the page does."""
    deadline = asyncio.get_running_loop().time() + patience_seconds
    while True:
        try:
            view: dict[str, Any] = await api.interview()
            if is_over(view):
                return str(view["state"])
            await asyncio.sleep(_REJOIN_SECONDS)
            return await api.connect(patience_seconds)
        except Unreachable:
            if asyncio.get_running_loop().time() > deadline:
                raise
        await asyncio.sleep(_REJOIN_SECONDS)


async def _alive(call: Call, conversation: Coroutine[None, None, str]) -> str:
    """Converse while mouth and ear work; when they fail, so does the conversation."""
    life, talk = asyncio.create_task(call.run()), asyncio.create_task(conversation)
    try:
        await asyncio.wait((life, talk), return_when=asyncio.FIRST_COMPLETED)
        if life.done():
            life.result()
        return await talk
    finally:
        life.cancel()
        talk.cancel()
        await asyncio.gather(life, talk, return_exceptions=True)

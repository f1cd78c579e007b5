"""Interviews that outlive the model's sessions, on a compressed clock: limit and thresholds are scaled alike."""

import jiwer
from parley_protocol import AnswerRecorded, FinishReason, Speaker
from support.bot import ApiPeer, BotProcess, eventually, interview_plan
from support.guest import Guest

from .conftest import ANSWERS, Nova, StartBot

# Of 360 seconds and 480 in production; speech and its recognition are not scaled, so four seconds are added.
ROTATE, LIMIT = 12.0, 20.0
PAUSE = bytes(32 * 400)


def limit(nova: Nova, seconds: float) -> None:
    """Let the emulator's sessions end after so long, as Nova's do after eight minutes."""
    fault = {"kind": "exception", "exception_type": "modelTimeoutException", "after_seconds": seconds, "times": None}
    nova.order(fault)


def interviewer(peer: ApiPeer) -> list[str]:
    return [turn.text for turn in peer.turns if turn.speaker is Speaker.INTERVIEWER]


def candidates_words(peer: ApiPeer) -> str:
    return " ".join(turn.text for turn in peer.turns if turn.speaker is Speaker.CANDIDATE)


def plain(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalpha() or letter.isspace())


def all_changed_unnoticed(bot: BotProcess, nova: Nova, peer: ApiPeer) -> None:
    """No session has met its limit, and nobody has heard of a change."""
    ends = [session["end"] for session in nova.control.get("/sessions").json()]
    assert not [end for end in ends if end and "fault" in end], ends
    assert not [line for line in bot.lines if line.get("message") == "the model's session was lost"]
    said = interviewer(peer)
    assert sum("Hello Kim" in text for text in said) == 1
    assert not any("lost the line" in text for text in said)


async def test_a_candidate_who_is_silent_for_longer_than_a_session_lasts(
    peer: ApiPeer, nova: Nova, start_bot: StartBot, answers: list[bytes]
) -> None:
    limit(nova, LIMIT - 4)
    peer.plan = interview_plan(silence_nudge_seconds=120, silence_end_seconds=300)
    bot = await start_bot(PARLEY_MODEL_ROTATE_SECONDS=str(ROTATE / 2))
    await bot.ready()
    guest = await Guest([]).join(bot.url())
    await eventually("three sessions have followed the first", lambda: len(bot.logged("session_rotated")) >= 3, 60)
    nova.order()
    guest.answers = answers[1:]
    guest.say(answers[0])
    await guest.over(150)
    assert await bot.exit_code(15) == 0
    all_changed_unnoticed(bot, nova, peer)
    assert not [line for line in bot.logged("session_rotated")[:3] if line["split"]]
    assert peer.finished is not None
    assert peer.finished.reason is FinishReason.COMPLETED


async def test_a_candidate_who_speaks_for_longer_than_a_session_lasts(
    peer: ApiPeer, nova: Nova, start_bot: StartBot, answers: list[bytes]
) -> None:
    limit(nova, LIMIT)
    bot = await start_bot(PARLEY_MODEL_ROTATE_SECONDS=str(ROTATE))
    await bot.ready()
    guest = await Guest([PAUSE.join([*answers, *answers]), *answers[:2]]).join(bot.url())
    await guest.over(200)
    assert await bot.exit_code(15) == 0
    all_changed_unnoticed(bot, nova, peer)
    assert any(line["split"] for line in bot.logged("session_rotated"))

    spoken = [*ANSWERS, *ANSWERS, *ANSWERS[: 2 - len(guest.answers)]]
    heard = plain(candidates_words(peer))
    assert jiwer.wer(plain(" ".join(spoken)), heard) < 0.15, heard
    first = peer.turns[0].question_id
    answered = [e.event for e in peer.stored[1] if isinstance(e.event, AnswerRecorded)]
    assert answered[0].question_id == first
    assert peer.finished is not None
    assert peer.finished.reason is FinishReason.COMPLETED

"""The transcript's times against speech that is known to the sample: what the candidate sent, what came to its ear."""

from pathlib import Path

from bench.voice.candidate import Config, Room
from bench.voice.measures import errors
from bench.voice.sounds import Line
from bench.voice.talk import CandidateProcess, ParleyBot, Talk
from parley_protocol import Speaker
from support.bot import KEY, UID, ApiPeer, interview_plan

from .conftest import StartBot

AIM_SECONDS = 0.2


async def test_the_times_of_both_speakers_and_of_an_interruption(
    peer: ApiPeer, start_bot: StartBot, answers: list[bytes], tmp_path: Path
) -> None:
    peer.plan = interview_plan().model_copy(update={"questions": interview_plan().questions[1:]})
    bot = await start_bot()
    await bot.ready()
    answer = tmp_path / "answer.pcm"
    answer.write_bytes(answers[-1])
    room = Room(f"ws://127.0.0.1:{bot.port}/ws", KEY.hex(), UID)
    # The question that is cut short so soon is put again.
    lines = (Line(str(answer), barge_in=1.0), Line(str(answer)))
    candidate = CandidateProcess(Config(room, lines, limit_seconds=60), tmp_path)
    record = await candidate.record()
    assert await bot.exit_code(30) == 0

    talk = Talk(record, [], **await ParleyBot(peer, bot).account())
    assert [(turn.speaker, turn.interrupted) for turn in peer.turns] == [
        (Speaker.INTERVIEWER, True),
        (Speaker.CANDIDATE, False),
        (Speaker.INTERVIEWER, False),
        (Speaker.CANDIDATE, False),
        (Speaker.INTERVIEWER, False),
    ]
    # The candidate's own clock may be late on a machine that is at work; what is known is known no better.
    allowed = AIM_SECONDS + record.latest_tick
    for speaker, known in ((Speaker.CANDIDATE, record.spoken), (Speaker.INTERVIEWER, record.heard)):
        found = errors(talk.told(speaker), known)
        assert (found.untold, found.unknown) == (0, 0), speaker
        assert max(found.sizes) < allowed, (speaker, found)

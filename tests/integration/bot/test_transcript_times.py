"""The transcript's times against speech that is known to the sample: what the candidate sent, what came to its ear."""

from pathlib import Path

from bench.voice.candidate import Config, Room
from bench.voice.measures import errors
from bench.voice.sounds import Line
from bench.voice.talk import CandidateProcess, ParleyBot, Talk
from parley_protocol import InterviewPlan, ModelPlan, Speaker, Turn
from support.bot import KEY, UID, ApiPeer, BotProcess, interview_plan
from support.voices.recordings import recording
from support.voices.sounds import silence

from .conftest import StartBot

AIM_SECONDS = 0.2
# Of 16 kHz, 16 bit: for so long the room alone is heard in the recording, and is as loud as what counts for audible.
ROOM_BYTES = int(0.25 * 16000) * 2


async def test_the_times_of_both_speakers_and_of_an_interruption(
    peer: ApiPeer, start_bot: StartBot, answers: list[bytes], tmp_path: Path
) -> None:
    peer.plan = one_question()
    # The question that is cut short so soon is put again.
    turns = await held_in_time(peer, await start_bot(), tmp_path, answers[-1], barge_ins=(1.0, None))
    assert [(turn.speaker, turn.interrupted) for turn in turns] == [
        (Speaker.INTERVIEWER, True),
        (Speaker.CANDIDATE, False),
        (Speaker.INTERVIEWER, False),
        (Speaker.CANDIDATE, False),
        (Speaker.INTERVIEWER, False),
    ]


async def test_who_thinks_in_mid_sentence_has_one_turn_from_its_first_word(
    peer: ApiPeer, start_bot: StartBot, tmp_path: Path
) -> None:
    # Longer than Nova's own wait at any sensitivity: at LOW the bot keeps it from the model.
    peer.plan = one_question().model_copy(update={"model": ModelPlan(turn_sensitivity="LOW")})
    answer = recording("0880")[ROOM_BYTES:] + silence(3.3) + recording("0890")
    turns = await held_in_time(peer, await start_bot(), tmp_path, answer)
    assert [turn.speaker for turn in turns] == [Speaker.INTERVIEWER, Speaker.CANDIDATE, Speaker.INTERVIEWER]


def one_question() -> InterviewPlan:
    """The second of the plan's questions, which has no follow-up."""
    plan = interview_plan()
    return plan.model_copy(update={"questions": plan.questions[1:]})


async def held_in_time(
    peer: ApiPeer, bot: BotProcess, folder: Path, answer: bytes, barge_ins: tuple[float | None, ...] = (None,)
) -> list[Turn]:
    """Hold an interview in which this is said each time, and check that all times are within the aim; its turns."""
    await bot.ready()
    sound = folder / "answer.pcm"
    sound.write_bytes(answer)
    room = Room(f"ws://127.0.0.1:{bot.port}/ws", KEY.hex(), UID)
    lines = tuple(Line(str(sound), barge_in=barge_in) for barge_in in barge_ins)
    candidate = CandidateProcess(Config(room, lines, limit_seconds=60), folder)
    record = await candidate.record()
    assert await bot.exit_code(30) == 0

    talk = Talk(record, [], **await ParleyBot(peer, bot).account())
    # The candidate's own clock may be late on a machine that is at work; what is known is known no better.
    allowed = AIM_SECONDS + record.latest_tick
    for speaker, known in ((Speaker.CANDIDATE, record.spoken), (Speaker.INTERVIEWER, record.heard)):
        found = errors(talk.told(speaker), known)
        assert (found.untold, found.unknown) == (0, 0), speaker
        assert max(found.sizes) < allowed, (speaker, found)
    return peer.turns

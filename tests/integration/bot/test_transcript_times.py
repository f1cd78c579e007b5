"""The transcript's times against speech that is known to the sample: what the candidate sent, what came to its ear."""

from pathlib import Path

from bench.voice.candidate import Config, Room
from bench.voice.measures import errors
from bench.voice.sounds import Line, Span, audible_samples
from bench.voice.talk import CandidateProcess, ParleyBot, Talk
from parley_emulators.speech.synthesiser import Synthesiser
from parley_protocol import InterviewPlan, ModelPlan, Speaker, Turn
from support.bot import KEY, UID, ApiPeer, BotProcess, interview_plan
from support.voices.recordings import recording
from support.voices.script import Echo
from support.voices.sounds import RATE, silence

from .conftest import StartBot

AIM_SECONDS = 0.2
# Of 16 kHz, 16 bit: for so long the room alone is heard in the recording, and is as loud as what counts for audible.
ROOM_BYTES = int(0.25 * 16000) * 2
# From the interviewer's first sound, over the question's last words, and from the nod's end to the answer.
NOD_AFTER_SECONDS, NOD_TO_ANSWER_SECONDS = 2.1, 2.2
WHOLE = [(Speaker.INTERVIEWER, False), (Speaker.CANDIDATE, False), (Speaker.INTERVIEWER, False)]


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


async def test_a_nod_over_the_questions_end_is_no_part_of_the_answer(
    peer: ApiPeer, start_bot: StartBot, answers: list[bytes], tmp_path: Path
) -> None:
    peer.plan = one_question()
    nod = await spoken("Okay.")
    # Sooner after it than a pause within a turn may last.
    lead = nod + silence(NOD_TO_ANSWER_SECONDS)
    turns = await held_in_time(
        peer, await start_bot(), tmp_path, answers[-1], barge_ins=(NOD_AFTER_SECONDS,), before_it=lead
    )
    assert [(turn.speaker, turn.interrupted) for turn in turns] == WHOLE
    assert turns[1].start_ms >= turns[0].end_ms, "the nod was said before"


async def test_a_loud_echo_is_no_part_of_the_answer(
    peer: ApiPeer, start_bot: StartBot, answers: list[bytes], tmp_path: Path
) -> None:
    peer.plan = one_question()
    turns = await held_in_time(peer, await start_bot(), tmp_path, answers[-1], echo=Echo(seconds=0.15, below=10))
    assert [(turn.speaker, turn.interrupted) for turn in turns] == WHOLE


async def spoken(text: str) -> bytes:
    """What can be heard of a text's sound."""
    voice = Synthesiser()
    try:
        sound = await voice.say(text, RATE)
    finally:
        await voice.close()
    first, last = audible_samples(sound) or (0, 0)
    return sound[2 * first : 2 * last]


def one_question() -> InterviewPlan:
    """The second of the plan's questions, which has no follow-up."""
    plan = interview_plan()
    return plan.model_copy(update={"questions": plan.questions[1:]})


async def held_in_time(
    peer: ApiPeer,
    bot: BotProcess,
    folder: Path,
    answer: bytes,
    barge_ins: tuple[float | None, ...] = (None,),
    *,
    before_it: bytes = b"",
    echo: Echo | None = None,
) -> list[Turn]:
    """Hold an interview in which this is said each time, and check that all times are within the aim; its turns.

    `before_it` is sound of the candidate's that belongs to no turn.
    """
    await bot.ready()
    sound = folder / "answer.pcm"
    first, last = audible_samples(answer) or (0, 0)
    sound.write_bytes(before_it + answer[2 * first : 2 * last])
    room = Room(f"ws://127.0.0.1:{bot.port}/ws", KEY.hex(), UID)
    lines = tuple(Line(str(sound), barge_in=barge_in) for barge_in in barge_ins)
    candidate = CandidateProcess(Config(room, lines, limit_seconds=60, echo=echo), folder)
    record = await candidate.record()
    assert await bot.exit_code(30) == 0

    talk = Talk(record, [], **await ParleyBot(peer, bot).account())
    # The candidate's own clock may be late on a machine that is at work; what is known is known no better.
    allowed = AIM_SECONDS + record.latest_tick
    answered = [Span(span.began + len(before_it) / (2 * RATE), span.ended) for span in record.spoken]
    for speaker, known in ((Speaker.CANDIDATE, answered), (Speaker.INTERVIEWER, record.heard)):
        found = errors(talk.told(speaker), known)
        assert (found.untold, found.unknown) == (0, 0), speaker
        assert max(found.sizes) < allowed, (speaker, found)
    return peer.turns

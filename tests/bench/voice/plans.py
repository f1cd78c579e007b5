"""What is talked about: the questions, the answers, and their sound."""

from pathlib import Path

from bench.voice.sounds import Line
from parley_emulators.speech.synthesiser import Synthesiser
from parley_protocol import InterviewerPlan, InterviewPlan, LimitsPlan, ModelPlan, QuestionPlan

QUESTIONS = (
    "Tell me about an outage that you have solved.",
    "What do you look for in a team?",
    "How do you bring a change to your users?",
    "Which of your programs are you proud of?",
    "How do you find out why a service is slow?",
    "What would you never do on a Friday?",
    "How do you learn a new language?",
    "What makes a good review of a change?",
    "When did you last change your mind?",
    "What would you like to do here?",
)
ANSWERS = (
    "Last winter our database ran out of connections, and I found the service that never closed them.",
    "I want people who say early when something is wrong.",
    "I send it to a few users first, and watch the numbers closely.",
    "We added a limit and an alarm, and it has not happened again.",
    "I read what others have written, and then I write something small.",
)
ANSWER_RATE = 16_000


def plan(questions: int, **limits: int) -> InterviewPlan:
    """An interview of so many questions without follow-ups, each once; the model's sensitivity is the default."""
    if not 0 < questions <= len(QUESTIONS):
        raise ValueError(f"a talk has 1 to {len(QUESTIONS)} questions")
    return InterviewPlan(
        title="Platform engineer",
        candidate_name="Kim Park",
        interviewer=InterviewerPlan(
            name="Ada", greeting="Hello Kim, thank you for coming.", closing="Thank you for your time. Goodbye."
        ),
        questions=[QuestionPlan(id=f"q{number}", text=QUESTIONS[number]) for number in range(questions)],
        limits=LimitsPlan(**limits),
        model=ModelPlan(),
    )


async def speak_answers(folder: Path) -> list[str]:
    """The files with the answers' sound, 16 kHz."""
    voice = Synthesiser()
    files = []
    try:
        for number, answer in enumerate(ANSWERS):
            file = folder / f"answer-{number}.pcm"
            file.write_bytes(await voice.say(answer, ANSWER_RATE))
            files.append(str(file))
    finally:
        await voice.close()
    return files


def lines(files: list[str], count: int, *, barge_in: float | None = None) -> list[Line]:
    """So many answers, each a different one from that before."""
    return [Line(files[number % len(files)], barge_in=barge_in) for number in range(count)]

"""The interviews that are held."""

from itertools import cycle, islice
from typing import Literal

from parley_protocol import InterviewerPlan, InterviewPlan, LimitsPlan, ModelPlan, QuestionPlan

from support.voices.script import Answer, Pause, Say, said

GREETING = "Hello Kim, thank you for coming."
CLOSING = "Thank you for your time. Goodbye."

# The model tells of its words up to here, and the turn goes on.
_BREATH_SECONDS = 0.4

_QUESTIONS = [
    "What did you build last year?",
    "How do you test a change?",
    "What do you do when the build is slow?",
    "Which part of your work do you like most?",
    "How do you bring a new colleague in?",
    "What would you change about your last project?",
    "How do you plan a week?",
    "What makes a good review?",
]
_ANSWERS = [
    "I built the service that sends our customers their bills.",
    "I write a test that fails first, and then I make it pass.",
    "I look at what takes the most time, and begin with that.",
    "I like it most when something that was slow becomes fast.",
    "We sit together for a week and work on small things first.",
    "I would talk to the users much earlier than we did.",
    "On Monday morning I write down three things that have to be done.",
    "A good review asks questions and is finished on the same day.",
]


def plan(questions: int, sensitivity: Literal["LOW", "HIGH"] = "HIGH", **limits: int) -> InterviewPlan:
    """So many short questions, all required, without follow-ups."""
    texts = islice(cycle(_QUESTIONS), questions)
    return InterviewPlan(
        title="Platform engineer",
        candidate_name="Kim Park",
        interviewer=InterviewerPlan(name="Ada", greeting=GREETING, closing=CLOSING),
        questions=[QuestionPlan(id=f"q{number}", text=text) for number, text in enumerate(texts, start=1)],
        limits=LimitsPlan(**limits),
        model=ModelPlan(turn_sensitivity=sensitivity),
    )


def answers(count: int, *, pause: float = 0.0) -> tuple[Answer, ...]:
    """So many answers; with a pause, each begins with the half that is said before it."""
    texts = islice(cycle(_ANSWERS), count)
    return tuple(_halves(text, pause) if pause else said(text) for text in texts)


def long_answer(sentences: int) -> Answer:
    """An answer of so many sentences, some three seconds each, with a breath between them."""
    parts = [part for text in islice(cycle(_ANSWERS), sentences) for part in (Say(text), Pause(_BREATH_SECONDS))]
    return tuple(parts[:-1])


def talking_on(sentences: int) -> Answer:
    """An answer of so many sentences in one breath, some three seconds each."""
    return said(" ".join(text.rstrip(".").replace(",", "") for text in islice(cycle(_ANSWERS), sentences)))


def _halves(text: str, pause: float) -> Answer:
    words = text.split()
    middle = len(words) // 2
    return (Say(" ".join(words[:middle])), Pause(pause), Say(" ".join(words[middle:])))

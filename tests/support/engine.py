"""A room without sound: drives an interview session as a well-behaved pipeline does, on a clock of its own."""

from typing import Any

from parley_bot.engine import Decision, InterviewSession, Next
from parley_protocol import (
    Event,
    InterviewerPlan,
    InterviewPlan,
    LimitsPlan,
    QuestionPlan,
    Speaker,
    ToolAnswer,
    Turn,
    TurnSpoken,
)


async def no_tools(name: str, arguments: dict[str, Any]) -> ToolAnswer:
    """For a conversation whose template has no tools of its own."""
    raise AssertionError(f"{name} was called with {arguments}")


def make_plan(**limits: int) -> InterviewPlan:
    """Three questions: two with an expectation and a follow-up, for which alone it is told; one optional."""
    return InterviewPlan(
        title="Engineer",
        interviewer=InterviewerPlan(name="Ada", greeting="Hello, I am Ada.", closing="Goodbye."),
        questions=[
            QuestionPlan(id="why", text="Why us?", expectation="names a product", follow_ups=1),
            QuestionPlan(id="hobby", text="A hobby?", required=False),
            QuestionPlan(id="bug", text="A bug you fixed?", expectation="root cause", follow_ups=1),
        ],
        limits=LimitsPlan(**limits) if limits else LimitsPlan(),
    )


class Room:
    """Drives a session as a well-behaved pipeline does, on a clock of its own."""

    def __init__(self, session: InterviewSession) -> None:
        self.session = session
        self.now = 0.0
        self.said: list[str] = []
        self.events: list[Event] = []
        session.candidate_joined(self.now)

    def call(self, tool: str, **arguments: object) -> Next:
        """The model calls a tool, and speaks what it is given."""
        decision: Decision = getattr(self.session, tool)(self.now, **arguments)
        self.events.extend(decision.events)
        self.result = decision.reply.as_result()
        if decision.reply.say:
            self.speak(decision.reply.say)
            if decision.reply.next is Next.HANG_UP:
                self.ended = self.ended or tuple(self.wait(2))  # nobody answers the closing words
        elif decision.reply.next is Next.FOLLOW_UP:
            self.speak("Could you say more?")
        return decision.reply.next

    def speak(self, words: str) -> None:
        """The interviewer speaks, and its turn is reported."""
        self.said.append(words)
        self.session.interviewer_began(self.now)
        self.now += 3
        self.session.interviewer_said(words)
        turn = Turn(
            seq=len(self.said),
            speaker=Speaker.INTERVIEWER,
            text=words,
            start_ms=0,
            end_ms=3000,
            question_id=self.session.question_id,
        )
        self.session.ledger.apply(TurnSpoken(turn=turn))
        self.ended: tuple[object, ...] = self.session.interviewer_ceased(self.now)

    def cough(self) -> None:
        """The voice activity takes something for the candidate's voice, and no words follow."""
        self.session.candidate_spoke(self.now, speaking=True)
        self.session.candidate_spoke(self.now, speaking=False)

    def answer(self, seconds: float = 10) -> None:
        """The candidate speaks, and is understood."""
        self.session.candidate_spoke(self.now, speaking=True)
        self.now += seconds
        self.session.candidate_spoke(self.now, speaking=False)
        self.session.candidate_understood()

    def record(self, *, follow_up: bool = False) -> Next:
        """The candidate answers, and the model records it."""
        self.answer()
        return self.call("record_answer", summary="s", follow_up=follow_up)

    def wait(self, seconds: float) -> list[object]:
        """Time passes; what the session wanted meanwhile."""
        actions: list[object] = []
        for _ in range(int(seconds)):
            self.now += 1
            actions.extend(self.session.tick(self.now))
        return actions

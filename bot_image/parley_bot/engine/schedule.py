"""Which question comes next when time is short: required ones first, optional ones only while there is room."""

from collections.abc import Collection

from parley_protocol import InterviewPlan, QuestionPlan

# What an answer is taken to last when the template sets no limit, in seconds.
DEFAULT_ANSWER_SECONDS = 60
FOLLOW_UP_SECONDS = 30


def answer_seconds(plan: InterviewPlan, question: QuestionPlan) -> float:
    """How long asking this question and hearing its answer is expected to take, in seconds."""
    return question.time_limit_seconds or plan.limits.longer(DEFAULT_ANSWER_SECONDS)


def choose_next(plan: InterviewPlan, settled: Collection[str], seconds_left: float) -> QuestionPlan | None:
    """The question to ask now, or None when there is none left that the time allows.

    In the plan's order; an optional question is passed over when it would take time that required ones need, and
    dropped within the closing notice. A required one is asked as long as any time is left.
    """
    if seconds_left <= 0:
        return None
    pending = [question for question in plan.questions if question.id not in settled]
    needed = sum(answer_seconds(plan, question) for question in pending if question.required)
    for question in pending:
        if question.required:
            return question
        if seconds_left - plan.limits.closing_notice_seconds >= answer_seconds(plan, question) and (
            seconds_left - answer_seconds(plan, question) >= needed
        ):
            return question
    return None


def allows_follow_up(plan: InterviewPlan, settled: Collection[str], seconds_left: float) -> bool:
    """Whether there is time for a follow-up beside the required questions that are still to come."""
    needed = sum(answer_seconds(plan, q) for q in plan.questions if q.required and q.id not in settled)
    return (
        seconds_left > plan.limits.closing_notice_seconds
        and seconds_left - plan.limits.longer(FOLLOW_UP_SECONDS) >= needed
    )

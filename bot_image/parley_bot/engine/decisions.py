"""What the interviewer says next: the words, their order, and what is reported of them."""

import re
from collections import Counter
from collections.abc import Iterable

from parley_protocol import (
    AnswerRecorded,
    Event,
    FinishReason,
    InterviewPlan,
    QuestionAsked,
    QuestionPlan,
    ToolCalled,
)

from parley_bot.engine import instructions as instruct
from parley_bot.engine.clock import WORDLESS_SECONDS, InterviewClock
from parley_bot.engine.closing import Closing
from parley_bot.engine.ledger import Ledger
from parley_bot.engine.lookups import Lookups
from parley_bot.engine.phrases import phrases_for
from parley_bot.engine.replies import Action, Decision, Finish, Next, Reply
from parley_bot.engine.schedule import allows_follow_up, choose_next
from parley_bot.engine.stopping import StopOffer
from parley_bot.engine.watch import Watch, words_within

# Of a question that is cut short less than a third may be missing: people answer before its last words are out.
_MISSED_SHARE = 1 / 3
# Nobody answers so soon after the interviewer's first word: they go on with what they were saying.
_TOO_SOON_SECONDS = 2.0
_WORD = re.compile(r"\w+")


class Decisions:
    """The state of an interview, and what follows from it; `InterviewSession` is its outside.

    Args:
        plan: What is to be asked.
        history: The events that were stored of this interview so far, in order; empty for a new one.
        used_seconds: How much of its time those have used.
    """

    def __init__(self, plan: InterviewPlan, history: Iterable[Event] = (), used_seconds: float = 0.0) -> None:
        self.plan = plan
        self.ledger = Ledger.rebuild(plan, history)
        self._words_within = words_within(plan)
        self.clock = InterviewClock(used_seconds, max(WORDLESS_SECONDS, self._words_within))
        self.finished: FinishReason | None = None
        self._phrases = phrases_for(plan.language)
        self._watch = Watch(plan.limits)
        self._closing = Closing(plan.limits, self._words_within)
        self._stop_offer = StopOffer()
        self._lookups = Lookups(self._phrases)
        self._resuming = bool(self.ledger.states)
        self._unspoken: Reply | None = None
        self._given: Reply | None = None
        # Whether the model has the words that are not spoken yet: what is put again of itself waits for its next call.
        self._handed_out = True
        # What was heard of the interviewer's last turn, where it was cut short, and for how many seconds.
        self._cut_short: tuple[str, float] | None = None
        # Whether the words that were given out last are being spoken, or come after what the model says first.
        self._fresh = False
        # Whether the question that is current was cut short before enough of it to answer it, and not put since; how
        # far the bot before this one came with it is not known.
        self._talked_over = self._resuming
        # Whether the candidate's last words came before the question that is current could be heard.
        self._spoke_before = False
        # Whether the interviewer has begun to speak the question that is current, or has again where it is put again.
        self._sounded = True
        # Whether words of the candidate's were understood since the interviewer last put something to them.
        self._heard = False
        self._notice_given = False
        self._lost_words = False
        # Whether the model was to speak when it lost its session; None while it has one.
        self._owes_words: bool | None = None
        # Whether a part of what the candidate is saying was lost with the model's session.
        self._lost_part = False
        self._asked_at = used_seconds  # of the time used; a replaced bot gives the open question its time anew

    # What others ask

    @property
    def question_id(self) -> str | None:
        """The current question's id."""
        return self.ledger.current.id if self.ledger.current else None

    @property
    def answered_id(self) -> str | None:
        """The id of the question that the candidate's last words belong to: one that they did not hear is not it."""
        before = list(self.ledger.states)[-2:-1]
        return before[0] if self._spoke_before and before else self.question_id

    @property
    def ending(self) -> bool:
        """Whether the closing words have been given out."""
        return self._closing.reason is not None

    def seconds_left(self, now: float) -> float:
        """Time left of the interview; negative when it is overrun."""
        return self.plan.limits.duration_seconds - self.clock.used(now)

    def progress(self, now: float) -> tuple[int, int, int]:
        """Questions asked, questions in all, whole seconds left (never negative)."""
        return len(self.ledger.states), len(self.plan.questions), max(0, round(self.seconds_left(now)))

    def unasked_required(self) -> tuple[str, ...]:
        """The required questions that were not asked; after a `Completed` end there are none."""
        return tuple(q.id for q in self.plan.questions if q.required and q.id not in self.ledger.asked)

    # Decisions

    def _standing_reply(self, now: float, events: list[Event]) -> Reply | None:
        """What comes before any tool's own answer: words not spoken yet, the end, time that is over."""
        if self.finished is None and self._unspoken is not None:
            self._closing.give_again()
            self._handed_out = True
            return self._unspoken
        if self.finished is not None or self.ending:
            return Reply(Next.HANG_UP, instruct.SILENT_END)
        if (state := self.ledger.current_state) is not None and self.seconds_left(now) <= 0:
            self._record_silently(events)
            reason = FinishReason.TIME_LIMIT if state.open else self._reason_of_end()
            return self._hang_up(reason, self._phrases.time_over)
        return None

    def _go_on(self, now: float, events: list[Event]) -> Reply:
        """The next words: greeting, welcome back, nudge, repeated or next question, closing."""
        if not self.ledger.states:
            return self._ask(now, events, self.plan.interviewer.greeting)
        current, state = self.ledger.current, self.ledger.current_state
        if self._awaits_whether_to_stop():
            return Reply(Next.LISTEN, instruct.NO_ANSWER_YET)
        offered = self._drop_offer()
        if self._resuming:
            self._resuming = self._lost_words = False
            return self._repeat_or_ask(now, events, self._phrases.welcome_back)
        if self._lost_words:
            self._lost_words = False
            if current is not None and state is not None and state.awaits_follow_up:
                return Reply(Next.FOLLOW_UP, instruct.ask_follow_up(current))
            return self._repeat_or_ask(now, events, self._phrases.lost_words)
        if offered:
            if current is not None and state is not None and state.awaits_follow_up:
                return Reply(Next.FOLLOW_UP, instruct.ask_follow_up(current))
            more = self._awaits_answer(now) or self._choose(now) is not None
            return self._repeat_or_ask(now, events, self._phrases.go_on if more else "")
        over = self._question_over(now)
        if state is not None and state.open and current is not None and not over:
            if (owed := self._question_owed()) is not None:
                return self._put_again(owed, handed_out=True)
            if state.awaits_follow_up and not self._heard:
                return Reply(Next.FOLLOW_UP, instruct.ask_follow_up(current))
            if not self._heard and (notice := self._time_notice(now)):
                return self._give(Reply(Next.LISTEN, instruct.SAY_AND_LISTEN, notice))
            # Words before a silence need not be an answer: they may have asked what the question means.
            if self._watch.nudging:
                return self._nudge()
        self._record_silently(events)
        if self._awaits_answer(now):
            return Reply(Next.LISTEN, instruct.ALREADY_ASKED)
        return self._ask(now, events, self._phrases.go_on if over and self._choose(now) is not None else "")

    def _nudge(self) -> Reply:
        """Mild words the first time, the question again from the second silence on."""
        if self._watch.nudges <= 1:
            return self._give(Reply(Next.LISTEN, instruct.SAY_AND_LISTEN, self._phrases.nudge))
        say = f"{self._phrases.repeat} {self._current_words()}"
        return self._give(Reply(Next.LISTEN, instruct.SAY_AND_LISTEN, say))

    def _repeat_or_ask(self, now: float, events: list[Event], opening: str) -> Reply:
        """Begin with these words, then the open question again, or the next one where it was answered."""
        current = self.ledger.current
        if current is not None and self._awaits_answer(now):
            self._heard = self._lost_part = False
            reply = Reply(Next.LISTEN, instruct.listen_for(current), f"{opening} {self._current_words()}")
            return self._give(reply)
        return self._ask(now, events, opening)

    def _ask_for_part(self) -> Reply:
        """Say that a part of the answer was lost, and listen to it; the answer is open until then."""
        self._lost_part = self._heard = False
        return self._give(Reply(Next.LISTEN, instruct.SAY_AND_LISTEN, self._phrases.lost_part))

    def _current_words(self) -> str:
        """The current question as it was put: a follow-up in the model's words, where they are known."""
        current, state = self.ledger.current, self.ledger.current_state
        if current is None or state is None:
            return ""
        return state.last_words if state.follow_ups and state.last_words else current.text

    def _ask(self, now: float, events: list[Event], opening: str = "") -> Reply:
        """Put the next question, or close when none is left; the time notice goes before it, once."""
        question = self._choose(now)
        if question is None:
            if not opening:
                return Reply(Next.END_INTERVIEW, instruct.ALL_ASKED)
            return self._hang_up(self._reason_of_end(), opening)
        words = [opening, self._time_notice(now), question.text]
        self._report(events, QuestionAsked(question_id=question.id))
        self._heard = self._sounded = self._talked_over = self._lost_part = self._resuming = False
        self._stop_offer.drop()
        self._asked_at = self.clock.used(now)
        self._watch.reset()
        self.clock.quiet_since = now  # the silence begins anew, also before the first sound of it
        return self._give(Reply(Next.LISTEN, instruct.listen_for(question), " ".join(w for w in words if w)))

    def _time_notice(self, now: float) -> str:
        if not self._owes_notice(now):
            return ""
        self._notice_given = True
        return self._phrases.time_notice

    def _owes_notice(self, now: float) -> bool:
        """Whether the candidate has not been told yet that little time is left."""
        near_end = self.seconds_left(now) <= self.plan.limits.closing_notice_seconds
        return near_end and not self._notice_given and bool(self.ledger.states)

    def _what_is_next(self, now: float) -> Reply:
        if self._choose(now) is not None:
            return Reply(Next.NEXT_QUESTION, instruct.CALL_NEXT)
        return Reply(Next.END_INTERVIEW, instruct.ALL_ASKED)

    def _awaits_whether_to_stop(self) -> bool:
        """Whether the candidate has heard that they may end it, and is about to say whether they want to."""
        disturbed = self._resuming or self._lost_words or self._cut_short is not None or self._watch.nudging
        return self._stop_offer.open and not self._heard and not disturbed

    def _drop_offer(self) -> bool:
        """The interview goes on; whether the candidate was asked to end it, which is all that their words answer."""
        if not self._stop_offer.open:
            return False
        self._stop_offer.drop()
        self._heard = False
        return True

    def _candidate_stops(self) -> Reply:
        """The candidate wants to stop: asked once whether that is so, and let go when they have answered."""
        if self._stop_offer.open and self._heard:
            return self._hang_up(FinishReason.CANDIDATE_LEFT)
        self._stop_offer.make()
        self._heard = self._resuming = False
        return self._give(Reply(Next.LISTEN, instruct.CONFIRM_STOP, self._phrases.confirm_stop))

    def _hang_up(self, reason: FinishReason, opening: str = "") -> Reply:
        self._closing.give(reason)
        self._watch.reset()
        say = f"{opening} {self.plan.interviewer.closing}".strip()
        return self._give(Reply(Next.HANG_UP, instruct.SAY_AND_STOP, say))

    def _reason_of_end(self) -> FinishReason:
        return FinishReason.TIME_LIMIT if self.unasked_required() else FinishReason.COMPLETED

    def _reason_of_leaving(self) -> FinishReason:
        """Who leaves with nothing left to be asked has given a whole interview."""
        state = self.ledger.current_state
        whole = state is not None and not state.open and len(self.ledger.asked) == len(self.plan.questions)
        return FinishReason.COMPLETED if whole else FinishReason.CANDIDATE_LEFT

    def _finish(self, reason: FinishReason) -> tuple[Action, ...]:
        if self.finished is not None:
            return ()
        self.finished = reason
        return (Finish(reason),)

    def _question_over(self, now: float) -> bool:
        """Whether the current question is open still and has had the time that the template gives it."""
        state = self.ledger.current_state
        return state is not None and state.open and self._had_its_time(now)

    def _had_its_time(self, now: float) -> bool:
        """Whether the current question and its follow-ups have taken as long as the template lets them."""
        limit = self.ledger.current.time_limit_seconds if self.ledger.current is not None else None
        return limit is not None and self.clock.used(now) - self._asked_at >= limit

    def _awaits_answer(self, now: float) -> bool:
        """Whether the current question is open, and may be."""
        state = self.ledger.current_state
        return state is not None and state.open and not self._question_over(now)

    def _without_an_answer(self, now: float, events: list[Event]) -> tuple[Reply, str | None] | None:
        """What a model gets that takes words for an answer, or a wish to pass, which the candidate has not said.

        With the outcome of its call; None where there may be such words.
        """
        if (self._resuming and not self._heard) or (self._stop_offer.open and self._heard):
            # Who is back is to be welcomed first; and a "no" to whether they want to stop answers no other question.
            return self._go_on(now, events), None
        state = self.ledger.current_state
        if ((state is not None and state.open) or self._stop_offer.open) and not self._heard:
            return Reply(Next.LISTEN, instruct.NO_ANSWER_YET), "no-answer"
        return None

    def _record_silently(self, events: list[Event]) -> None:
        """Take an answer that the model heard but did not record."""
        state, current = self.ledger.current_state, self.ledger.current
        if self._heard and state is not None and state.open and current is not None and not self._stop_offer.open:
            self._report(events, AnswerRecorded(question_id=current.id))
            self._heard = False

    def _may_follow_up(self, now: float) -> bool:
        current, state = self.ledger.current, self.ledger.current_state
        if current is None or state is None or state.follow_ups >= current.follow_ups or self._had_its_time(now):
            return False
        return allows_follow_up(self.plan, self.ledger.asked, self.seconds_left(now))

    def _choose(self, now: float) -> QuestionPlan | None:
        return choose_next(self.plan, self.ledger.asked, self.seconds_left(now))

    def _give(self, reply: Reply) -> Reply:
        """Remember words until their first sound is out, so that a model that forgets them is given them again."""
        self._unspoken = self._given = reply
        self._handed_out = True
        return reply

    def _puts_question(self) -> bool:
        """Whether the words that were given out last put the current question."""
        question, say = self._current_words(), self._given.say if self._given is not None else None
        return bool(say and question and say.endswith(question))

    def _missed_question(self) -> bool:
        """Whether the question was cut short as it was put, before enough of it was heard to answer it."""
        say = self._given.say if self._given is not None else None
        return self._fresh and self._puts_question() and self._missed(say or "", self._current_words())

    def _missed(self, say: str, words: str) -> bool:
        """Whether `say` was cut short before enough of the words at its end was heard."""
        if self._cut_short is None:
            return False
        heard, seconds = self._cut_short
        unheard = len(say.split()) - len(heard.split())
        return unheard > 0 and (seconds < _TOO_SOON_SECONDS or unheard >= len(words.split()) * _MISSED_SHARE)

    def _question_owed(self) -> QuestionPlan | None:
        """The question that was talked over and is to be put again, unless something else comes first."""
        state = self.ledger.current_state
        else_first = self._unspoken is not None or self._stop_offer.open or self._resuming or self._lost_words
        if not self._talked_over or else_first or self._owes_words is not None or self.ending:
            return None
        return self.ledger.current if state is not None and state.open else None

    def _may_answer(self) -> bool:
        """Whether the candidate has heard what there is to answer: whether they want to stop, or the question."""
        unheard = self._resuming or self._talked_over
        return self._unspoken is None and (self._stop_offer.open or not unheard)

    def _put_again(self, question: QuestionPlan, *, handed_out: bool) -> Reply:
        """The question that was talked over is to be spoken again, without what came before it.

        `handed_out`: the model gets it now, as a call's result, and not with its next call.
        """
        self._sounded = self._lost_part = False
        say = f"{self._phrases.go_on} {self._current_words()}"
        reply = self._give(Reply(Next.LISTEN, instruct.listen_for(question), say))
        self._handed_out = handed_out
        return reply

    def _report(self, events: list[Event], event: Event) -> None:
        self.ledger.apply(event)
        events.append(event)

    def _decide(self, tool: str, reply: Reply, events: list[Event], refused: str | None = None) -> Decision:
        return Decision(reply, (*events, ToolCalled(name=tool, outcome=refused or "ok")))


def contains(text: str, words: str) -> bool:
    """Whether a text holds so many of the words, in any order, that it may be taken for them."""
    wanted = Counter(_WORD.findall(words.casefold()))
    found = wanted & Counter(_WORD.findall(text.casefold()))
    return bool(wanted) and found.total() > wanted.total() * (1 - _MISSED_SHARE)

"""The interview session: holds the plan against a model that disobeys, the clock, silence and lost connections."""

from parley_protocol import AnswerRecorded, Event, FinishReason, QuestionAsked, ToolAnswer

from parley_bot.engine import instructions as instruct
from parley_bot.engine.decisions import Decisions, contains
from parley_bot.engine.replies import Action, Decision, Finish, Next, Prompt, Reply

CANDIDATE_STOPPED = "candidate_stopped"


class InterviewSession(Decisions):
    """One interview from its first word to its last, through reconnects and replaced bots.

    The model's tool calls return a `Decision`; `tick` and the events of speech and presence return actions. All times
    (`now`) are seconds of one monotonic clock.
    """

    # The model's tools

    def next_question(self, now: float) -> Decision:
        """Tool `next_question`: the words that go on with the interview, whatever has happened before."""
        events: list[Event] = []
        if (reply := self._standing_reply(now, events)) is None:
            reply = self._go_on(now, events)
        return self._decide("next_question", reply, events)

    def record_answer(self, now: float, summary: str, *, follow_up: bool) -> Decision:
        """Tool `record_answer`: the candidate has answered; `follow_up` asks for leave to dig deeper.

        The next question comes with the result: one more call would have the candidate wait for it.
        """
        events: list[Event] = []
        if (reply := self._standing_reply(now, events)) is not None:
            return self._decide("record_answer", reply, events, refused="words-not-spoken")
        current, state = self.ledger.current, self.ledger.current_state
        if current is None or state is None:
            reply = Reply(Next.NEXT_QUESTION, instruct.NOTHING_ASKED)
            return self._decide("record_answer", reply, events, refused="nothing-asked")
        if (instead := self._without_an_answer(now, events)) is not None:
            return self._decide("record_answer", instead[0], events, refused=instead[1])
        if self._heard and self._lost_part:
            return self._decide("record_answer", self._ask_for_part(), events, refused="part-lost")
        opening = self._phrases.welcome_back if self._resuming else ""
        if self._heard:
            self._report(events, AnswerRecorded(question_id=current.id, summary=summary[:2000]))
            self._heard = False
            if follow_up and self._may_follow_up(now):
                self._report(events, QuestionAsked(question_id=current.id, follow_up=state.follow_ups + 1))
                return self._decide("record_answer", Reply(Next.FOLLOW_UP, instruct.ask_follow_up(current)), events)
        return self._decide("record_answer", self._ask(now, events, opening), events)

    def end_interview(self, now: float, reason: str) -> Decision:
        """Tool `end_interview`: granted when nothing is left to ask, or the candidate confirmed the wish to stop."""
        events: list[Event] = []
        if (reply := self._standing_reply(now, events)) is not None:
            refused = None if reply.next is Next.HANG_UP else "words-not-spoken"
            return self._decide("end_interview", reply, events, refused=refused)
        if reason == CANDIDATE_STOPPED and self.ledger.states:
            return self._decide("end_interview", self._candidate_stops(), events)
        if self._resuming:
            return self._decide("end_interview", self._go_on(now, events), events, refused="too-early")
        self._record_silently(events)
        if self._awaits_answer(now):
            if self._stop_offer.open:
                return self._decide("end_interview", self._candidate_stops(), events)
            reply = Reply(Next.LISTEN, instruct.NO_ANSWER_YET)
            return self._decide("end_interview", reply, events, refused="too-early")
        if self._choose(now) is not None:
            reply = Reply(Next.NEXT_QUESTION, instruct.TOO_EARLY)
            return self._decide("end_interview", reply, events, refused="too-early")
        return self._decide("end_interview", self._hang_up(self._reason_of_end()), events)

    def unknown_tool(self, name: str, now: float) -> Decision:
        """A tool that was never offered: told what to do instead."""
        events: list[Event] = []
        reply = self._standing_reply(now, events) or self._what_is_next(now)
        return self._decide(name[:64], reply, events, refused="unknown-tool")

    def repeat_question(self, now: float) -> Decision:
        """Tool `repeat_question`: the candidate wants to hear the question again, as it was put."""
        events: list[Event] = []
        if (reply := self._standing_reply(now, events)) is not None:
            return self._decide("repeat_question", reply, events, refused="words-not-spoken")
        if not self._current_words():
            reply = Reply(Next.NEXT_QUESTION, instruct.NOTHING_ASKED)
            return self._decide("repeat_question", reply, events, refused="nothing-asked")
        if self._stop_offer.open and not self._heard:
            return self._decide("repeat_question", self._candidate_stops(), events)
        self._heard = self._resuming = False  # what they said was no answer
        self._stop_offer.drop()
        reply = self._give(Reply(Next.LISTEN, instruct.SAY_AND_LISTEN, self._current_words()))
        return self._decide("repeat_question", reply, events)

    def skip_question(self, now: float) -> Decision:
        """Tool `skip_question`: the candidate passes, and the interview goes on without a word about it.

        The wish is theirs alone: where no words of theirs have followed the question, nothing is passed.
        """
        events: list[Event] = []
        if (reply := self._standing_reply(now, events)) is not None:
            return self._decide("skip_question", reply, events, refused="words-not-spoken")
        current, state = self.ledger.current, self.ledger.current_state
        if current is None or state is None:
            return self._decide("skip_question", self._what_is_next(now), events, refused="nothing-asked")
        if (owed := self._question_owed()) is not None and not self._heard:
            # They spoke over it before they knew what they would pass on: they hear it now, and not after a silence.
            reply = self._put_again(owed, handed_out=True)
            return self._decide("skip_question", reply, events, refused="no-answer")
        if (instead := self._without_an_answer(now, events)) is not None:
            return self._decide("skip_question", instead[0], events, refused=instead[1])
        if not state.open:
            return self._decide("skip_question", self._what_is_next(now), events, refused="nothing-asked")
        self._report(events, AnswerRecorded(question_id=current.id, skipped=True))
        self._heard = False
        more = self._choose(now) is not None
        opening = self._phrases.welcome_back if self._resuming else self._phrases.go_on
        reply = self._ask(now, events, opening) if more or self._resuming else self._what_is_next(now)
        return self._decide("skip_question", reply, events)

    def give_time(self, now: float) -> Decision:
        """Tool `give_time`: the candidate wants a moment to think, and gets a minute without a nudge."""
        events: list[Event] = []
        if (reply := self._standing_reply(now, events)) is not None:
            return self._decide("give_time", reply, events, refused="words-not-spoken")
        self._heard = self._resuming = False
        self._stop_offer.drop()
        self._watch.give_time()
        reply = self._give(Reply(Next.LISTEN, instruct.SAY_AND_LISTEN, self._phrases.take_time))
        return self._decide("give_time", reply, events)

    # The template's own tools

    def begin_tool(self, name: str, now: float) -> Decision | None:
        """A tool of the template's own is called for: None, and it is to be called, or what to do instead."""
        events: list[Event] = []
        if (reply := self._standing_reply(now, events)) is not None:
            return self._decide(name, reply, events, refused="words-not-spoken")
        if self._heard:
            self._drop_offer()
        refusal = self._lookups.begin()
        return None if refusal is None else self._decide(name, refusal[0], events, refused=refusal[1])

    def tool_is_slow(self) -> Reply:
        """The call that was begun takes its time: words for meanwhile. A prompt tells of its end."""
        return self._give(self._lookups.slow())

    def detach_tool(self) -> None:
        """Nobody waits for the result of the call that was begun; a prompt tells of it."""
        self._lookups.detach()

    def end_tool(self, name: str, answer: ToolAnswer, now: float) -> Decision:
        """The call that was begun has ended. The reply is for a model that has waited."""
        self.clock.quiet_since = now
        return self._decide(name, self._lookups.end(answer, now), [], refused=answer.outcome.value)

    # Events

    def tick(self, now: float) -> tuple[Action, ...]:
        """Time has passed, about a second: what is to be done now, a prompt for the model or the end."""
        if self.finished is not None:
            return ()
        if self._lookups.running and not self.ending:
            self.clock.quiet_since = now  # this silence is nobody's
        due = self._question_over(now) or (self._owes_notice(now) and self._awaits_answer(now))
        waiting = self._unspoken is not None
        action = self._watch.check(self.clock, now, closing=self._closing, say_something=due, words_waiting=waiting)
        if isinstance(action, Finish):
            left = action.reason is FinishReason.CANDIDATE_LEFT and not self.ending
            return self._finish(self._reason_of_leaving() if left else action.reason)
        if action is not None or self.ending:
            return () if action is None else (action,)
        if (owed := self._question_owed()) is not None and self.clock.quiet(now) >= self._words_within:
            self._put_again(owed, handed_out=False)  # a cough cut it short, or something in the room
            return (Prompt(instruct.PROMPT_GO_ON),)
        return self._lookups.due(self.clock, now, words_waiting=waiting)

    def await_return(self, now: float) -> None:
        """This bot has taken the place of one whose candidate had come: they are waited for, but not for ever."""
        self.clock.left_at = now
        self._watch.absence.begin(now, of_a_former_bot=True)

    def candidate_joined(self, now: float) -> None:
        """The candidate came into the room, or came back: then welcomed back, never greeted again."""
        returning = self.clock.left_at is not None
        self.clock.joined(now)
        self._watch.candidate_returned()
        if returning and self.ledger.states:
            self._resuming, self._unspoken = True, None
            self._talked_over = self._talked_over or not self._sounded
            self._drop_offer()  # who comes back is welcomed back, and wants to go on

    def candidate_left(self, now: float) -> None:
        """The candidate's connection is gone; the clock stands still until they are back."""
        self._lookups.lost()
        if self.clock.candidate_present:
            self.clock.left(now)
            self._watch.absence.begin(now)

    def way_back(self, now: float, *, is_open: bool) -> None:
        """Whether a candidate who is gone can come back: only then does the time run in which they have to."""
        self._watch.absence.way_back(now, is_open=is_open)

    def leave(self) -> tuple[Action, ...]:
        """The candidate has left for good: there is no return to wait for."""
        return self._finish(self._closing.reason or self._reason_of_leaving())

    def candidate_spoke(self, now: float, *, speaking: bool) -> None:
        """The candidate began (`speaking`) or ceased to speak, by the voice activity, which may take noise for it."""
        self.clock.candidate(speaking=speaking, now=now)
        if speaking:
            self._closing.candidate_began(self.clock)

    def candidate_understood(self) -> None:
        """The model has understood words of the candidate's: an answer, unless the question is still to be spoken.

        Words that cut the question short before it could be heard go on with what was said before, or ask something
        of their own: the question is put again.
        """
        self.clock.words()
        self._watch.candidate_spoke()
        self._closing.candidate_understood(self.clock)
        if self._unspoken is None and self._stop_offer.open:
            self._stop_offer.candidate_understood()
            self._heard = self._heard and self._stop_offer.open  # what answered the offer answers nothing else
        owed = self._question_owed()
        self._spoke_before = owed is not None or not self._sounded
        if owed is not None:
            self._put_again(owed, handed_out=False)
        elif self._may_answer():
            self._heard, self._fresh = True, False

    def interviewer_began(self, now: float, *, given: bool = True) -> None:
        """The first sound of a sentence of the interviewer's is out.

        What the engine gave out last counts as spoken then, unless the sentence is an older one (`given` is false):
        the model speaks faster than it is heard.
        """
        if given and self._handed_out and not self._closing.owed:
            if self._unspoken is not None:
                self._fresh = True
                self._talked_over = self._talked_over and not self._puts_question()
            self._unspoken, self._sounded = None, True
        self._cut_short = None
        self._closing.interviewer_began(now)
        self._stop_offer.interviewer_began()
        self._lookups.answered()
        self.clock.interviewer(speaking=True, now=now, resets_quiet=not self._watch.nudging)

    def interviewer_said(self, text: str) -> None:
        """A turn of the interviewer's was heard to its end. A model may put the question again in words of its own.

        Or it has said something else first, and the question comes after that.
        """
        self._fresh = self._fresh and self._puts_question() and not contains(text, self._current_words())
        if self._talked_over and contains(text, self._current_words()):
            self._talked_over, self._sounded = False, True
            self._unspoken = self._unspoken if self._handed_out else None

    def interviewer_cut_short(self, heard: str, seconds: float) -> None:
        """The interviewer's turn ended before its words did, and so much of it was heard, for so long."""
        self._cut_short = heard, seconds
        self._talked_over = self._talked_over or self._missed_question()
        self._fresh = False

    def interviewer_ceased(self, now: float) -> tuple[Action, ...]:
        """The interviewer's words are out, or were cut short: after the closing words the candidate may have some."""
        self.clock.interviewer(speaking=False, now=now, resets_quiet=not self._watch.nudging)
        if (reason := self._closing.reason) is None:
            return ()
        waiting, cut = self._unspoken is not None, self._cut_short is not None
        missed = self._missed((self._given and self._given.say) or "", self.plan.interviewer.closing)
        if self._closing.interviewer_ceased(self.clock, now, waiting=waiting, cut=cut, missed=missed):
            self._unspoken = self._given
        return self._finish(reason) if self._closing.heard and self._watch.floor_taken else ()

    def prompt_lost(self, text: str) -> None:
        """A prompt has not reached the model: what waits for an answer is asked again in time, this is told again."""
        self._lookups.untold(text)

    def model_interrupted(self) -> None:
        """The model has lost its session, and gets a new one."""
        interrupted, self.clock.interviewer_speaking = self.clock.interviewer_speaking, False
        self._owes_words = bool(self._owes_words) or interrupted or not self.clock.floor_is_candidates
        if interrupted:
            self._cut_short = None  # by the loss, not by the candidate
        self._lookups.lost()

    def model_restarted(self, now: float, *, unheard: bool = False, part_lost: bool = False) -> tuple[Action, ...]:
        """The new session is there: where it was the model's turn, it is told to speak again.

        `unheard`: the candidate has said something that it hears first, and acts on by itself; the prompt is for when
        it finds no words in that. `part_lost`: the beginning of that is lost, and is asked for when they have finished.
        """
        if self._owes_words is None:
            self.model_interrupted()
        owes, self._owes_words = self._owes_words, None
        self._lost_part = self._lost_part or part_lost
        if self.finished is not None or not owes:
            return ()
        self._lost_words = bool(self.ledger.states) and self._unspoken is None and not unheard
        self.clock.quiet_since = now
        return (Prompt(instruct.PROMPT_GO_ON),)

    def model_behind(self, now: float) -> None:
        """The new session hears what was said before: this silence is nobody's."""
        self.clock.quiet_since = now

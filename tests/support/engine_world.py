"""A world around an interview session, for properties: any model, any candidate, bots that die, on a clock of its own.

After each second, and at the end, it holds the session to what is promised of every interview.
"""

import math
from typing import Any

from parley_bot.engine import Action, Decision, Finish, InterviewSession, Next, Prompt, Reply, TakeFloor
from parley_bot.engine.closing import OVERRUN_SECONDS
from parley_bot.engine.phrases import phrases_for
from parley_protocol import (
    AnswerRecorded,
    Event,
    FinishReason,
    InterviewPlan,
    QuestionAsked,
    QuestionPlan,
    Speaker,
    ToolAnswer,
    ToolOutcome,
    Turn,
    TurnSpoken,
)

from support.engine_kept import Kept, Stop

# How far past its time an interview may be: who speaks has 45 s to finish, the closing words as long; a model that
# speaks them for ever is cut off after ten minutes more.
OVERTIME_SECONDS = 120
ENDLESS_SECONDS = 600
# A replacement waits for its candidate at least so long, and so does who has seen the way back open again; while it is
# closed, ten minutes more at most.
RETURN_SECONDS = 120
CLOSED_SECONDS = 600
FOLLOW_UP = "Could you say more?"
CONFIRM_STOP = phrases_for("en-US").confirm_stop


class World:
    """Plays what happens, and keeps what is reported. Times in seconds."""

    def __init__(self, plan: InterviewPlan) -> None:
        self.plan, self.now = plan, 0.0
        self.kept: list[Kept] = []
        self.session = InterviewSession(plan)
        self.session.candidate_joined(0)
        self.finish: Finish | None = None
        self.reply: Reply | None = None
        self._looking_up = self._floor_taken = False
        self._closing_given: float | None = None
        self._stop = Stop()
        self._last_voice = 0.0
        # Of which questions so much was heard that they can be answered.
        self._put: set[str] = set()
        self._way_is_open = True
        # For how long the candidate who is away could have come back, and whether there was a time when not.
        self._open_for, self._was_closed = 0, False
        # Whether words of the candidate's were understood since the last question, or follow-up, was given out.
        self._worded = False

    # What happens

    def call(self, tool: str, *arguments: object) -> Reply:
        """The model calls a tool. Whatever else it does, it takes no "no" for a wish to stop."""
        if tool == "end_interview" and self._stop.agreed is False:
            tool, arguments = "record_answer", ("no, go on", False)
        reply = self._called(tool, *arguments)
        goes_on = tool in ("next_question", "record_answer", "skip_question") and reply.next is not Next.LISTEN
        if goes_on and self._stop.agreed is not None:
            self._stop.gone_on = True
        elif goes_on and self._stop.put:
            self._stop = Stop()  # without their answer: what they say now answers something else
        return reply

    def _called(self, tool: str, *arguments: object) -> Reply:
        session, now = self.session, self.now
        match tool, arguments:
            case "record_answer", (summary, follow_up):
                return self._decided(session.record_answer(now, str(summary), follow_up=bool(follow_up)))
            case "end_interview", (reason,):
                return self._decided(session.end_interview(now, str(reason)))
            case "unknown_tool", _:
                return self._decided(session.unknown_tool("x", now))
            case _:
                return self._decided(getattr(session, tool)(now))

    def look_up(self, how: str) -> None:
        """The model calls a tool of the template's own: `quick`, `slow`, or `cut_off` by an interruption."""
        refused = self.session.begin_tool("salary", self.now)
        assert refused is not None or not self._looking_up, "one at a time"
        if refused is not None:
            self._decided(refused)
            return
        self._looking_up = True
        self._stop.gone_on = self._stop.gone_on or self._stop.agreed is not None
        if how == "quick":
            self.looked_up(found=True, waited_for=True)
        elif how == "slow":
            self.reply = self.session.tool_is_slow()
        else:
            self.session.detach_tool()

    def looked_up(self, *, found: bool, waited_for: bool = False) -> None:
        """The tool that was called has answered, and the model gets that for a reply, or (else) is told of it later."""
        if self._looking_up:
            self._looking_up = False
            outcome = ToolOutcome.OK if found else ToolOutcome.TIMEOUT
            stop, reply = self._stop, self.reply
            self._decided(self.session.end_tool("salary", ToolAnswer(outcome=outcome, result={"a": 1}), self.now))
            self._stop = stop  # what was found comes beside what they are asked
            if not waited_for:
                self.reply = reply

    def speak(self, seconds: int = 2, *, given: bool = True) -> None:
        """The interviewer speaks what it was given last, or (`given` is false) something older."""
        self._began(given=given)
        self.wait(seconds)
        self._was_put(self._words)
        self.session.interviewer_said(self._words)
        self._turn(self._words, interrupted=False)
        self._act(self.session.interviewer_ceased(self.now))

    def talk_on(self) -> None:
        """The interviewer begins, and does not come to an end."""
        self._began()
        self._was_put(self._words)

    def interrupt(self, words: int, seconds: int, *, understood: bool, agrees: bool) -> None:
        """The candidate cuts the interviewer short: so many words were heard, for so long."""
        self._began()
        self.wait(seconds)
        self._voice(speaking=True)
        heard = " ".join(self._words.split()[:words])
        self._was_put(heard, seconds)
        self.session.interviewer_cut_short(heard, seconds)
        self._turn(heard, interrupted=True)
        self._act(self.session.interviewer_ceased(self.now))
        self.wait(1)
        self._voice(speaking=False)
        if understood:
            self._understood(agrees=agrees)

    def answer(self, seconds: int, *, agrees: bool = False) -> None:
        """The candidate speaks for so long, and is understood; where they are asked whether to stop, that is it."""
        self._voice(speaking=True)
        self.wait(seconds)
        self._voice(speaking=False)
        self._understood(agrees=agrees)

    def noise(self, *, stays: bool) -> None:
        """The voice activity takes something for the candidate's voice; no words follow."""
        self._voice(speaking=True)
        if not stays:
            self._voice(speaking=False)

    def replace_bot(self, lost: int) -> None:
        """The bot dies with so many events that were not acknowledged, and another one goes on from what is stored."""
        del self.kept[max(0, len(self.kept) - lost) :]
        used = self.kept[-1].used if self.kept else 0.0
        self._looking_up = self._floor_taken = False
        self._closing_given, self._stop = None, Stop()
        self.reply = None
        self.session = InterviewSession(self.plan, [kept.event for kept in self.kept], used)
        self.session.await_return(self.now)
        self._open_for, self._was_closed = 0, False
        self._look_for_way_back()

    def way_back(self, *, is_open: bool) -> None:
        """The API, by which the candidate comes, can be told something, or can't."""
        self._way_is_open = is_open
        self._look_for_way_back()

    def leave(self) -> None:
        """The candidate's connection is gone."""
        self.session.candidate_left(self.now)
        self._look_for_way_back()

    def join(self) -> None:
        """The candidate comes back: what they were asked before is of no matter any more."""
        self._open_for, self._was_closed, self._way_is_open = 0, False, True
        if self.session.clock.left_at is not None and self._closing_given is None:
            self._stop = Stop()
        self.session.candidate_joined(self.now)

    def wait(self, seconds: int) -> None:
        """Time passes, until the end."""
        for _ in range(seconds):
            if self.finish is None:
                self.now += 1
                self._open_for += self._way_is_open and self.session.clock.left_at is not None
                self._look_for_way_back()
                self._act(self.session.tick(self.now))
                self._is_within_its_bounds()

    # What is promised

    @property
    def asked(self) -> list[str]:
        """The ids of the questions that were put, in order, without follow-ups."""
        return [kept.event.question_id for kept in self._asked if kept.event.follow_up == 0]

    def holds_the_plan(self) -> None:
        """Budgets and records, whatever happened."""
        assert len(self.asked) == len(set(self.asked)), "no question is put twice as a new one"
        for question in self.plan.questions:
            follow_ups = [kept.event.follow_up for kept in self._asked if kept.event.question_id == question.id][1:]
            assert follow_ups == list(range(1, len(follow_ups) + 1))
            assert len(follow_ups) <= question.follow_ups
        answered = [kept.event.question_id for kept in self.kept if isinstance(kept.event, AnswerRecorded)]
        assert set(answered) <= set(self.asked)
        for before, after in zip(self._asked, self._asked[1:], strict=False):
            self._was_answered_or_had_its_time(before, after)

    def accounts_for_every_required_question(self) -> None:
        """Each was asked, or the reason of the end is true and says why not."""
        assert self.finish is not None, "time alone ends it"
        clock, limits, reason = self.session.clock, self.plan.limits, self.finish.reason
        missing = {question.id for question in self.plan.questions if question.required} - set(self.asked)
        match reason:
            case FinishReason.COMPLETED:
                assert not missing
            case FinishReason.TIME_LIMIT:
                assert clock.used(self.now) >= limits.duration_seconds
            case FinishReason.CANDIDATE_LEFT:
                assert clock.left_at is not None or self._stop.agreed
                self._could_come_back()
            case FinishReason.SILENCE | FinishReason.TECHNICAL_FAULT:
                assert self.now - self._last_voice >= limits.silence_end_seconds
            case _:
                raise AssertionError(f"nothing here ends by {reason}")

    def _could_come_back(self) -> None:
        """Nobody is given up before they had their time to come back, but for a way back that stays closed."""
        if (left_at := self.session.clock.left_at) is None or self._stop.agreed:
            return
        longest = CLOSED_SECONDS if self._was_closed else 0
        assert self._open_for >= self.plan.limits.reconnect_grace_seconds or self.now - left_at >= longest > 0

    def _look_for_way_back(self) -> None:
        self._was_closed = self._was_closed or not self._way_is_open
        self.session.way_back(self.now, is_open=self._way_is_open)

    @property
    def _asked(self) -> list[Any]:
        return [kept for kept in self.kept if isinstance(kept.event, QuestionAsked)]

    def _was_answered_or_had_its_time(self, before: Kept, after: Kept) -> None:
        """No question is left for the next one, or for a follow-up, without a record, but for the want of time."""
        between = self.kept[self.kept.index(before) : self.kept.index(after)]
        question = self._question(before.event)
        if any(isinstance(k.event, AnswerRecorded) and k.event.question_id == question.id for k in between):
            return
        first = next(kept for kept in self._asked if kept.event.question_id == question.id)
        assert question.time_limit_seconds is not None, f"{question.id} was left without a record"
        assert after.used - first.used >= question.time_limit_seconds

    def _is_within_its_bounds(self) -> None:
        if self.finish is not None:
            return
        limits, clock = self.plan.limits, self.session.clock
        if clock.left_at is not None:
            longest = max(limits.reconnect_grace_seconds, limits.longer(RETURN_SECONDS))
            assert self.now - clock.left_at < longest + (CLOSED_SECONDS if self._was_closed else 0)
        endless = ENDLESS_SECONDS if clock.interviewer_speaking else 0
        assert clock.used(self.now) < limits.duration_seconds + limits.longer(OVERTIME_SECONDS + endless)

    def _cuts_nobody_off(self) -> None:
        """Who speaks into the closing words or after them is heard out, but for who was told that the time is up."""
        if self._closing_given is None or self._floor_taken or not self.session.clock.candidate_speaking:
            return
        assert self.now - self._closing_given >= self.plan.limits.longer(OVERRUN_SECONDS)

    def _leaves_time_for_the_required(self, event: QuestionAsked) -> None:
        """What need not be asked, an optional question or a follow-up, takes no time that required ones need."""
        question, limits = self._question(event), self.plan.limits
        if question.required and not event.follow_up:
            return
        to_come = [one for one in self.plan.questions if one.required and one.id not in self.asked]
        needed = sum(self._reckoned(one) for one in to_come)
        needed += limits.longer(30) if event.follow_up else self._reckoned(question)
        assert self.session.seconds_left(self.now) >= needed

    def _reckoned(self, question: QuestionPlan) -> float:
        return question.time_limit_seconds or self.plan.limits.longer(60)

    def _tells_nothing_of_what_is_to_come(self, told: str) -> None:
        for question in self.plan.questions:
            if question.expectation and question.id not in self.session.ledger.asked:
                assert question.expectation not in told

    # How it is done

    @property
    def _words(self) -> str:
        """What the interviewer speaks now."""
        return FOLLOW_UP if self.reply is None or not self.reply.say else self.reply.say

    def _question(self, event: QuestionAsked) -> QuestionPlan:
        return next(question for question in self.plan.questions if question.id == event.question_id)

    def _decided(self, decision: Decision) -> Reply:
        for event in decision.events:
            if isinstance(event, QuestionAsked):
                self._leaves_time_for_the_required(event)
                self._worded = False
            if isinstance(event, AnswerRecorded):  # or passed: without a word of theirs nothing is
                assert self._stop.agreed is None or self._stop.heard_else, "what answers another question is no answer"
                assert event.question_id in self._put, "nobody has heard what is answered"
                assert self._worded, "nobody has said a word on what is answered"
            self._keep(event)
        self.reply = decision.reply
        assert self.reply.as_result()["instruction"]
        assert self.reply.next is not Next.FOLLOW_UP or not self.reply.say, "the model words it"
        self._tells_nothing_of_what_is_to_come(str(self.reply.as_result()))
        if self.reply.say == CONFIRM_STOP:
            self._stop = Stop(offered=True)
        elif self.reply.next is Next.HANG_UP:
            self._closing_given = self.now if self._closing_given is None else self._closing_given
        elif self.reply.say:
            self._stop = Stop()
        return self.reply

    def _was_put(self, heard: str, seconds: float = math.inf) -> None:
        """Take note of the question in what was heard: of one cut short two thirds, and no sooner than in 2 s."""
        say, question_id = self._words, self.session.question_id
        question = next((question for question in self.plan.questions if question.id == question_id), None)
        if question is None or question.text not in say:
            return
        unheard = len(say.split()) - len(heard.split())
        if unheard <= 0 or (seconds >= 2 and 3 * unheard < len(question.text.split())):
            self._put.add(question.id)

    def _keep(self, event: Event) -> None:
        self.kept.append(Kept(event, self.session.clock.used(self.now)))

    def _turn(self, text: str, *, interrupted: bool) -> None:
        if not text:
            return
        seq, at = self.session.ledger.last_seq + 1, round(self.now * 1000)
        turn = Turn(
            seq=seq,
            speaker=Speaker.INTERVIEWER,
            text=text,
            start_ms=at,
            end_ms=at,
            question_id=self.session.question_id,
            interrupted=interrupted,
        )
        self.session.ledger.apply(TurnSpoken(turn=turn))
        self._keep(TurnSpoken(turn=turn))

    def _voice(self, *, speaking: bool) -> None:
        self._last_voice = self.now
        self.session.candidate_spoke(self.now, speaking=speaking)

    def _began(self, *, given: bool = True) -> None:
        self._stop.heard_else = self._stop.agreed is not None
        self._stop.put = self._stop.put or (self._stop.offered and given)
        self.session.interviewer_began(self.now, given=given)

    def _understood(self, *, agrees: bool) -> None:
        if self._closing_given is not None:
            pass  # they were let go, whatever they say now
        elif self._stop.heard_else or self._stop.gone_on:
            self._stop = Stop()
        elif self._stop.put:
            self._stop.agreed = agrees
        self._worded = True
        self.session.candidate_understood()

    def _act(self, actions: tuple[Action, ...]) -> None:
        for action in actions:
            if isinstance(action, Prompt):
                self._tells_nothing_of_what_is_to_come(action.text)
            elif isinstance(action, TakeFloor):
                assert self.session.seconds_left(self.now) < 0, "nobody is spoken over in their time"
                self._floor_taken = True
            else:
                assert self.finish is None, "it ends once"
                self._cuts_nobody_off()
                self.finish = action

"""One interview as it runs: the engine, the reporter and the clock, for whatever room and pipeline there is."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from loguru import logger
from parley_protocol import ConnectionChanged, FinishReason, Speaker, ToolAnswer, ToolOutcome, Turn, TurnSpoken

from parley_bot.endpointing import HeardVoice
from parley_bot.engine import Action, Decision, Finish, InterviewSession, Prompt, TakeFloor
from parley_bot.exits import BotError, ModelRefusedError
from parley_bot.latency import TurnLatency
from parley_bot.reporter import Reporter
from parley_bot.timeline import Timeline

_TICK_SECONDS = 0.5
_PROGRESS_SECONDS = 15.0
# How long the candidate hears nothing of a tool that is slow.
_SLOW_SECONDS = 1.5

type ToolCaller = Callable[[str, dict[str, Any]], Awaitable[ToolAnswer]]


class Stage(Protocol):
    """The pipeline that is up at the moment."""

    async def prompt(self, text: str) -> None:
        """Put text to the model, to be acted on."""

    async def tell_page(self, data: dict[str, Any]) -> None:
        """Send a server message to the candidate's page."""

    async def tell_recording(self, *, on: bool) -> None:
        """Say on the candidate's page whether what is said is recorded."""

    def take_floor(self) -> None:
        """Let the interviewer speak over the candidate from here on."""

    def settle(self) -> None:
        """Tell the words of a turn of the interviewer's that was played: what comes now comes after it."""


class Conversation:
    """Takes in what pipeline and room see, and says what follows. Lives longer than any connection.

    `done` is the reason of its end, or the `BotError` that keeps this bot from going on.

    Args:
        session: The engine.
        reporter: Where events go.
        timeline: The interview's time.
        call_tool: Calls a tool of the template's own, by name and arguments.
    """

    def __init__(
        self, session: InterviewSession, reporter: Reporter, timeline: Timeline, call_tool: ToolCaller
    ) -> None:
        self.session, self.latency = session, TurnLatency()
        self.done: asyncio.Future[FinishReason] = asyncio.get_running_loop().create_future()
        self._reporter, self._timeline, self._call_tool = reporter, timeline, call_tool
        self.turns: list[Turn] = []
        self._in_room = False
        self._given_after = 0
        self._prompting: set[asyncio.Task[None]] = set()
        self._looking_up: set[asyncio.Task[Decision]] = set()
        self._seq = session.ledger.last_seq
        self._stage: Stage | None = None
        self._heard = HeardVoice.of(session.plan)
        self._told = (-1, -1)
        self._told_at = 0.0
        self._model_there = True

    # The room

    def candidate_joined(self, stage: Stage) -> None:
        """The candidate is in the room, and this is the pipeline between them and the model."""
        now = time.monotonic()
        self._stage = stage
        self._timeline.start(now)
        self._heard.forget()
        self._told = (-1, -1)
        self._reporter.probing = False
        self._reporter.report(ConnectionChanged(who="candidate", what="joined"), now)
        self.session.candidate_joined(now)
        logger.info("candidate joined")

    def candidate_left(self, stage: Stage) -> None:
        """This pipeline's connection is gone. One that was replaced before has nothing more to say."""
        if self._stage is not stage:
            return
        self._stage = None
        now = time.monotonic()
        self._reporter.probing = True
        self._reporter.report(ConnectionChanged(who="candidate", what="left"), now)
        self.session.candidate_left(now)
        self._watch_way_back(now)
        logger.info("candidate left")

    def tell_recording(self, *, on: bool) -> None:
        """Have the page of the candidate who is there say whether what is said is recorded from now on."""
        if self._stage is not None:
            telling = asyncio.create_task(self._stage.tell_recording(on=on), name="tell-recording")
            self._prompting.add(telling)
            telling.add_done_callback(self._prompting.discard)

    def leave(self, stage: Stage) -> None:
        """The candidate has said on this pipeline's connection that they leave for good."""
        if self._stage is stage:
            logger.info("the candidate leaves for good")
            self._act(self.session.leave())

    def bot_joined(self) -> None:
        """The bot is in the room. Where a former bot's candidate had come, they are expected back."""
        now = time.monotonic()
        self._in_room = True
        self._reporter.probing = self._timeline.started
        self._reporter.report(ConnectionChanged(who="bot", what="joined"), now)
        if self._timeline.started:
            self.session.await_return(now)
            self._watch_way_back(now)

    def bot_left(self) -> None:
        """The bot leaves the room. Safe to repeat."""
        if self._in_room:
            self._in_room = False
            self._reporter.report(ConnectionChanged(who="bot", what="left"))

    def end(self, reason: FinishReason) -> None:
        """The conversation is over; the first reason counts."""
        if not self.done.done():
            logger.bind(reason=reason.value).info("conversation over")
            self.done.set_result(reason)

    def fail(self, error: BotError) -> None:
        """This bot can't go on; another may. The first reason counts."""
        if not self.done.done():
            self.done.set_exception(error)

    # The candidate's and the interviewer's words

    def candidate_speaking(self, speaking: bool, moment: float) -> None:
        """The candidate's voice began or ceased at this moment."""
        self.latency.candidate_spoke(moment, speaking=speaking)
        self.session.candidate_spoke(time.monotonic(), speaking=speaking)
        if speaking:
            self._heard.began(moment)
        else:
            self._heard.ceased(moment)

    def candidate_unheard(self, going_on: bool) -> None:
        """The model hears nothing of voices that have ceased, nor (`going_on`) of the one that goes on, until now."""
        self._heard.drop(time.monotonic() if going_on else None)

    def candidate_waited_for(self) -> None:
        """The pause that the candidate's voice has left is kept from the model: they have not finished."""
        self._heard.pause_kept()

    def candidate_said(self, text: str) -> None:
        """The model has understood a turn of the candidate's: reported at once, before the tools that act on it."""
        self._settle()
        now = time.monotonic()
        self.latency.turn_taken()
        self.session.candidate_understood()
        start, end = self._heard.take(now)
        self._report_turn(Speaker.CANDIDATE, text, start, end, self.session.answered_id, interrupted=False)

    def interviewer_began(self, sentence: int) -> None:
        """The first sound of a sentence is out; `sentence` is its number, in the order of the model's sending."""
        self._heard.answered()
        self.session.interviewer_began(time.monotonic(), given=sentence > self._given_after)

    def interviewer_said(self, text: str, seconds: float, *, interrupted: bool) -> None:
        """A turn of the interviewer's was played, whole or `interrupted` after so many seconds: the engine goes on."""
        if interrupted:
            self.session.interviewer_cut_short(text, seconds)
        else:
            self.session.interviewer_said(text)

    def interviewer_told(
        self, text: str, start: float, end: float, *, question_id: str | None, interrupted: bool
    ) -> None:
        """The words of such a turn are certain."""
        self._report_turn(Speaker.INTERVIEWER, text, start, max(start, end), question_id, interrupted=interrupted)

    def interviewer_ceased(self) -> None:
        """The interviewer is silent again."""
        self._act(self.session.interviewer_ceased(time.monotonic()))

    def _settle(self) -> None:
        if self._stage is not None:
            self._stage.settle()

    def _report_turn(
        self, speaker: Speaker, text: str, start: float, end: float, question_id: str | None, *, interrupted: bool
    ) -> None:
        # The model's stretches of a turn are joined by a space, whether they bring their own or not.
        if not (text := " ".join(text.split())):
            return
        self._seq += 1
        turn = Turn(
            seq=self._seq,
            speaker=speaker,
            text=text,
            start_ms=self._timeline.ms(start),
            end_ms=self._timeline.ms(end),
            question_id=question_id,
            interrupted=interrupted,
        )
        self.turns.append(turn)
        event = TurnSpoken(turn=turn)
        self.session.ledger.apply(event)
        self._reporter.report(event)
        logger.bind(seq=turn.seq, speaker=speaker.value, words=len(text.split())).info("turn")

    # The model

    def tool(self, name: str, arguments: Mapping[str, Any], after: int = 0) -> dict[str, Any]:
        """The model calls a tool; whatever it calls, with whatever arguments, it gets words or an instruction.

        `after` is the number of the last sentence that the model had sent before: none of those is of its result.
        """
        self._settle()
        now, name = time.monotonic(), _text(name)
        self._given_after = after
        self.latency.turn_taken()
        match name:
            case "next_question":
                decision = self.session.next_question(now)
            case "record_answer":
                summary, follow_up = _text(arguments.get("summary")), _is_true(arguments.get("follow_up"))
                decision = self.session.record_answer(now, summary, follow_up=follow_up)
            case "end_interview":
                decision = self.session.end_interview(now, _text(arguments.get("reason")))
            case "repeat_question":
                decision = self.session.repeat_question(now)
            case "skip_question":
                decision = self.session.skip_question(now)
            case "give_time":
                decision = self.session.give_time(now)
            case _:
                decision = self.session.unknown_tool(name, now)
        return self._decided(name, decision).reply.as_result()

    async def own_tool(self, name: str, arguments: Mapping[str, Any], after: int = 0) -> dict[str, Any]:
        """The model calls a tool of the template's own. One that is slow goes on, and is told of when it has ended."""
        self._settle()
        began = time.monotonic()
        self._given_after = after
        self.latency.turn_taken()
        refused = self.session.begin_tool(name, began)
        if refused is not None:
            return self._decided(name, refused).reply.as_result()
        call = asyncio.create_task(self._look_up(name, dict(arguments)))
        self._looking_up.add(call)
        call.add_done_callback(self._looking_up.discard)
        try:
            await asyncio.wait({call}, timeout=_SLOW_SECONDS)
        except asyncio.CancelledError:
            self.session.detach_tool()  # pipecat cancels what an interruption has made pointless; the call goes on
            raise
        self.latency.webhook_ran(time.monotonic() - began)
        return (call.result().reply if call.done() else self.session.tool_is_slow()).as_result()

    async def _look_up(self, name: str, arguments: dict[str, Any]) -> Decision:
        try:
            answer = await self._call_tool(name, arguments)
        except Exception as error:  # noqa: BLE001 - a call that is never over would have nobody nudged any more
            logger.opt(exception=error).error("tool {} could not be called", name)
            answer = ToolAnswer(outcome=ToolOutcome.FAILED)
        return self._decided(name, self.session.end_tool(name, answer, time.monotonic()))

    def _decided(self, name: str, decision: Decision) -> Decision:
        if self.done.done():
            return decision  # after the last word nothing more is reported
        for event in decision.events:
            self._reporter.report(event)
        logger.bind(tool=name[:64], next=decision.reply.next.value).info("tool call")
        return decision

    def model_interrupted(self) -> None:
        """The model's session is lost; another is being opened."""
        now = time.monotonic()
        self._heard.turn_kept(True)
        self.session.model_interrupted()
        if self._model_there and not self.done.done():
            self._model_there = False
            self._reporter.report(ConnectionChanged(who="model", what="left"), now)

    def model_restarted(self, unheard: bool, part_lost: bool) -> str | None:
        """The new session is there: the prompt to begin it with, if any (`InterviewSession.model_restarted`)."""
        now = time.monotonic()
        if not self._model_there and not self.done.done():
            self._model_there = True
            self._reporter.report(ConnectionChanged(who="model", what="joined"), now)
        self._heard.turn_kept(unheard)
        actions = self.session.model_restarted(now, unheard=unheard, part_lost=part_lost)
        return next((action.text for action in actions if isinstance(action, Prompt)), None)

    def model_behind(self) -> None:
        """The new session hears what the candidate has said before it was there."""
        self.session.model_behind(time.monotonic())

    def prompt_lost(self, text: str) -> None:
        """A prompt has not reached the model: it has no session at the moment."""
        self.session.prompt_lost(text)

    # Time

    async def run(self) -> None:
        """Watch the clock until the conversation is over."""
        while not self.done.done():
            self.look()
            await self._tell_progress(time.monotonic())
            await asyncio.sleep(_TICK_SECONDS)

    def look(self) -> None:
        """Do what is due by now."""
        now = time.monotonic()
        self._watch_way_back(now)
        self._act(self.session.tick(now))

    def _watch_way_back(self, now: float) -> None:
        # A candidate comes by way of the API: one that can be told nothing lets nobody in either.
        self.session.way_back(now, is_open=self._reporter.api_is_there)

    async def _tell_progress(self, now: float) -> None:
        question, total, left = self.session.progress(now)
        if self._stage is None or not self._timeline.started or question == 0:
            return
        if self._told == (question, total) and now - self._told_at < _PROGRESS_SECONDS:
            return
        self._told, self._told_at = (question, total), now
        await self._stage.tell_page({"kind": "progress", "question": question, "total": total, "secondsLeft": left})

    def _act(self, actions: tuple[Action, ...]) -> None:
        for action in actions:
            if isinstance(action, Finish) and action.reason is FinishReason.TECHNICAL_FAULT:
                self.fail(ModelRefusedError("the model has not spoken when it was its turn"))
            elif isinstance(action, Finish):
                self.end(action.reason)
            elif self._stage is None:
                continue
            elif isinstance(action, TakeFloor):
                logger.info("the time is up and the candidate talks on: the interviewer takes the floor")
                self._stage.take_floor()
            else:
                logger.info("prompting the model")
                task = asyncio.create_task(self._stage.prompt(action.text))
                self._prompting.add(task)  # the loop itself keeps no hold of its tasks
                task.add_done_callback(self._prompted)

    def _prompted(self, task: asyncio.Task[None]) -> None:
        self._prompting.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.warning("the model could not be prompted: {!r}", error)


def _is_true(value: object) -> bool:
    return value is True or str(value).lower() == "true"


def _text(value: object) -> str:
    """What a model has written as text that can be sent on: it may write half a character."""
    return str(value or "").encode(errors="replace").decode()

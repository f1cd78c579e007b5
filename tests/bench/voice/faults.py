"""What becomes of a talk under each fault: Parley's bot and pipecat's example, each really put through it.

A talk survives a fault when it goes on to its end, what was said before remembered; or, where it can't go on, when it
ends promptly and says why. The bench does for both what an operator would: a bot that was killed is started again.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.voice.measures import replies
from bench.voice.plans import lines, plan
from bench.voice.sounds import Line, Record
from bench.voice.talk import (
    PARLEY,
    CandidateProcess,
    ParleyBot,
    Running,
    Site,
    bot,
    config_for,
    start_parley,
    start_plain,
)
from parley_protocol import InterviewPlan
from support.wait import eventually

TURNS = 3
PATIENCE_SECONDS = 60.0
"""After this a talk that has not come to its end hangs."""
PROMPTLY_SECONDS = 30.0
# Who hears nothing says it again.
_REPEAT_SECONDS = 12.0
SHORT_LIMIT_SECONDS = 40
"""The model's limit on a session where that is what is tried, in place of 480; thresholds are shortened alike."""
_SILENT_SECONDS = 44.0
_AWAY_SECONDS = 8.0
_HEARD_SECONDS = 1.5


@dataclass(frozen=True)
class Outcome:
    """What became of a talk, in words, and whether that counts as survived; None where the fault can't be had."""

    text: str
    survived: bool | None


@dataclass(frozen=True)
class Case:
    """A fault.

    Attributes:
        name: As the table has it.
        at_start: Ordered of the model before the bot is started.
        later: Ordered when the candidate is in the room; each strikes by its own conditions.
        manners: Of the model.
        silent: The candidate's first answer comes so late, seconds; the model's limit on sessions is short, too.
        act: What is done to the talk in its midst.
        drops: The candidate's connection is lost after the first answer.
        ends: Whether the talk can't go on: then it is to end promptly, with its reason.
        parley_only: Why the example can't have this fault.
    """

    name: str
    at_start: tuple[dict[str, Any], ...] = ()
    later: tuple[dict[str, Any], ...] = ()
    manners: tuple[str, ...] = ()
    silent: float = 0.0
    act: "Act | None" = None
    drops: bool = False
    ends: bool = False
    parley_only: str = ""
    env: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass
class Scene:
    """A talk that is under way."""

    subject: str
    site: Site
    running: Running
    candidate: CandidateProcess
    files: list[str]
    folder_name: str
    since: float = field(default_factory=time.monotonic)

    def sessions(self) -> list[dict[str, Any]]:
        """The model's sessions in which there was talk."""
        return [s for s in self.site.nova.control.get("/sessions").json() if s["turns"]]

    async def answered(self) -> None:
        """Wait until the candidate has heard the reply to its first answer, or most of it."""

        def replied() -> bool:
            turns = [(s["started_at"] + turn["at"], turn["role"]) for s in self.sessions() for turn in s["turns"]]
            roles = [role for _, role in turns]
            return "USER" in roles and roles[-1] == "ASSISTANT" and time.time() - turns[-1][0] > _HEARD_SECONDS

        await eventually("the first answer was replied to", replied, 60, every=0.2)


type Act = Callable[[Scene], Awaitable[Sequence[Record]]]


async def kill_and_start_again(scene: Scene) -> Sequence[Record]:
    """The bot's node is lost; another bot is started in its place, and the candidate comes again."""
    await scene.answered()
    await scene.running.kill()
    lost = await scene.candidate.record()
    folder = scene.site.called(f"{scene.folder_name}-again")
    if isinstance(scene.running, ParleyBot):
        scene.running.peer.attempt = 2
        successor: Running = await start_parley(scene.running.peer, scene.site, folder)
    else:
        successor = await start_plain(scene.site, folder)
    try:
        left = lines(scene.files, TURNS)[1:]
        config = config_for(scene.subject, successor.room, left, limit_seconds=PATIENCE_SECONDS)
        record = await CandidateProcess(config, folder, "candidate-again").record()
        if isinstance(successor, ParleyBot):
            await eventually("the bot has ended", lambda: successor.ended, 30)
    finally:
        await successor.kill()
    return [lost, record]


async def take_api_away(scene: Scene) -> Sequence[Record]:
    """The API answers 503 for some seconds while the candidate talks."""
    assert isinstance(scene.running, ParleyBot)
    await scene.answered()
    scene.running.peer.down = True
    await asyncio.sleep(_AWAY_SECONDS)
    scene.running.peer.down = False
    return [await scene.candidate.record()]


_ROTATE = str(SHORT_LIMIT_SECONDS * 3 // 4)
CASES = (
    Case("none: the same talk undisturbed"),
    Case("the model's stream is reset in the talk (RST_STREAM)", later=({"kind": "reset", "after_responses": 2},)),
    Case("its TCP connection is cut in the talk", later=({"kind": "drop", "after_responses": 2},)),
    Case(
        "its stream ends cleanly in the talk, what is still sent to it is taken",
        later=({"kind": "half_close", "after_responses": 2, "taken_seconds": 30},),
    ),
    Case(
        "its stream ends in the talk and takes no more (END_STREAM, RST_STREAM with NO_ERROR)",
        later=({"kind": "half_close", "after_responses": 2},),
    ),
    Case(
        "it throttles in the talk (throttlingException)",
        later=({"kind": "exception", "exception_type": "throttlingException", "after_responses": 2},),
    ),
    Case(
        "it fails in the talk (internalServerException)",
        later=({"kind": "exception", "exception_type": "internalServerException", "after_responses": 2},),
    ),
    Case(
        "it throttles at the start (429, once)",
        at_start=({"kind": "refuse", "status": 429, "error_type": "ThrottlingException"},),
    ),
    Case(
        "it fails at the start (503, once)",
        at_start=({"kind": "refuse", "status": 503, "error_type": "ServiceUnavailableException"},),
    ),
    Case(
        "it fails at the candidate's coming (503, once)",
        later=({"kind": "refuse", "status": 503, "error_type": "ServiceUnavailableException"},),
    ),
    Case("it refuses (403, for good)", at_start=({"kind": "refuse", "status": 403, "times": None},), ends=True),
    Case("it says nothing for 10 s in the talk", later=({"kind": "delay", "delay_seconds": 10, "after_responses": 2},)),
    Case("it calls a tool that nobody has", manners=("unknown_tool",)),
    Case(
        f"its limit on a session (here {SHORT_LIMIT_SECONDS} s) comes while the candidate is silent",
        silent=_SILENT_SECONDS,
        env={PARLEY: {"PARLEY_MODEL_ROTATE_SECONDS": _ROTATE}, "plain": {"ROTATE_SECONDS": _ROTATE}},
    ),
    Case("the candidate's connection is lost, and made anew", drops=True),
    Case("the bot is killed, and started again", act=kill_and_start_again),
    Case("the API is away for 8 s in the talk", act=take_api_away, parley_only="has none, and keeps nothing"),
)


async def put_through(case: Case, subject: str, site: Site, files: list[str]) -> Outcome:
    """Hold a talk under the fault, and judge what became of it."""
    if subject != PARLEY and case.parley_only:
        return Outcome(case.parley_only, None)
    name = f"fault-{CASES.index(case):02d}-{subject}"
    nova = site.nova
    for what in ("/sessions", "/faults", "/manners"):
        nova.control.delete(what)
    nova.order(*case.at_start)
    if case.manners:
        nova.control.put("/manners", json={"manners": list(case.manners)}).raise_for_status()
    began = time.monotonic()
    async with bot(subject, site, site.called(name), _plan(case), **case.env.get(subject, {})) as running:
        if running.ended:
            return _told_end(running, time.monotonic() - began, case)
        if case.later:
            nova.order(*case.later)
        said = lines(files, TURNS)
        if case.silent:
            said[0] = Line(said[0].pcm, after=case.silent)
        config = config_for(
            subject, running.room, said, repeats_after=_REPEAT_SECONDS,
            drops_after_lines=1 if case.drops else 0, limit_seconds=PATIENCE_SECONDS + case.silent,
        )  # fmt: skip
        scene = Scene(subject, site, running, CandidateProcess(config, site.called(name)), files, name)
        records = await (case.act or _undisturbed)(scene)
        return await _judge(case, scene, records)


def _plan(case: Case) -> InterviewPlan:
    """Nudges would end a silence that is to last."""
    patient = {"silence_nudge_seconds": 300, "silence_end_seconds": 600} if case.silent else {}
    return plan(TURNS, **patient)


async def _undisturbed(scene: Scene) -> Sequence[Record]:
    return [await scene.candidate.record()]


async def _judge(case: Case, scene: Scene, records: Sequence[Record]) -> Outcome:
    last = records[-1]
    lasted = last.left - scene.since
    replied = sum(len(replies(record.spoken, record.heard)) for record in records)
    heard = f"{min(replied, TURNS)} of {TURNS} answers replied to"
    running = scene.running
    if isinstance(running, ParleyBot):
        if last.told_end is None and not running.ended:
            return Outcome(f"hangs: {heard} in {lasted:.0f} s", False)
        return await _judge_parley(case, running, heard, lasted)
    if replied >= TURNS and last.ended_by == "the candidate hung up":
        if (case.drops or case.act is not None) and not scene.sessions()[-1]["history"]:
            return Outcome(f"begins anew, nothing of the talk remembered; {heard}", False)
        return Outcome(f"goes on to the end, {heard}", True)
    how = "hangs" if last.ended_by == "the candidate's patience" else f"ends without a reason ({last.ended_by})"
    return Outcome(f"{how}: {heard} in {lasted:.0f} s", False)


async def _judge_parley(case: Case, running: ParleyBot, heard: str, lasted: float) -> Outcome:
    await eventually("the bot has ended", lambda: running.ended, 30)
    finished = running.peer.finished
    if finished is None:
        return _told_end(running, lasted, case)
    whole = finished.reason.value == "Completed"
    return Outcome(f"goes on to the end ({finished.reason.value}), {heard}", whole)


def _told_end(running: Running, lasted: float, case: Case) -> Outcome:
    """A bot that ended by itself: its exit code and its last words."""
    if not isinstance(running, ParleyBot):
        return Outcome(f"its process ends after {lasted:.0f} s", False)
    process, lines_ = running.process.process, running.process.lines
    code = process.returncode if process is not None else None
    why = str(lines_[-1].get("message", "")) if lines_ else ""
    prompt = case.ends and lasted <= PROMPTLY_SECONDS and bool(why)
    return Outcome(f"ends within {lasted:.0f} s, exit code {code}: “{why[:60]}”", prompt)

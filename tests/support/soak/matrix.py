"""Runs the matrix: one short interview for each fault at each stage, and holds it to what must come of it."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from support.bot import BotProcess
from support.soak import promises
from support.soak.faults import End, Spec, lasting_orders
from support.soak.plans import answers, long_answer, plan
from support.soak.rig import Beside, Lane, Talk
from support.voices.guest import ScriptedGuest
from support.voices.script import Script
from support.wait import eventually

_QUESTIONS = 2
_CASE_SECONDS = 90.0
# What a fault has taken is asked for again: there are answers to spare.
_SPARE = 4
# A fault in mid-answer takes none of the words that were said before it, nor of those after.
_LONG_SENTENCES = 5
_SCORED = ("answer", "mid-answer")
_MOST_ERRORS = 0.08
REFUSED_SECONDS, AWAY_SECONDS = 20.0, 45.0
"""A model that refuses ends a bot within this time, after one try with new credentials; one that is away after four
tries, with pauses of up to four seconds and a bounded wait for an answer each."""


@dataclass
class Result:
    """What became of a case; `seconds` is the conversation's length, `error` what was broken."""

    spec: Spec
    error: str | None = None
    seconds: float = 0.0
    reached: bool = False
    left: bool = False
    log: Sequence[dict[str, object]] = field(default=(), repr=False)

    @property
    def passed(self) -> bool:
        """Whether the fault struck, and what must hold did."""
        return self.reached and self.error is None


async def run(lanes: Sequence[Lane], specs: Sequence[Spec], tell: Callable[[Result], None]) -> list[Result]:
    """Run all cases, one at a time in each lane; whatever goes wrong in one is in its result."""
    waiting, results = list(reversed(specs)), list[Result]()

    async def work(lane: Lane) -> None:
        while waiting:
            result = await attempt(lane, waiting.pop())
            tell(result)
            results.append(result)

    await asyncio.gather(*(work(lane) for lane in lanes))
    return results


async def attempt(lane: Lane, spec: Spec) -> Result:
    """Run one case."""
    first = (long_answer(_LONG_SENTENCES),) if spec.stage == "mid-answer" else ()
    script = Script(str(spec).replace("/", "-"), spec.what, first + answers(_QUESTIONS) + answers(_SPARE))
    limits = {"silence_nudge_seconds": 6, "silence_end_seconds": 24}
    try:
        talk = await lane.converse(
            plan(_QUESTIONS, **limits),
            script,
            _CASE_SECONDS,
            before=spec.before,
            during=spec.during,
            beside=_loss(spec),
        )
        struck = not lane.nova.control.get("/faults").json()["faults"] or spec.end is End.LEFT
    except Exception as error:  # noqa: BLE001 - the matrix goes on; the case has failed
        return Result(spec, f"{type(error).__name__}: {error}", reached=True)
    broken = list(_broken(spec, talk))
    return Result(spec, "; ".join(broken) or None, talk.seconds, struck, talk.reason is None, talk.log)


def _loss(spec: Spec) -> Beside | None:
    """In a case of a model that stays away: the stream that runs is reset, and every later one fails."""
    lasting = lasting_orders(spec)
    if lasting is None:
        return None

    async def order(lane: Lane, _bot: BotProcess, guest: ScriptedGuest) -> None:
        await eventually("the greeting sounds", lambda: guest.ear.utterances, _CASE_SECONDS)
        lane.nova.order(*lasting)

    return order


def _broken(spec: Spec, talk: Talk) -> Iterator[str]:
    yield from promises.of_any(talk)
    left = spec.end is End.LEFT or (spec.end is End.EITHER and talk.reason is None)
    if left:
        yield from promises.of_one_left(talk)
        # One that hangs in the middle is seen by the silence that the template bears.
        most = REFUSED_SECONDS if "forbidden" in spec.fault else AWAY_SECONDS
        if spec.end is End.LEFT and _leaving_seconds(talk) > most:
            yield f"it took {_leaving_seconds(talk):.0f} s to give up"
        return
    yield from promises.of_a_whole_one(talk)
    if spec.stage in _SCORED and (errors := promises.error_rate(talk)) > _MOST_ERRORS:
        yield f"word error rate {errors:.1%}"
    if spec.stage != "closing":
        yield from promises.of_a_goodbye(talk)


def _leaving_seconds(talk: Talk) -> float:
    """From the first sign of trouble to the bot's last word."""
    signs = [line for line in talk.log if line.get("level") in ("WARNING", "ERROR")]
    if not signs:
        return talk.seconds
    first, last = (datetime.fromisoformat(line["time"]) for line in (signs[0], talk.log[-1]))
    return (last - first).total_seconds()
